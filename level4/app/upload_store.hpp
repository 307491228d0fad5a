// The files that visitors upload, in a folder of their own. A visitor chooses the bytes and nothing
// else. The name is random, and its suffix follows from what the bytes are, so that no browser ever
// takes an upload for a page with scripts in it.
// Leaves out: serving the files (StaticFiles does), deleting them, and checking more of a picture
// than its first bytes.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>

#include "../../common/clock.hpp"

class UploadStore {
  public:
    static constexpr std::chrono::seconds patience{5};  // after the request was complete

    // Makes the folder unless it exists. Throws std::runtime_error if it can't.
    explicit UploadStore(std::filesystem::path folder);

    // Saves a picture (PNG, JPEG, GIF, WebP) or a text, and returns the name that it got, such as
    // 8f3a...c1.png. Returns nothing if the content is neither: answer 415. Throws StoreFull if the
    // disk is full and std::runtime_error if it fails. No file is left then, not even half of one.
    // May be called from several threads at once.
    std::optional<std::string> save(std::string_view content) const;

    // A place at the disk, for as long as it lives. If the disk doesn't answer, the threads that wait
    // for it can't be called back, and eight places leave half of the 16 workers to other requests.
    class Place {
      public:
        explicit Place(std::counting_semaphore<>& places) : places_(places) {}
        ~Place() { places_.release(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

      private:
        std::counting_semaphore<>& places_;
    };
    // Throws StoreBusy (disk.hpp) if other uploads keep all places until the deadline.
    Place wait_for_place(Clock::time_point deadline);

    // True if save() has made this name, and the file is still there.
    bool has(std::string_view name) const;

  private:
    std::filesystem::path folder_;
    std::counting_semaphore<> places_{8};
};

// .png, .jpg, .gif, .webp or .txt; nothing for any other content. HTML and SVG count as texts.
std::optional<std::string_view> upload_suffix(std::string_view content);

// Could save() have made this name? Never look up any other: it may hold "..", or be the name of a
// hidden file.
bool is_upload_name(std::string_view name);
