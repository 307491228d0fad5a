// See vary.hpp.
#include "middleware/vary.hpp"

#include <string>

#include "text.hpp"

void vary_on(Headers& headers, std::string_view field) {
    // "*" says that it depends on things no cache knows of: nothing to add to that.
    if (headers.lists("Vary", field) || headers.lists("Vary", "*")) return;
    // One field with a list, though several mean the same: some caches only look at the first.
    std::string list;
    for (const auto& [name, value] : headers) {
        if (equal_ignoring_case(name, "Vary")) list += value + ", ";
    }
    headers.set("Vary", list.append(field));
}
