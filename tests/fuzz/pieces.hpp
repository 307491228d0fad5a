// What all fuzz targets share: the check that must hold, and input cut up in pieces.
// A target is a function that libFuzzer (part of clang) calls with bytes that it has invented. It
// keeps those that reach new code, and goes on from them. Whatever ends the program is a finding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text.hpp"

// Ends the program instead of throwing an exception, which the code under test might catch.
inline void must(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "This does not hold: %s\n", what);
    std::abort();
}

// Cuts off and returns the first line of the input, which says how to treat the rest.
inline std::string take_first_line(std::string_view& input) {
    return std::string(take_until(input, "\n"));
}

// Calls `take` for one piece after the other, and finally for what is left. The bytes of `sizes`
// are the sizes of the pieces.
template <typename Take>
void in_pieces(std::string_view input, std::string_view sizes, Take take) {
    for (const char size : sizes) {
        const auto length = std::min<std::size_t>(input.size(), static_cast<unsigned char>(size));
        take(input.substr(0, length));
        input.remove_prefix(length);
    }
    take(input);
}

// Checks that `outcome` makes the same of the input whole, cut up as its first line says, and byte
// by byte.
inline void must_not_depend_on_pieces(std::string_view input,
                                      std::string (*outcome)(std::string_view input,
                                                             std::string_view sizes)) {
    const auto sizes = take_first_line(input);
    const auto whole = outcome(input, "");
    must(outcome(input, sizes) == whole, "it makes no difference how the bytes are cut up");
    must(outcome(input, std::string(input.size(), 1)) == whole, "it makes none byte by byte");
}
