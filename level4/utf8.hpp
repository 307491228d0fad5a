// Is this text UTF-8? Everything that a visitor types is checked here before the application sees
// it, so that no page, JSON document or WebSocket message of ours can carry broken characters.
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

// The same for text that is there as a whole.
bool is_valid_utf8(std::string_view text);

// How many characters (code points) there are in valid UTF-8.
std::size_t count_characters(std::string_view text);
