// What both stores need of the disk: folders, and errors that tell a full disk from a broken one.
// Leaves out: how a store reads and writes its files. Each has its own way to make that safe.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "../../common/descriptor.hpp"
#include "handler.hpp"  // HttpError

// The disk is full, a quota is used up, or a file has grown as large as it may. Nothing was
// written. The client gets 507 and a sentence without a path; the path is on standard error. (A
// file that is too large is an error only while SIGXFSZ is ignored. Otherwise that signal ends the
// program.)
struct StoreFull : HttpError {
    StoreFull() : HttpError(507, "There is no room left on the server. Nothing was saved.") {}
};

// Another process has kept the file's lock for too long, a backup or a server that was stopped with
// Ctrl-Z, or the disk doesn't answer.
struct StoreBusy : HttpError {
    using HttpError::HttpError;
};

// Writes `details` to standard error, and throws.
[[noreturn]] void throw_store_full(const std::string& details);

// Throws StoreFull if `error`, an errno, says that there is no room, HttpError 503 if too many files
// are open; otherwise std::runtime_error.
[[noreturn]] void throw_disk_error(const std::string& what, int error);

// Makes a folder and those above it, unless they exist, and waits until the names of those that it
// made are on disk. Throws as throw_disk_error() does.
void make_folder(const std::filesystem::path& folder);

// Throws as throw_disk_error() does if no file can be made in the folder.
void require_writable(const std::filesystem::path& folder);

// The names in a folder, in no order. None if it can't be read. (std::filesystem::directory_iterator
// isn't used, because in libstdc++ it ends the whole program when there is no memory for a name.)
std::vector<std::string> names_in(const std::filesystem::path& folder);

// Waits until the names in a folder are on disk, because a new file survives a power cut only if
// its name does. Throws as throw_disk_error() does.
void sync_folder(const std::filesystem::path& folder);

// Writes all of the text, and waits until it is on disk. If it fails, throws as throw_disk_error()
// does; `what` is for that error.
void write_to_disk(const Descriptor& file, std::string_view text, const std::string& what);

// Adds to a file, which is made if it is missing and which only the owner may read, and waits until
// that is on disk. Throws as throw_disk_error() does.
void append_to_file(const std::filesystem::path& file, std::string_view text);
