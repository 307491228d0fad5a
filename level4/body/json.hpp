// JSON (RFC 8259): the one kind of value that the API, the message store and the templates share.
//
// parse() is strict: what the RFC's grammar does not allow is an error with line and column.
// Leaves out: comments, streaming (a text is parsed whole) and numbers beyond 64 bits.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// Text that is not JSON, or a value used as something that it is not.
class JsonError : public std::runtime_error {
  public:
    explicit JsonError(const std::string& problem, std::size_t at_line = 0,
                       std::size_t at_column = 0)
        : std::runtime_error(problem), line(at_line), column(at_column) {}

    std::size_t line;    // both count from 1; 0 when the error is not about a text
    std::size_t column;  // in characters, not bytes
};

class Json {
  public:
    struct Member;
    using Array = std::vector<Json>;
    using Object = std::vector<Member>;  // in the order in which the members were added

    // Arrays and objects deeper than this are refused, as RFC 8259 §9 allows: each costs stack.
    static constexpr int max_depth = 64;

    // A value is made from the C++ value it stands for:  Json("text"), Json(5), Json(true).
    // Json{} is null; an empty object is Json::object(). Otherwise braces make an object:
    //     Json{{"name", name}, {"tags", Json::array({"a", "b"})}}
    Json(std::nullptr_t = nullptr);
    // Exactly a bool: a plain bool parameter would take any pointer, and make it true.
    Json(std::same_as<bool> auto flag) : value_(flag) {}
    Json(double number);
    Json(const char* text);
    Json(std::string_view text);
    Json(std::string text);
    Json(Array items);
    Json(Object members);
    Json(std::initializer_list<Member> members);

    // Any integer type. What an int64 cannot hold becomes a double, as it does in parse().
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) Json(Integer number);

    static Json array(std::initializer_list<Json> items = {});
    static Json object();  // an empty one

    // Throws JsonError, with line and column. Of two members with one name both are kept, and
    // find() and at() see the last. Reading takes up to 60 times the memory of the text (each
    // "0," becomes a whole Json): bound the text.
    static Json parse(std::string_view text);

    // Compact, on one line, and safe inside an HTML <script> element. The output must be UTF-8
    // (§8.1): in a string that is not, U+FFFD stands for every byte past ASCII. Throws JsonError on
    // NaN and infinity, for which JSON has no form (§6).
    std::string dump() const;

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
    bool is_bool() const { return std::holds_alternative<bool>(value_); }
    bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
    bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
    bool is_string() const { return std::holds_alternative<std::string>(value_); }
    bool is_array() const { return std::holds_alternative<Array>(value_); }
    bool is_object() const { return std::holds_alternative<Object>(value_); }

    // Each throws JsonError when the value is of another kind: "expected a string, found null".
    bool as_bool() const { return get<bool>("a boolean"); }
    std::int64_t as_int() const { return get<std::int64_t>("an integer"); }
    double as_double() const;  // of an integer, too
    const std::string& as_string() const { return get<std::string>("a string"); }
    const Array& as_array() const { return get<Array>("an array"); }
    const Object& as_object() const { return get<Object>("an object"); }

    // The member of that name, or nullptr when there is none or this is not an object.
    const Json* find(std::string_view name) const;
    // The same for a member that must be there: throws JsonError, which names it, when it is not.
    const Json& at(std::string_view name) const;
    // Adds a member at the end; whatever had that name before goes. Throws JsonError on anything
    // but an object.
    void set(std::string name, Json value);

    bool operator==(const Json& other) const;  // objects are equal when their order is, too

  private:
    template <typename Type>
    const Type& get(const char* expected) const {
        if (const Type* value = std::get_if<Type>(&value_)) return *value;
        complain(expected);
    }
    [[noreturn]] void complain(const char* expected) const;
    void append_to(std::string& out) const;

    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct Json::Member {
    std::string name;
    Json value;

    bool operator==(const Member&) const = default;
};

template <std::integral Integer>
requires(!std::same_as<Integer, bool>) Json::Json(Integer number)
    : value_(static_cast<std::int64_t>(number)) {
    if (!std::in_range<std::int64_t>(number)) value_ = static_cast<double>(number);
}
