// A page to upload a picture or a text with, and the files that were uploaded.
#pragma once

#include "app/upload_store.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "static_files.hpp"

// `files` serves the store's folder. All of them must live longer than the router.
void add_upload_pages(Router& router, UploadStore& store, StaticFiles& files,
                      TemplateFolder& templates);
