// The request parser finds the same requests and the same mistake, however the bytes are cut up.
#include <string>
#include <string_view>

#include "handler.hpp"
#include "pieces.hpp"
#include "request.hpp"

namespace {

const Limits limits;

// Everything that the parser makes of the bytes.
std::string outcome(std::string_view input, std::string_view sizes) {
    RequestParser parser(limits);
    std::string text;
    bool refused = false;
    in_pieces(input, sizes, [&](std::string_view piece) {
        if (refused) return;
        parser.feed(piece);
        try {
            while (const auto request = parser.next()) {
                text += request->method + ' ' + request->path + '?' + request->query + '\n';
                for (const auto& [name, value] : request->headers) {
                    must(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                         "no field value holds CR, LF or NUL");
                    text += name + ':' + value + '\n';
                }
                text += '\n' + request->body + '\n';
                must(request->body.size() <= limits.body, "no body is longer than the limit");
            }
        } catch (const HttpError& error) {
            text += std::to_string(error.status);
            refused = true;
        }
    });
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const char* bytes, std::size_t size) {
    must_not_depend_on_pieces({bytes, size}, outcome);
    return 0;
}
