// The files that visitors upload, in a folder of their own. A visitor chooses the bytes and nothing
// else: the name is random, and its suffix follows from what the bytes are, so that no browser ever
// takes an upload for a page with scripts in it.
// Leaves out: serving them (StaticFiles does), deleting them, a look behind a picture's first
// bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "app/message_store.hpp"  // StoreFull

class UploadStore {
  public:
    // Makes the folder if need be. Throws std::runtime_error when it cannot.
    explicit UploadStore(std::filesystem::path folder);

    // Keeps a picture (PNG, JPEG, GIF, WebP) or a text, and returns the name that it got, such as
    // 8f3a...c1.png. Nothing when it is neither: answer 415. Throws StoreFull when the disk is
    // full, std::runtime_error when it fails; then there is no file, and never half of one. May be
    // called from several threads at once.
    std::optional<std::string> save(std::string_view content) const;

  private:
    std::filesystem::path folder_;
};

// .png, .jpg, .gif, .webp or .txt; nothing for any other content. HTML and SVG are texts, too.
std::optional<std::string_view> upload_suffix(std::string_view content);

// Could save() have made this name? Look up no other: it may hold "..", or mean a hidden file.
bool is_upload_name(std::string_view name);
