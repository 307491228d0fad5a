// The message store: a message that it has accepted is there afterwards, even if other processes
// write, die or fill the disk. Each case has a folder of its own.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../../common/descriptor.hpp"
#include "app/disk.hpp"
#include "app/message_store.hpp"
#include "file_content.hpp"
#include "full_disk.hpp"
#include "open_descriptors.hpp"
#include "other_user.hpp"
#include "temporary_folder.hpp"
#include "warnings.hpp"

namespace {

std::atomic<int> times_synced{0};
std::atomic<bool> disk_fails{false};
// What another program does, once, while the disk works for a message, or for a folder or a copy.
std::function<void()> during_sync, during_other_sync;
std::set<std::filesystem::path> synced_folders;
std::mutex syncing;  // guards it, because stores are used by several threads

}  // namespace

// Takes the place of the library's function. A test can't cut the power, but it can see that the
// disk is asked, and what happens if the disk fails. On macOS the disk is asked with fcntl(), which
// does too many other things to be replaced, so there the cases about that are left out.
#if defined(__linux__)
constexpr bool sees_the_disk = true;

extern "C" int fdatasync(int descriptor) {
    ++times_synced;
    if (during_sync) std::exchange(during_sync, nullptr)();
    if (!disk_fails) return static_cast<int>(syscall(SYS_fdatasync, descriptor));
    errno = EIO;
    return -1;
}

extern "C" int fsync(int descriptor) {
    const std::lock_guard lock(syncing);
    if (during_other_sync) std::exchange(during_other_sync, nullptr)();
    synced_folders.insert(
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)));
    return static_cast<int>(syscall(SYS_fsync, descriptor));
}
#else
constexpr bool sees_the_disk = false;
#endif

namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int64_t>;

// A folder with the file of a store.
struct Folder : TemporaryFolder {
    std::string content() const { return file_content(file); }
    void write(const std::string& content) const { TemporaryFolder::write(file, content); }
    void append(const std::string& content) const {
        std::ofstream(file, std::ios::binary | std::ios::app) << content;
    }

    // As sed -i and editors do: writes another file, and gives it the name of ours.
    void replace(const std::string& content) const {
        TemporaryFolder::write("new.jsonl", content);
        fs::rename(root / "new.jsonl", file);
    }

    const fs::path file = root / "data" / "messages.jsonl";
    const fs::path broken = root / "data" / "messages.jsonl.broken";
};

Ids ids_of(const std::vector<Message>& messages) {
    Ids ids;
    for (const Message& message : messages) ids.push_back(message.id);
    return ids;
}

Ids all_ids(MessageStore& store) {
    return ids_of(store.newest(0, 100'000));
}

void add_many(MessageStore& store, int count) {
    for (int i = 0; i < count; ++i) store.add("Ada", "", std::to_string(i));
}

// True if there are `count` messages, each with an id of its own.
bool all_there(MessageStore& store, std::size_t count) {
    const Ids ids = all_ids(store);
    return ids.size() == count && std::set<std::int64_t>(ids.begin(), ids.end()).size() == count;
}

std::string line(std::int64_t id, const std::string& text = "hello") {
    return R"({"id":)" + std::to_string(id) + R"(,"name":"Ada","email":"","message":")" + text +
           R"(","created":"2026-11-21T10:25:00Z"})" + "\n";
}

// Runs `work` in a process of its own, and returns its number.
template <typename Work>
pid_t in_child(const Work& work) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child != 0) return child;
    try {
        work();
    } catch (...) {
        _exit(1);
    }
    _exit(0);
}

int exit_status(pid_t child) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

TEST_CASE("the folder and the file are made, and only the owner may read the file") {
    const Folder folder;
    MessageStore store(folder.root / "a/b/messages.jsonl");
    CHECK(store.total() == 0);
    CHECK(store.newest(0, 10).empty());
    struct stat facts {};
    REQUIRE(stat((folder.root / "a/b/messages.jsonl").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE("a message comes back as it was given, with an id and the time") {
    const Folder folder;
    MessageStore store(folder.file);
    const Message added = store.add("Ada", "ada@example.org", "Hello");
    CHECK(added.id == 1);
    CHECK(added.name == "Ada");
    CHECK(added.email == "ada@example.org");
    CHECK(added.message == "Hello");
    REQUIRE(added.created.size() == 20);
    CHECK(added.created.starts_with("20"));
    CHECK(added.created[10] == 'T');
    CHECK(added.created.ends_with("Z"));
    CHECK(store.find(1) == added);
    CHECK(store.newest(0, 1) == std::vector<Message>{added});
}

TEST_CASE("line ends, quotes, markup, NUL and every script survive a restart") {
    const Folder folder;
    const std::string texts[] = {"two\nlines\r\n",
                                 "\"quoted\" and \\ and </script>",
                                 std::string("a\0b", 3),
                                 "Grüße, 你好, 🙂, \u2028",
                                 "{\"id\":1,\"deleted\":true}\n",
                                 "",
                                 std::string(600'000, 'x')};
    for (const std::string& text : texts) MessageStore(folder.file).add(text, text, text);
    MessageStore store(folder.file);
    std::int64_t id = 0;
    for (const std::string& text : texts) {
        const auto message = store.find(++id);
        REQUIRE(message);
        CHECK(message->name == text);
        CHECK(message->email == text);
        CHECK(message->message == text);
    }
    const std::string content = folder.content();
    CHECK(std::count(content.begin(), content.end(), '\n') == std::ssize(texts));
}

TEST_CASE("a call returns only when the disk has what it wrote") {
    if (!sees_the_disk) return;
    const Folder folder;
    MessageStore store(folder.file);
    const int before = times_synced;
    store.add("Ada", "", "hello");
    CHECK(times_synced == before + 1);
    store.update(1, "Ada", "", "good bye");
    CHECK(times_synced == before + 2);
    store.remove(1);
    CHECK(times_synced == before + 3);
}

TEST_CASE("once the disk has failed the store takes nothing, until a restart") {
    if (!sees_the_disk) return;
    const Folder folder;
    MessageStore store(folder.file);
    store.add("Ada", "", "kept");
    disk_fails = true;
    CHECK_THROWS_AS(store.add("Ada", "", "perhaps"), std::runtime_error);
    disk_fails = false;  // the next one would succeed, although the one before is lost
    CHECK_THROWS_AS(store.add("Ada", "", "not taken"), std::runtime_error);
    CHECK(store.find(1)->message == "kept");
    MessageStore after_restart(folder.file);
    after_restart.add("Ada", "", "taken");
    CHECK(after_restart.find(1)->message == "kept");
    CHECK(after_restart.newest(0, 1).front().message == "taken");
}

TEST_CASE("a disk that has failed is not trusted with another file either") {
    if (!sees_the_disk) return;
    const Folder folder;
    const Warnings warnings;
    MessageStore store(folder.file);
    store.add("Ada", "", "kept");
    disk_fails = true;
    CHECK_THROWS_AS(store.add("Ada", "", "perhaps"), std::runtime_error);
    disk_fails = false;
    folder.replace(line(1));
    CHECK_THROWS_AS(store.add("Ada", "", "not taken"), std::runtime_error);
    CHECK(warnings.mention(folder.file.string() + " was replaced"));
    CHECK(folder.content() == line(1));
}

TEST_CASE("the time of a message is UTC, whatever the time zone of the server") {
    const char* const before = std::getenv("TZ");
    const std::string zone = before != nullptr ? before : "";
    setenv("TZ", "XXX-5:45", 1);
    tzset();
    const Folder folder;
    MessageStore store(folder.file);
    const std::time_t earliest = std::time(nullptr);
    const std::string created = store.add("Ada", "", "hello").created;
    const std::time_t latest = std::time(nullptr);
    if (before != nullptr)
        setenv("TZ", zone.c_str(), 1);
    else
        unsetenv("TZ");
    tzset();

    std::tm utc{};
    REQUIRE(strptime(created.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc) != nullptr);
    CHECK(timegm(&utc) >= earliest);
    CHECK(timegm(&utc) <= latest);
}

TEST_CASE("a change keeps the id and the time, also after a restart") {
    const Folder folder;
    folder.write(line(1, "first") + line(2, "second"));
    const Message expected{1, "Eve", "e@x.org", "changed", "2026-11-21T10:25:00Z"};
    {
        MessageStore store(folder.file);
        CHECK(store.update(1, "Eve", "e@x.org", "changed") == expected);
        CHECK(store.find(1) == expected);
    }
    MessageStore store(folder.file);
    CHECK(store.find(1) == expected);
    CHECK(store.find(2)->message == "second");
    CHECK(store.total() == 2);
    CHECK(all_ids(store) == Ids{2, 1});
}

TEST_CASE("a message that does not exist can be neither found nor changed nor removed") {
    const Folder folder;
    MessageStore store(folder.file);
    store.add("Ada", "", "Hello");
    const std::string before = folder.content();
    for (const std::int64_t id : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{2},
                                  std::int64_t{1} << 53, INT64_MAX}) {
        CHECK_FALSE(store.find(id));
        CHECK_FALSE(store.update(id, "Eve", "", "x"));
        CHECK_FALSE(store.remove(id));
    }
    CHECK(folder.content() == before);
}

TEST_CASE("an id is never given twice, not even that of a last message that was deleted") {
    const Folder folder;
    {
        MessageStore store(folder.file);
        add_many(store, 3);
        CHECK(store.remove(3));
        CHECK_FALSE(store.remove(3));
        CHECK_FALSE(store.find(3));
        CHECK_FALSE(store.update(3, "Eve", "", "x"));
        CHECK(store.total() == 2);
        CHECK(store.add("Ada", "", "x").id == 4);
        CHECK(store.remove(4));
    }
    MessageStore store(folder.file);
    CHECK(all_ids(store) == Ids{2, 1});
    CHECK(store.add("Ada", "", "x").id == 5);
}

TEST_CASE("newest() pages through the messages from the last to the first") {
    const Folder folder;
    MessageStore store(folder.file);
    add_many(store, 7);
    store.remove(5);
    store.update(2, "Ada", "", "changed");  // which does not move it to the top
    CHECK(ids_of(store.newest(0, 3)) == Ids{7, 6, 4});
    CHECK(ids_of(store.newest(3, 3)) == Ids{3, 2, 1});
    CHECK(ids_of(store.newest(5, 3)) == Ids{1});
    CHECK(store.newest(6, 3).empty());
    CHECK(store.newest(SIZE_MAX, SIZE_MAX).empty());
    CHECK(store.newest(0, 0).empty());
    CHECK(ids_of(store.newest(1, SIZE_MAX)) == Ids{6, 4, 3, 2, 1});
    CHECK(store.total() == 6);
}

TEST_CASE("sixteen threads can write at once, and no message is lost") {
    const Folder folder;
    {
        MessageStore store(folder.file);
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i) threads.emplace_back([&store] { add_many(store, 50); });
        for (std::thread& thread : threads) thread.join();
        CHECK(all_there(store, 800));
    }
    MessageStore store(folder.file);
    CHECK(all_there(store, 800));
    CHECK(store.add("Ada", "", "x").id == 801);
}

TEST_CASE("threads can read, change and remove while others write") {
    const Folder folder;
    MessageStore store(folder.file);
    add_many(store, 40);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&store, i] {
            for (std::int64_t id = i + 1; id <= 40; id += 4) {
                store.add("Ada", "", "new");
                store.update(id, "Eve", "", "changed");
                store.newest(0, 5);
                if (id % 2 == 0) store.remove(id);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(all_there(store, 60));
    for (std::int64_t id = 1; id <= 40; ++id) {
        const auto message = store.find(id);
        CHECK(message.has_value() == (id % 2 == 1));
        if (message) CHECK(message->message == "changed");
    }
}

TEST_CASE("two stores on one file see what the other writes") {
    const Folder folder;
    MessageStore one(folder.file);
    MessageStore two(folder.file);
    CHECK(one.add("Ada", "", "first").id == 1);
    CHECK(two.find(1)->message == "first");
    CHECK(two.add("Bob", "", "second").id == 2);
    CHECK(one.total() == 2);
    CHECK(one.update(2, "Bob", "", "changed"));
    CHECK(two.newest(0, 1).at(0).message == "changed");
    CHECK(two.remove(2));
    CHECK_FALSE(one.update(2, "Bob", "", "too late"));
    CHECK(two.add("Bob", "", "third").id == 3);
    CHECK(one.add("Ada", "", "fourth").id == 4);
    CHECK(all_ids(one) == Ids{4, 3, 1});
    CHECK(all_ids(two) == Ids{4, 3, 1});
}

TEST_CASE("two stores on one file can be written by many threads at once") {
    const Folder folder;
    MessageStore one(folder.file);
    MessageStore two(folder.file);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&store = i % 2 == 0 ? one : two] { add_many(store, 25); });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(all_there(one, 200));
    CHECK(all_ids(one) == all_ids(two));
}

TEST_CASE("several processes can write to one file at once") {
    const Folder folder;
    MessageStore store(folder.file);
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
        children.push_back(in_child([&folder] {
            MessageStore own(folder.file);
            add_many(own, 50);
        }));
    }
    add_many(store, 50);
    for (const pid_t child : children) CHECK(exit_status(child) == 0);
    CHECK(all_there(store, 200));
    CHECK(store.newest(0, 1).at(0).id == 200);
    MessageStore again(folder.file);
    CHECK(all_ids(again) == all_ids(store));
}

TEST_CASE("every message that was acknowledged before a kill -9 is there afterwards") {
    const Folder folder;
    std::int64_t acknowledged = 0;
    for (int round = 0; round < 3; ++round) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = in_child([&folder, &ends] {
            MessageStore store(folder.file);
            for (;;) {
                const std::int64_t id = store.add("Ada", "", "x").id;
                if (write(ends[1], &id, sizeof id) != sizeof id) _exit(1);
            }
        });
        close(ends[1]);
        for (int i = 0; i < 40; ++i) {
            REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
        }
        kill(child, SIGKILL);
        const int status = exit_status(child);
        CHECK(WTERMSIG(status) == SIGKILL);
        close(ends[0]);
        const Warnings warnings;
        MessageStore store(folder.file);
        const Ids ids = all_ids(store);
        CHECK(static_cast<std::int64_t>(ids.size()) >= acknowledged);
        CHECK(all_there(store, static_cast<std::size_t>(ids.front())));
    }
}

TEST_CASE("a last line that ends at any byte of its JSON but the last is cut off, and kept") {
    const Folder folder;
    const std::string whole = line(1) + line(2);
    const std::string last = line(3, "the last one");
    for (std::size_t kept = 1; kept + 1 < last.size(); ++kept) {
        CAPTURE(kept);
        folder.write(whole + last.substr(0, kept));
        fs::remove(folder.broken);
        const Warnings warnings;
        MessageStore store(folder.file);
        CHECK(warnings.mention(std::to_string(kept) + " bytes"));
        CHECK(folder.content() == whole);
        CHECK(file_content(folder.broken) == last.substr(0, kept) + "\n");
        CHECK(store.add("Ada", "", "x").id == 3);
        CHECK(all_ids(store) == Ids{3, 2, 1});
        CHECK(folder.content().starts_with(whole + R"({"id":3,)"));
    }
    const Warnings warnings;
    folder.write(whole + last);
    MessageStore store(folder.file);
    CHECK(store.find(3)->message == "the last one");
    CHECK(warnings.empty());
}

TEST_CASE("a file that holds nothing but half a line is emptied") {
    const Folder folder;
    folder.write(line(1).substr(0, 20));
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(store.total() == 0);
    CHECK(folder.content().empty());
}

TEST_CASE("half a line that another process has left does not damage the next message") {
    const Folder folder;
    MessageStore store(folder.file);
    store.add("Ada", "", "first");
    const std::string before = folder.content();
    folder.append(line(2).substr(0, 30));
    const Warnings warnings;
    CHECK(store.add("Ada", "", "second").id == 2);
    CHECK(folder.content().starts_with(before + R"({"id":2,)"));
    MessageStore again(folder.file);
    CHECK(all_ids(again) == Ids{2, 1});
}

TEST_CASE("a line in the middle that isn't a message is reported, skipped and kept") {
    const Folder folder;
    const std::string broken[] = {
        "garbage",
        "",
        std::string(40, '\0'),
        "{\"id\":2,\"name\":\"Ada\"",
        R"({"id":2})",
        R"({"id":"2","deleted":true})",
        R"({"name":"Ada","email":"","message":"x","created":""})",
        R"({"id":2,"name":1,"email":"","message":"x","created":""})",
        R"({"id":0,"deleted":true})",
        R"({"id":-5,"deleted":true})",
        R"({"id":9223372036854775807,"deleted":true})",
        "[1]",
        "{\"id\":2,\"name\":\"\xFF\",\"email\":\"\",\"message\":\"\",\"created\":\"\"}"};
    for (const std::string& text : broken) {
        CAPTURE(text);
        const std::string content = line(1) + text + "\n" + line(3);
        folder.write(content);
        const Warnings warnings;
        MessageStore store(folder.file);
        CHECK(warnings.mention("line 2"));
        CHECK(folder.content() == content);
        CHECK(all_ids(store) == Ids{3, 1});
        CHECK(store.find(3)->message == "hello");
        CHECK(store.add("Ada", "", "x").id == 4);
        CHECK(folder.content().starts_with(content));
    }
}

TEST_CASE("the id of a line that can no longer be read is not given again") {
    const Folder folder;
    folder.write(line(1) + "what was message 2\n");
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(store.add("Ada", "", "x").id == 3);
}

TEST_CASE("a file with many lines and very long ones is read completely") {
    const Folder folder;
    std::string content;
    for (int id = 1; id <= 5'000; ++id) content += line(id, std::to_string(id));
    content += line(5'001, std::string(1'000'000, 'x')) + line(5'002);
    folder.write(content);
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(store.total() == 5'002);
    CHECK(store.find(3'333)->message == "3333");
    CHECK(store.find(5'001)->message.size() == 1'000'000);
    CHECK(store.find(5'002)->message == "hello");
    CHECK(warnings.empty());
}

TEST_CASE("a line may end at any byte of the pieces in which the file is read") {
    const Folder folder;
    // A piece is a power of two long. So one of these line ends is the first byte of a piece, one
    // is the last, and one lies in the middle.
    for (std::size_t power = 4'096; power <= 1'048'576; power *= 2) {
        for (std::size_t end = power - 1; end <= power + 2; ++end) {
            CAPTURE(end);
            folder.write(line(1, std::string(end - line(1, "").size(), 'x')) + line(2));
            const Warnings warnings;
            MessageStore store(folder.file);
            CHECK(all_ids(store) == Ids{2, 1});
            CHECK(warnings.empty());
        }
    }
}

TEST_CASE("on a full disk nothing is half written, and the store goes on once there is room") {
    const Folder folder;
    MessageStore store(folder.file);
    store.add("Ada", "", "first");
    const std::string before = folder.content();
    // The write fails at the first byte of the line, at each byte in its middle, and when only the
    // line end has no room.
    const std::size_t length = line(2, "a second message").size();
    for (std::size_t room = 0; room < length; ++room) {
        CAPTURE(room);
        int refused = 0;
        const Warnings warnings;
        {
            const FullDisk disk(before.size() + room);
            try {
                store.add("Ada", "", "a second message");
            } catch (const StoreFull&) {
                ++refused;
            }
            try {
                store.update(1, "Ada", "", "a longer text instead of the first");
            } catch (const StoreFull&) {
                ++refused;
            }
        }
        CHECK(refused == 2);
        CHECK(warnings.mention(folder.file.string()));
        CHECK(folder.content() == before);
        CHECK(store.total() == 1);
        CHECK(store.find(1)->message == "first");
    }
    CHECK(store.add("Ada", "", "a second message").id == 2);
    CHECK(folder.content().size() == before.size() + length);
}

TEST_CASE("on a full disk each of many threads is told, and what was accepted is there") {
    const Folder folder;
    int accepted = 0;
    int refused = 0;
    {
        const Warnings warnings;
        MessageStore store(folder.file);
        const FullDisk disk(5'000);
        std::vector<std::thread> threads;
        std::mutex counting;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 20; ++n) {
                    bool good = true;
                    try {
                        store.add("Ada", "", "some text");
                    } catch (const StoreFull&) {
                        good = false;
                    }
                    const std::lock_guard lock(counting);
                    ++(good ? accepted : refused);
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    CHECK(accepted > 0);
    CHECK(refused > 0);
    CHECK(accepted + refused == 160);
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(all_there(store, static_cast<std::size_t>(accepted)));
    CHECK(warnings.empty());
}

TEST_CASE("after its file was moved, deleted or emptied a store goes on with another one") {
    const Folder folder;
    const std::function<void()> ways[] = {
        [&] { fs::rename(folder.file, folder.root / "moved.jsonl"); },
        [&] { fs::remove(folder.file); },
        [&] { fs::resize_file(folder.file, 0); },
        [&] { fs::remove_all(folder.file.parent_path()); },
    };
    const Warnings warnings;
    MessageStore store(folder.file);
    add_many(store, 2);
    std::int64_t last = 2;
    for (const auto& take_away : ways) {
        take_away();
        const std::int64_t id = store.add("Ada", "", "after").id;
        CHECK(id == ++last);
        CHECK(all_ids(store) == Ids{id});
        CHECK(warnings.mention(folder.file.string() + " was replaced"));
        take_away();
        CHECK(store.total() == 0);  // those that read notice as well
        CHECK(store.add("Ada", "", "again").id == ++last);
        MessageStore after_restart(folder.file);
        CHECK(all_ids(after_restart) == Ids{last});
    }
}

TEST_CASE(
    "after sed -i what is written goes into the new file, under ids above all that were given") {
    const Folder folder;
    const Warnings warnings;
    MessageStore store(folder.file);
    add_many(store, 3);
    const int open = open_descriptors();
    folder.replace(line(1, "edited") + line(2));
    CHECK(store.find(1)->message == "edited");
    CHECK_FALSE(store.find(3));
    CHECK(store.add("Ada", "", "new").id == 4);
    folder.replace(line(1) + line(2) + line(7));
    CHECK(store.update(2, "Ada", "", "changed"));
    folder.replace(folder.content());
    CHECK(store.remove(1));
    std::string as_long = folder.content();
    as_long.replace(as_long.find("changed"), 7, "CHANGED");
    folder.replace(as_long);
    CHECK(store.find(2)->message == "CHANGED");
    CHECK(store.add("Ada", "", "new").id == 8);
    CHECK(open_descriptors() == open);  // the old files are closed
    MessageStore after_restart(folder.file);
    CHECK(all_ids(after_restart) == Ids{8, 7, 2});
    CHECK(after_restart.find(2)->message == "CHANGED");
}

TEST_CASE("a damaged message can't be repaired once its file was replaced by one without it") {
    const Folder folder;
    const Warnings warnings;
    folder.write(line(1) + "{\"id\":2,damaged\n");
    MessageStore store(folder.file);
    folder.replace(line(1));
    CHECK_FALSE(store.update(2, "Ada", "", "repaired"));
    CHECK_FALSE(store.remove(2));
    CHECK(folder.content() == line(1));
}

TEST_CASE("what was written into a file that is replaced before it is on disk is written again") {
    if (!sees_the_disk) return;
    const Folder folder;
    const Warnings warnings;
    MessageStore store(folder.file);
    add_many(store, 2);
    const auto write_while_replaced = [&](const std::function<void()>& replace, auto write) {
        during_sync = replace;
        write();
        CHECK(during_sync == nullptr);
    };
    const std::string before = folder.content();
    Message added;
    write_while_replaced([&] { folder.replace(before); },
                         [&] { added = store.add("Ada", "", "added"); });
    CHECK(MessageStore(folder.file).find(added.id) == added);
    // A copy that has the message already, and one in which its id belongs to another message.
    write_while_replaced([&] { folder.replace(folder.content()); },
                         [&] { added = store.add("Ada", "", "copied"); });
    CHECK(MessageStore(folder.file).find(added.id) == added);
    write_while_replaced([&] { folder.replace(before + line(added.id + 1, "of another")); },
                         [&] { added = store.add("Ada", "", "mine"); });
    CHECK(MessageStore(folder.file).find(added.id) == added);
    CHECK(MessageStore(folder.file).find(added.id - 1)->message == "of another");
    write_while_replaced([&] { folder.replace(before); },
                         [&] { CHECK(store.update(2, "Ada", "", "changed")); });
    CHECK(MessageStore(folder.file).find(2)->message == "changed");
    write_while_replaced([&] { folder.replace(before); }, [&] { CHECK(store.remove(2)); });
    CHECK_FALSE(MessageStore(folder.file).find(2));
    write_while_replaced([&] { folder.write(before); },
                         [&] { added = store.add("Ada", "", "in the same file"); });
    CHECK(MessageStore(folder.file).find(added.id) == added);
}

TEST_CASE("a file that is copied over ours, shorter or longer or as long, is read again") {
    const Folder folder;
    const std::string copies[] = {line(5) + line(6), line(5, "a longer text"), line(5, "hel"),
                                  line(5) + line(6, std::string(300'000, 'x'))};
    for (const std::string& copy : copies) {
        folder.write(line(1) + line(2));
        const Warnings warnings;
        MessageStore store(folder.file);
        folder.write(copy);
        const Ids ids = all_ids(store);
        REQUIRE_FALSE(ids.empty());
        CHECK(ids.back() == 5);
        CHECK(store.find(5));
        CHECK_FALSE(store.find(1));
        CHECK(store.total() == ids.size());
        CHECK(store.add("Ada", "", "x").id == ids.front() + 1);
    }
}

TEST_CASE(
    "of many lines that aren't messages the first ten are described, and the others counted") {
    const Folder folder;
    std::string content = line(1);
    for (int i = 0; i < 12; ++i) content += "garbage\n";
    folder.write(content + line(2));
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(warnings.mention("line 11, is not a message"));
    CHECK_FALSE(warnings.mention("line 12"));
    CHECK(warnings.mention("2 more lines are not messages"));
    CHECK(all_ids(store) == Ids{2, 1});
}

TEST_CASE("a message that gets damaged while we run is skipped, said once, and repaired by PUT") {
    const Folder folder;
    folder.write(line(1) + line(2) + line(3));
    const std::string damages[] = {"\xFF", "\"", std::string(1, '\0'), "\n"};
    for (const std::string& damage : damages) {
        folder.write(line(1) + line(2) + line(3));
        MessageStore store(folder.file);
        {
            const Warnings warnings;
            folder.write(line(1) + line(2, "h" + damage + "llo") + line(3));
            CHECK(all_ids(store) == Ids{3, 1});
            CHECK(warnings.mention("line 2, is not a message"));
        }
        const Warnings silence;
        CHECK(all_ids(store) == Ids{3, 1});
        CHECK(store.total() == 2);
        CHECK_FALSE(store.find(2));
        CHECK(silence.empty());
        if (damage != "\n") {
            CHECK(store.update(2, "Ada", "", "repaired"));
            CHECK(all_ids(store) == Ids{3, 2, 1});
            CHECK(MessageStore(folder.file).find(2)->message == "repaired");
        }
    }
}

TEST_CASE("a damaged message can be removed, and a damaged change leaves the message as it was") {
    const Folder folder;
    folder.write(line(1) + line(2, "\xFF") + line(1, "\xFF"));
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(store.find(1)->message == "hello");
    CHECK_FALSE(store.find(2));
    CHECK(store.remove(2));
    CHECK_FALSE(store.update(2, "Ada", "", "x"));
}

TEST_CASE("a byte order mark at the beginning of the file does not cost the first message") {
    const Folder folder;
    for (const std::string& end : {std::string("\n"), std::string("\r\n"), std::string()}) {
        const std::string text = line(1, "marked");
        folder.write("\xEF\xBB\xBF" + text.substr(0, text.size() - 1) + end);
        const Warnings warnings;
        MessageStore store(folder.file);
        CHECK(store.find(1)->message == "marked");
        CHECK(store.add("Ada", "", "x").id == 2);
        CHECK(all_ids(store) == Ids{2, 1});
        CHECK(warnings.empty());
    }
}

TEST_CASE("a byte order mark in the middle, where two files were joined, costs no message either") {
    const Folder folder;
    folder.write(line(1) + "\xEF\xBB\xBF" + line(2, "marked"));
    const Warnings warnings;
    MessageStore store(folder.file);
    CHECK(all_ids(store) == Ids{2, 1});
    CHECK(store.find(2)->message == "marked");
    CHECK(warnings.empty());
}

TEST_CASE("JSON without its line end is kept and completed, at the start and while we run") {
    const Folder folder;
    const std::string whole = line(1);
    const std::string last = line(2).substr(0, line(2).size() - 1);
    folder.write(whole + last);
    MessageStore store(folder.file);
    CHECK(all_ids(store) == Ids{2, 1});
    CHECK(folder.content() == whole + last + "\n");
    folder.append(line(3).substr(0, line(3).size() - 1));
    CHECK(store.add("Ada", "", "x").id == 4);
    CHECK(all_ids(store) == Ids{4, 3, 2, 1});
    CHECK_FALSE(fs::exists(folder.broken));
}

TEST_CASE("lines that another program appends without a lock, in pieces, are all kept") {
    const Folder folder;
    const Warnings warnings;
    MessageStore store(folder.file);
    std::string lines;
    for (int id = 100'001; id <= 103'000; ++id) lines += line(id);
    std::thread other([&] {
        const Descriptor file(open(folder.file.c_str(), O_WRONLY | O_APPEND));
        for (std::string_view rest = lines; !rest.empty();) {
            const auto piece = rest.substr(0, 4'096);
            if (write(file.number(), piece.data(), piece.size()) < 0) return;
            rest.remove_prefix(piece.size());
        }
    });
    std::set<std::string> promised;
    for (int i = 0; i < 200; ++i) {
        store.newest(0, 5);
        if (i % 20 == 0) promised.insert(store.add("Ada", "", std::to_string(i)).message);
    }
    other.join();
    std::size_t appended = 0;
    for (const auto& message : MessageStore(folder.file).newest(0, 100'000)) {
        promised.erase(message.message);
        if (message.message == "hello") ++appended;
    }
    CHECK(promised.empty());
    CHECK(appended >= 2'980);  // a line in which ours has landed is damaged, and stays in the file
    CHECK_FALSE(fs::exists(folder.broken));
}

TEST_CASE("half a line that is completed at the last moment is not cut off") {
    if (!sees_the_disk) return;
    const Folder folder;
    const Warnings warnings;
    folder.write(line(1));
    MessageStore store(folder.file);
    const std::string late = line(2);
    folder.append(late.substr(0, 20));
    during_other_sync = [&] { folder.append(late.substr(20)); };
    CHECK(store.add("Ada", "", "hello").id == 3);
    CHECK(all_ids(store) == Ids{3, 2, 1});
}

TEST_CASE("readers don't wait for another process that holds the lock, and writers not for ever") {
    const Folder folder;
    MessageStore store(folder.file, std::chrono::milliseconds(200));
    store.add("Ada", "", "first");
    const Descriptor file(open(folder.file.c_str(), O_RDONLY));
    REQUIRE(flock(file.number(), LOCK_EX) == 0);
    folder.append(line(2));
    const Warnings warnings;
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> writers;
    std::atomic<int> refused{0};
    for (int i = 0; i < 20; ++i) {
        writers.emplace_back([&] {
            try {
                store.add("Ada", "", "refused");
            } catch (const StoreBusy& busy) {
                if (busy.status == 503) ++refused;
            }
        });
    }
    CHECK(all_ids(store) == Ids{2, 1});
    CHECK(store.find(2));
    CHECK(MessageStore(folder.file).total() == 2);  // a server can be started
    for (std::thread& writer : writers) writer.join();
    CHECK(refused == 20);
    CHECK_THROWS_AS(store.remove(1), StoreBusy);  // at once, because the others have waited
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(200));
    CHECK(warnings.mention(folder.file.string() + " is locked"));
    REQUIRE(flock(file.number(), LOCK_UN) == 0);
    CHECK(store.add("Ada", "", "third").id == 3);
}

TEST_CASE("of many writers that wait for another process only the first eight wait for long") {
    Folder folder;
    Warnings warnings;
    MessageStore store(folder.file);
    const Descriptor file(open(folder.file.c_str(), O_RDWR));
    REQUIRE(flock(file.number(), LOCK_EX) == 0);
    std::atomic<int> refused = 0, saved = 0;
    std::vector<std::thread> writers;
    for (int i = 0; i < 20; ++i) {
        writers.emplace_back([&] {
            try {
                store.add("Ada", "", "hello");
                ++saved;
            } catch (const StoreBusy&) {
                ++refused;
            }
        });
    }
    const auto begun = Clock::now();
    while (refused < 12 && Clock::now() - begun < std::chrono::seconds(4))
        std::this_thread::yield();
    REQUIRE(flock(file.number(), LOCK_UN) == 0);
    for (std::thread& writer : writers) writer.join();
    CHECK(refused == 12);
    CHECK(saved == 8);
}

TEST_CASE("that a request has waited before counts as well") {
    const Folder folder;
    MessageStore store(folder.file, std::chrono::seconds(50));
    const auto long_ago = std::chrono::steady_clock::now() - std::chrono::seconds(51);
    CHECK(store.add("Ada", "", "in time, because nothing has to be waited for", long_ago).id == 1);
    const Descriptor file(open(folder.file.c_str(), O_RDONLY));
    REQUIRE(flock(file.number(), LOCK_EX) == 0);
    const Warnings warnings;
    const auto start = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(store.add("Ada", "", "refused", long_ago), StoreBusy);
    CHECK_THROWS_AS(store.update(1, "Ada", "", "refused", long_ago), StoreBusy);
    CHECK_THROWS_AS(store.remove(1, long_ago), StoreBusy);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(25));
    CHECK(store.newest(0, 10, long_ago).size() == 1);
}

TEST_CASE("the names of the folders and of the file are brought to disk") {
    if (!sees_the_disk) return;
    const Folder folder;
    synced_folders.clear();
    const MessageStore store(folder.root / "a/b/messages.jsonl");
    for (const fs::path& parent : {folder.root, folder.root / "a", folder.root / "a/b"}) {
        CHECK(synced_folders.contains(fs::canonical(parent)));
    }
}

TEST_CASE("a path where no file can be is refused with one line that names it") {
    const Folder folder;
    folder.write("");
    for (const fs::path& impossible :
         {folder.file / "messages.jsonl", folder.file / "deeper" / "messages.jsonl",
          folder.file.parent_path(), fs::path("/dev/null")}) {
        CAPTURE(impossible);
        std::string problem;
        try {
            const MessageStore store(impossible);
        } catch (const std::runtime_error& error) {
            problem = error.what();
        }
        CHECK(problem.find(impossible.parent_path().string()) != std::string::npos);
        CHECK(problem.find('\n') == std::string::npos);
    }
}

TEST_CASE("a folder that may not be written to is refused, though the file in it may be") {
    const TemporaryFolder folder;
    folder.write("messages.jsonl", "");
    const OtherUser user(folder);
    fs::permissions(folder.root, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_THROWS_AS(MessageStore{folder.root / "messages.jsonl"}, std::runtime_error);
    fs::permissions(folder.root, fs::perms::owner_all);
}

TEST_CASE("a line with an id that can't be ours is skipped, and leaves ids for messages to come") {
    const Folder folder;
    const Warnings warnings;
    folder.write(line(7) + line(std::int64_t{1} << 53) + "{\"id\":9007199254740991,\"na\n");
    MessageStore store(folder.file);
    CHECK(store.total() == 1);
    CHECK(warnings.mention("line 2"));
    CHECK(store.add("Ada", "", "x").id < 20);
    MessageStore again(folder.file);
    CHECK(again.total() == 2);
}

TEST_CASE("after the highest id nothing is written that could not be read again") {
    const Folder folder;
    const Warnings warnings;
    const std::int64_t highest = std::int64_t{1} << 52;
    folder.write(line(highest - 1));
    MessageStore store(folder.file);
    CHECK(store.add("Ada", "", "the last one").id == highest);
    const std::string before = folder.content();
    CHECK_THROWS_AS(store.add("Ada", "", "one too many"), StoreFull);
    CHECK(folder.content() == before);
    CHECK(warnings.mention("highest id"));
    CHECK(store.update(highest, "Ada", "", "changed"));
    CHECK(store.remove(highest - 1));
    CHECK(store.total() == 1);
}

TEST_CASE("only true in the member deleted removes a message") {
    const Folder folder;
    const auto text = line(1);
    folder.write(text.substr(0, text.rfind('}')) + ",\"deleted\":false}\n" + line(2) +
                 "{\"id\":2,\"deleted\":true}\n");
    MessageStore store(folder.file);
    CHECK(store.find(1).has_value());
    CHECK_FALSE(store.find(2).has_value());
}
