// The fields of a message's header section: an ordered list of names and values. Names compare
// without regard to case (RFC 9110 §5.1). A list, not a map: order and repetition carry meaning,
// and for the ten or so fields of a message walking a list is as fast as any map.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class Headers {
  public:
    // Both throw std::invalid_argument if the name is not a token, or the value has a control
    // character: a CR LF in it would begin a field, or a whole response, of an attacker's choice.
    void add(std::string_view name, std::string_view value);  // one more, even if the name is there
    void set(std::string_view name, std::string_view value);  // the only one of that name

    // The value of the first field of that name, or nullptr.
    const std::string* find(std::string_view name) const;
    std::size_t count(std::string_view name) const;

    // All values of that name as the one list that they are together (RFC 9110 §5.3).
    std::string joined(std::string_view name) const;

    // True if the word is in the comma-separated list that the fields of that name make together
    // (RFC 9110 §5.6.1), in whatever case: Connection: Keep-Alive, Upgrade
    bool lists(std::string_view name, std::string_view word) const;

    std::size_t size() const { return fields_.size(); }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

// RFC 9110 §5.6.2: the characters that names of fields and methods are made of.
bool is_token(std::string_view text);

// RFC 9110 §5.5: no control characters but the tab. Bytes from 0x80 on are allowed.
bool is_field_value(std::string_view text);

// Equal but for the case of ASCII letters.
bool equal_ignoring_case(std::string_view left, std::string_view right);

// Without the spaces and tabs around it (OWS, RFC 9110 §5.6.3).
std::string_view trim(std::string_view text);
