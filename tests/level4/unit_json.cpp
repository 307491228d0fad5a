// JSON: text that RFC 8259 allows is read, any other is refused, and what we write is read back.
// The texts are of the same kinds as those of the public JSONTestSuite (y_: must be read, n_: must
// not), but not copied from it. Left out: its i_ cases, where each implementation may decide.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <new>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "body/json.hpp"
#include "bytes.hpp"
#include "mutation.hpp"

namespace {

using namespace std::string_literals;

bool is_json(const std::string& text) {
    try {
        Json::parse(text);
        return true;
    } catch (const JsonError&) {
        return false;
    }
}

// The error that parsing this text ends in.
std::string complaint(const std::string& text) {
    try {
        Json::parse(text);
        return "no error";
    } catch (const JsonError& error) {
        return error.what();
    }
}

void check_all_read(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) CHECK_MESSAGE(is_json(text), "refused: ", text);
}

void check_all_refused(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) CHECK_MESSAGE(!is_json(text), "read: ", text);
}

// Splits a list of texts at its blanks.
std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

// A value of any shape, not deeper than `depth`.
Json random_value(std::mt19937_64& random, int depth) {
    switch (random() % (depth > 0 ? 8 : 6)) {
        case 0: return nullptr;
        case 1: return random() % 2 == 0;
        case 2: return static_cast<std::int64_t>(random()) >> (random() % 64);
        case 3:
            return std::ldexp(static_cast<double>(random()),
                              static_cast<int>(random() % 200) - 100);
        case 4: return "plain " + std::to_string(random());
        case 5: {
            static const std::array pieces = {"\0"s,     "\""s,     "\\"s,         "/"s,
                                              "\n"s,     "\x1f"s,   "\x7f"s,       "<"s,
                                              "\u00e9"s, "\u20ac"s, "\U0001f600"s, "\u2028"s};
            std::string text;
            for (auto i = random() % 8; i > 0; --i) text += pieces[random() % pieces.size()];
            return text;
        }
        case 6: {
            Json::Array items;
            for (auto i = random() % 4; i > 0; --i)
                items.push_back(random_value(random, depth - 1));
            return items;
        }
        default: {
            Json object = Json::object();
            for (auto i = random() % 4; i > 0; --i) {
                object.set("name " + std::to_string(random() % 10),
                           random_value(random, depth - 1));
            }
            return object;
        }
    }
}

}  // namespace

// --- What must be read ---

TEST_CASE("json: arrays of every kind are read") {
    check_all_read({"[]", "[[]]", "[[]   ]", "[\"\"]", "[\"a\"]", "[false]", "[null]", "[1\n]",
                    " [1]", "[1] ", "[null, 1, \"1\", {}]", "[1,null,null,null,2]", "[ ]",
                    "\t[\r\n1 ,\n2]\n"});
}

TEST_CASE("json: objects of every kind are read") {
    check_all_read(words(R"~(
        {} {"a":"b"} {"a":"b","c":"d"} {"a":"b","a":"c"} {"a":"b","a":"b"} {"":0} {"a":[]}
        {"a\u0000b":42} {"min":-1.0e+28,"max":1.0e+28} {"a":{"a":{}}}
        {"title":"\u041f\u043e\u043b"}
    )~"));
    check_all_read({" {} ", "{\n\"a\" : \"b\"\n}"});
}

TEST_CASE("json: numbers of every kind are read") {
    check_all_read(words(R"~(
        0 -0 [4] 123 -123 -1 20 0e+1 0e1 0E1 1E22 1E-2 1E+2 123e45 123.456e78 1e-2 1e+2 123.456789
        -0.1 0.5 -0.0 100000000000000000000 1.5e300
    )~"));
    check_all_read({"[ 4]"});
}

TEST_CASE("json: a number close to zero is read") {
    CHECK(is_json("-0." + repeated("0", 77) + "1"));
}

TEST_CASE("json: a number that is too small for a double is 0") {
    for (const std::string text : {"1e-400", "-1e-400", "1E-99999", "0.5e-324"}) {
        CAPTURE(text);
        CHECK(Json::parse(text).as_double() == 0);
    }
    CHECK(Json::parse("5e-324").as_double() > 0);
    CHECK(Json::parse("1e308").as_double() == 1e308);
    CHECK(is_json("0." + repeated("0", 400) + "1"));
}

TEST_CASE("json: strings of every kind are read") {
    check_all_read(words(R"~(
        "" "asd" ["asd"] "\u0060\u012a\u12AB" "\ud801\udc37" "\ud83d\ude39\ud83d\udc8d"
        "\"\\\/\b\f\n\r\t" "\\u0000" "\"" "a/*b*/c/*d//e" "\\a" "\\n" "\u0012" "\uFFFF"
        "\uDBFF\uDFFF" "new\u00A0line" "\u0000" "\u0821" "\u0061\u30af\u30EA\u30b9" "\u0022"
        "\uDBFF\uDFFE" "\uD83F\uDFFE" "\u200B\u2064" "\uFDD0\uFFFE" "\u005C"
    )~"));
    check_all_read({R"(" ")", R"([ "asd"])", "\"\xf4\x8f\xbf\xbf\"", "\"\xef\xbf\xbf\"",
                    "\"\xcf\x80\"", "\"\xf0\x9b\xbf\xbf\"", "\"\xe2\x80\xa8\"", "\"\xe2\x80\xa9\"",
                    "\"\x7f\"", "\"\xe2\x82\xac\xf0\x9d\x84\x9e\"", "\"a\x7fz\""});
}

TEST_CASE("json: a text may be a single value, with whitespace around it") {
    check_all_read(
        {"true", "false", "null", "42", "-0.1", "\"asd\"", "\"\"", " \t\r\n null \t\r\n"});
}

TEST_CASE("json: 64 arrays inside each other are read") {
    CHECK(is_json(repeated("[", 64) + repeated("]", 64)));
}

// --- What must be refused ---

TEST_CASE("json: malformed arrays are refused") {
    check_all_refused(words(R"~(
        [""], [,1] [1,,2] ["x",,] ["x"]] ["",] ["x" [x [3[4]] [1:2] [,] [-] [1,] [1,,] [*] ["" [1,
        [{} [ ] [1 [1} [[] [][] [1]x
    )~"));
    check_all_refused({"[1 true]", "[a\xe5]", R"(["": 1])", "[\xff]", "[   , \"\"]",
                       "[\"a\",\n4\n,1,", "[\"\va\"\\f]", "[1,\n1\n,1", "[\f]"});
}

TEST_CASE("json: malformed objects are refused") {
    check_all_refused(words(R"~(
        {"x"::"b"} {:"b"} {"a" {"a": {"a" {1:1} {9999E9999:1} {null:null,null:null} {"id":0,,,,,}
        {'a':0} {"id":0,} {"a":"b"}/**/ {"a":"b"}// {"a":"b"}/ {"a":"b",,"c":"d"} {"a":"a
        {"a":"b"}# { } {] {, {[ {"a {'a' {}} {"": {"a":/*comment*/"b"}
    )~"));
    check_all_refused({R"(["x", truth])", R"({[: "x"})", R"({"x", null})", "{\xf0\x9f\x87}",
                       R"({"a":"a" 123})", R"({key: "v"})", R"({"a" b})", R"({"a" "b"})",
                       R"({a: "b"})", R"({"a":"b" #})", R"({ "foo" : "bar", "a" })",
                       R"({"a":true} "x")"});
}

TEST_CASE("json: malformed numbers are refused") {
    check_all_refused(words(R"~(
        -01 -1.0. [-2.] -NaN .-1 .2e-3 0.1.2 0.3e+ 0.3e 0.e1 0E 0E+ 0e 0e+ 1.0e+ 1.0e- 1.0e 1eE2
        2.e+3 2.e-3 2.e3 9.e+ Inf NaN 1+2 0x1 0x42 Infinity 0e+-1 -123.123foo -Infinity -foo -012
        -.123 -1x 1ea 1. .123 1.2a-3 1.8011670033376514H-308 012 +1 ++1234 +Inf - --1 1- 0. 00
        1_000 1e5.5
    )~"));
    check_all_refused({"1 000.0", "\xef\xbc\x91", "123\xe5", "1e1\xe5", "0\xe5", "- 1", "1e\xe5"});
}

TEST_CASE("json: numbers that a double cannot hold are refused") {
    check_all_refused({"1e400", "-1e400", repeated("9", 400)});
}

TEST_CASE("json: malformed strings are refused") {
    check_all_refused(words(R"~(
        ["\uD800\"] ["\uD800\u"] ["\uD800\u1"] ["\uD800\u1x"] "\x00" "\\\" "\" "\u00A"
        "\uD834\uDd" "\uD800\uD800\x" "\a" "\uqqqq" [\u0020"asd"] [\n] " 'a' asd ["\ "\UA66D" ""x
        "a "\u+123" "\u-123" "\u0x1" "\u"
    )~"));
    check_all_refused({"[\xc3\xa9]", "\"\\\t\"", "\"\\\xf0\x9f\x8c\x80\"", "\"\\u\xe5\"",
                       "\"\\\xe5\"", "\"new\nline\"", "\"\t\"", "\"\x1f\"", R"("\u12 4")"});
}

TEST_CASE("json: a NUL is refused anywhere in a text") {
    check_all_refused({"\"\\\0\""s, "\"a\0a\""s, "\0"s, "1\0"s, "[]\0"s, "[\0]"s});
}

TEST_CASE("json: half a surrogate pair is refused") {
    check_all_refused(words(R"~(
        "\ud800" "\udc00" "\ud800abc" "\ud800\u0041" "\ud800\ud800" "\udc00\ud800" "\udBFF\n"
        "\uDFFF" "\udc00\udc00" "\ud800\ue000"
    )~"));
}

TEST_CASE("json: bytes that are not UTF-8 are refused") {
    check_all_refused({"\"\xff\"", "\"\x81\"", "\"\xe0\xff\"", "\"\xfc\x80\x80\x80\x80\x80\"",
                       "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
                       "\"\xf4\x90\x80\x80\"", "\"\xf0\x80\x80\x80\"", "\"\xe2\x82\"",
                       "\"\xc3\\n\"", "\"\xe9\"", "{\"\xb9\":\"0\",}", "{\"\xff\":1}"});
}

TEST_CASE("json: a text that isn't exactly one value is refused") {
    check_all_refused(words(R"~(
        <.> [<null>] [1]] * {"a":"b"}#{} <null> nul tru fals True TRUE nulll [True] [nul] {}{}
        /*x*/1 undefined
    )~"));
    check_all_refused({"", " ", "\xef\xbb\xbf", "\xef\xbb\xbf{}", "\xe5", "[\xe2\x81\xa0]",
                       "[\\u000A\"\"]", "true false", "1 2", "[] []", "\f1", "1\v", "//\n1",
                       "\xc2\xa0 1", "\xc3\xa5"});
}

TEST_CASE("json: a hundred thousand opening brackets are refused, not a stack overflow") {
    check_all_refused(
        {repeated("[", 100'000), repeated("{\"\":", 100'000), repeated("[{\"\":", 50'000) + "\n"});
}

TEST_CASE("json: 65 arrays inside each other are refused") {
    CHECK(complaint(repeated("[", 65) + repeated("]", 65)) ==
          "line 1, column 65: nested too deeply");
}

// --- Errors ---

TEST_CASE("json: an error names line and column") {
    CHECK(complaint("{\n  \"a\": 1,\n  oops\n}") ==
          "line 3, column 3: expected the name of a member, in double quotes");
}

TEST_CASE("json: a column counts characters, not bytes") {
    CHECK(complaint("[\"\u00e9\u20ac\" 1]") ==
          "line 1, column 7: expected ',' or ']' after an item");
}

TEST_CASE("json: an error also gives its line and column as numbers") {
    try {
        Json::parse("[\n\n  ?]");
        FAIL("no error");
    } catch (const JsonError& error) {
        CHECK(error.line == 3);
        CHECK(error.column == 3);
    }
}

TEST_CASE("json: a text that is cut off is said to end too early") {
    CHECK(complaint("[1, 2") ==
          "line 1, column 6: the text ends too early: expected ',' or ']' after an item");
}

// --- Values ---

TEST_CASE("json: escapes become the characters they stand for") {
    CHECK(Json::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\u0000")").as_string() ==
          "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001f600\0"s);
}

TEST_CASE("json: an integer of 64 bits is exact") {
    CHECK(Json::parse("9223372036854775807").as_int() == std::numeric_limits<std::int64_t>::max());
    CHECK(Json::parse("-9223372036854775808").as_int() == std::numeric_limits<std::int64_t>::min());
    CHECK(Json::parse("9007199254740993").as_int() == 9007199254740993);
}

TEST_CASE("json: an integer beyond 64 bits becomes a double") {
    const Json number = Json::parse("9223372036854775808");
    CHECK_FALSE(number.is_int());
    CHECK(number.as_double() == 9223372036854775808.0);
}

TEST_CASE("json: an unsigned number beyond 64 bits becomes a double") {
    CHECK(Json(std::numeric_limits<std::uint64_t>::max()).as_double() == 18446744073709551615.0);
}

TEST_CASE("json: a number with a fraction or an exponent is a double") {
    CHECK_FALSE(Json::parse("1.0").is_int());
    CHECK_FALSE(Json::parse("1e2").is_int());
}

TEST_CASE("json: of two members with one name the last counts") {
    CHECK(Json::parse(R"({"a":1,"b":2,"a":3})").at("a").as_int() == 3);
}

TEST_CASE("json: members keep the order in which they came") {
    CHECK(Json::parse(R"({"z":1,"a":2,"m":3})").dump() == R"({"z":1,"a":2,"m":3})");
}

TEST_CASE("json: braces make objects, array() makes arrays") {
    const std::string name = "Ada";
    const Json value{{"name", name},
                     {"id", 5},
                     {"admin", true},
                     {"email", nullptr},
                     {"tags", Json::array({"a", 2, 0.5})},
                     {"errors", {{"name", "is missing"}, {"message", "is too long"}}}};
    CHECK(value.dump() == R"({"name":"Ada","id":5,"admin":true,"email":null,"tags":["a",2,0.5],)"
                          R"("errors":{"name":"is missing","message":"is too long"}})");
}

TEST_CASE("json: a pair of texts in braces is a member, not a string") {
    CHECK(Json{{"name", "Ada"}}.dump() == R"({"name":"Ada"})");
}

TEST_CASE("json: braces around a value copy it") {
    const Json value{{"a", 1}};
    CHECK(Json{value} == value);
}

TEST_CASE("json: find returns nullptr for a missing name and for a value that isn't an object") {
    CHECK(Json{{"a", 1}}.find("b") == nullptr);
    CHECK(Json("text").find("a") == nullptr);
}

TEST_CASE("json: at names the member that is missing") {
    CHECK_THROWS_WITH_AS((Json{{"a", 1}}).at("email"), "there is no member \"email\"", JsonError);
}

TEST_CASE("json: asking for the wrong kind of value is an error that names both kinds") {
    CHECK_THROWS_WITH_AS(Json(5).as_string(), "expected a string, found an integer", JsonError);
    CHECK_THROWS_WITH_AS(Json("5").as_int(), "expected an integer, found a string", JsonError);
    CHECK_THROWS_WITH_AS(Json(1.5).as_int(), "expected an integer, found a number", JsonError);
    CHECK_THROWS_WITH_AS(Json().as_bool(), "expected a boolean, found null", JsonError);
    CHECK_THROWS_WITH_AS(Json::array().as_object(), "expected an object, found an array",
                         JsonError);
    CHECK_THROWS_WITH_AS(Json(true).as_array(), "expected an array, found a boolean", JsonError);
    CHECK_THROWS_WITH_AS(Json::object().as_double(), "expected a number, found an object",
                         JsonError);
    CHECK_THROWS_WITH_AS(Json(5).at("a"), "expected an object, found an integer", JsonError);
}

TEST_CASE("json: set adds a member") {
    Json value = Json::object();
    value.set("a", 1);
    CHECK(value.dump() == R"({"a":1})");
}

TEST_CASE("json: set replaces every member of that name") {
    Json value = Json::parse(R"({"a":1,"b":2,"a":3})");
    value.set("a", 4);
    CHECK(value.dump() == R"({"b":2,"a":4})");
}

TEST_CASE("json: set on anything but an object is an error") {
    Json value = Json::array();
    CHECK_THROWS_AS(value.set("a", 1), JsonError);
}

// --- Writing ---

TEST_CASE("json: JSON inside a script element can't end that element") {
    CHECK(Json("</script><!--").dump() == R"("\u003c/script>\u003c!--")");
}

TEST_CASE("json: a value is written on one line") {
    CHECK(Json("a\nb\rc").dump() == R"("a\nb\rc")");
}

TEST_CASE("json: quotes, backslashes and control characters are written as escapes") {
    CHECK(Json("\"\\\b\f\t\x01\x1f\0/"s).dump() == R"("\"\\\b\f\t\u0001\u001f\u0000/")");
}

TEST_CASE("json: bytes that are not UTF-8 are written as replacement characters") {
    CHECK(Json("a\xff\xc3<").dump() == R"("a\ufffd\ufffd\u003c")");
}

TEST_CASE("json: a double is written with the fewest digits that read back the same") {
    CHECK(Json(0.1).dump() == "0.1");
    CHECK(Json(1e300).dump() == "1e+300");
    CHECK(Json(5e-324).dump() == "5e-324");
}

TEST_CASE("json: a double without a fraction stays a double") {
    CHECK(Json(2.0).dump() == "2.0");
    CHECK(Json(-0.0).dump() == "-0.0");
}

TEST_CASE("json: NaN and infinity can't be written") {
    CHECK_THROWS_AS(Json(std::numeric_limits<double>::quiet_NaN()).dump(), JsonError);
    CHECK_THROWS_AS(Json(std::numeric_limits<double>::infinity()).dump(), JsonError);
}

TEST_CASE("json: empty arrays and objects are written without blanks") {
    CHECK(Json::parse("[ [ ] , { } ]").dump() == "[[],{}]");
}

TEST_CASE("json: any value is read back as it was written") {
    const unsigned long seed = number_from_environment("SEED", std::random_device{}());
    INFO("SEED=", seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 3000; ++round) {
        const Json value = random_value(random, 5);
        const std::string text = value.dump();
        REQUIRE_MESSAGE(Json::parse(text) == value, text);
    }
}

TEST_CASE("json: a damaged text is refused with its line, or read as a value that can be written") {
    const std::vector<std::string> samples = {
        R"({"id":12,"name":"Zo\u00eb \ud83d\ude00","tags":["a",[],{}],"ok":true,"none":null})",
        R"([-0.5e-7, 9223372036854775808, "\"\\\/\b\f\n\r\t", false, {"a":{"a":[[1]]}}])",
        "\"\u00e9\u20ac\U0001f600\""};
    const std::vector<std::string> pieces = {"[",   "]",       "{\"\":", "}",        ",",    "\"",
                                             "1e9", "\\ud800", "\\",     "\xed\xa0", "true", "-"};
    try_mutations("JSON", samples, pieces, [](const std::string& text) {
        try {
            const Json value = Json::parse(text);
            REQUIRE_MESSAGE(Json::parse(value.dump()) == value, text);
        } catch (const JsonError& error) {
            REQUIRE_MESSAGE(error.line > 0, text);
        }
    });
}

// (macOS does not limit the memory that a process may get.)
#if defined(__linux__) && !defined(SANITIZED)

namespace {

// The memory that this process may still get, in bytes, is limited while it is there.
class LittleMemory {
  public:
    explicit LittleMemory(std::size_t bytes) {
        std::ifstream("/proc/self/statm") >> pages_;
        getrlimit(RLIMIT_AS, &before_);
        const auto used = pages_ * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
        const rlimit limit{used + bytes, before_.rlim_max};
        setrlimit(RLIMIT_AS, &limit);
    }
    ~LittleMemory() { setrlimit(RLIMIT_AS, &before_); }
    LittleMemory(const LittleMemory&) = delete;
    LittleMemory& operator=(const LittleMemory&) = delete;

  private:
    rlim_t pages_ = 0;
    rlimit before_{};
};

}  // namespace

TEST_CASE("a value that can't be copied for lack of memory throws, and nothing else happens") {
    const Json large(std::string(64 << 20, 'x'));
    const Json list = Json::array({1, large});
    Json assigned("as it was");
    const LittleMemory limit(32 << 20);
    CHECK_THROWS_AS(const Json copy(large), std::bad_alloc);
    CHECK_THROWS_AS(const Json copy(list), std::bad_alloc);
    CHECK_THROWS_AS(assigned = large, std::bad_alloc);
    CHECK(assigned == Json("as it was"));
}

#endif
