// The chat as bytes: what a visitor's socket sends, and what the sockets of all others get.
// Messages are saved by another thread, so a visitor waits until it is woken, as an engine would.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../common/descriptor.hpp"
#include "app/chat.hpp"
#include "body/json.hpp"
#include "full_disk.hpp"
#include "router.hpp"
#include "stream/conversation.hpp"
#include "unit_guestbook.hpp"
#include "unit_websocket_frames.hpp"
#include "warnings.hpp"

namespace {

struct Site : GuestbookParts {
    RateLimiter limiter;
    BodyBudget bodies{64 << 20};
    Chat chat{store, templates, limiter, bodies};
    Router router;
    Handler handler = [this](Request& request) { return router.handle(request); };
    Limits limits{};

    explicit Site(std::size_t messages_a_minute = 0)
        : limiter({.rate = {.requests = messages_a_minute}}) {
        chat.add_routes(router);
    }
};

// One client of the site.
struct Visitor {
    explicit Visitor(Site& site)
        : connection(Connection(site.handler, site.limits, nullptr, "test")) {}

    // Returns the head of the reply. What the protocol says after it is left for wait_for().
    std::string ask(const std::string& path, const std::string& fields = "") {
        connection.feed("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
        const auto head = connection.take_output();
        connection.on_wake([this] {
            const std::lock_guard lock(mutex);
            awake = true;
            woken.notify_one();
        });
        listen();
        return head;
    }
    void join(const std::string& path = "/ws/chat") {
        const auto head = ask(path,
                              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
                              "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        REQUIRE(head.starts_with("HTTP/1.1 101"));
    }
    void send(const std::string& frame) {
        connection.feed(frame);
        listen();
    }
    void say(const std::string& name, const std::string& message) {
        send(client::text(Json{{"name", name}, {"message", message}}.dump()));
    }
    void listen() {
        for (std::string piece; !(piece = connection.take_output()).empty();) heard += piece;
    }
    // True as soon as it has heard these words, and false if it hasn't within a minute.
    bool wait_for(std::string_view words) {
        return wait_until([&] { return heard.find(words) != std::string::npos; });
    }
    bool wait_until_dropped() {
        return wait_until([this] { return connection.dropped(); });
    }
    template <typename Condition>
    bool wait_until(const Condition& holds) {
        const auto deadline = Clock::now() + std::chrono::minutes(1);
        for (;;) {
            listen();
            if (holds()) return true;
            std::unique_lock lock(mutex);
            if (!woken.wait_until(lock, deadline, [this] { return awake; })) return false;
            awake = false;
        }
    }

    std::string heard;
    std::mutex mutex;  // guards awake
    std::condition_variable woken;
    bool awake = false;
    Conversation connection;  // destroyed first, because until then it may wake us
};

// While one of these exists, the site's messages can't be read.
class BrokenStore {
  public:
    explicit BrokenStore(const Site& site) : data_(site.folder.root / "data") {
        std::filesystem::rename(data_ / "messages.jsonl", data_ / "moved");
        std::filesystem::create_directory(data_ / "messages.jsonl");
    }
    ~BrokenStore() {
        std::filesystem::remove(data_ / "messages.jsonl");
        std::filesystem::rename(data_ / "moved", data_ / "messages.jsonl");
    }
    BrokenStore(const BrokenStore&) = delete;
    BrokenStore& operator=(const BrokenStore&) = delete;

  private:
    std::filesystem::path data_;
};

// The payloads of a server's frames, which must be shorter than 64 KiB.
std::vector<std::string> texts(std::string_view output) {
    std::vector<std::string> result;
    while (output.size() >= 2) {
        std::size_t length = static_cast<unsigned char>(output[1]);
        std::size_t start = 2;
        if (length == 126) {
            length = static_cast<std::size_t>(static_cast<unsigned char>(output[2])) << 8 |
                     static_cast<unsigned char>(output[3]);
            start = 4;
        }
        result.emplace_back(output.substr(start, length));
        output.remove_prefix(start + length);
    }
    return result;
}

// As long as a message may be, and six times as long in JSON.
const std::string longest_message(2000, '<');

// The ids of the events in what a stream has sent.
std::vector<int> ids_of_events(std::string_view heard) {
    std::vector<int> ids;
    for (std::size_t at = heard.find("\nid: "); at != std::string_view::npos;
         at = heard.find("\nid: ", at + 1))
        ids.push_back(std::stoi(std::string(heard.substr(at + 5, 10))));
    return ids;
}

std::vector<int> numbers_between(int first, int last) {
    std::vector<int> numbers;
    for (int i = first; i <= last; ++i) numbers.push_back(i);
    return numbers;
}

}  // namespace

TEST_CASE("/chat is a page") {
    Site site;
    Visitor visitor(site);
    CHECK(visitor.ask("/chat").ends_with("<Chat>the chat"));
}

TEST_CASE("a visitor that joins is shown the latest twenty messages, the oldest first") {
    Site site;
    for (int i = 1; i <= 25; ++i) site.store.add("Ada", "", "number " + std::to_string(i));
    Visitor visitor(site);
    visitor.join();
    REQUIRE(visitor.wait_for("number 25"));
    const auto shown = texts(visitor.heard);
    REQUIRE(shown.size() == 20);
    CHECK(Json::parse(shown.front()).at("message").as_string() == "number 6");
    CHECK(Json::parse(shown.back()).at("message").as_string() == "number 25");
}

TEST_CASE("what a visitor says is saved, and all in the chat get it as the API shows it") {
    Site site;
    Visitor speaks(site), listens(site);
    speaks.join();
    listens.join();
    speaks.say(" Ada ", "hello <b>");
    REQUIRE(speaks.wait_for("hello"));
    REQUIRE(listens.wait_for("hello"));
    CHECK(speaks.heard == listens.heard);
    const Json message = Json::parse(texts(listens.heard).at(0));
    CHECK(message.at("name").as_string() == "Ada");
    CHECK(message.at("message").as_string() == "hello <b>");
    const auto saved = site.store.newest(0, 10);
    REQUIRE(saved.size() == 1);
    CHECK(saved[0].name == "Ada");
    CHECK(saved[0].message == "hello <b>");
    CHECK(message.at("created").as_string() == saved[0].created);
}

TEST_CASE("a visitor's messages are saved and answered in order, though mistakes take no time") {
    Site site;
    site.store.add("Ada", "", "the history");
    Visitor visitor(site);
    visitor.join();
    REQUIRE(visitor.wait_for("the history"));
    visitor.heard.clear();
    std::string frames;
    for (int i = 0; i < 10; ++i) {
        frames += client::text(Json{{"name", "Ada"}, {"message", std::to_string(i)}}.dump());
        frames += client::text("a mistake");  // which doesn't wait for the disk
    }
    visitor.send(frames + client::text(R"({"name": "Ada", "message": "the end"})"));
    REQUIRE(visitor.wait_for("the end"));
    const auto heard = texts(visitor.heard);
    REQUIRE(heard.size() == 21);
    for (std::size_t i = 0; i < 20; i += 2) {
        CHECK(Json::parse(heard[i]).at("message").as_string() == std::to_string(i / 2));
        CHECK(Json::parse(heard[i + 1]).find("error") != nullptr);
    }
    const auto saved = site.store.newest(1, 10);
    REQUIRE(saved.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(saved[i].message == std::to_string(9 - i));
}

TEST_CASE("a mistake is explained to the visitor that made it, and to no other, and isn't saved") {
    const char* const mistakes[] = {
        R"({"name": "", "message": "hello"})",
        R"({"name": "Ada", "message": "  "})",
        R"({"name": "Ada"})",
        R"({"name": 7, "message": "hello"})",
        R"(["Ada", "hello"])",
        "hello",
        "",
    };
    Site site;
    Visitor listens(site);
    listens.join();
    for (const char* const said : mistakes) {
        Visitor visitor(site);
        visitor.join();
        visitor.send(client::text(said));
        REQUIRE(visitor.wait_for("error"));
        const auto answers = texts(visitor.heard);
        REQUIRE(answers.size() == 1);
        CHECK_FALSE(Json::parse(answers[0]).at("error").as_string().empty());
        CHECK_FALSE(visitor.connection.finished());  // it may try again
    }
    CHECK(site.store.total() == 0);
    listens.listen();
    CHECK(listens.heard.empty());
}

TEST_CASE("a mistake in the chat names its field, also one that is missing or not a string") {
    const std::pair<const char*, const char*> mistakes[] = {
        {R"({"name": "", "message": "hello"})", "name"},
        {R"({"message": "hello"})", "name"},
        {R"({"name": 7, "message": "hello"})", "name"},
        {R"({"name": "Ada", "message": null})", "message"},
        {R"({"name": "Ada", "message": ["hello"]})", "message"},
        {R"({"name": "Ada"})", "message"},
    };
    Site site;
    for (const auto& mistake : mistakes) {
        CAPTURE(mistake.first);
        Visitor visitor(site);
        visitor.join();
        visitor.send(client::text(mistake.first));
        REQUIRE(visitor.wait_for("error"));
        const Json answer = Json::parse(texts(visitor.heard).at(0));
        REQUIRE(answer.find("field") != nullptr);
        CHECK(answer.at("field").as_string() == mistake.second);
    }
}

TEST_CASE("a visitor that says too much at once is told so, and what it said before is saved") {
    Site site;
    site.store.add("Grace", "", "here already");
    Visitor visitor(site);
    visitor.join();
    REQUIRE(visitor.wait_for("here already"));
    visitor.say("Ada", std::string(70'000, 'x'));
    CHECK(visitor.wait_for("This message is too long."));
    visitor.heard.clear();

    // While another process holds the lock of the file, nothing that is said gets to the disk.
    const Descriptor file(open((site.folder.root / "data" / "messages.jsonl").c_str(), O_RDONLY));
    REQUIRE(flock(file.number(), LOCK_EX) == 0);
    int taken = 0;
    while (taken < 1000 && visitor.heard.empty()) {
        visitor.say("Ada", std::to_string(taken));
        ++taken;
    }
    CHECK(visitor.heard.find("Too many messages at once; this one was not saved.") !=
          std::string::npos);
    REQUIRE(flock(file.number(), LOCK_UN) == 0);
    CHECK(visitor.wait_for("\"" + std::to_string(taken - 2) + "\""));
    CHECK(site.store.total() == static_cast<std::size_t>(taken));  // Grace's, and all but the last
}

TEST_CASE("a message in the chat counts towards the limit of its visitor's address") {
    Site site(3);
    CHECK(site.limiter.count("test").allowed);  // by another door
    Visitor visitor(site);
    Visitor again(site);
    visitor.join();
    again.join();
    visitor.say("Ada", "one");
    CHECK(visitor.wait_for("one"));
    again.say("Ada", "two");
    CHECK(again.wait_for("two"));
    again.say("Ada", "three");
    CHECK(again.wait_for("Too many messages. Try again in 60 seconds."));
    CHECK_FALSE(site.limiter.count("test").allowed);
    CHECK(site.store.total() == 2);
}

TEST_CASE("a message that is over the limit takes no place from those that wait to be saved") {
    Site site(3);
    Visitor visitor(site);
    visitor.join();
    for (int i = 0; i < 150; ++i) visitor.say("Ada", "hello");
    CHECK(visitor.wait_for(R"("id":3,)"));
    CHECK(visitor.heard.find("at once") == std::string::npos);
    CHECK(texts(visitor.heard).size() == 150);
}

TEST_CASE("a chat in which a thousand messages were answered is not busy") {
    Site site;
    Visitor visitor(site);
    visitor.join();
    std::string batch;  // of mistakes, which aren't saved, but wait for their turn as messages do
    for (int i = 0; i < 49; ++i) batch += client::text(R"({"name": "", "message": "hello"})");
    for (int i = 0; i < 22; ++i) {
        visitor.heard.clear();
        visitor.send(batch + client::text(R"({"name": "Ada"})"));
        // The last one is explained when all the others have given their places back.
        REQUIRE(visitor.wait_until([&] {
            return visitor.heard.find(R"("field":"message")") != std::string::npos ||
                   visitor.heard.find("busy") != std::string::npos;
        }));
        REQUIRE(visitor.heard.find("busy") == std::string::npos);
    }
}

TEST_CASE("when the disk fails, the visitor is told that its message was not saved, and no more") {
    Site site;
    Visitor speaks(site), listens(site);
    speaks.join();
    listens.join();
    const Warnings warnings;
    bool told = false;
    {
        const FullDisk disk(0);
        speaks.say("Ada", "hello");
        told = speaks.wait_for("error");
    }
    REQUIRE(told);
    CHECK_FALSE(warnings.empty());  // for the person who runs the server
    CHECK(texts(speaks.heard).at(0).find("could not be saved") != std::string::npos);
    CHECK(speaks.heard.find(site.folder.root.string()) == std::string::npos);
    listens.listen();
    CHECK(listens.heard.empty());
    CHECK(site.store.total() == 0);

    speaks.say("Ada", "once more");
    CHECK(listens.wait_for("once more"));
}

TEST_CASE("what is announced reaches every socket and every stream of events") {
    Site site;
    Visitor socket(site), stream(site);
    socket.join();
    CHECK(stream.ask("/api/messages/events").find("text/event-stream") != std::string::npos);
    site.store.add("Ada", "", "by the form");
    site.chat.announce();
    CHECK(socket.wait_for(R"("message":"by the form")"));
    CHECK(stream.wait_for(R"("message":"by the form")"));
    CHECK(stream.heard.find("data: {") != std::string::npos);
}

TEST_CASE("all that is written before one is announced is announced, however much it is") {
    Site site;
    Visitor stream(site);
    stream.ask("/api/messages/events");
    for (int i = 1; i <= 120; ++i) site.store.add("Ada", "", longest_message);
    site.chat.announce();
    REQUIRE(stream.wait_for("id: 120\n"));
    CHECK(ids_of_events(stream.heard) == numbers_between(1, 120));
}

TEST_CASE("what another program writes in bulk is announced from its newest 2000 on, or so") {
    Site site;
    Visitor stream(site);
    stream.ask("/api/messages/events");
    std::ofstream file(site.folder.root / "data" / "messages.jsonl", std::ios::app);
    for (int i = 1; i <= 5000; ++i)
        file << R"({"id":)" << i << R"(,"name":"a","email":"","message":"b","created":"c"})"
             << "\n";
    file.close();
    site.chat.announce();
    REQUIRE(stream.wait_for("id: 5000\n"));
    const auto ids = ids_of_events(stream.heard);
    CHECK(ids.size() >= 2000);
    CHECK(ids.size() < 2020);
}

TEST_CASE("a message with line ends in it is one event") {
    Site site;
    Visitor stream(site);
    stream.ask("/api/messages/events");
    site.store.add("Ada", "", "one\ndata: two\n\nthree");
    site.chat.announce();
    REQUIRE(stream.wait_for("three"));
    CHECK(stream.heard.find("\ndata: two") == std::string::npos);
}

TEST_CASE("a stream that says which event was its last gets those that came after it, once") {
    Site site;
    for (int i = 1; i <= 5; ++i) site.store.add("Ada", "", "number " + std::to_string(i));
    Visitor back(site);
    back.ask("/api/messages/events", "Last-Event-ID: 3\r\n");
    CHECK(back.wait_for("number 5"));
    site.store.add("Ada", "", "number 6");
    site.chat.announce();
    CHECK(back.wait_for("number 6"));
    CHECK(back.heard.find("number 3") == std::string::npos);
    CHECK(back.heard.find("id: 4\n") < back.heard.find("id: 5\n"));
    CHECK(back.heard.find("id: 5\n") == back.heard.rfind("id: 5\n"));
    CHECK(back.heard.find("id: 6\n") == back.heard.rfind("id: 6\n"));
    for (const char* last : {"x", "", "5x", "99999999999999999999"}) {
        Visitor lost(site);
        lost.ask("/api/messages/events", std::string("Last-Event-ID: ") + last + "\r\n");
        site.store.add("Ada", "", "late");
        site.chat.announce();
        CHECK(lost.wait_for("late"));
        CHECK(lost.heard.find("number") == std::string::npos);
    }
}

TEST_CASE(
    "a stream that is back gets all that it missed, more than may wait for it, and then joins") {
    Site site;
    constexpr int written = 200;
    for (int i = 1; i <= written; ++i) site.store.add("Ada", "", longest_message);
    Visitor back(site);
    back.ask("/api/messages/events", "Last-Event-ID: 1\r\n");
    // It reads nothing in a time in which others are told of as many messages, piece by piece.
    for (int i = 0; i < written / 5; ++i) {
        Visitor other(site);
        other.join();
        REQUIRE(other.wait_for("\"id\":" + std::to_string(written)));
    }
    CHECK(back.wait_for("id: " + std::to_string(written) + "\n"));
    site.store.add("Ada", "", "and one more");
    site.chat.announce();
    REQUIRE(back.wait_for("and one more"));
    CHECK(ids_of_events(back.heard) == numbers_between(2, written + 1));
}

TEST_CASE("a visitor gets all that is announced from its coming on, however late it joins") {
    Site site;
    for (int i = 0; i < 20; ++i) site.store.add("Ada", "", longest_message);
    site.chat.announce();
    std::list<Visitor> crowd;  // what these are told is read first
    for (int i = 0; i < 50; ++i) crowd.emplace_back(site).join();
    Visitor last(site);
    last.join();
    for (int i = 1; i <= 30; ++i) {
        site.store.add("Ada", "", "number " + std::to_string(i) + ".");
        site.chat.announce();
    }
    REQUIRE(last.wait_for("number 30."));
    for (int i = 1; i <= 30; ++i)
        CHECK(last.heard.find("number " + std::to_string(i) + ".") != std::string::npos);
}

TEST_CASE("a client that can't be told what it missed is dropped, and gets it when it is back") {
    Site site;
    for (int i = 1; i <= 5; ++i) site.store.add("Ada", "", "number " + std::to_string(i));
    const Warnings warnings;
    {
        const BrokenStore broken(site);
        Visitor stream(site), socket(site);
        stream.ask("/api/messages/events", "Last-Event-ID: 2\r\n");
        socket.join();
        CHECK(stream.wait_until_dropped());
        CHECK(socket.wait_until_dropped());
    }
    Visitor back(site);
    back.ask("/api/messages/events", "Last-Event-ID: 2\r\n");
    REQUIRE(back.wait_for("number 5"));
    CHECK(ids_of_events(back.heard) == numbers_between(3, 5));
}

TEST_CASE("a message that can't be read when it should be announced is announced later") {
    Site site;
    site.store.add("Ada", "", "number 1");
    site.chat.announce();
    Visitor stream(site);
    stream.ask("/api/messages/events");
    MessageStore(site.folder.root / "data" / "messages.jsonl").add("Ada", "", "number 2");
    const Warnings warnings;
    {
        const BrokenStore broken(site);
        site.chat.announce();
        CHECK(warnings.mention("could not be shown"));
    }
    CHECK(stream.wait_for("number 2"));
}

TEST_CASE("what a visitor said just before it left is saved, and the others get it") {
    Site site;
    Visitor stays(site);
    stays.join();
    {
        Visitor leaves(site);
        leaves.join();
        leaves.say("Ada", "good bye");
        leaves.send(client::close(1000));
        CHECK(leaves.connection.finished());
    }
    CHECK(stays.wait_for("good bye"));
    CHECK(site.store.total() == 1);
}

namespace {

// While it is there, the thread that saves messages waits, as if another process had the file.
class StuckDisk {
  public:
    explicit StuckDisk(Site& site)
        : file_(open((site.folder.root / "data" / "messages.jsonl").c_str(), O_RDONLY)),
          visitor_(site) {
        site.store.add("Grace", "", "here already");
        visitor_.join();
        REQUIRE(visitor_.wait_for("here already"));
        REQUIRE(flock(file_.number(), LOCK_EX) == 0);
        visitor_.say("Grace", "waits for the disk");
    }
    void go_on() { REQUIRE(flock(file_.number(), LOCK_UN) == 0); }

  private:
    Descriptor file_;
    Visitor visitor_;
};

}  // namespace

TEST_CASE("what a visitor said is dropped when it breaks off, and saved when it says goodbye") {
    Site site;
    StuckDisk disk(site);
    {
        Visitor breaks_off(site);
        breaks_off.join();
        breaks_off.say("Bob", "broken off");
    }
    {
        Visitor leaves(site);
        leaves.join();
        leaves.say("Cyd", "good bye");
        leaves.send(client::close(1001));
    }
    {
        Visitor leaves(site);
        leaves.join();
        leaves.say("Eve", "a goodbye of its own");
        leaves.send(client::close(4000));
    }
    Visitor last(site);
    last.join();
    last.say("Dan", "the last");
    disk.go_on();
    CHECK(last.wait_for("the last"));
    CHECK(last.heard.find("good bye") < last.heard.find("the last"));
    CHECK(last.heard.find("a goodbye of its own") < last.heard.find("the last"));
    CHECK(last.heard.find("broken off") == std::string::npos);
    CHECK(site.store.total() == 5);
}

TEST_CASE("a visitor with one message waits for one message of each other, not for all of theirs") {
    Site site;
    StuckDisk disk(site);
    Visitor greedy(site);
    Visitor modest(site);
    greedy.join();
    modest.join();
    for (int i = 0; i < 50; ++i) greedy.say("Bob", "number " + std::to_string(i));
    modest.say("Cyd", "my only one");
    disk.go_on();
    REQUIRE(greedy.wait_for("number 49"));
    CHECK(greedy.heard.find("my only one") < greedy.heard.find("number 5\""));
}

TEST_CASE(
    "a thousand messages of all visitors may wait, and a visitor that breaks off makes room") {
    Site site;
    StuckDisk disk(site);
    std::list<Visitor> crowd;
    for (int i = 0; i < 10; ++i) {
        crowd.emplace_back(site).join();
        for (int j = 0; j < 100; ++j) crowd.back().say("Bob", "x");
    }
    CHECK(crowd.back().heard.find("this message was not saved. Please try again.") !=
          std::string::npos);
    Visitor other(site);
    other.join();
    other.say("Cyd", "refused");
    CHECK(other.heard.find("Please try again.") != std::string::npos);
    crowd.pop_front();
    other.say("Cyd", "and taken");
    crowd.clear();
    disk.go_on();
    CHECK(other.wait_for("and taken"));
    CHECK(site.store.total() == 3);
}

TEST_CASE("/ws/echo sends back what it is sent, text as text and bytes as bytes") {
    Site site;
    Visitor visitor(site);
    visitor.join("/ws/echo");
    visitor.send(client::text("hello") + client::binary("\x01\xff"));
    CHECK(describe(visitor.heard) == "text(hello) binary(\x01\xff)");
    CHECK(site.store.total() == 0);
}
