// What the cases of level 4 share: requests with bodies, forms as a browser encodes them, and pages
// as a browser reads them. Shares no code with the servers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.hpp"
#include "expect.hpp"

extern const std::string urlencoded_type;  // "application/x-www-form-urlencoded"
extern const std::string json_type;        // "application/json"

// A request with a body of known length. The first asks to close the connection, the second leaves
// it open.
std::string with_body(std::string_view method, std::string_view target, std::string_view type,
                      std::string_view body, const std::vector<std::string>& fields = {});
std::string with_body_and_stay(std::string_view method, std::string_view target,
                               std::string_view type, std::string_view body,
                               const std::vector<std::string>& fields = {});

// A POST with a chunked body; `chunks` is that body as it goes over the wire.
std::string chunked(std::string_view target, std::string_view chunks,
                    const std::vector<std::string>& fields = {});

// A text that no other message in the store has, whether from this run or from an earlier one.
std::string unique(const std::string& prefix = "Ada");

// What a visitor types into the form of /contact.
struct Typed {
    std::string name;
    std::string email = {};
    std::string message = "Hello from the tests";
};

// The fields of a form as a browser sends them: a=1&b=%26.
std::string urlencoded(const std::vector<std::pair<std::string, std::string>>& fields);

// One part of a multipart body; with a filename it is a file.
struct Part {
    std::string name;
    std::string content;
    std::string filename = {};
    std::string type = {};
};

extern const std::string boundary;        // the one that multipart() uses
extern const std::string multipart_type;  // "multipart/form-data; boundary=..."
std::string multipart(const std::vector<Part>& parts);

// POST /contact in either format.
std::string contact(const Typed& typed, const std::vector<std::string>& fields = {});
std::string contact_multipart(const Typed& typed, const std::vector<std::string>& fields = {});

// The cookies that a reply sets, as the browser would send them back: "Cookie: session=...".
std::string cookie_field(const Exchange& exchange);

// Sends the form as a visitor would. Returns the Cookie field that the visitor has from then on.
std::string visit(const Typed& typed, ServerProcess& server = shared_server(),
                  Where where = Where::here());

// The address of the file that was uploaded: where the reply leads, or, if that is a page about the
// file, the first address under /uploads/ on that page.
std::string address_of_upload(const Exchange& reply, ServerProcess& server = shared_server());

// A form's field, as a browser reads it from a page.
struct Control {
    bool found = false;
    std::string value;      // the content of the field, unescaped
    std::size_t begin = 0;  // where its tag begins in the page
    std::size_t end = 0;    // where its tag ends; for a textarea, where the end tag ends
};
Control control(std::string_view page, std::string_view name);  // an <input> or a <textarea>
std::string attribute(std::string_view tag, std::string_view name);
std::string visible_text(std::string_view html);  // without the tags, unescaped

// The page shows the text, and none of its characters can be taken for markup.
void expect_shown_as_text(const Exchange& exchange, std::string_view text, const Reason& reason,
                          Where where = Where::here());
