// The upload store: which contents it takes, which names it gives them, and that a file is never
// there by half.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/disk.hpp"
#include "app/upload_store.hpp"
#include "file_content.hpp"
#include "full_disk.hpp"
#include "open_descriptors.hpp"
#include "other_user.hpp"
#include "temporary_folder.hpp"
#include "warnings.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// A folder that holds the folder of a store.
struct Folder : TemporaryFolder {
    std::string content(const std::string& name) const { return file_content(uploads / name); }
    // The names of all files, also of hidden ones.
    std::set<std::string> names() const {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(uploads)) {
            names.insert(entry.path().filename().string());
        }
        return names;
    }

    const fs::path uploads = root / "data" / "uploads";
};

// The first bytes of each kind of picture, and the suffix that belongs to it.
const std::pair<std::string, std::string> pictures[] = {
    {"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"s, ".png"},
    {"\xFF\xD8\xFF\xE0\0\x10JFIF"s, ".jpg"},
    {"GIF87a\1\0\1\0"s, ".gif"},
    {"GIF89a\1\0\1\0"s, ".gif"},
    {"RIFF\x24\0\0\0WEBPVP8 "s, ".webp"},
};

const std::string digits(32, 'a');

}  // namespace

TEST_CASE("pictures and texts are kept under a random name whose suffix tells what they are") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    std::set<std::string> names;
    for (const auto& [content, suffix] : pictures) {
        const auto name = store.save(content);
        REQUIRE(name);
        CHECK(name->size() == 32 + suffix.size());
        CHECK(name->ends_with(suffix));
        CHECK(is_upload_name(*name));
        CHECK(folder.content(*name) == content);
        names.insert(*name);
    }
    const std::string text = "Grüße\tan\r\nalle\f🙂";
    const auto name = store.save(text);
    REQUIRE(name);
    CHECK(name->ends_with(".txt"));
    CHECK(folder.content(*name) == text);
    names.insert(*name);
    CHECK(folder.names() == names);
}

TEST_CASE("content that a browser might run is kept as a text") {
    for (const char* content :
         {"<!DOCTYPE html><script>alert(1)</script>", "<svg xmlns='http://www.w3.org/2000/svg'/>",
          "<?xml version='1.0'?>", "#!/bin/sh\n", "%PDF-1.4\n", "RIFF", "RIFF1234WEB", "GIF88a",
          ""}) {
        CAPTURE(std::string(content));
        CHECK(upload_suffix(content) == ".txt");
    }
}

TEST_CASE("content that is neither a picture nor a text is refused, and leaves nothing behind") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    for (const std::string& content :
         {"\x7F"s + "ELF\2\1\1\0", "MZ\x90\0"s, "PK\3\4"s, "\x89PNG\r\n\x1A"s, "\xFF\xD8"s,
          "RIFF\x24\0\0\0WAVE"s, "RIFF\x24\0\0\0WEB"s, "text with a \0 in it"s, "\x1B[31mred"s,
          "\x7F"s, "\b"s, "\v"s, "caf\xE9"s, "\xFF\xFEU\0T\0F\0"s, "cut off \xE2\x82"s}) {
        CAPTURE(content);
        CHECK_FALSE(store.save(content));
    }
    CHECK(folder.names().empty());
}

TEST_CASE("the same content twice makes two files") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    CHECK(store.save("hello") != store.save("hello"));
    CHECK(folder.names().size() == 2);
}

TEST_CASE("only a name that the store could have made counts as the name of an upload") {
    for (const char* suffix : {".png", ".jpg", ".gif", ".webp", ".txt"}) {
        CHECK(is_upload_name(digits + suffix));
    }
    CHECK(is_upload_name("0123456789abcdef0123456789abcdef.png"));
    const std::vector<std::string> others = {
        "",
        ".",
        "..",
        ".png",
        digits,
        digits + ".",
        digits + "png",
        digits + ".PNG",
        digits + ".html",
        digits + ".svg",
        digits + ".png.gz",
        digits + ".png ",
        digits + ".png\n",
        digits + ".png\0"s,
        digits + "a.png",
        digits.substr(1) + ".png",
        std::string(32, 'A') + ".png",
        std::string(32, 'g') + ".png",
        "../" + digits + ".png",
        digits + "/../x.png",
        std::string(31, 'a') + "/.png",
        std::string(31, 'a') + "\0.png"s,
        "." + digits + ".part",
    };
    for (const std::string& name : others) {
        CAPTURE(name);
        CHECK_FALSE(is_upload_name(name));
    }
}

TEST_CASE("an upload leaves no file open") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    const int before = open_descriptors();
    store.save("hello");
    CHECK(open_descriptors() == before);
}

TEST_CASE("many threads can save at once") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    std::mutex mutex;
    std::set<std::string> names;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < 5; ++n) {
                const auto name = store.save(std::string(10'000, static_cast<char>('a' + i)));
                const std::lock_guard lock(mutex);
                names.insert(name.value());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(names.size() == 40);
    CHECK(folder.names() == names);
    for (const std::string& name : names) CHECK(folder.content(name).size() == 10'000);
}

TEST_CASE("on a full disk an upload leaves nothing behind, and the next one may succeed") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    bool refused = false;
    {
        const Warnings warnings;
        const FullDisk disk(1000);  // the write stops in the middle, then fails
        try {
            store.save(std::string(1001, 'x'));
        } catch (const StoreFull&) {
            refused = true;
        }
    }
    CHECK(refused);
    CHECK(folder.names().empty());
    CHECK(folder.content(store.save(std::string(1001, 'x')).value()).size() == 1001);
}

TEST_CASE("a file that a killed server left half written is removed at a later start") {
    const Folder folder;
    const std::string kept = *UploadStore(folder.uploads).save("hello");
    const fs::path old_one = folder.uploads / ("." + digits + ".part");
    const fs::path young_one = folder.uploads / ("." + std::string(32, 'b') + ".part");
    for (const fs::path& path : {old_one, young_one}) folder.write(path, "half");
    const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
    fs::last_write_time(old_one, yesterday);
    fs::last_write_time(folder.uploads / kept, yesterday);
    const UploadStore store(folder.uploads);
    CHECK(folder.names() == std::set<std::string>{kept, young_one.filename().string()});
}

TEST_CASE("an upload is there under the name that it got, and under no other") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    const std::string kept = *store.save("hello");
    CHECK(store.has(kept));
    folder.write("other.txt", "not an upload");
    for (const std::string& name :
         {digits + ".txt", std::string("../other.txt"), "./" + kept, std::string()})
        CHECK_FALSE(store.has(name));
}

TEST_CASE("a path where no folder can be is refused") {
    const Folder folder;
    folder.write("file", "x");
    CHECK_THROWS_AS(UploadStore(folder.root / "file"), std::runtime_error);
    CHECK_THROWS_AS(UploadStore(folder.root / "file/uploads"), std::runtime_error);
    CHECK_THROWS_AS(UploadStore("/proc/no-such-folder"), std::runtime_error);
}

TEST_CASE("a folder that may not be written to is refused at the start") {
    const Folder folder;
    fs::create_directories(folder.uploads);
    const OtherUser user(folder);
    fs::permissions(folder.uploads, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THROWS_AS(UploadStore{folder.uploads}, std::runtime_error);
}

TEST_CASE("a folder that vanishes is made again with the next upload") {
    const Folder folder;
    const UploadStore store(folder.uploads);
    fs::remove(folder.uploads);
    CHECK(store.save("hello"));
}
