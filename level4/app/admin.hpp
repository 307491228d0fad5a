// The administrator's page: delete messages, see the uploads. The middleware of the route group
// asks for the password.
// Leaves out: all but the newest 100 messages and the first 100 uploads.
#pragma once

#include <filesystem>

#include "app/message_store.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"

// Store and templates must outlive the router.
void add_admin_pages(RouteGroup admin, MessageStore& store, TemplateFolder& templates,
                     const std::filesystem::path& uploads);
