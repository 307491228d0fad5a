// A small fuzzer for unit tests: takes good input, damages it again and again, and hands it to a
// parser, which may accept it or refuse it but must not crash, hang or throw something unexpected.
// Runs for a bounded time. The environment variable SEED repeats a run; MUTATION_MS makes it
// longer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

inline unsigned long number_from_environment(const char* name, unsigned long otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

// Makes one to eight changes: a byte altered, bytes removed, repeated or moved, a word put in. The
// words are what the parser looks for, because random bytes hardly ever form a boundary, say.
inline std::string mutate(std::string text, const std::vector<std::string>& words,
                          std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t changes = 1 + below(8); changes > 0; --changes) {
        const std::size_t at = below(text.size() + 1);
        const std::string piece = text.substr(at, below(20));
        switch (below(6)) {
            case 0: text.insert(at, 1, static_cast<char>(below(256))); break;
            case 1: text.erase(at, piece.size()); break;
            case 2: text.insert(at, piece); break;
            case 3: text.insert(below(text.size() + 1), piece); break;
            case 4: text.insert(at, words[below(words.size())]); break;
            default:
                if (at < text.size()) text[at] = static_cast<char>(below(256));
        }
    }
    return text;
}

// Calls `attempt` with damaged samples until the time is up. The seed is printed first, so that it
// is known even if the program crashes.
inline void try_mutations(std::string_view what, const std::vector<std::string>& samples,
                          const std::vector<std::string>& words,
                          const std::function<void(const std::string&)>& attempt) {
    const unsigned long seed = number_from_environment("SEED", std::random_device{}());
    const std::chrono::milliseconds time(number_from_environment("MUTATION_MS", 300));
    std::cout << "mutations of " << what << ": SEED=" << seed << std::endl;
    std::mt19937_64 random(seed);
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
        attempt(
            mutate(samples[static_cast<std::size_t>(random() % samples.size())], words, random));
    }
}
