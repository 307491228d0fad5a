// Forms of both kinds. The first line of the input is the Content-Type.
#include <string>
#include <string_view>

#include "body/form.hpp"
#include "handler.hpp"
#include "pieces.hpp"
#include "utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const char* bytes, std::size_t size) {
    std::string_view input(bytes, size);
    const auto content_type = take_first_line(input);
    try {
        const Form form = parse_form(content_type, input);
        std::size_t total = 0;
        for (const auto& [name, value] : form.fields) {
            must(is_valid_utf8(value), "a text field is UTF-8 or empty");
            total += value.size();
        }
        for (const auto& file : form.files) {
            must(file.filename.find_first_of("/\\") == std::string::npos, "no file name is a path");
            must(file.filename != ".." && !file.filename.starts_with('.'), "no file is hidden");
            total += file.content.size();
        }
        must(total <= input.size(), "no more comes out than went in");
    } catch (const HttpError& error) {
        must(error.status >= 400 && error.status < 500, "a bad form is the client's mistake");
    }
    return 0;
}
