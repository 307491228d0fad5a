// The fields of a message's header section: an ordered list of names and values. Names compare
// without regard to case (RFC 9110 §5.1). It is a list and not a map because order and repetition
// carry meaning, and for the ten or so fields of a message walking a list is as fast as any map.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class Headers {
  public:
    // Both throw std::invalid_argument if the name is not a token, or if the value has a control
    // character, because a CR LF in it would begin a field, or a whole response, of an attacker's
    // choice.
    void add(std::string_view name, std::string_view value);  // one more, even if the name is there
    // The only one of that name. If there is one, its place and its spelling stay.
    void set(std::string_view name, std::string_view value);

    // Like add(), for a caller that has checked both (is_token() and is_field_value() in
    // text.hpp).
    void add_checked(std::string_view name, std::string_view value);

    // The value of the first field of that name, or nullptr.
    const std::string* find(std::string_view name) const;
    std::size_t count(std::string_view name) const;

    // The value of the field if it appears exactly once, otherwise nullptr. Where only one may
    // appear, neither of two can be trusted.
    const std::string* find_single(std::string_view name) const;

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
