// multipart/form-data (RFC 7578) in all its forms: what browsers send, what they could send, and
// what only an attacker sends. Whether a body was understood shows in the reply of /contact.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "report.hpp"
#include "text.hpp"

namespace {

constexpr const char* disposition = "Content-Disposition: form-data; name=";

std::string post(const std::string& type, const std::string& body) {
    return with_body("POST", "/contact", type, body);
}

// A part with the head lines as given.
std::string part(const std::string& head, const std::string& content,
                 const std::string& mark = "--" + boundary) {
    return mark + "\r\n" + head + "\r\n\r\n" + content + "\r\n";
}

const std::string end = "--" + boundary + "--\r\n";
const std::string message = part(disposition + std::string("\"message\""), "hello");

// The body must be understood, and the name in it must be this one.
void expect_name(const std::string& type, const std::string& body, const std::string& name,
                 const Reason& reason, Where where = Where::here()) {
    Exchange reply = exchange(post(type, body));
    expect_status(reply, 303, reason, where);
    Exchange page = exchange(get("/contact", {cookie_field(reply)}));
    std::string got = control(page.reply.body, "name").value;
    expect(got == name, reply, "the name " + visible(name), "the name " + visible(got), reason,
           where);
}

}  // namespace

TEST_SUITE_BEGIN("level4 / 2 forms");

TEST_CASE("a multipart form gets the same reply wherever it is cut in two") {
    const std::string name = "\"name\"";
    for (const auto& [value, status] : {std::pair("Cut in two", 303), std::pair("", 422)}) {
        std::string body = part(disposition + name, value) + message + end;
        std::string whole = post(multipart_type, body);
        std::size_t body_begin = whole.size() - body.size();
        std::vector<Script> scripts = {whole};
        for (std::size_t cut = body_begin; cut < whole.size(); ++cut)
            scripts.push_back(Script({whole.substr(0, cut), whole.substr(cut)}));
        for (const Exchange& reply : exchange_all(scripts))
            expect(reply.reply.status == status && reply.reply.complete() && reply.rest().empty(),
                   reply, "status " + std::to_string(status) + ", as in one piece", outcome(reply),
                   {"TCP is a stream, so a boundary may arrive in two pieces",
                    "collect the whole body first, or keep what could be the start of a boundary"});
    }
}

TEST_CASE("a boundary may be quoted, and parameters may come in any order and case") {
    std::string body = part(disposition + std::string("\"name\""), "Ada") + message + end;
    for (const std::string& type :
         {"multipart/form-data; boundary=\"" + boundary + "\"",
          "multipart/form-data;boundary=" + boundary,
          "Multipart/Form-Data; charset=utf-8; Boundary=" + boundary,
          "multipart/form-data; boundary=" + boundary + "; charset=utf-8"})
        expect_name(type, body, "Ada", {"MUST RFC 9110 §5.6.6 and §8.3.1: parameters"});
    std::string odd = "a b:c=d'()+_,-./?";
    std::string mark = "--" + odd;
    expect_name("multipart/form-data; boundary=\"" + odd + "\"",
                part(disposition + std::string("\"name\""), "Ada", mark) +
                    part(disposition + std::string("\"message\""), "hello", mark) + mark + "--",
                "Ada",
                {"MUST RFC 2046 §5.1.1: a boundary may have all of these; no CRLF at the end"});
    odd = "a/b=c/d==";
    mark = "--" + odd;
    expect_name("multipart/form-data; boundary=" + odd,
                part(disposition + std::string("\"name\""), "Ada", mark) +
                    part(disposition + std::string("\"message\""), "hello", mark) + mark + "--\r\n",
                "Ada", {"it should be quoted, but many programs don't do that"});
}

TEST_CASE("text before the first and after the last boundary is ignored") {
    std::string body = part(disposition + std::string("\"name\""), "Ada") + message;
    expect_name(multipart_type, "A preamble.\r\n" + body + end + "An epilogue.", "Ada",
                {"MUST RFC 2046 §5.1.1: a preamble and an epilogue are ignored"});
}

TEST_CASE("only a line that is exactly the boundary separates parts") {
    std::string tricky = "--" + boundary + "x -- --" + boundary + "-- " + boundary;
    std::string body = part(disposition + std::string("\"name\""), tricky) + message + end;
    expect_name(multipart_type, body, tricky,
                {"MUST RFC 2046 §5.1.1: a boundary is at the start of a line",
                 "look for CRLF and the dashes, not for the boundary alone"});
}

TEST_CASE("heads of parts may have other fields, other case, and values quoted or not") {
    const std::string lines[] = {
        "content-disposition: FORM-DATA; NAME=\"name\"",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=\"name\"",
        "Content-Disposition:form-data;name=\"name\"", "Content-Disposition: form-data; name=name",
        "X-Other: 1\r\nContent-Disposition: form-data; x=\"a;name=b\"; name=\"name\""};
    for (const std::string& head : lines)
        expect_name(multipart_type, part(head, "Ada \"%22\" ; = \\") + message + end,
                    "Ada \"%22\" ; = \\",
                    {"MUST RFC 7578 §4.2 and RFC 9110 §5.6.6: names without regard to case, values "
                     "quoted or not; a value is not percent-decoded"});
}

TEST_CASE("malformed multipart is 400") {
    const std::string name = part(disposition + std::string("\"name\""), "Ada");
    const std::string good = name + message + end;
    std::vector<std::string> table = {
        post(multipart_type, ""),
        post(multipart_type, "name=Ada&message=hello"),
        post(multipart_type, name + message),                       // no end
        post(multipart_type, good.substr(0, good.size() - 4)),      // half of the end
        post(multipart_type, "--" + boundary + "\r\nContent-Dis"),  // half of a head
        post(multipart_type, part("X: 1", "Ada") + message + end),  // no name
        post(multipart_type, part("Content-Disposition: form-data", "Ada") + end),
        post(multipart_type, part(disposition + std::string("\"na"), "Ada") + end),
        post(multipart_type, part("no colon here", "Ada") + end),
        post(multipart_type, "--" + boundary + "\r\n\r\nAda\r\n" + end),
        post("multipart/form-data", good),
        post("multipart/form-data; boundary=\"\"", good),
        post("multipart/form-data; boundary=" + std::string(71, 'b'), good),
        post("multipart/form-data; boundary=other", good)};
    std::vector<Script> scripts(table.begin(), table.end());
    for (const Exchange& reply : exchange_all(scripts))
        expect_status(reply, 400,
                      {"RFC 2046 §5.1, RFC 7578 §4: half a form must not be taken for a whole one",
                       "each part has a Content-Disposition with a name; the last boundary ends "
                       "with two dashes"});
    expect_status(exchange(post("multipart/form-data; boundary=", good)), {400, 415},
                  {"without a boundary there is no telling where a part ends"});
}

TEST_CASE("a part with an endless head is refused") {
    std::string many;
    for (int i = 0; i < 5'000; ++i) many += "X-" + std::to_string(i) + ": filler\r\n";
    for (const std::string& head :
         {many + disposition + "\"name\"",
          "X: " + std::string(100'000, 'x') + "\r\n" + disposition + "\"name\""})
        expect_status(exchange(post(multipart_type, part(head, "Ada") + message + end)),
                      {400, 413, 431},
                      {"the heads of parts need a limit, as those of requests do"});
}

TEST_SUITE_END();
