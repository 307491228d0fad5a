// Any text is either a template or throws a TemplateError, and values come out escaped.
#include <cctype>
#include <string>
#include <string_view>

#include "body/json.hpp"
#include "pages/template.hpp"
#include "pieces.hpp"

namespace {

const Json values{{"a", "<&\"'>"},
                  {"b", Json::array({1, "<", Json{{"a", true}}})},
                  {"c", Json{{"d", Json{{"e", "<"}}}}},
                  {"f", false}};

// Whether the source has something that may bring a < into the page: that character itself, a tag
// without escaping, or other delimiters, among which such a tag is hard to find.
bool may_hold_markup(std::string source) {
    std::erase_if(source, [](unsigned char byte) { return std::isspace(byte) != 0; });
    return source.find_first_of("<&=") != std::string::npos ||
           source.find("{{{") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const char* bytes, std::size_t size) {
    const std::string_view source(bytes, size);
    try {
        const std::string page = Template(source).render(values);
        must(may_hold_markup(std::string(source)) || page.find('<') == std::string::npos,
             "values are escaped");
    } catch (const TemplateError&) {
    }
    return 0;
}
