// Exercise 4-2: /search finds messages by their words. The contract is in level4/README.md.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "live.hpp"
#include "text.hpp"

namespace {

Exchange search(const std::string& words) {
    return exchange(get("/search?" + urlencoded({{"q", words}})));
}

// A word that is in no other message.
std::string new_word() {
    return split(unique("w"), ' ').back();
}

// Posts a message, and returns its address in the API.
std::string add(const std::string& name, const std::string& message, Where where = Where::here()) {
    const Exchange reply =
        exchange(with_body("POST", "/api/messages", json_type, message_json(name, message)));
    expect_status(reply, 201, {"a good message"}, where);
    return reply.reply.value("Location");
}

// Checks that the page shows these texts in this order, and none of the others.
void expect_found(const Exchange& page, const std::vector<std::string>& texts,
                  const std::vector<std::string>& others, const Reason& reason,
                  Where where = Where::here()) {
    expect_status(page, 200, {"a search has a page, whatever it finds"}, where);
    const std::string shown = visible_text(page.reply.body);
    std::size_t before = 0;
    for (const std::string& text : texts) {
        const std::size_t at = shown.find(text, before);
        expect(at != std::string::npos, page, "the message '" + text + "', in this order",
               "it isn't there", reason, where);
        if (at != std::string::npos) before = at;
    }
    for (const std::string& text : others)
        expect(!contains(shown, text), page, "no message '" + text + "'", "it is there", reason,
               where);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_SUITE_BEGIN("exercise 4-2");

TEST_CASE("a search shows the messages that have the word, the newest first") {
    const std::string word = new_word();
    add("First", "before " + word + " after");
    add("Second", "nothing of the kind " + new_word());
    add("Third", word);
    add("Fourth " + word, "it is in the name");
    expect_found(search(word), {"it is in the name", "Third", "before " + word + " after"},
                 {"nothing of the kind"},
                 {"a word is found in the name and in the text, also within another word"});
    expect_found(search(word.substr(2, 8)), {"Third"}, {"nothing of the kind"},
                 {"a part of a word is found as well"});
}

TEST_CASE("of several words a message has to have all, in whatever order") {
    const std::string one = new_word();
    const std::string two = new_word();
    add("Both", "first " + one + " then " + two);
    add("Only", "one " + one);
    add("Apart " + two, "the other in the text: " + one);
    for (const std::string& words :
         {one + " " + two, two + " " + one, "  " + two + "\t" + one + " "})
        expect_found(search(words), {"the other in the text", "first " + one}, {"one " + one},
                     {"the words are told apart by blanks, and all are wanted"});
}

TEST_CASE("capitals and small letters are alike") {
    const std::string word = new_word();
    add("Ada", "It says " + word);
    std::string capitals = word;
    for (char& c : capitals) c = static_cast<char>(c - 'a' + 'A');
    expect_found(search(capitals), {"It says " + word}, {}, {"for the letters of ASCII"});
    add("Ada", "LOUD " + capitals);
    expect_found(search(word), {"LOUD " + capitals, "It says " + word}, {},
                 {"for the letters of ASCII"});
}

TEST_CASE("no character of a search has a meaning of its own") {
    const std::string word = new_word();
    add("Ada", word + " costs 100% (or more).");
    add("Ada", word + " costs 1000 or less");
    for (const char* typed : {"100%", "(or", "more)."})
        expect_found(search(word + " " + typed), {"costs 100%"}, {"costs 1000"},
                     {"% . * ( and others stand for themselves",
                      "compare texts, and don't put what was typed into a pattern"});
}

TEST_CASE("what was typed is in the field again, as text") {
    for (const std::string typed : {"<script>alert(1)</script>", "\"quoted\" & 'single'", "a  b"}) {
        const Exchange page = search(typed);
        expect_status(page, 200, {"a search has a page, whatever it finds"});
        const Control field = control(page.reply.body, "q");
        expect(field.found && field.value == typed, page, "the field q with " + typed, field.value,
               {"a visitor changes a search instead of typing it again"});
        expect_not_in_reply(page, "<script>alert(1)", {"what comes from outside is escaped"});
    }
    const std::string word = new_word();
    add("<b>" + word + "</b>", "<i>text</i>");
    expect_shown_as_text(search(word), "<b>" + word + "</b>", {"so is what others have written"});
}

TEST_CASE("without words there is only the form, and without a find the page says so") {
    add("Ada", "anything");
    for (const char* target : {"/search", "/search?q=", "/search?q=+%20", "/search?other=x"}) {
        const Exchange page = exchange(get(target));
        expect_status(page, 200, {"this is where a search begins"});
        expect(control(page.reply.body, "q").found && count(page.reply.body, "<article") == 0, page,
               "a form with a field q, and no messages", "another page",
               {"a search begins with a form", "", target});
    }
    const Exchange page = search(new_word());
    expect_status(page, 200, {"to find nothing is no error"});
    expect_in_body(page, "0 found", {"the page says how many were found"});
    expect(count(page.reply.body, "<article") == 0, page, "no messages", "some",
           {"none has the word"});
}

TEST_CASE("twenty are shown, and the page says how many were found") {
    const std::string word = new_word();
    for (int i = 0; i < 23; ++i) add("Ada", word + " number " + std::to_string(i) + ".");
    const Exchange page = search(word);
    expect_found(page, {word + " number 22.", word + " number 3."}, {word + " number 2."},
                 {"the newest 20 are on the page"});
    expect(count(page.reply.body, "<article") == 20, page, "20 messages",
           std::to_string(count(page.reply.body, "<article")), {"20, as on /messages"});
    expect_in_body(page, "23 found", {"the page says how many were found"});
}

TEST_CASE("a message that was changed or deleted is found as it is now") {
    const std::string word = new_word();
    const std::string other = new_word();
    const std::string changed = add("Ada", "old " + word);
    const std::string deleted = add("Grace", "gone " + word);
    add("Mary", "stays " + word);
    exchange(with_body("PUT", changed, json_type, message_json("Ada", "new " + other)));
    exchange(request("DELETE", deleted));
    expect_found(search(word), {"stays " + word}, {"old " + word, "gone " + word},
                 {"a search shows what is there"});
    expect_found(search(other), {"new " + other}, {}, {"a search shows what is there"});
}

TEST_CASE("an e-mail address isn't searched") {
    const std::string word = new_word();
    exchange(with_body("POST", "/api/messages", json_type,
                       "{\"name\": \"Ada\", \"email\": \"" + word +
                           "@example.com\", \"message\": \"has an address\"}"));
    const Exchange page = search(word);
    expect_in_body(page, "0 found", {"it is on no page, so it can't be guessed letter by letter"});
    add("Ada", "found " + word);
    expect_found(search(word), {"found " + word}, {"has an address"}, {"the text is searched"});
}

TEST_CASE("a search of more than a hundred characters, or not in UTF-8, is 400") {
    const std::string e = "\xc3\xa9";
    std::string hundred;
    for (int i = 0; i < 100; ++i) hundred += e;
    expect_status(search(hundred), 200, {"a hundred characters are allowed, not bytes"});
    for (const std::string& typed : {hundred + "x", std::string(5000, 'x'), std::string("caf\xe9")})
        expect_status(search(typed), 400,
                      {"each word costs a look at all messages, so there is a limit"});
}

TEST_CASE("/messages leads to the search") {
    add("Ada", "there is something to search");
    expect_in_body(exchange(get("/messages")), "\"/search\"", {"or it would not be found"});
}

TEST_SUITE_END();
