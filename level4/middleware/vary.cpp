// See vary.hpp.
#include "middleware/vary.hpp"

#include <string>

#include "text.hpp"

void vary_on(Headers& headers, std::string_view field) {
    // "*" says that the reply depends on things that no cache knows of, so there is nothing to add.
    if (headers.lists("Vary", field) || headers.lists("Vary", "*")) return;
    // One field with a list. Several fields would mean the same, but some caches look only at the
    // first.
    std::string list;
    for (const auto& [name, value] : headers) {
        if (equal_ignoring_case(name, "Vary")) list += value + ", ";
    }
    headers.set("Vary", list.append(field));
}
