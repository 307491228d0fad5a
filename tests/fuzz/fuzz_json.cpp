// JSON: what was read and written can be read again, and is the same.
#include <string>

#include "body/json.hpp"
#include "pieces.hpp"
#include "utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const char* bytes, std::size_t size) {
    try {
        const std::string text = Json::parse({bytes, size}).dump();
        must(is_valid_utf8(text), "what is written is UTF-8");
        must(Json::parse(text).dump() == text, "what is written can be read, and written again");
    } catch (const JsonError& error) {
        must(error.line > 0 && error.column > 0, "an error has a line and a column");
    }
    return 0;
}
