// What all fuzz targets share: the check that must hold, and input cut up in pieces.
// A target is a function that libFuzzer (part of clang) calls with bytes of its own invention; it
// keeps those that reach new code, and goes on from them. Whatever ends the program is a finding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// Ends the program, unlike an exception: the code under test might catch that.
inline void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "This does not hold: %s\n", what);
    std::abort();
}

// The first line of the input, without its end, is taken off: it says how to treat the rest.
inline std::string take_first_line(std::string_view& input) {
    const auto length = std::min(input.find('\n'), input.size());
    const std::string line(input.substr(0, length));
    input.remove_prefix(std::min(length + 1, input.size()));
    return line;
}

// Calls `take` for one piece after the other, the sizes of which are the bytes of `sizes`, and at
// last for what is left.
template <typename Take>
void in_pieces(std::string_view input, std::string_view sizes, Take take) {
    for (const char size : sizes) {
        const auto length = std::min<std::size_t>(input.size(), static_cast<unsigned char>(size));
        take(input.substr(0, length));
        input.remove_prefix(length);
    }
    take(input);
}

// What `outcome` makes of the input is the same, however it is cut up: whole, as the first line of
// the input says, and byte by byte.
inline void must_not_depend_on_pieces(std::string_view input,
                                      std::string (*outcome)(std::string_view input,
                                                             std::string_view sizes)) {
    const auto sizes = take_first_line(input);
    const auto whole = outcome(input, "");
    must(outcome(input, sizes) == whole, "it makes no difference how the bytes are cut up");
    must(outcome(input, std::string(input.size(), 1)) == whole, "nor byte by byte");
}
