// See vary.hpp.
#include "middleware/vary.hpp"

#include <string>

void vary_on(Headers& headers, std::string_view field) {
    std::string list = headers.joined("Vary");
    if (list.empty()) return headers.add_checked("Vary", field);
    // "*" says that the reply depends on things that no cache knows of, so there is nothing to add.
    if (headers.lists("Vary", field) || headers.lists("Vary", "*")) return;
    // One field with a list. Several fields would mean the same, but some caches look only at the
    // first.
    headers.set("Vary", list.append(", ").append(field));
}
