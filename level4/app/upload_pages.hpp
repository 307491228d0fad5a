// The pages to upload a picture or a text, and the files that were uploaded.
#pragma once

#include <cstdint>

#include "app/upload_store.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "static_files.hpp"

// What the pages are made from. `files` serves the folder of the store. All three must outlive the
// router.
struct UploadSite {
    UploadStore& store;
    StaticFiles& files;
    TemplateFolder& templates;
    std::uint64_t max_body;  // in bytes: larger uploads are refused
};

void add_upload_pages(Router& router, const UploadSite& site);
