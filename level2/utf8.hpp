// Is this text UTF-8? A page that claims to be UTF-8 must not carry invalid bytes.
// Leaves out: other encodings, and which valid characters to accept.
#pragma once

#include <cstddef>
#include <string_view>

// Checks text that arrives in pieces of any size. A character may be split between two pieces.
class Utf8Validator {
  public:
    // False from the first invalid byte on.
    bool feed(std::string_view bytes);

    // True if the text may end here: all bytes were valid, and the last character is complete.
    bool complete() const { return valid_ && missing_ == 0; }

  private:
    bool begin_character(unsigned char byte);

    bool valid_ = true;
    int missing_ = 0;  // continuation bytes that the current character still needs
    // The range of the next continuation byte: 80..BF, or narrower after some first bytes.
    unsigned char lowest_ = 0x80;
    unsigned char highest_ = 0xBF;
};

// The number of bytes in the first character of the text: 1 to 4, or 0 if it isn't valid UTF-8.
std::size_t character_length(std::string_view text);
