// The checks that cases are made of. Each judges one property of an exchange and, if it does not
// hold, writes a report for a student. A check never ends the case, so the next one still runs.
#pragma once

#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"

// Why something is expected, and what has usually gone wrong if it isn't met. A `why` begins with
// MUST, SHOULD or MAY if an RFC says so. Without one of them it is a rule of this course, and the
// report says that.
struct Reason {
    std::string why;         // "MUST RFC 9112 §5.1: no space is allowed before the colon"
    std::string hint = {};   // "compare the name's last character before you trim it"
    std::string wrong = {};  // the part of the request to put the caret under, such as " :"
};

// Where a check is in the test's source. The compiler fills this in (as it would do for
// std::source_location, which clang 14 does not have).
struct Where {
    const char* file;
    int line;
    static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

// The status that is expected, or several that are all acceptable.
struct Statuses {
    std::vector<int> any_of;
    Statuses(int status) : any_of{status} {}
    Statuses(std::initializer_list<int> statuses) : any_of(statuses) {}
};

// The general check; `got` may be empty if outcome() says it all.
void expect(bool met, const Exchange& exchange, const std::string& expected, const std::string& got,
            const Reason& reason, Where where = Where::here());

// A condition without an exchange, such as an exit code.
void expect_that(bool met, const std::string& expected, const std::string& got,
                 const Reason& reason, Where where = Where::here());

// A complete, correct reply with this status.
void expect_status(const Exchange& exchange, const Statuses& statuses, const Reason& reason,
                   Where where = Where::here());

// The field is there exactly once and has this value. (A Content-Type or a Content-Encoding may be
// written in any way that means the same.)
void expect_field(const Exchange& exchange, std::string_view name, std::string_view value,
                  const Reason& reason, Where where = Where::here());
// The field is there and its list has this member.
void expect_listed(const Exchange& exchange, std::string_view name, std::string_view member,
                   const Reason& reason, Where where = Where::here());
// The field is there, whatever it says.
void expect_present(const Exchange& exchange, std::string_view name, const Reason& reason,
                    Where where = Where::here());
void expect_absent(const Exchange& exchange, std::string_view name, const Reason& reason,
                   Where where = Where::here());

// The time in an IMF-fixdate such as "Sun, 06 Nov 1994 08:49:37 GMT"; -1 if it isn't one.
std::time_t parse_date(const std::string& text);
// Date is there, with the time at which the reply came.
void expect_present_date(const Exchange& exchange, Where where = Where::here());

void expect_body(const Exchange& exchange, std::string_view body, const Reason& reason,
                 Where where = Where::here());
void expect_in_body(const Exchange& exchange, std::string_view part, const Reason& reason,
                    Where where = Where::here());
// The same, as it is or escaped for HTML, but not only in the address that was asked for. A page may
// show that as well, and it says nothing of what the server has understood.
void expect_shown(const Exchange& exchange, std::string_view part, const Reason& reason,
                  Where where = Where::here());
// The reply is whole, and this text is neither in its head and body nor in what follows it.
void expect_not_in_reply(const Exchange& exchange, std::string_view part, const Reason& reason,
                         Where where = Where::here());

// The server ended the connection, and the first reply was all it sent. (That it ends cleanly, and
// not with RST, is judged by cases of its own: here the reply has arrived whole.)
void expect_one_reply_then_close(const Exchange& exchange, const Reason& reason,
                                 Where where = Where::here());
// The server closed the connection cleanly, without sending a byte.
void expect_silent_close(const Exchange& exchange, const Reason& reason,
                         Where where = Where::here());
