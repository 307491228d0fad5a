// The guestbook put together: its stores, its pages, and the layers around them.
// Leaves out: the pages that level 3 has. Those are in main.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "app/chat.hpp"
#include "app/guestbook.hpp"
#include "app/message_store.hpp"
#include "app/upload_store.hpp"
#include "app/wire.hpp"
#include "body/body_budget.hpp"
#include "handler.hpp"
#include "middleware/rate_limit.hpp"
#include "options.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "static_files.hpp"

class Site {
  public:
    // Opens the stores in options.data, and makes them if they aren't there yet. Throws
    // std::runtime_error if that, or reading the templates, fails, and UsageError for a
    // --rate-limit that can't be used, or for --wire on an address that other machines can reach.
    // `bodies` must outlive the site.
    Site(const Options& options, BodyBudget& bodies);

    // The site must outlive the router.
    void add_routes(Router& router);

    // The layers around the router, the outermost first. A request passes all of them on its way
    // in, and the reply, also a 404, on its way out. The site must outlive them. Throws
    // UsageError for a --cors-origin or an --allow-host that can't be used.
    std::vector<Middleware> middleware();

  private:
    const Options options_;
    RateLimiter limiter_;
    std::filesystem::path uploads_folder_;
    TemplateFolder templates_;
    MessageStore messages_;
    UploadStore uploads_;
    StaticFiles uploaded_files_;
    Chat chat_;
    Guestbook guestbook_;
    std::optional<Wire> wire_;
};
