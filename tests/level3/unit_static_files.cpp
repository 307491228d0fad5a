// static_files.hpp on a folder made for each case. What can be seen from outside is tested over
// TCP, in blackbox_files.cpp and blackbox_paths.cpp; here is what needs neither a server nor a
// second client.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "../../common/descriptor.hpp"
#include "../../common/system.hpp"
#include "handler.hpp"
#include "no_descriptors.hpp"
#include "open_descriptors.hpp"
#include "other_user.hpp"
#include "static_files.hpp"
#include "stored_file.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

// A folder "site" with a file, beside a file that must not be served.
struct Folder : TemporaryFolder {
    Folder() {
        fs::create_directories(root / "site/sub");
        write("secret.txt", "secret");
        write("site/a.txt", "0123456789");
        // An hour old, so that the second in which a test runs makes no difference.
        fs::last_write_time(root / "site/a.txt",
                            fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    Response get(const std::string& path, const Headers& headers = {}) const {
        StaticFiles files(root / "site");
        Request request;
        request.method = "GET";
        request.path = request.target = "/" + path;
        request.headers = headers;
        return files.serve_file(request, path);
    }
    Response get(const std::string& path, const std::string& name, const std::string& value) const {
        Headers headers;
        headers.add(name, value);
        return get(path, headers);
    }
    // The bytes of a.txt that a range selects, or the status if it is not 206.
    std::string range(const std::string& value) const {
        const auto response = get("a.txt", "Range", value);
        return response.status == 206 ? response.body : std::to_string(response.status);
    }
};

// As gzip begins (RFC 1952); the rest isn't looked at.
constexpr const char* compressed = "\x1f\x8b compressed";

// Each name stands for what the other one stood for, and there is no moment without them.
void exchange_names(const char* one, const char* other) {
#if defined(__linux__)
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
#else
    renamex_np(one, other, RENAME_SWAP);
#endif
}

}  // namespace

TEST_CASE("a file is served with the fields that describe it") {
    const Folder folder;
    const auto response = folder.get("a.txt");
    CHECK(response.status == 200);
    CHECK(response.body == "0123456789");
    CHECK(*response.headers.find("Content-Type") == "text/plain; charset=utf-8");
    for (const char* name : {"ETag", "Last-Modified", "Cache-Control", "Accept-Ranges"}) {
        CAPTURE(std::string(name));
        CHECK(response.headers.find(name) != nullptr);
    }
}

TEST_CASE("names that lead out of the folder, or into hidden files, are not found") {
    const Folder folder;
    folder.write("site/.hidden", "x");
    folder.write("site/back\\slash.txt", "x");
    fs::create_directory(folder.root / "site/.git");
    folder.write("site/.git/config", "x");
    fs::create_symlink(folder.root / "secret.txt", folder.root / "site/link.txt");
    fs::create_directory_symlink(folder.root, folder.root / "site/up");
    const std::string nul("a.txt\0.png", 10);
    for (const std::string& path :
         {std::string("../secret.txt"), std::string("sub/../../secret.txt"),
          std::string("sub/../a.txt"), std::string("./a.txt"), std::string("/a.txt"),
          std::string("sub//a.txt"), std::string("..\\secret.txt"), std::string("back\\slash.txt"),
          std::string(".hidden"), std::string(".git/config"), nul, std::string("link.txt"),
          std::string("up/secret.txt"), std::string("../site/a.txt"), std::string(".."),
          std::string("../"), (folder.root / "secret.txt").string(), std::string("a.txt/"),
          std::string(5000, 'a')}) {
        CAPTURE(path);
        CHECK(folder.get(path).status == 404);
    }
}

TEST_CASE("a link that stays in the folder is followed") {
    const Folder folder;
    fs::create_symlink("a.txt", folder.root / "site/b.txt");
    CHECK(folder.get("b.txt").body == "0123456789");
}

TEST_CASE("a link to the folder itself is redirected to, like any other folder") {
    const Folder folder;
    fs::create_directory_symlink("..", folder.root / "site/sub/up");
    CHECK(folder.get("sub/up").status == 301);
    CHECK(folder.get("sub/up/a.txt").body == "0123456789");
}

#if defined(__linux__)
// While one program has a lease on a file (Samba does that), another one can't open it at once.
TEST_CASE("a file that can't be opened for a reason of the system's is not said to be missing") {
    const Folder folder;
    const Descriptor file(open((folder.root / "site/a.txt").c_str(), O_RDWR | O_CLOEXEC));
    const auto was = std::signal(SIGIO, SIG_IGN);  // by which the kernel asks for the lease
    REQUIRE(fcntl(file.number(), F_SETLEASE, F_WRLCK) == 0);
    CHECK_THROWS_AS(folder.get("a.txt"), std::system_error);
    REQUIRE(fcntl(file.number(), F_SETLEASE, F_UNLCK) == 0);
    std::signal(SIGIO, was);
    CHECK(folder.get("a.txt").status == 200);
}
#endif

TEST_CASE("a file that can't be opened for want of a descriptor is 503, and not missing") {
    const Folder folder;
    const fs::path site = fs::canonical(folder.root / "site");
    int status = 0;
    {
        const NoDescriptors shortage;
        try {
            load_file(site, "a.txt");
        } catch (const HttpError& error) {
            status = error.status;
        }
    }
    CHECK(status == 503);
    CHECK(load_file(site, "a.txt") != nullptr);
}

// Such as one that is being written. The kernel's own files also end before their size says so.
TEST_CASE("the ETag of a file that ends early says how much of it was read" *
          doctest::skip(!fs::exists("/sys/devices/system/cpu/online"))) {
    const auto file = load_file("/sys/devices/system/cpu", "online");
    REQUIRE(file != nullptr);
    REQUIRE(file->size < fs::file_size("/sys/devices/system/cpu/online"));
    CHECK(file->etag.ends_with("-" + std::to_string(file->content.size()) + "\""));
}

TEST_CASE("a named pipe is not opened") {
    const Folder folder;
    REQUIRE(mkfifo((folder.root / "site/pipe").c_str(), 0600) == 0);
    CHECK(folder.get("pipe").status == 404);
}

TEST_CASE("a directory is redirected to the address with a slash, which shows its index") {
    const Folder folder;
    const auto response = folder.get("sub");
    CHECK(response.status == 301);
    CHECK(*response.headers.find("Location") == "/sub/");
    CHECK(folder.get("sub/").status == 404);
    folder.write("site/sub/index.html", "index");
    CHECK(folder.get("sub/").body == "index");
}

TEST_CASE("only a path that names the folder is redirected") {
    const Folder folder;
    fs::create_directories(folder.root / "site/sub/index.html");
    CHECK(folder.get("sub/").status == 404);
    CHECK(folder.get("sub/index.html").status == 301);
    StaticFiles files(folder.root / "site");
    Request request;  // a page that has an address of its own
    request.method = "GET";
    request.path = request.target = "/about";
    CHECK(files.serve_file(request, "sub").status == 404);
}

TEST_CASE("a folder whose name goes on where ours ends is another folder") {
    const Folder folder;
    folder.write("site-secret/secret.txt", "secret");
    fs::create_symlink("../site-secret/secret.txt", folder.root / "site/link.txt");
    fs::create_directory_symlink("../site-secret", folder.root / "site/link");
    CHECK(folder.get("link.txt").status == 404);
    CHECK(folder.get("link/secret.txt").status == 404);
}

TEST_CASE("a folder that becomes a link while it is looked up leads nowhere") {
    const Folder folder;
    folder.write("site/sub/secret.txt", "harmless");
    fs::create_directory_symlink("..", folder.root / "site/link");
    const std::string sub = folder.root / "site/sub";
    const std::string link = folder.root / "site/link";
    std::atomic<bool> done{false};
    std::thread swapper([&] {
        while (!done) exchange_names(sub.c_str(), link.c_str());
    });
    std::size_t leaks = 0;
    const fs::path site = fs::canonical(folder.root / "site");
    for (int i = 0; i < 5000; ++i) {
        const auto file = load_file(site, "sub/secret.txt");
        if (file && file->content == "secret") ++leaks;
    }
    done = true;
    swapper.join();
    CHECK(leaks == 0);
}

TEST_CASE("Last-Modified is never after the reply's Date") {
    const Folder folder;
    const auto in_future = fs::file_time_type::clock::now() + std::chrono::hours(1000);
    fs::last_write_time(folder.root / "site/a.txt", in_future);
    const std::string before = http_date(std::time(nullptr));
    const auto response = folder.get("a.txt");
    const std::string after = http_date(std::time(nullptr));
    const std::string modified = *response.headers.find("Last-Modified");
    CAPTURE(modified);
    CHECK((modified == before || modified == after));
}

TEST_CASE("a time that no HTTP date can write is left out, and no date matches it") {
    const Folder folder;
    const timespec times[2] = {{-50'000'000'000, 0}, {-50'000'000'000, 0}};  // in the year 385
    const std::string name = folder.root / "site/a.txt";
    REQUIRE(utimensat(AT_FDCWD, name.c_str(), times, 0) == 0);
    struct stat facts {};
    REQUIRE(stat(name.c_str(), &facts) == 0);
    if (facts.st_mtime != times[1].tv_sec) return;  // this file system can't say it either
    CHECK(folder.get("a.txt").headers.find("Last-Modified") == nullptr);
    const char* const date = "Fri, 01 Jan 2038 00:00:00 GMT";
    CHECK(folder.get("a.txt", "If-Modified-Since", date).status == 200);
}

TEST_CASE("a range gets the bytes that were asked for") {
    const Folder folder;
    CHECK(folder.range("bytes=0-0") == "0");
    CHECK(folder.range("bytes=2-4") == "234");
    CHECK(folder.range("bytes=7-") == "789");
    CHECK(folder.range("bytes=-3") == "789");
    CHECK(folder.range("bytes=8-99") == "89");
    CHECK(folder.range("bytes=-99") == "0123456789");
    CHECK(folder.range("BYTES=2-4") == "234");
    CHECK(*folder.get("a.txt", "Range", "bytes=2-4").headers.find("Content-Range") ==
          "bytes 2-4/10");
}

TEST_CASE("a range outside of the file is 416, which says how long the file is") {
    const Folder folder;
    CHECK(folder.range("bytes=10-") == "416");
    CHECK(folder.range("bytes=-0") == "416");
    CHECK(*folder.get("a.txt", "Range", "bytes=10-").headers.find("Content-Range") == "bytes */10");
    folder.write("site/empty.txt", "");
    CHECK(folder.get("empty.txt", "Range", "bytes=0-").status == 416);
    CHECK(folder.get("empty.txt", "Range", "bytes=-0").status == 416);
    CHECK(folder.get("empty.txt", "Range", "bytes=-5").status == 200);  // the last 5 bytes at most
}

TEST_CASE("a position past 64 bits is past the end of any file") {
    const Folder folder;
    for (const std::string number :
         {"18446744073709551615", "18446744073709551616", "99999999999999999999999"}) {
        CAPTURE(number);
        CHECK(folder.range("bytes=4-" + number) == "456789");
        CHECK(folder.range("bytes=-" + number) == "0123456789");
        CHECK(folder.range("bytes=" + number + "-") == "416");
    }
    CHECK(folder.range("bytes=18446744073709551616-5") == "200");
    CHECK(folder.range("bytes=0-18446744073709551616x") == "200");
}

TEST_CASE("several ranges, other units and nonsense are answered with the whole file") {
    const Folder folder;
    for (const char* value :
         {"bytes=0-1,3-4", "lines=0-1", "bytes=4-2", "bytes=-", "bytes=", "bytes=a-b", "bytes=1",
          "bytes=--1", "bytes= 1-2", "bytes=+1-2", ""}) {
        CAPTURE(std::string(value));
        CHECK(folder.range(value) == "200");
    }
}

TEST_CASE("a condition on the ETag takes precedence over one on the date") {
    const Folder folder;
    const auto etag = *folder.get("a.txt").headers.find("ETag");
    const auto modified = *folder.get("a.txt").headers.find("Last-Modified");
    CHECK(folder.get("a.txt", "If-None-Match", etag).status == 304);
    CHECK(folder.get("a.txt", "If-None-Match", "\"x\", W/" + etag).status == 304);
    CHECK(folder.get("a.txt", "If-None-Match", "*").status == 304);
    CHECK(folder.get("a.txt", "If-Modified-Since", modified).status == 304);
    CHECK(folder.get("a.txt", "If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT").status == 200);
    Headers both;
    both.add("If-None-Match", "\"x\"");
    both.add("If-Modified-Since", modified);
    CHECK(folder.get("a.txt", both).status == 200);
}

TEST_CASE("another file of the same length and age has another ETag") {
    const Folder folder;
    const auto before = *folder.get("a.txt").headers.find("ETag");
    folder.write("site/b.txt", "9876543210");
    fs::last_write_time(folder.root / "site/b.txt",
                        fs::last_write_time(folder.root / "site/a.txt"));
    fs::rename(folder.root / "site/b.txt", folder.root / "site/a.txt");  // as rsync does
    CHECK(folder.get("a.txt", "If-None-Match", before).status == 200);
}

TEST_CASE("a compressed copy that changes has another ETag, whatever its file has") {
    const Folder folder;
    const fs::path site = fs::canonical(folder.root / "site");
    const auto status_change = [&] {
        struct stat facts {};
        REQUIRE(stat((site / "a.txt.gz").c_str(), &facts) == 0);
        return status_change_time(facts);
    };
    folder.write("site/a.txt.gz", compressed);
    const auto before = load_file(site, "a.txt");
    const timespec first = status_change();
    do {  // until the clock of the file system has ticked
        folder.write("site/a.txt.gz", compressed);
    } while (status_change().tv_nsec == first.tv_nsec);
    const auto after = load_file(site, "a.txt");
    REQUIRE(before->gzip);
    REQUIRE(after->gzip);
    CHECK(before->etag == after->etag);
    CHECK(before->gzip->etag != after->gzip->etag);
}

TEST_CASE("a comma or a star inside an ETag is part of that ETag") {
    const Folder folder;
    const auto etag = *folder.get("a.txt").headers.find("ETag");
    for (const char* list :
         {R"("client,*,tag")", R"("a, *")", R"("x", *)", R"(*, "x")", R"(W/"*")"}) {
        CAPTURE(std::string(list));
        CHECK(folder.get("a.txt", "If-None-Match", list).status == 200);
        CHECK(folder.get("a.txt", "If-Match", list).status == 412);
    }
    CHECK(folder.get("a.txt", "If-None-Match", "\"a," + etag + "," + "\"").status == 200);
    CHECK(folder.get("a.txt", "If-None-Match", "\"a,b\"," + etag).status == 304);
    CHECK(folder.get("a.txt", "If-None-Match", "\"no escape\\\", " + etag).status == 304);
    CHECK(folder.get("a.txt", "If-None-Match", ", ," + etag + ",").status == 304);
}

TEST_CASE("a date that stands twice is ignored, though both are the same") {
    const Folder folder;
    const auto modified = *folder.get("a.txt").headers.find("Last-Modified");
    for (const auto& field :
         {std::pair("If-Modified-Since", modified),
          std::pair("If-Unmodified-Since", std::string("Thu, 01 Jan 1970 00:00:00 GMT"))}) {
        const auto& name = field.first;
        const auto& date = field.second;
        CAPTURE(name);
        CHECK(folder.get("a.txt", name, date).status != 200);
        Headers twice;
        twice.add(name, date);
        twice.add(name, date);
        CHECK(folder.get("a.txt", twice).status == 200);
    }
}

TEST_CASE("a list of ETags may take up several lines") {
    const Folder folder;
    const auto etag = *folder.get("a.txt").headers.find("ETag");
    for (const auto& [name, status] :
         {std::pair("If-None-Match", 304), std::pair("If-Match", 200)}) {
        Headers lines;
        lines.add(name, "\"x\"");
        lines.add(name, etag);
        CHECK(folder.get("a.txt", lines).status == status);
    }
}

TEST_CASE("a 304 has the fields that bring a copy up to date, and no others") {
    const Folder folder;
    folder.write("site/a.txt.gz", compressed);
    Headers headers;
    headers.add("Accept-Encoding", "gzip");
    headers.add("If-None-Match", "*");
    const auto response = folder.get("a.txt", headers);
    CHECK(response.status == 304);
    for (const char* name : {"ETag", "Cache-Control", "Vary"}) {
        CAPTURE(std::string(name));
        CHECK(response.headers.find(name) != nullptr);
    }
    CHECK(response.headers.size() == 3);
    CHECK(response.body.empty());
}

TEST_CASE("If-Match and If-Unmodified-Since refuse another version of the file") {
    const Folder folder;
    const auto etag = *folder.get("a.txt").headers.find("ETag");
    CHECK(folder.get("a.txt", "If-Match", etag).status == 200);
    CHECK(folder.get("a.txt", "If-Match", "W/" + etag).status == 412);
    CHECK(folder.get("a.txt", "If-Match", "\"x\"").status == 412);
    CHECK(folder.get("a.txt", "If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT").status ==
          412);
}

TEST_CASE("all three forms of a date are understood (RFC 9110 §5.6.7), and others ignored") {
    const Folder folder;
    for (const char* date : {"Fri, 01 Jan 2038 00:00:00 GMT", "Friday, 01-Jan-38 00:00:00 GMT",
                             "Fri Jan  1 00:00:00 2038"}) {
        CAPTURE(std::string(date));
        CHECK(folder.get("a.txt", "If-Modified-Since", date).status == 304);
    }
    for (const char* date :
         {"tomorrow", "", "Fri,  01 Jan 2038 00:00:00 GMT", "Fri, 01 Jan 2038 00:00:00",
          "Fri, 1 Jan 2038 00:00:00 GMT", "Fri, 01 Jan 2038 00:00:00 UTC",
          "fri, 01 jan 2038 00:00:00 GMT", "Friday, 01 Jan 2038 00:00:00 GMT"}) {
        CAPTURE(std::string(date));
        CHECK(folder.get("a.txt", "If-Modified-Since", date).status == 200);
    }
}

TEST_CASE("a day or a time of day that doesn't exist makes no date") {
    const Folder folder;
    for (const char* date : {"Wed, 31 Feb 2035 00:00:00 GMT", "Fri, 30 Feb 2035 00:00:00 GMT",
                             "Thu, 29 Feb 2035 00:00:00 GMT", "Fri, 00 Jan 2038 00:00:00 GMT",
                             "Fri, 01 Jan 2038 24:00:00 GMT", "Fri, 01 Jan 2038 00:60:00 GMT",
                             "Fri, 01 Jan 2038 00:00:61 GMT", "Mon, 01 Jan 2038 00:00:00 GMT",
                             "Monday, 01-Jan-38 00:00:00 GMT", "Mon Jan  1 00:00:00 2038",
                             "Wed Feb 31 00:00:00 2035", "Friday, 32-Jan-38 00:00:00 GMT"}) {
        CAPTURE(std::string(date));
        CHECK(folder.get("a.txt", "If-Modified-Since", date).status == 200);
    }
    CHECK(folder.get("a.txt", "If-Modified-Since", "Tue, 29 Feb 2028 00:00:00 GMT").status == 304);
}

TEST_CASE("a year of two digits is at most 50 years ahead") {
    const Folder folder;
    const auto since = [&](const char* date) {
        return folder.get("a.txt", "If-Modified-Since", date).status;
    };
    CHECK(since("Tuesday, 01-Jan-74 00:00:00 GMT") == 200);   // the weekday of 1974
    CHECK(since("Monday, 01-Jan-74 00:00:00 GMT") == 304);    // that of 2074
    CHECK(since("Sunday, 06-Nov-94 08:49:37 GMT") == 200);    // 1994
    CHECK(since("Saturday, 06-Nov-94 08:49:37 GMT") == 200);  // not 2094
}

TEST_CASE("a date with such a year is at most 50 years ahead, to the day") {
    const Folder folder;
    const std::time_t now = std::time(nullptr);
    for (const int days : {-2, 2}) {
        std::tm date{};
        gmtime_r(&now, &date);
        date.tm_year += 50;
        date.tm_mday += days;
        if (days > 0) date.tm_year -= 100;
        timegm(&date);  // finds the weekday
        char text[64];
        std::strftime(text, sizeof text, "%A, %d-%b-%y %H:%M:%S GMT", &date);
        CAPTURE(std::string(text));
        CHECK(folder.get("a.txt", "If-Modified-Since", text).status == (days < 0 ? 304 : 200));
        CHECK(folder.get("a.txt", "If-Unmodified-Since", text).status == (days < 0 ? 200 : 412));
    }
}

TEST_CASE("If-Range gets the range if the file is the same, else all of it") {
    const Folder folder;
    Headers headers;
    headers.add("Range", "bytes=0-1");
    headers.add("If-Range", *folder.get("a.txt").headers.find("ETag"));
    CHECK(folder.get("a.txt", headers).status == 206);
    headers.set("If-Range", "\"x\"");
    CHECK(folder.get("a.txt", headers).status == 200);
    headers.set("If-Range", "W/" + *folder.get("a.txt").headers.find("ETag"));
    CHECK(folder.get("a.txt", headers).status == 200);
}

TEST_CASE("a date in If-Range never holds, because a file may change twice in a second") {
    const Folder folder;
    Headers headers;
    headers.add("Range", "bytes=0-1");
    headers.add("If-Range", *folder.get("a.txt").headers.find("Last-Modified"));
    CHECK(folder.get("a.txt", headers).status == 200);
}

TEST_CASE("a Range or an If-Range that stands twice gets the whole file") {
    const Folder folder;
    const auto etag = *folder.get("a.txt").headers.find("ETag");
    Headers ranges;
    ranges.add("Range", "bytes=0-1");
    ranges.add("Range", "bytes=0-1");
    CHECK(folder.get("a.txt", ranges).status == 200);
    Headers conditions;
    conditions.add("Range", "bytes=0-1");
    conditions.add("If-Range", etag);
    conditions.add("If-Range", etag);
    CHECK(folder.get("a.txt", conditions).status == 200);
}

TEST_CASE("a compressed copy goes to a client that accepts gzip, with the file's own type") {
    const Folder folder;
    folder.write("site/a.txt.gz", compressed);
    const auto response = folder.get("a.txt", "Accept-Encoding", "gzip");
    CHECK(response.body == compressed);
    CHECK(*response.headers.find("Content-Encoding") == "gzip");
    CHECK(*response.headers.find("Content-Type") == "text/plain; charset=utf-8");
    CHECK(*response.headers.find("Vary") == "Accept-Encoding");
    CHECK(*response.headers.find("ETag") != *folder.get("a.txt").headers.find("ETag"));

    const auto plain = folder.get("a.txt", "Accept-Encoding", "gzip;q=0");
    CHECK(plain.body == "0123456789");
    CHECK(*plain.headers.find("Vary") == "Accept-Encoding");
}

TEST_CASE("a compressed copy that is older than its file is not used") {
    const Folder folder;
    folder.write("site/a.txt.gz", compressed);
    fs::last_write_time(folder.root / "site/a.txt.gz",
                        fs::last_write_time(folder.root / "site/a.txt") - std::chrono::hours(1));
    CHECK(folder.get("a.txt", "Accept-Encoding", "gzip").body == "0123456789");
}

TEST_CASE("a compressed copy that is a nanosecond older is not used, one of the same age is") {
    const Folder folder;
    folder.write("site/a.txt.gz", compressed);
    const auto written = fs::last_write_time(folder.root / "site/a.txt");
    const auto body = [&] { return folder.get("a.txt", "Accept-Encoding", "gzip").body; };
    fs::last_write_time(folder.root / "site/a.txt.gz", written);
    CHECK(body() == compressed);
    fs::last_write_time(folder.root / "site/a.txt.gz", written - std::chrono::nanoseconds(1));
    CHECK(body() == "0123456789");
}

TEST_CASE("a compressed copy that can't be sent leaves the file as it is") {
    const Folder folder;
    const fs::path copy = folder.root / "site/a.txt.gz";
    const auto check = [&] {
        const auto response = folder.get("a.txt", "Accept-Encoding", "gzip");
        CHECK(response.status == 200);
        CHECK(response.body == "0123456789");
        CHECK(response.headers.find("Content-Encoding") == nullptr);
        fs::remove(copy);
    };
    fs::create_directory(copy);
    check();
    REQUIRE(mkfifo(copy.c_str(), 0600) == 0);
    check();
    fs::create_symlink("nowhere", copy);
    check();
    for (const char* content : {"", "\x1f", "\x1f\x8c", "not gzip", "0123456789"}) {
        folder.write("site/a.txt.gz", content);
        check();
    }
    const OtherUser user(folder);
    folder.write("site/a.txt.gz", compressed);
    fs::permissions(copy, fs::perms::none);
    check();
}

TEST_CASE("a large copy that isn't gzip is not sent") {
    const Folder folder;
    folder.write("site/a.txt.gz", std::string(100'000, 'x'));
    CHECK(folder.get("a.txt", "Accept-Encoding", "gzip").body == "0123456789");
}

TEST_CASE("a folder that may be searched but not read is redirected to like others") {
    const Folder folder;
    folder.write("site/sub/index.html", "the index");
    const OtherUser user(folder);
    fs::permissions(folder.root / "site/sub", fs::perms(0111));
    CHECK(folder.get("sub").status == 301);
    CHECK(folder.get("sub/").body == "the index");
    fs::permissions(folder.root / "site/a.txt", fs::perms::none);
    CHECK_THROWS_AS(folder.get("a.txt"), HttpError);
    fs::permissions(folder.root / "site/sub", fs::perms(0755));  // so that it can be removed
}

TEST_CASE("a compressed copy belongs to the file beside it, and not to a link of its name") {
    const Folder folder;
    fs::create_symlink("a.txt", folder.root / "site/link.txt");
    folder.write("site/link.txt.gz", "\x1f\x8b of the file that the link led to");
    const auto body = [&] { return folder.get("link.txt", "Accept-Encoding", "gzip").body; };
    CHECK(body() == "0123456789");
    folder.write("site/a.txt.gz", compressed);
    CHECK(body() == compressed);
}

TEST_CASE("a large file is not copied into memory, a small one is") {
    const Folder folder;
    folder.write("site/large", std::string(65'537, 'x'));
    folder.write("site/small", std::string(65'536, 'x'));
    CHECK(folder.get("large").file.has_value());
    CHECK(folder.get("large").body.empty());
    CHECK_FALSE(folder.get("small").file.has_value());
    const auto response = folder.get("large", "Range", "bytes=5-9");
    REQUIRE(response.file.has_value());
    CHECK(response.file->offset == 5);
    CHECK(response.file->length == 5);
}

TEST_CASE("neither a large file nor a large compressed copy is kept open") {
    const Folder folder;
    folder.write("site/a.txt.gz", compressed + std::string(100'000, 'x'));
    folder.write("site/large.txt", std::string(100'000, 'x'));
    for (const char* name : {"a.txt.gz", "large.txt"}) {
        fs::last_write_time(folder.root / "site" / name,
                            fs::last_write_time(folder.root / "site/a.txt"));
    }
    StaticFiles files(folder.root / "site");
    const int before = open_descriptors();
    for (const std::string name : {"a.txt", "large.txt"}) {
        CAPTURE(name);
        Request request;
        request.method = "GET";
        request.path = request.target = "/" + name;
        request.headers.add("Accept-Encoding", "gzip");
        CHECK(files.serve_file(request, name).file);
        CHECK(open_descriptors() == before);
    }
}

TEST_CASE("threads can look up files while more of them are looked up than are kept") {
    constexpr int count = 300;
    const Folder folder;
    for (int i = 0; i < count; ++i) {
        fs::create_hard_link(folder.root / "site/a.txt",
                             folder.root / "site" / (std::to_string(i) + ".txt"));
    }
    StaticFiles files(folder.root / "site");
    std::atomic<bool> done = false;
    std::atomic<int> wrong = 0;
    const auto look_up = [&](int number) {
        const std::string name = std::to_string(number) + ".txt";
        Request request;
        request.method = "GET";
        request.path = request.target = "/" + name;
        if (files.serve_file(request, name).body != "0123456789") ++wrong;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; !done; ++n) look_up(n % 20);
        });
    }
    for (int n = 0; n < 4 * count; ++n) look_up(n % count);
    done = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}
