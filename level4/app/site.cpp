// See site.hpp. What the environment leaves unset is reported on standard error at the start.
#include "app/site.hpp"

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include "../../common/address.hpp"
#include "app/admin.hpp"
#include "app/message_api.hpp"
#include "app/upload_pages.hpp"
#include "middleware/allowed_hosts.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/below.hpp"
#include "middleware/compress.hpp"
#include "middleware/cors.hpp"
#include "middleware/csrf.hpp"
#include "middleware/error_pages.hpp"
#include "middleware/rate_limit.hpp"
#include "middleware/request_id.hpp"
#include "middleware/security_headers.hpp"
#include "middleware/timing.hpp"
#include "session/session.hpp"

namespace {

// The keys that sign the session cookies.
std::vector<std::string> session_keys() {
    const char* const secret = std::getenv("SECRET_KEY");
    auto keys = parse_session_keys(secret != nullptr ? secret : "");
    if (keys.empty()) {
        std::cerr << "SECRET_KEY is not set: sessions will end when the server stops.\n";
        keys.push_back(random_session_key());
    }
    return keys;
}

BasicAuthOptions admin_login() {
    const char* const user = std::getenv("ADMIN_USER");
    const char* const password = std::getenv("ADMIN_PASSWORD");
    if (user == nullptr || password == nullptr || *user == '\0' || *password == '\0') {
        std::cerr << "ADMIN_USER and ADMIN_PASSWORD are not set: /admin is closed.\n";
        return {};
    }
    return {"Guestbook", user, password};
}

RateLimitOptions limit_of(const Options& options) try {
    return {.rate = parse_rate(options.rate_limit)};
} catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--rate-limit: ") + error.what());
}

const Options& checked(const Options& options) {
    if (!options.wire || is_only_this_machine(options.host)) return options;
    throw UsageError(
        "--wire shows every client's requests, so only this machine may see it: --host " +
        options.host + " lets other machines connect.");
}

}  // namespace

Site::Site(const Options& options, BodyBudget& bodies)
    : options_(checked(options)),
      limiter_(limit_of(options)),
      uploads_folder_(options.data / "uploads"),
      templates_(options.folder / "templates"),
      messages_(options.data / "messages.jsonl"),
      uploads_(uploads_folder_),
      uploaded_files_(uploads_folder_),
      chat_(messages_, templates_, limiter_, bodies),
      guestbook_(messages_, chat_, templates_, session_keys()) {
    if (options.wire) wire_.emplace(templates_);
}

void Site::add_routes(Router& router) {
    guestbook_.add_routes(router);
    chat_.add_routes(router);
    add_message_api(router.group("/api"), messages_, chat_);
    add_upload_pages(router, {uploads_, uploaded_files_, templates_, options_.max_body});
    RouteGroup admin = router.group("/admin");
    admin.use(basic_auth(admin_login()));
    add_admin_pages(admin, messages_, templates_, uploads_folder_);
    if (wire_) wire_->add_routes(router);
}

std::vector<Middleware> Site::middleware() try {
    std::vector<Middleware> layers{compress(), security_headers, below("/api", request_id),
                                   below("/api", timing), error_pages};
    for (const auto& name : options_.allow_hosts) {
        if (!is_host_name(name)) {
            throw UsageError(
                "--allow-host takes a name such as example.com, without a port, not '" + name +
                "'.");
        }
    }
    if (is_only_this_machine(options_.host)) layers.push_back(allowed_hosts(options_.allow_hosts));
    CsrfOptions trusted;
    if (options_.cors_origin) {
        CorsOptions readers;
        readers.allow_origins = {*options_.cors_origin};
        readers.path_prefix = "/api";
        layers.push_back(cors(readers));
        if (options_.cors_origin != "*") trusted.trusted_origins = {*options_.cors_origin};
        trusted.trusted_prefix = "/api/";  // not /admin, whose password the browser adds by itself
    }
    // A request that is refused for where it comes from doesn't count against the visitor, so the
    // rate limit is further in than CSRF. error_pages is here twice. Inside, it turns a handler's
    // exception into a reply before CORS and the rate limit, which add fields to replies only.
    // Outside, it turns their own refusals (403, 421, 429) into JSON for the API.
    layers.insert(layers.end(), {csrf(trusted), rate_limit(limiter_), error_pages});
    if (!compression_available()) std::cerr << "Built without zlib: replies are not compressed.\n";
    return layers;
} catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
}
