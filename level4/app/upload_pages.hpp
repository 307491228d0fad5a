// A page to upload a picture or a text, and the files that were uploaded.
#pragma once

#include "app/upload_store.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "static_files.hpp"

// `files` serves the folder of the store. Store, files and templates must outlive the router.
void add_upload_pages(Router& router, UploadStore& store, StaticFiles& files,
                      TemplateFolder& templates);
