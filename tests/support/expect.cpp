// The checks of expect.hpp. A failure goes to doctest in one place, tell_doctest(). The report goes
// there as INFO, because the JUnit reporter of doctest 2.4.9 drops the text of FAIL().
#include "expect.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "report.hpp"

namespace {

std::size_t mark_in(std::string_view bytes, std::string_view part) {
    if (part.empty()) return no_mark;
    std::size_t found = bytes.find(part);
    return found == std::string_view::npos ? no_mark : found;
}

// Whether an RFC asks for it, or only this course does, so that a reader can tell them apart.
std::string tagged(const std::string& why) {
    for (const char* word : {"MUST ", "SHOULD ", "MAY "})
        if (why.starts_with(word)) return why;
    return "this course: " + why;
}

void tell_doctest(const std::string& text, Where where) {
    std::string full = text + "at        " + where.file + ":" + std::to_string(where.line);
    INFO(full);
    bool expectation_met = false;
    CHECK(expectation_met);
}

// True if the previous report was about the same exchange, so that its bytes have already been
// shown.
bool shown_already(const Exchange& exchange) {
    static std::string last;
    std::string key = std::to_string(exchange.seconds) + exchange.sent + exchange.received;
    return std::exchange(last, key) == key;
}

void check(bool met, const Exchange& exchange, const Reason& reason, Failure failure, Where where) {
    // A reply that isn't one, or that more bytes follow, is wrong whatever else is judged.
    const bool correct = exchange.reply.problem.empty();
    if (met && correct) {
        CHECK(met);
        return;
    }
    failure.why = tagged(reason.why);
    failure.hint = reason.hint;
    failure.sent_mark = mark_in(exchange.sent, reason.wrong);
    if (failure.got.empty() || !correct) failure.got = outcome(exchange);
    bool shown = shown_already(exchange);
    // Without a reply every check fails, always for the same reason.
    if (shown && !exchange.reply.complete()) return;
    tell_doctest(report(exchange, failure, shown ? Detail::verdict : Detail::all), where);
}

std::string joined(const std::vector<int>& statuses) {
    std::string text;
    for (int status : statuses) text += (text.empty() ? "" : " or ") + std::to_string(status);
    return text;
}

// Where the value of a field starts in the bytes received.
std::size_t value_mark(const Exchange& exchange, std::string_view name) {
    const Field* field = exchange.reply.field(name);
    if (!field) return no_mark;
    return exchange.received.find_first_not_of(" \t", field->offset + field->name.size() + 1);
}

// Whether two values of a field mean the same (RFC 9110 §8.3.1, §8.4.1).
bool same_value(std::string_view name, std::string_view one, std::string_view other) {
    if (lower(name) == "content-type") return media_type(one) == media_type(other);
    if (lower(name) == "content-encoding") return lower(one) == lower(other);
    return one == other;
}

// The targets of all requests that were sent, but "/", which any page is full of.
std::vector<std::string> targets_in(std::string_view sent) {
    std::vector<std::string> targets;
    for (const std::string& line : split(sent, '\n')) {
        const std::vector<std::string> words = split(line, ' ');
        if (words.size() == 3 && words[2].starts_with("HTTP/") && words[1].size() > 1)
            targets.push_back(words[1]);
    }
    return targets;
}

void remove_all(std::string& text, std::string_view part) {
    for (std::size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
}

std::string shown_field(const Reply& reply, std::string_view name) {
    if (!reply.complete()) return "";  // then the outcome says more
    const Field* field = reply.field(name);
    return field ? field->name + ": " + field->value : "no " + std::string(name) + " field";
}

}  // namespace

void expect_that(bool met, const std::string& expected, const std::string& got,
                 const Reason& reason, Where where) {
    if (met) {
        CHECK(met);
        return;
    }
    std::string text =
        "expected  " + expected + "\ngot       " + got + "\nwhy       " + tagged(reason.why);
    if (!reason.hint.empty()) text += "\nhint      " + reason.hint;
    tell_doctest(text + "\n", where);
}

void expect(bool met, const Exchange& exchange, const std::string& expected, const std::string& got,
            const Reason& reason, Where where) {
    Failure failure;
    failure.expected = expected;
    failure.got = got;
    check(met, exchange, reason, failure, where);
}

void expect_status(const Exchange& exchange, const Statuses& statuses, const Reason& reason,
                   Where where) {
    const Reply& reply = exchange.reply;
    bool listed = std::count(statuses.any_of.begin(), statuses.any_of.end(), reply.status) > 0;
    Failure failure;
    failure.expected = "status " + joined(statuses.any_of);
    if (reply.status != 0 && !listed) failure.received_mark = 9;
    check(listed && reply.complete() && reply.problem.empty(), exchange, reason, failure, where);
}

void expect_field(const Exchange& exchange, std::string_view name, std::string_view value,
                  const Reason& reason, Where where) {
    const Reply& reply = exchange.reply;
    Failure failure;
    failure.expected = std::string(name) + ": " + std::string(value);
    failure.got = shown_field(reply, name);
    failure.received_mark = value_mark(exchange, name);
    const bool same = same_value(name, reply.value(name), value);
    check(reply.count(name) == 1 && same, exchange, reason, failure, where);
}

void expect_listed(const Exchange& exchange, std::string_view name, std::string_view member,
                   const Reason& reason, Where where) {
    const Reply& reply = exchange.reply;
    Failure failure;
    failure.expected = std::string(name) + " with " + std::string(member) + " in its list";
    failure.got = shown_field(reply, name);
    failure.received_mark = value_mark(exchange, name);
    check(reply.lists(name, member), exchange, reason, failure, where);
}

void expect_present(const Exchange& exchange, std::string_view name, const Reason& reason,
                    Where where) {
    Failure failure;
    failure.expected = "the field " + std::string(name);
    failure.got = shown_field(exchange.reply, name);
    check(exchange.reply.field(name) != nullptr, exchange, reason, failure, where);
}

void expect_absent(const Exchange& exchange, std::string_view name, const Reason& reason,
                   Where where) {
    Failure failure;
    failure.expected = "no field " + std::string(name);
    failure.got = shown_field(exchange.reply, name);
    failure.received_mark = value_mark(exchange, name);
    check(exchange.reply.status != 0 && exchange.reply.field(name) == nullptr, exchange, reason,
          failure, where);
}

std::time_t parse_date(const std::string& text) {
    constexpr const char* format = "%a, %d %b %Y %H:%M:%S GMT";
    std::tm date{};
    const char* end = strptime(text.c_str(), format, &date);
    if (end == nullptr || *end != '\0') return -1;
    const std::time_t time = timegm(&date);  // finds the weekday
    char again[64];
    const std::size_t size = std::strftime(again, sizeof again, format, &date);
    return std::string_view(again, size) == text ? time : -1;
}

void expect_present_date(const Exchange& exchange, Where where) {
    constexpr double tolerance = 3;  // seconds, on a busy machine
    const auto came = static_cast<double>(std::time(nullptr)) - (now() - exchange.ended);
    const std::string date = exchange.reply.value("Date");
    const std::time_t time = parse_date(date);
    const bool met = time >= 0 && std::abs(static_cast<double>(time) - came) <= tolerance;
    Failure failure;
    failure.expected = "Date: the present time as an IMF-fixdate";
    failure.got = shown_field(exchange.reply, "Date");
    failure.received_mark = value_mark(exchange, "Date");
    const Reason reason = {
        "MUST RFC 9110 §6.6.1 and §5.6.7: such as 'Sun, 06 Nov 1994 08:49:37 GMT', the weekday that "
        "belongs to the day, in GMT whatever the time zone",
        "gmtime_r and strftime with the format '%a, %d %b %Y %H:%M:%S GMT'; the time is that of this "
        "reply, and may be remembered for a second at most"};
    check(met, exchange, reason, failure, where);
}

void expect_body(const Exchange& exchange, std::string_view body, const Reason& reason,
                 Where where) {
    const std::string& got = exchange.reply.body;
    auto [differs, _] = std::mismatch(got.begin(), got.end(), body.begin(), body.end());
    auto same = static_cast<std::size_t>(differs - got.begin());
    Failure failure;
    failure.expected = "the body " + listing(body.substr(0, 400), no_mark, std::string(10, ' '));
    if (exchange.reply.complete())
        failure.got = "a body of " + std::to_string(got.size()) + " bytes (expected " +
                      std::to_string(body.size()) + ") that differs from byte " +
                      std::to_string(same);
    std::size_t head_end = exchange.received.find("\r\n\r\n");
    if (head_end != std::string::npos) failure.received_mark = head_end + 4 + same;
    check(exchange.reply.complete() && got == body, exchange, reason, failure, where);
}

void expect_in_body(const Exchange& exchange, std::string_view part, const Reason& reason,
                    Where where) {
    Failure failure;
    failure.expected = "a body that contains " + visible(part);
    if (exchange.reply.complete()) failure.got = "a body that does not";
    check(exchange.reply.complete() && contains(exchange.reply.body, part), exchange, reason,
          failure, where);
}

void expect_shown(const Exchange& exchange, std::string_view part, const Reason& reason,
                  Where where) {
    Failure failure;
    failure.expected = "a body that contains " + visible(part) + ", apart from the address";
    if (exchange.reply.complete()) failure.got = "a body that does not";
    std::string body = exchange.reply.body;
    for (const std::string& target : targets_in(exchange.sent)) remove_all(body, target);
    const bool shown = contains(body, part) || contains(html_unescaped(body), part);
    check(exchange.reply.complete() && shown, exchange, reason, failure, where);
}

void expect_not_in_reply(const Exchange& exchange, std::string_view part, const Reason& reason,
                         Where where) {
    Failure failure;
    failure.expected = "a reply that does not contain " + visible(part);
    if (exchange.reply.complete()) failure.got = "a reply that contains it";
    failure.received_mark = mark_in(exchange.received, part);
    check(exchange.reply.complete() && !contains(exchange.received, part), exchange, reason,
          failure, where);
}

void expect_one_reply_then_close(const Exchange& exchange, const Reason& reason, Where where) {
    bool whole = exchange.reply.complete() && exchange.rest().empty();
    Failure failure;
    failure.expected = "one reply, then the end of the connection";
    if (exchange.reply.complete() && !whole) {
        failure.got = std::to_string(exchange.rest().size()) + " bytes after the reply";
        failure.received_mark = exchange.reply.length;
    } else if (whole) {
        failure.got = "a connection that stays open";
    }
    const bool ended = exchange.ending == Ending::closed || exchange.ending == Ending::reset;
    check(whole && ended, exchange, reason, failure, where);
}

void expect_silent_close(const Exchange& exchange, const Reason& reason, Where where) {
    Failure failure;
    failure.expected = "the end of the connection, without a byte";
    bool met = exchange.received.empty() && exchange.ending == Ending::closed;
    check(met, exchange, reason, failure, where);
}
