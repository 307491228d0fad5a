// Is this text UTF-8? A page that says it is must not carry broken characters, whatever came in.
// Leaves out: other encodings, and any opinion on which valid characters are wise.
#pragma once

#include <cstddef>
#include <string_view>

// Checks text that arrives in pieces of any size: a character may be cut between two of them.
class Utf8Validator {
  public:
    // False from the first wrong byte on, whatever follows it.
    bool feed(std::string_view bytes);

    // True when all bytes so far were right and the last character is whole: may the text end here?
    bool complete() const { return valid_ && missing_ == 0; }

  private:
    bool begin_character(unsigned char byte);

    bool valid_ = true;
    int missing_ = 0;  // continuation bytes that the current character still needs
    // The range that the next continuation byte must lie in; narrower than 80..BF after some leads.
    unsigned char lowest_ = 0x80;
    unsigned char highest_ = 0xBF;
};

// The bytes of the character at the beginning of the text, 1 to 4; 0 if that isn't valid UTF-8.
std::size_t character_length(std::string_view text);
