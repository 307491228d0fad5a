// The value itself: see json.hpp. json_parser.cpp reads it from text, json_writer.cpp writes it.
#include "body/json.hpp"

#include <algorithm>

Json::Json(std::nullptr_t) {}
Json::Json(double number) : value_(number) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(Array items) : value_(std::move(items)) {}
Json::Json(Object members) : value_(std::move(members)) {}
Json::Json(std::initializer_list<Member> members) : value_(Object(members)) {}

// Copied first and then moved in, because a copy may throw for lack of memory. With g++ 12 a
// variant whose own copy throws is left without a value, and its destructor reads wild memory.
Json::Json(const Json& other) {
    std::visit([this](auto part) { value_ = std::move(part); }, other.value_);
}

Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json Json::array(std::initializer_list<Json> items) {
    return Array(items);
}
Json Json::object() {
    return Object();
}

double Json::as_double() const {
    return is_int() ? static_cast<double>(as_int()) : get<double>("a number");
}

// `kinds` has the order of the types in value_.
void Json::complain(const char* expected) const {
    static constexpr const char* kinds[] = {"null",     "a boolean", "an integer", "a number",
                                            "a string", "an array",  "an object"};
    throw JsonError(std::string("expected ") + expected + ", found " + kinds[value_.index()]);
}

// From the back, because the last of several members with one name counts. An index would pay only
// for objects far larger than ours.
const Json* Json::find(std::string_view name) const {
    const Object* members = std::get_if<Object>(&value_);
    if (!members) return nullptr;
    const auto found = std::find_if(members->rbegin(), members->rend(),
                                    [name](const Member& member) { return member.name == name; });
    return found == members->rend() ? nullptr : &found->value;
}

const Json& Json::at(std::string_view name) const {
    as_object();  // throws if this isn't an object
    if (const Json* value = find(name)) return *value;
    throw JsonError("there is no member \"" + std::string(name) + "\"");
}

void Json::set(std::string name, Json value) {
    as_object();
    Object& members = std::get<Object>(value_);
    std::erase_if(members, [&name](const Member& member) { return member.name == name; });
    members.push_back({std::move(name), std::move(value)});
}

bool Json::operator==(const Json& other) const {
    return value_ == other.value_;
}
