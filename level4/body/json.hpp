// JSON (RFC 8259): the one kind of value that the API, the message store and the templates share.
// parse() is strict. Text that the RFC's grammar doesn't allow is an error with line and column.
// Leaves out: comments, numbers beyond 64 bits, and streaming, because the whole text must be in
// memory.
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

// The text isn't JSON, or a value isn't of the kind that was asked for.
class JsonError : public std::runtime_error {
  public:
    explicit JsonError(const std::string& problem, std::size_t at_line = 0,
                       std::size_t at_column = 0)
        : std::runtime_error(problem), line(at_line), column(at_column) {}

    std::size_t line;    // counts from 1; 0 if the error isn't about a text
    std::size_t column;  // counts characters from 1; 0 if the error isn't about a text
};

class Json {
  public:
    struct Member;
    using Array = std::vector<Json>;
    using Object = std::vector<Member>;  // in the order in which the members were added

    // Deeper arrays and objects are refused, as RFC 8259 §9 allows, because each one costs stack.
    static constexpr int max_depth = 64;

    // A value is made from the C++ value that it stands for: Json("text"), Json(5), Json(true).
    // Json{} is null, and Json::object() an empty object. Otherwise braces make an object:
    //     Json{{"name", name}, {"tags", Json::array({"a", "b"})}}
    Json(std::nullptr_t = nullptr);
    // Only for bool itself. A plain bool parameter would take any pointer and make it true.
    Json(std::same_as<bool> auto flag) : value_(flag) {}
    Json(double number);
    Json(const char* text);
    Json(std::string_view text);
    Json(std::string text);
    Json(Array items);
    Json(Object members);
    Json(std::initializer_list<Member> members);

    Json(const Json& other);
    Json& operator=(const Json& other) { return *this = Json(other); }
    Json(Json&& other) noexcept;
    Json& operator=(Json&& other) noexcept;
    ~Json();

    // Any integer type. A number too large for an int64 becomes a double, as it does in parse().
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) Json(Integer number);

    static Json array(std::initializer_list<Json> items = {});
    static Json object();  // an empty one

    // Throws JsonError, with line and column. Of two members with one name both are kept, and
    // find() and at() see the last. Bound the length of the text, because the values take up to 60
    // times its memory: each "0," becomes a whole Json.
    static Json parse(std::string_view text);

    // Compact, on one line, and safe inside an HTML <script> element. The output is always UTF-8
    // (§8.1). In a string that isn't, U+FFFD replaces every byte past ASCII. Throws JsonError for
    // NaN and infinity, which JSON can't express (§6).
    std::string dump() const;

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
    bool is_bool() const { return std::holds_alternative<bool>(value_); }
    bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
    bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
    bool is_string() const { return std::holds_alternative<std::string>(value_); }
    bool is_array() const { return std::holds_alternative<Array>(value_); }
    bool is_object() const { return std::holds_alternative<Object>(value_); }

    // Each throws JsonError if the value is of another kind: "expected a string, found null".
    bool as_bool() const { return get<bool>("a boolean"); }
    std::int64_t as_int() const { return get<std::int64_t>("an integer"); }
    double as_double() const;  // also converts an integer
    const std::string& as_string() const { return get<std::string>("a string"); }
    const Array& as_array() const { return get<Array>("an array"); }
    const Object& as_object() const { return get<Object>("an object"); }

    // The member with that name, or nullptr if there is none or this isn't an object.
    const Json* find(std::string_view name) const;
    // The same for a member that must exist. Throws JsonError, which names it, if it doesn't.
    const Json& at(std::string_view name) const;
    // Adds a member at the end, and removes all earlier ones with its name. Throws JsonError if
    // this isn't an object.
    void set(std::string name, Json value);

    bool operator==(const Json& other) const;  // members of objects must be in the same order

  private:
    template <typename Type>
    const Type& get(const char* expected) const {
        if (const Type* value = std::get_if<Type>(&value_)) return *value;
        complain(expected);
    }
    [[noreturn]] void complain(const char* expected) const;

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
