#!/usr/bin/env python3
"""Breaks the servers on purpose, one mistake at a time, and checks that the tests notice: make mutants

Each mutant is a small change that a programmer could make by mistake. It is made in a copy of the
sources, and what depends on it is built and judged by the unit tests of its level, or by the
black-box cases that should find it. A mutant that survives shows a hole in the tests.
Leaves out: mutants by the thousand, as tools make them. These are the mistakes that matter.
"""
import argparse
import concurrent.futures
import os
import queue
import shutil
import subprocess
import sys
from dataclasses import dataclass

NOTICED = "noticed"
SURVIVES = "SURVIVES"
UNIT = ""  # judged by the unit tests of its level


@dataclass
class Mutant:
    what: str
    file: str  # its folder names the level
    old: str
    new: str
    cases: str = UNIT  # or the names of black-box cases, as for doctest's -tc
    level: str = ""  # whose server is judged, if its number isn't in the file's folder


MUTANTS = [
    Mutant("level 1 does not read before it replies", "level1/main.cpp",
           "request.size() < 8192", "false", "nothing is sent*"),
    Mutant("level 1 calls recv() once", "level1/main.cpp",
           "request.size() < 8192", "request.empty()", "nothing is sent*"),
    Mutant("level 1 closes with unread bytes in the socket", "level1/main.cpp",
           "    close_gently(client, patience);\n", "", "bytes after the request*"),
    Mutant("level 1 counts one byte too many", "level1/main.cpp",
           "std::to_string(body.size())", "std::to_string(body.size() + 1)", "Content-Length is*"),
    Mutant("level 1 replies with HTTP/1.0", "level1/main.cpp", '"HTTP/1.1 200 OK', '"HTTP/1.0 200 OK', "a browser's request*"),
    Mutant("level 1 answers after 100 bytes, blank line or not", "level1/main.cpp",
           "request.size() < 8192", "request.size() < 100", "nothing is sent*"),
    Mutant("half a head is answered when its client closes its side", "level1/main.cpp",
           "        if (what != Received::bytes) return;",
           "        if (what == Received::end) break;\n        if (what != Received::bytes) return;", "half a request*"),
    Mutant("level 1 answers only GET /", "level1/main.cpp", "    send_all(client, reply);",
           '    if (request.starts_with("GET / ")) send_all(client, reply);', "whatever the method*"),
    Mutant("level 1 has a page at / only", "level1/main.cpp", "    send_all(client, reply);",
           '    if (request.find(" / ") != std::string::npos || request.find(" /?") != std::string::npos)\n'
           '        send_all(client, reply);', "whatever the address*"),
    Mutant("a head may be endless, and all of it is kept", "level1/main.cpp",
           "request.size() < 8192) {", "true) {\n        static std::array<char, 1 << 20> buffer{};",
           "an endless request doesn't fill*"),
    Mutant("a stop waits for a silent client", "common/socket.cpp",
           "        if (stop_requested()) return {Received::stopping};\n", "", "SIGTERM ends the server although*", "1"),
    Mutant("each byte gives level 1's client another ten seconds", "level1/main.cpp",
           "receive(client, buffer.data(), buffer.size(), deadline);",
           "receive(client, buffer.data(), buffer.size(), Clock::now() + std::chrono::seconds(10));", "a client that sends a byte now*"),
    Mutant("a reply goes out in pieces, and SIGPIPE is not ignored", "common/socket.cpp",
           "        const ssize_t count = send(client.number(), bytes.data(), bytes.size(), 0);",
           "        std::signal(SIGPIPE, SIG_DFL);\n"
           "        const ssize_t count = send(client.number(), bytes.data(), std::min<std::size_t>(bytes.size(), 100), 0);",
           "a client that closes without reading*", "1"),

    Mutant("two Host fields are accepted", "level2/request.cpp", "if (count > 1)", "if (count > 2)"),
    Mutant("two Content-Lengths are accepted", "level2/request.cpp",
           'headers.count("Content-Length") > 1', 'headers.count("Content-Length") > 2'),
    Mutant("an unknown transfer coding is accepted", "level2/request.cpp",
           'equal_ignoring_case(*coding, "chunked")', "true"),
    Mutant("a HEAD whose version or target is wrong gets a body", "level2/request.cpp",
           'if (begun.starts_with("HEAD ")) request_->method = "HEAD";', ""),
    Mutant("an address in IPv4's own form is only this machine's", "level2/host.cpp", "bytes.s6_addr[12] == 127", "true"),
    Mutant("any IPv4 address is only this machine's", "level2/host.cpp", ">> 24 == 127", ">> 24 > 9"),
    Mutant("an option may have an empty value", "level2/options.cpp", "if (text.empty()) throw", "if (false) throw"),
    Mutant("a file that rsync has replaced keeps its ETag", "level3/stored_file.cpp",
           "status_change_time(facts)", "change_time(facts)"),
    Mutant("the last bytes of an empty file are 416", "level3/static_files.cpp", "(size == 0 && *asked > 0)", "false"),
    Mutant("a byte takes 64 KiB of the memory for bodies", "level4/body/request_body.cpp",
           "bytes <= uncounted || take_room", "take_room"),
    Mutant("a long reply needs no memory", "level4/connection.cpp", "|| take_room(limits, share, size)) return;", "|| take_room(limits, share, size) || true) return;"),
    Mutant("a form that is far too long comes back six times as long", "level4/app/guestbook.cpp",
           "fields.message.substr(0, most_shown)", "fields.message", "a form that is far too long*"),
    Mutant("the history waits for what is to be written", "level4/app/chat.cpp",
           "reader_.submit({{members_[client].to_read", "writer_.submit({{members_[client].to_write", "a client that joins while*"),
    Mutant("a message is removed by deleted: false", "level4/app/message_table.cpp", " && *mark == Json(true)", ""),
    Mutant("one absurd id uses up all others", "level4/app/message_table.hpp", "{1} << 52", "{1} << 62"),
    Mutant("a client may have a thousand sessions tried", "level4/session/session.cpp", "most_tried = 10", "most_tried = 1000"),
    Mutant("uploads fail once their folder was removed", "level4/app/upload_store.cpp", "    make_folder(folder_);  //", "    //"),
    Mutant("a line of the log is cut where others were lost", "level4/engine/log_writer.cpp",
           "longest_line - 64", "longest_line", "lines that were lost*"),
    Mutant("the < of a name is not escaped", "level2/html.cpp", "&lt;", "<"),
    Mutant("the request on a page is not escaped", "level2/html.cpp", 'escape(line), "</code>', 'line, "</code>'),
    Mutant("a page has another length for HEAD", "level2/html.cpp", 'line.starts_with("HEAD ")', "false"),
    Mutant("an error has no page", "level2/connection.cpp", "    add_error_page(response, request.line);\n", ""),
    Mutant("an error for programs gets a page", "level2/response.cpp", " || !response.body.empty()", ""),
    Mutant("a handler that throws a number ends the server", "level2/handler.hpp",
           'print_error(visible(request.line), "threw', 'throw;  print_error(visible(request.line), "threw'),
    Mutant("an empty line gets a reply", "level2/connection.cpp",
           "if (parser_.in_request()) fail(408", "if (parser_.begun()) fail(408"),
    Mutant("a reply to an error is lost: the client is closed at once", "level2/connection.cpp",
           "!finished_ && wants_close", "wants_close"),
    Mutant("a client with bytes left is closed at once", "level2/connection.hpp",
           " && !parser_.in_request(); }", "; }"),
    Mutant("a client that asks us to close is kept waiting", "level2/connection.cpp",
           '*option == "close"', "false"),
    Mutant("each byte gives the head another ten seconds", "level2/connection.cpp",
           "if (!parser_.begun()) deadline_", "deadline_"),
    Mutant("there is only one thread", "level2/server.cpp",
           "clients_ < program_.limits.clients", "clients_ < 1", "clients that say nothing*"),
    Mutant("SIGTERM loses the reply in flight", "level2/server.cpp",
           "client_left_.wait_for(lock, drain_time, [this] { return clients_ == 0; })", "false",
           "SIGTERM with a request in flight*"),
    Mutant("two threads meet at a full pipe", "common/output.cpp",
           "    const std::lock_guard lock(mutex);\n", "", "a log that is not read*"),
    Mutant("the server waits for a full pipe", "common/output.cpp",
           "return found > 0;", "return true;", "a log that is not read*"),
    Mutant("lost lines are not counted", "common/output.cpp",
           "if (outlet.lost > 0) text +=", "if (false) text +=", "lines that were lost*"),
    Mutant("bytes that are not UTF-8 reach a page", "level2/html.cpp",
           "length > 0 ? escape_character(text.substr(0, length)) : replacement",
           "escape_character(text.substr(0, std::max<std::size_t>(length, 1)))"),

    Mutant("any bytes make a Host", "level2/host.cpp", "!is_ip_literal(host.name) && !is_registered_name(host.name)", "false"),
    Mutant("an IPv6 address need not be one", "level2/host.cpp", "&address) == 1) return true;", "&address) < 9) return true;"),
    Mutant("an address in brackets has no port", "level2/host.cpp",
           "text.find(']')", "text.size() - 1", "a Host may be an address*"),
    Mutant("a whole URL needs no host", "level2/request.cpp",
           "!host || host->name.empty()", "!host", "a whole URL without a host*"),
    Mutant("the host of a URL goes on behind its question mark", "level2/request.cpp",
           'find_first_of("/?")', "find('/')", "a target may be a whole URL"),
    Mutant("a client that speaks TLS waits for its reply", "level2/request.cpp",
           ".starts_with(tls_handshake)", ".starts_with('\\x15')", "a client that speaks TLS*"),
    Mutant("PORT is judged although a flag names the port", "level2/options.cpp",
           "if (options.port == 0) options.port = in_environment", "options.port = in_environment"),
    Mutant("a socket takes the number of a standard stream", "level2/main.cpp",
           "    open_standard_streams();\n", "", "a program that is started without*"),
    Mutant("the 400 to a HEAD has a body", "level2/connection.cpp",
           'request.method != "HEAD";', 'request.method != "HEAD" || response.status == 400;', "the refusal of a HEAD*"),
    Mutant("a field name with _ is refused", "level2/text.hpp", "*+-.^_`|~", "*+-.^`|~", "a field name may have*"),
    Mutant("HTTP/1.0 may have two Hosts", "level2/request.cpp",
           "if (count > 1)", 'if (count > 1 && request_->version != "HTTP/1.0")', "a second Host*"),
    Mutant("one field of 8 KiB is 431", "level2/request.cpp", "        section_bytes_ += position_ - start;",
           '        if (line->size() > 8192) throw HttpError(431, "That field is too long.");\n'
           "        section_bytes_ += position_ - start;", "a header section of 14000*"),
    Mutant("414 and 431 have no Date", "level2/response.cpp", '"\\r\\nDate: ", http_date',
           '(response.status == 414 || response.status == 431) ? "\\r\\nX-Date: " : "\\r\\nDate: ", http_date',
           "every reply has a Date*"),
    Mutant("a 408 has no Date", "level2/response.cpp", '"\\r\\nDate: ", http_date',
           'response.status == 408 ? "\\r\\nX-Date: " : "\\r\\nDate: ", http_date', "slow clients*"),
    Mutant("an error does not say Connection: close", "level2/response.cpp",
           'nosniff\\r\\nConnection: close\\r\\n"',
           'nosniff\\r\\n"; if (response.status < 400) output += "Connection: close\\r\\n"', "every reply after which*"),
    Mutant("%c3 with a small letter is no escape", "level2/url.cpp",
           "if (text.size() < 3 || text[0] != '%') return",
           "if (text.size() < 3 || text[0] != '%' || text[1] >= 'a' || text[2] >= 'a') return", "/hello greets*"),
    Mutant("the path is decoded twice", "level2/request.cpp", "request_->path += *decoded;",
           "request_->path += percent_decode(*decoded).value_or(*decoded);", "a path is decoded once*"),
    Mutant("an encoded ? begins the query", "level2/request.cpp", "request_->path += *decoded;",
           "request_->path += decoded->substr(0, decoded->find('?'));", "an encoded question mark*"),
    Mutant("a whole URL makes Host unnecessary", "level2/request.cpp", 'if (count == 0 && request_->version != "HTTP/1.0")',
           'if (count == 0 && request_->version != "HTTP/1.0" && request_->authority.empty())', "a request without a Host*"),
    Mutant("POST /hello is answered as GET", "level2/main.cpp", 'request.method != "HEAD") {',
           'request.method != "HEAD" && request.path != "/hello") {', "a method that the page*"),
    Mutant("/echo writes names in small letters", "level2/main.cpp",
           '        append(text, {name, ": ", value',
           '        std::string small;\n        for (const char c : name) small += to_lower(c);\n        append(text, {small, ": ", value',
           "/echo returns the names*"),
    Mutant("the query begins at the last ?", "level2/request.cpp", '    const auto path = take_until(target, "?");',
           "    const auto path = target.substr(0, target.rfind('?'));\n"
           "    target.remove_prefix(std::min(path.size() + 1, target.size()));", "the query is not part*"),
    Mutant("HTTP://host/ is refused", "level2/request.cpp",
           'equal_ignoring_case(target.substr(0, 7), "http://")', 'target.starts_with("http://")', "a target may be a whole URL"),
    Mutant("the path on a 404 page is not escaped", "level2/response.cpp",
           "escape(response.problem)", "response.problem", "an address is escaped*"),
    Mutant("a value ends at its second =", "level2/url.cpp",
           '        const std::string_view name = take_until(value, "=");',
           '        const std::string_view name = take_until(value, "=");\n'
           "        value = value.substr(0, value.find('='));", "/hello greets*"),
    Mutant("the backlog holds ten connections", "common/socket.cpp",
           "listen(listener.number(), SOMAXCONN)", "listen(listener.number(), 10)", "50 connections*", "2"),
    Mutant("a line feed at the start of a piece is lost", "level2/request.cpp", "void RequestParser::feed(std::string_view bytes) {",
           "void RequestParser::feed(std::string_view bytes) {\n    if (bytes.starts_with('\\n')) bytes.remove_prefix(1);",
           "a request gets the same reply wherever*"),

    Mutant("dot-files are served", "level3/static_files.cpp",
           "segment.starts_with('.')", 'segment == ".."'),
    Mutant("a symbolic link leads out of the folder", "level3/stored_file.cpp",
           "if (error || !real.native().starts_with(start)) return nullptr;",
           "if (error) return nullptr;\n    if (!real.native().starts_with(start)) return load_file(real.parent_path(), real.filename());"),
    Mutant("site-secret passes for a part of site", "level3/stored_file.cpp",
           'folder.native() + "/";', 'folder.native();'),
    Mutant("a link that is swapped in is followed", "level3/stored_file.cpp", "how | O_NOFOLLOW |", "how |"),
    Mutant("a compressed copy may be as old as it likes within a second", "level3/stored_file.cpp",
           "std::pair(left.tv_sec, left.tv_nsec) < std::pair(right.tv_sec, right.tv_nsec)", "left.tv_sec < right.tv_sec"),
    Mutant("an empty file is a compressed copy", "level3/stored_file.cpp",
           "if (stored->size == 0) return nullptr;", ""),
    Mutant("sizes of files have 32 bits", "level3/stored_file.cpp",
           "static_cast<std::uint64_t>(facts.st_size)", "static_cast<std::uint32_t>(facts.st_size)",
           "a file of 5 GiB*"),
    Mutant("offsets in files have 32 bits", "common/system.cpp",
           "auto position = static_cast<off_t>(offset)", "off_t position = static_cast<std::uint32_t>(offset)",
           "a file of 5 GiB*", "3"),
    Mutant("Last-Modified may be after Date", "level3/stored_file.cpp",
           "std::min(facts.st_mtime, std::time(nullptr))", "facts.st_mtime"),
    Mutant("a folder in place of an index is redirected to", "level3/static_files.cpp", "is_directory && asked", "is_directory"),
    Mutant("a 304 has all fields of the 200", "level3/static_files.cpp",
           'return Response{304, file->headers, ""};', 'return with_content(304, *file);'),
    Mutant("a cache has to guess", "level2/response.cpp", "Cache-Control: no-cache", "X-Cache-Control: no-cache"),
    Mutant("a client isn't told when an idle connection closes", "level3/response.cpp", "\\r\\nKeep-Alive", "\\r\\nX-Keep-Alive"),
    Mutant("{id:int} may pass 64 bits", "level3/router.cpp",
           "parse_number<std::int64_t>(text).has_value()", 'text.find_first_not_of("0123456789") == std::string_view::npos'),
    Mutant("a comma in quotes ends an item", "level3/text.hpp", "quoted || list[end]", "list[end]"),
    Mutant("a star in a list matches any ETag", "level3/conditions.cpp",
           "if (candidate == etag) return true;", 'if (candidate == etag || candidate == "*") return true;'),
    Mutant("of two dates the first counts", "level3/conditions.cpp",
           "const auto* const value = headers.find_single(name);", "const auto* const value = headers.find(name);"),
    Mutant("of two If-Range fields the first counts", "level3/conditions.cpp",
           'headers.find_single("If-Range")', 'headers.find("If-Range")'),
    Mutant("of two Range fields the first counts", "level3/static_files.cpp",
           'headers.find_single("Range")', 'headers.find("Range")'),
    Mutant("31 February is 3 March", "level3/conditions.cpp",
           "    if (std::string_view(again.data(), size) != text) return std::nullopt;\n", ""),
    Mutant("a range past 64 bits is malformed", "level3/static_files.cpp",
           ".value_or(past_any_end)", ""),
    Mutant("only the first line of If-None-Match counts", "level4/middleware/compress.cpp",
           'request.headers.joined("If-None-Match")',
           'request.headers.find("If-None-Match") ? *request.headers.find("If-None-Match") : ""'),
    Mutant("x-gzip is unknown", "level3/accept.cpp", '"x-gzip"', '"y-gzip"'),
    Mutant("a weight's decimals are read as a whole number", "level3/accept.cpp", "decimals.resize(3, '0');", ""),
    Mutant("a weak ETag matches If-Match", "level3/conditions.cpp",
           "etag, Comparison::strong)) return 412", "etag, Comparison::weak)) return 412"),
    Mutant("only the first line of a list counts", "level3/accept.cpp",
           "headers.joined(field)", 'headers.find(field) ? *headers.find(field) : ""'),
    Mutant("a wildcard goes before a parameter", "level3/router.cpp",
           "if (node.parameter && ", "if (node.parameter && !node.wildcard && "),
    Mutant("a route that is passed over leaves its parameters", "level3/router.cpp",
           "        walk.values.pop_back();\n", ""),
    Mutant("a client that does not read costs memory", "level3/connection.cpp",
           "output_.size() < limits_.output_batch", "true"),

    Mutant("a byte now and then keeps a body waiting for ever", "level4/connection.cpp",
           "body_bytes_ >= limits_.slowest_bytes", "body_bytes_ > 0", "a body that stalls*"),
    Mutant("a chunk's extension may be anything", "level4/body/request_body.cpp",
           "if (!are_chunk_extensions(extensions))", "if (false)"),
    Mutant("what follows the last chunk is not read", "level4/body/request_body.cpp",
           "state_ = body_left_ == 0 ? State::trailers : State::chunk;",
           "state_ = body_left_ == 0 ? State::request_line : State::chunk;"),
    Mutant("all bodies together may hold any amount", "level4/body/body_budget.hpp",
           "if (budget_.guest_ != this) return false;", ""),
    Mutant("a body that is refused keeps its memory", "level4/connection.cpp",
           "    parser_.drop_body();\n", ""),
    Mutant("a reply takes no place in the memory for all bodies", "level4/connection.cpp",
           "if (request.share) share_ = request.share;", ""),
    Mutant("a WebSocket's message takes no place there either", "level4/websocket/websocket.cpp",
           "    position_ += count;\n    count_message();\n", "    position_ += count;\n"),
    Mutant("a WebSocket's message keeps its place for ever", "level4/websocket/websocket.cpp",
           "if (output.empty() && message_.empty()) share_ = nullptr;", ""),
    Mutant("half a message of a WebSocket has no deadline", "level4/websocket/websocket.hpp",
           "std::min(deadline_, whole_by_)", "deadline_"),
    Mutant("a thousand writers wait for another process", "level4/app/message_store.cpp",
           "rank > most_waiting", "false"),
    Mutant("writers that wait take all of the workers", "level4/app/message_store.cpp",
           "constexpr int most_waiting = 8;", "constexpr int most_waiting = 100;", "another process that keeps the lock*"),
    Mutant("an idle client keeps the memory of its last reply", "level4/engine/client_steps.cpp",
           "client.outgoing = nullptr;", "*client.outgoing = Outgoing({}, {});", "clients that have had a large reply*"),
    Mutant("a body may be one byte too long", "level4/body/request_body.cpp",
           "request_->content_length > limits_.body", "request_->content_length > limits_.body + 1"),
    Mutant("the signature of a session is not checked", "level4/session/session.cpp",
           "return constant_time_equal(signature, sign(text, key));", "return true;"),
    Mutant("values are not escaped", "level4/pages/template_renderer.cpp", "escape(", "std::string("),
    Mutant("a message is acknowledged before it is on disk", "level4/app/message_log.cpp",
           "const bool good = sync_content(file_);", "const bool good = true;"),
    Mutant("an id is given twice", "level4/app/message_table.cpp",
           "last_id_ = std::max(last_id_, id);", "last_id_ = entries_.empty() ? 0 : entries_.back().id;"),
    Mutant("half a line stays in the file", "level4/app/message_store.cpp",
           "if (!last_line.empty()) {", "if (false) {"),
    Mutant("what is cut off is not kept", "level4/app/message_log.cpp",
           'append_to_file(path_ + ".broken", half + "\\n");', ""),
    Mutant("a line that is being written is cut off", "level4/app/message_log.cpp",
           "if (size() != expected) return;", ""),
    Mutant("JSON without its line end is cut off", "level4/app/message_store_lines.cpp",
           "if (is_whole_line(last_line)) {", "if (false) {"),
    Mutant("another file in the place of the store's is not noticed", "level4/app/message_log.cpp",
           "if (facts.st_dev != device_ || facts.st_ino != inode_) return std::nullopt;", ""),
    Mutant("a file that is replaced while the disk works is not noticed", "level4/app/message_log.cpp",
           "if (!still_there) replaced_ = true;", ""),
    Mutant("ids begin again in a new file", "level4/app/message_table.cpp",
           "    unreadable_.clear();", "    unreadable_.clear();\n    last_id_ = 0;"),
    Mutant("a message is shown under the id of another", "level4/app/message_store.cpp",
           "if (message.id == entry.id) return message;", "return message;"),
    Mutant("a damaged message can't be repaired", "level4/app/message_table.cpp",
           "if (find(id) == nullptr) unreadable_.insert(id);", "//"),
    Mutant("a byte order mark costs the first message", "level4/app/message_store_lines.cpp",
           "if (place.offset == 0) {", "if (false) {"),
    Mutant("the file's lock is waited for without an end", "level4/app/message_store.cpp",
           "now >= deadline || now - busy_since_ >= patience", "now > now + (deadline - deadline)"),
    Mutant("the name of a new folder is not on disk", "level4/app/disk.cpp",
           "for (const auto& made : missing) sync_folder(made.parent_path());", ""),
    Mutant("503 does not say when to try again", "level4/response.cpp", "if (status == 503)", "if (false)"),
    Mutant("a page of another site may post", "level4/middleware/csrf.cpp",
           'site == "same-origin" || site == "none"', "true"),
    Mutant("two fields that guard us are taken for none", "level4/middleware/csrf.cpp",
           'request.headers.count("Sec-Fetch-Site") > 1 || request.headers.count("Origin") > 1', "false"),
    Mutant("a cookie that isn't ours hides the session", "level4/session/session.cpp",
           "if (!session.empty()) return session;", "return session;"),
    Mutant("an origin that never matches is accepted", "level4/session/origin.cpp",
           "|| !is_lower_case(text)", ""),
    Mutant("a scheme's own port is accepted in an origin", "level4/session/origin.cpp",
           '!(scheme == "https" && *port == 443)', "true"),
    Mutant("the chat goes around the rate limit", "level4/app/chat.cpp",
           "    if (!verdict.allowed) {", "    if (false) {"),
    Mutant("an IPv6 network has as many limits as addresses", "level4/middleware/rate_limit.cpp",
           "reinterpret_cast<const char*>(address.s6_addr), 8)", "reinterpret_cast<const char*>(address.s6_addr), 16)"),
    Mutant("another site's posts count against the visitor", "level4/app/site.cpp",
           "{csrf(trusted), rate_limit(limiter_), error_pages}", "{rate_limit(limiter_), csrf(trusted), error_pages}",
           "--rate-limit counts what is let in*"),
    Mutant("a number for a name is no mistake", "level4/app/message_api.cpp",
           "for (const auto& [name, why] : wrong_kinds.as_object()) mistakes.set(name, why);", "",
           "JSON that isn't an object*"),
    Mutant("a control character past ASCII gets into the file", "level4/app/message_fields.cpp",
           "if (ends_c1 || ", "if ("),
    Mutant("a boundary without quotes has to be a token", "level4/body/field_value.cpp",
           'if (name != "boundary") return', "return"),
    Mutant("what came while a client was away comes twice", "level4/stream/event_stream.cpp",
           "missed.empty() || event.id > missed.back().id", "true"),
    Mutant("what comes while a client asks for what it missed is lost", "level4/stream/event_stream.cpp",
           "returning->kept.push_back(event);", "static_cast<void>(returning);"),
    Mutant("an upload loses its stricter policy", "level4/middleware/security_headers.cpp",
           "if (headers.find(name) == nullptr) headers.add_checked(name, value);", "headers.set(name, value);"),
    Mutant("any site may show our pages in a frame", "level4/app/site.cpp",
           "layers{compress(), security_headers, error_pages}", "layers{compress(), error_pages}",
           "every reply has a policy*"),
    Mutant("a name that only begins like ours is accepted", "level4/middleware/allowed_hosts.cpp",
           'normal.ends_with(".localhost")', 'normal.find(".localhost") != std::string::npos'),
    Mutant("an event stream may be read under any name", "level4/middleware/allowed_hosts.cpp",
           'is_below(request.path, "/api") || ', ""),
    Mutant("the wire may be read under any name", "level4/middleware/allowed_hosts.cpp",
           'is_below(request.path, "/wire") || ', ""),
    Mutant("other machines may read the wire", "level4/app/site.cpp",
           "!options.wire || is_only_this_machine(options.host)", "true", "the wire is shown to a loopback Host only*"),
    Mutant("the wire shows itself", "level4/stream/chunked_stream.hpp",
           "override { stream_->trace_as(connection); }", "override { static_cast<void>(connection); }"),
    Mutant("a folded secret is shown", "level4/app/wire_text.cpp", "begins || (in_secret && continues)", "begins"),
    Mutant("a body that is refused may end in half a secret", "level4/app/wire_reader.cpp",
           "    body = {.room = 0};\n", "    body = {};\n"),
    Mutant("every line that isn't a message is described", "level4/app/message_store_lines.cpp",
           "++unreadable > most_described", "++unreadable == 0"),
    Mutant("a file is forgotten when a body is counted", "level4/app/wire_reader.cpp",
           "    flow.left -= std::min(flow.left, *size);\n", ""),
    Mutant("the wire remembers everything", "level4/app/wire.cpp",
           "while (bytes_ > most_bytes ||", "while ("),
    Mutant("any site may have its name point to us", "level4/app/site.cpp",
           "if (is_only_this_machine(options_.host)) layers.push_back(allowed_hosts(options_.allow_hosts));", "",
           "a server on this machine is not*"),
    Mutant("the rate limit forgets its clients", "level4/middleware/rate_limit.cpp",
           "index_.emplace(address, clients_.begin());", ""),
    Mutant("a page is compressed for a client that refuses gzip", "level4/accept.cpp",
           "return quality > 0 &&", "return"),
    Mutant("a number that is too small is refused", "level4/body/json_parser.cpp",
           "std::isinf(number)", "std::isinf(number) || number == 0"),
    Mutant("a loop looks at the disk", "level4/static_files.cpp",
           "return !is_safe(name) || find_in_memory(name) != nullptr;", "return true;"),
    Mutant("a WebSocket frame need not be masked", "level4/websocket/frame.cpp",
           "(byte_at(header, 1) & 0x80) == 0", "false"),
    Mutant("a text need not be UTF-8", "level4/websocket/websocket.cpp", "utf8_.feed(", "true || utf8_.feed("),
    Mutant("a full outbox does not wake the engine to drop its client", "level4/stream/outbox.cpp",
           "    if (wake_) wake_();  // even", "    // even"),
    Mutant("an outbox takes messages after the last one", "level4/stream/outbox.cpp",
           "    state_ = State::ended;\n", ""),
    Mutant("an outbox is woken for after its end", "level4/stream/outbox.cpp", "    wake_ = nullptr;", "    //"),
    Mutant("pongs gain time after a close frame", "level4/websocket/websocket.cpp",
           "std::exchange(awaiting_pong_, false) && state_ == State::open", "std::exchange(awaiting_pong_, false)"),
    Mutant("a stream has no last chunk", "level4/stream/chunked_stream.cpp", '"0\\r\\n\\r\\n"', '""'),
    Mutant("requests behind one that waits are answered first", "level4/connection.cpp", "!with_worker() &&", ""),
    Mutant("a late reader waits for ever", "level4/engine/client_steps.cpp",
           "case State::blocked: return advance(client);", "case State::blocked: return;"),
    Mutant("a long pipeline holds up the loop", "level4/connection.cpp",
           "!has_input() || Clock::now() < turn_ends", "true"),
    Mutant("a client with much work has all of it done before it is the next one's turn",
           "level4/engine/worker_pool.cpp", "place.splice(place.end(), ticket);", "place.splice(place.begin(), ticket);"),
    Mutant("a request waits for a worker without an end", "level4/engine/client_steps.cpp",
           "if (!workers_.withdraw(*client.job->line)) return;", "return;"),
    Mutant("messages of clients that broke off count for ever", "level4/app/chat.cpp",
           "    waiting_ -= member.waiting;\n", ""),
    Mutant("a goodbye loses what was said before it", "level4/app/chat.cpp",
           "if (!said_goodbye || member.waiting == 0) return;", "return;"),
    Mutant("that a request has waited for a worker is forgotten", "level4/app/message_store.cpp",
           "const auto deadline = since + patience_;", "const auto deadline = Clock::now() + patience_;"),
    Mutant("a head is answered by the route's handler", "level4/router.cpp",
           "route != nullptr && request.head_only", "false"),
    Mutant("the rate limit counts a head", "level4/middleware/rate_limit.cpp", "request.head_only || ", ""),
    Mutant("a body is asked for that will be refused", "level4/connection.cpp",
           "if (response.status == 100) {", "if (true) {"),
    Mutant("handlers that wait hold up the loop", "level4/engine/event_loop.cpp",
           "if (!jobs_.empty()) workers_.submit(std::exchange(jobs_, {}));",
           "for (const auto& piece : std::exchange(jobs_, {})) piece.work();"),
    Mutant("a connection that was closed is still polled", "level4/engine/poller.cpp",
           "void forget(int descriptor) override { remove(descriptor); }", "void forget(int) override {}"),
    Mutant("epoll takes a client that has gone for one that speaks", "level4/engine/poller.cpp",
           "(EPOLLERR | EPOLLHUP)", "EPOLLPRI"),
    Mutant("a stop does not finish replies", "level4/engine/event_loop.cpp",
           "while (!stopping_ || (!clients_.empty() && Clock::now() < stop_deadline_))", "while (!stopping_)"),
    Mutant("the chat does not tell the others", "level4/app/chat.cpp", "    room_.broadcast(text_message(text));\n", ""),

    Mutant("Ctrl-C is not handled", "common/socket.cpp",
           "{SIGINT, SIGTERM, SIGALRM}", "{SIGTERM, SIGALRM}", "SIGTERM and SIGINT end*", "1"),
    Mutant("a port stays taken for a minute", "common/socket.cpp",
           "    setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);\n", "",
           "a server that was stopped can be started*", "1"),
    Mutant("level 1 can be reached from everywhere", "level1/main.cpp",
           'listen_on("127.0.0.1"', 'listen_on("0.0.0.0"', "the server can be reached*"),
    Mutant("a server that waits keeps the processor busy", "common/socket.cpp",
           "poll(watched, 2, timeout)", "poll(watched, 2, 0)", "a server that waits*", "1"),
    Mutant("a reply takes a second", "level1/main.cpp",
           "    send_all(client, reply);", "    sleep(1);\n    send_all(client, reply);", "ten clients one after*"),
    Mutant("level 1 leaves every file open", "common/descriptor.hpp",
           "~Descriptor() { close(); }", "~Descriptor() {}", "after thousands of requests*", "1"),
    Mutant("Nagle's algorithm holds replies back", "common/socket.cpp",
           "    setsockopt(listener.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);\n", ""),
    Mutant("a client that doesn't read is waited for without an end", "common/socket.cpp",
           "    set_timeout(listener, SO_SNDTIMEO, send_stall);\n", ""),
    Mutant("a goodbye takes a minute", "common/socket.hpp", "goodbye_time{30}", "goodbye_time{60}"),
    Mutant("a client that never closes its side keeps its connection", "common/socket.hpp",
           "goodbye_silence{5}", "goodbye_silence{60}", "slow clients are sent away*"),
    Mutant("a stop waits for a minute", "common/socket.hpp", "drain_time{5}", "drain_time{60}"),

    Mutant("Date is made once", "level2/response.cpp", "http_date(std::time(nullptr))",
           "[] { static const std::string d = http_date(std::time(nullptr)); return d; }()", "Date is still right*"),
    Mutant("Date is 8 seconds slow", "level2/response.cpp", "http_date(std::time(nullptr))",
           "http_date(std::time(nullptr) - 8)", "every reply has a Date*"),
    Mutant("it is always Monday", "level2/response.cpp", '"%a, %d %b', '"Mon, %d %b', "every reply has a Date*"),
    Mutant("Date is local time", "level2/response.cpp", "gmtime_r(", "localtime_r(", "every reply has a Date*"),
    Mutant("characters are counted, not bytes", "level2/response.cpp",
           "std::to_string(response.body_size())",
           "std::to_string([&] { int n = 0; for (char c : response.body) n += (c & 0xC0) != 0x80; return n; }())",
           "any name comes back*"),
    Mutant("all clients share one name", "level2/main.cpp",
           '    std::string name = query_value(request.query, "name").value_or("");',
           '    static std::string name;\n    name = query_value(request.query, "name").value_or("");',
           "what belongs to one request*"),
    Mutant("HTTP/1.2 may do without a Host", "level2/request.cpp",
           'request_->version != "HTTP/1.0"', 'request_->version == "HTTP/1.1"', "HTTP/1.2 is answered*"),
    Mutant("the path is compared before it is decoded", "level2/request.cpp",
           "request_->path += *decoded;", "request_->path += path;", "a letter of the path*"),
    Mutant("there is no limit of threads", "level2/server.cpp",
           "clients_ < program_.limits.clients", "true", "no more than a thousand clients*"),
    Mutant("threads never end", "level2/server.cpp",
           "    client_left_.notify_one();\n", "    client_left_.notify_one();\n    mutex_.unlock();\n    for (;;) sleep(1);\n", "after thousands of requests*"),
    Mutant("each request costs 50 KB", "level2/server.cpp",
           "    std::array<char, 4096> buffer;", "    (new std::string())->assign(50'000, 'x');\n    std::array<char, 4096> buffer;", "after thousands of requests*"),

    Mutant("an early close costs a client its reply", "level3/server.cpp",
           "return close_gently(client);", "return;", "bytes after the request*"),
    Mutant("Date is made once a thread", "level3/response.cpp",
           "if (now != made_at) {", "if (made_at == 0) {", "Date moves on*"),
    Mutant("every user is number 42", "level3/main.cpp",
           'const std::string& id = request.params.at("id");', 'const std::string id = "42";', "a path parameter reaches*"),
    Mutant("every user is number 42 in the API", "level3/main.cpp",
           'std::to_string(std::stoll(request.params.at("id")))', 'std::to_string(42)', "the API answers*"),
    Mutant("a whole URL leaves the field Host as it was", "level3/request.cpp",
           "if (!request_->authority.empty()) request_->headers.set", "if (false) request_->headers.set"),
    Mutant("half a request behind another is not waited for", "level3/request.cpp",
           "begun_ = position_ < buffer_.size();", "begun_ = false;", "slow and idle clients*"),
    Mutant("only the first head has a deadline", "level3/connection.cpp",
           "else if (turn == Turn::head)\n        deadline_", "else if (turn == Turn::head && requests_ == 0)\n        deadline_",
           "slow and idle clients*"),
    Mutant("a stop that cuts a client off is an error", "level3/server.cpp",
           "std::_Exit(0);", "std::_Exit(1);", "SIGTERM: a request that never ends*"),
    Mutant("files-secret passes for a part of files", "level3/stored_file.cpp",
           'folder.native() + "/";', 'folder.native();', "a folder whose name only begins*"),
    Mutant("the cache of files has no limit", "level3/static_files.cpp",
           "cache_.size() >= cache_entries", "false", "a thousand small files*"),
    Mutant("large files are kept open", "level3/static_files.cpp", "return !is_large && ", "return ", "a large file that has been sent*"),
    Mutant("descriptors are never closed", "common/descriptor.hpp",
           "~Descriptor() { close(); }", "~Descriptor() {}", "a large file that has been sent*", "3"),
    Mutant("a file changes whenever it is asked for", "level3/stored_file.cpp",
           "http_date(*stored.modified)", "http_date(std::time(nullptr))", "Last-Modified is when*"),
    Mutant("If-Modified-Since is compared with ==", "level3/conditions.cpp",
           "*modified <= *date", "*modified == *date", "Last-Modified is when*"),
    Mutant("If-Unmodified-Since fails at the file's own date", "level3/conditions.cpp",
           "*modified > *date", "*modified >= *date", "Last-Modified is when*"),
    Mutant("a date in If-Range is a match", "level3/conditions.cpp",
           "condition != nullptr && *condition == etag", 'condition != nullptr && (*condition == etag || condition->ends_with("GMT"))',
           "a date in If-Range*"),
    Mutant("a 304 has the length of no body", "level3/response.cpp",
           " && response.status != 304", "", "If-None-Match with the file's ETag*"),
    Mutant("the query begins at the last question mark", "level3/static_files.cpp",
           "target.find('?')", "target.rfind('?')", "a folder without its slash*"),

    Mutant("conditions are judged by the plain file's ETag, whichever copy is sent", "level3/static_files.cpp",
           "    if (file->gzip && accepts_gzip(request.headers)) file = file->gzip;\n    const int status = check_conditions(request.headers, file->etag, file->modified);",
           "    const int status = check_conditions(request.headers, file->etag, file->modified);\n    if (file->gzip && accepts_gzip(request.headers)) file = file->gzip;",
           "If-None-Match is compared with the ETag of the copy*"),
    Mutant("a 304 has no Vary", "level3/stored_file.cpp",
           '    if (stored->gzip) stored->headers.add("Vary", "Accept-Encoding");',
           '    if (stored->gzip) stored->content_headers.add("Vary", "Accept-Encoding");', "a 304 says Vary*"),
    Mutant("the ETag of a 206 is empty", "level3/static_files.cpp",
           "    Response response = with_content(206, file);",
           '    Response response = with_content(206, file);\n    response.headers.set("ETag", "");',
           "a part of a file has the ETag*"),
    Mutant("If-Unmodified-Since counts beside If-Match", "level3/conditions.cpp",
           '    } else if (const auto date = date_in(headers, "If-Unmodified-Since")) {',
           '    }\n    if (const auto date = date_in(headers, "If-Unmodified-Since")) {', "If-Match takes precedence*"),
    Mutant("dates are understood in one of their three forms only", "level3/conditions.cpp",
           '{"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}',
           '{"%a, %d %b %Y %H:%M:%S GMT"}', "the two old forms of a date*"),
    Mutant("Connection: Keep-Alive of HTTP/1.0 counts in small letters only", "level3/connection.cpp",
           '!request.headers.lists("Connection", "keep-alive")',
           '(!request.headers.find("Connection") || *request.headers.find("Connection") != "keep-alive")',
           "an HTTP/1.0 connection is closed unless*"),
    Mutant("of two Connection lines only the first counts", "level3/headers.cpp",
           "            if (equal_ignoring_case(take_list_item(rest), word)) return true;\n        }",
           "            if (equal_ignoring_case(take_list_item(rest), word)) return true;\n        }\n        return false;",
           "Connection: close also counts*"),
    Mutant("a redirect to a folder loses the encoding of its name", "level3/static_files.cpp",
           "return redirect_to_slash(request.target);",
           "return redirect_to_slash(request.path + request.target.substr(std::min(request.target.find('?'), request.target.size())));",
           "a folder without its slash*"),
    Mutant("a file that was removed is served from memory", "level3/static_files.cpp",
           "    auto file = load_file(folder_, path);",
           "    auto file = load_file(folder_, path);\n    if (!file && cache_.contains(path)) return cache_[path];",
           "a new file appears*"),
    Mutant("a 404 is remembered for ever", "level3/static_files.cpp",
           "    auto file = load_file(folder_, path);",
           "    static std::mutex lock_missing;\n    static std::map<std::string, bool> missing;\n    const std::lock_guard guard(lock_missing);\n    if (missing.contains(path)) return nullptr;\n    auto file = load_file(folder_, path);\n    if (!file) missing[path] = true;",
           "a new file appears*"),
    Mutant("what is pipelined behind Connection: close is answered", "level3/connection.cpp",
           "finished_ = finished_ || stopping_ || client_ends_ ||",
           "finished_ = finished_ || stopping_ || (client_ends_ && !parser_.begun()) ||",
           "nothing is answered after a request that says*"),
    Mutant("/users/+42 is a number", "level3/router.cpp",
           "    return !text.starts_with('-') &&",
           "    if (text.starts_with('+')) text.remove_prefix(1);\n    return !text.starts_with('-') &&",
           "a path parameter that must be a number*"),
    Mutant("the API shows the id as it was typed: 007", "level3/main.cpp",
           'std::to_string(std::stoll(request.params.at("id")))',
           'request.params.at("id")', "a number with zeros before it*"),
    Mutant("files answer any method", "level3/main.cpp",
           'router.get("/files/*path"', 'router.any("/files/*path"', "*DELETE of a file are 405"),
    Mutant("a range past the end is 416 although If-Range doesn't hold", "level3/static_files.cpp",
           '    if (range_field == nullptr || request.method != "GET" ||\n        !if_range_holds(request.headers, file.etag)) {',
           '    const auto outside = range_field ? parse_range(*range_field, file.size) : std::nullopt;\n    if (range_field == nullptr || request.method != "GET" ||\n        ((!outside || outside->length > 0) && !if_range_holds(request.headers, file.etag))) {',
           "If-Range gets a part*"),
    Mutant("in '*, gzip;q=0' the star wins", "level3/accept.cpp",
           'if (name == "*") any = weight(parameters);',
           'if (name == "*") return weight(parameters);', "a .gz is not sent to a client*"),

    Mutant("the session keeps its first name", "level4/app/guestbook.cpp",
           '    session.set("name", fields.name);',
           '    if (session.get("name").empty()) session.set("name", fields.name);',
           "a visitor who signs with another name*"),
    Mutant("PUT without an e-mail keeps the old one", "level4/app/message_api.cpp",
           "    const auto message =\n        store.update(id_of(request), fields.name, fields.email, fields.message, request.received);",
           "    const auto old = store.find(id_of(request), request.received);\n    const auto email = fields.email.empty() && old ? old->email : fields.email;\n    const auto message =\n        store.update(id_of(request), fields.name, email, fields.message, request.received);",
           "PUT without an e-mail*"),
    Mutant("total counts the deleted messages as well", "level4/app/message_store.cpp",
           "    return table_.size();",
           "    return static_cast<std::size_t>(table_.last_id());", "total counts the messages*"),
    Mutant("the chat refuses more than 4,000 bytes", "level4/app/chat.cpp",
           "text.size() > most_json", "text.size() > 4000", "a message of 2000 characters can be said*"),
    Mutant("the API refuses more than 10,000 bytes of JSON", "level4/app/message_api.cpp",
           "request.body.size() > most_json", "request.body.size() > 10'000", "a message of 2000 characters is accepted*"),
    Mutant("a client that is back gets 10 missed events at most", "level4/app/chat.cpp",
           "most_missed = 200;", "most_missed = 10;", "a client that reconnects with Last-Event-ID*"),
    Mutant("a changed message is announced as a new one", "level4/app/message_api.cpp",
           '    waits.put("/messages/{id:int}", with_store(change_message));',
           '    waits.put("/messages/{id:int}", [&store, &chat](const Request& request) {\n        auto response = change_message(request, store);\n        if (response.status == 200)\n            if (const auto message = store.find(id_of(request), request.received)) chat.announce(*message);\n        return response;\n    });',
           "a message that is changed*"),
    Mutant("of the control characters only NUL keeps an upload from being a text", "level4/app/upload_store.cpp",
           "return is_control(c) && c != '\\t' && c != '\\n' && c != '\\r' && c != '\\f';",
           "return c == '\\0';", "a file that is neither a picture nor a text*"),
    Mutant("an escape that JSON doesn't have is taken as it is", "level4/body/json_parser.cpp",
           '        if (which == std::string_view::npos) fail("there is no such escape");',
           "        if (which == std::string_view::npos) {\n            out += static_cast<char>(peek());\n            ++at_;\n            return;\n        }",
           "what is not JSON is 400*"),
    Mutant("the last page of messages is lost if it isn't full", "level4/app/guestbook.cpp",
           "(total + page_size - 1) / page_size", "total / page_size", "the last page of messages*"),
    Mutant("Origin is compared with Host without its port", "level4/middleware/csrf.cpp",
           "    return is_same_origin(request.headers);",
           "    Headers named;\n    named.add(\"Host\", value_of(request, \"Host\").substr(0, value_of(request, \"Host\").find(':')));\n    named.add(\"Origin\", value_of(request, \"Origin\"));\n    return is_same_origin(named);",
           "an Origin is compared with Host*"),
    Mutant("the chat shows a message without its email", "level4/app/chat.cpp",
           "    room_.broadcast(text_message(text));",
           '    room_.broadcast(text_message(Json{{"id", message.id}, {"name", message.name}, {"message", message.message}, {"created", message.created}}.dump()));',
           "*by the form or by the API*"),
    Mutant("names in a query are not decoded", "level2/url.cpp", "pairs.emplace_back(decode_component(name),",
           "pairs.emplace_back(std::string(name),", "/hello greets by name*"),
    Mutant("a port may have hex digits", "level2/host.cpp", "host.port.end(), is_digit)", "host.port.end(), is_hex_digit)",
           "a Host that isn't a host name*"),
    Mutant("HEAD is not judged by conditions", "level3/static_files.cpp", "    const int status = check_conditions(",
           '    const int status = request.method == "HEAD" ? 200 : check_conditions(', "HEAD is judged by the same*"),
    Mutant("HEAD is told of the plain copy", "level3/static_files.cpp", "if (file->gzip && accepts",
           'if (request.method != "HEAD" && file->gzip && accepts', "a .gz beside a file*"),
    Mutant("a 204 has a length", "level3/response.cpp", "response.status != 204 && ", "", "every route answers OPTIONS*"),
    Mutant("a 412 or 416 ends the connection", "level3/connection.cpp", "finished_ = finished_ || request.has_body();",
           "finished_ = finished_ || request.has_body() || response.status == 412 || response.status == 416;", "a good request that can't*"),
    Mutant("files are looked up in small letters", "level3/static_files.cpp", "const std::string name = name_of(path);",
           "std::string name = name_of(path);\n    for (char& c : name) c = to_lower(c);", "the type of a file*"),
    Mutant("a long part of a large file loses its last byte", "level3/static_files.cpp", "FileSlice{file.file, offset, length}",
           "FileSlice{file.file, offset, length - (length > (1 << 20))}", "a file of 64 MiB*"),
    Mutant("a HEAD leaves its large file open", "level3/static_files.cpp", "    return whole_or_part(request, *file);",
           '    if (request.method == "HEAD" && file->file) new std::shared_ptr(file->file);\n    return whole_or_part(request, *file);',
           "after thousands of requests*"),
    Mutant("a 304 leaves its large file open", "level3/static_files.cpp", "    if (status == 304) return",
           "    if (status == 304 && file->file) new std::shared_ptr(file->file);\n    if (status == 304) return", "after thousands of requests*"),
    Mutant("a part leaves its large file open", "level3/static_files.cpp", "    if (range->length > 0) return part",
           "    if (file.file) new std::shared_ptr(file.file);\n    if (range->length > 0) return part", "after thousands of requests*"),
    Mutant("a folder stays open", "level3/stored_file.cpp", "if (stored->is_directory) return stored;",
           "if (stored->is_directory) { new Descriptor(std::move(file)); return stored; }", "after thousands of requests*"),
    Mutant("a pipe stays open", "level3/stored_file.cpp", "if (!S_ISREG(facts.st_mode)) return nullptr;  // a device",
           "if (!S_ISREG(facts.st_mode)) { new Descriptor(std::move(file)); return nullptr; }  // a device", "after thousands of requests*"),
    Mutant("a second large file on a connection stays open", "level3/connection.cpp",
           "const std::unique_ptr<FileSlice> file = std::move(file_);",
           "const std::unique_ptr<FileSlice> file = std::move(file_);\n    if (file && requests_ > 1) new FileSlice(*file);",
           "after thousands of requests*"),
    Mutant("names in a form are not decoded", "level4/url.cpp", "pairs.emplace_back(decode_component(name),",
           "pairs.emplace_back(std::string(name),", "urlencoded text is decoded*"),
    Mutant("an upload loses the blanks around it", "level4/body/form.cpp", ".content = std::string(part.content)}",
           ".content = std::string(trim(part.content))}", "any text comes back as plain*"),
    Mutant("a boundary is compared in small letters", "level4/body/form.cpp", "parse_media_type(content_type)",
           "parse_media_type(lower_case(content_type))", "a boundary may be quoted*"),
    Mutant("a cookie whose name ends in session is the session", "level4/session/session.cpp",
           "if (name != session_cookie_name) continue;", "if (!name.ends_with(session_cookie_name)) continue;", "the form recognizes*"),
    Mutant("half of a surrogate pair is a character", "level4/body/json_parser.cpp",
           "if (high < 0xD800 || high > 0xDFFF) return high;", "if (high < 0xD800 || high > 0xDBFF) return high;", "what is not JSON*"),
    Mutant("any escape completes a surrogate pair", "level4/body/json_parser.cpp", "if (low < 0xDC00 || low > 0xDFFF)",
           "if (low > 0xDFFF)", "what is not JSON*"),
    Mutant("a JSON number may end in its decimal point", "level4/body/json_parser.cpp",
           'skip_digits("expected a digit after the decimal point");', "while (peek() >= '0' && peek() <= '9') ++at_;", "what is not JSON*"),
    Mutant("a form feed is white space in JSON", "level4/body/json_parser.cpp", "peek() == '\\t' || peek() == '\\n'",
           "peek() == '\\t' || peek() == '\\f' || peek() == '\\n'", "what is not JSON*"),
    Mutant("a brace may follow JSON", "level4/body/json_parser.cpp", "if (at_ != text_.size())",
           "if (at_ != text_.size() && peek() != '}')", "what is not JSON*"),
    Mutant("NaN is a number in JSON", "level4/body/json_parser.cpp", "            default: return parse_number();",
           "            case 'N': return parse_word(\"NaN\", nullptr);\n            default: return parse_number();", "what is not JSON*"),
    Mutant("limit=0 stands for the default", "level4/app/message_api.cpp", "store.newest(offset, limit,",
           "store.newest(offset, limit ? limit : 20,", "/api/messages lists*"),
    Mutant("level 1 looks for the blank line in one piece only", "level1/main.cpp", "request.append(buffer.data(), size);",
           "request.assign(buffer.data(), size);", "nothing is sent*"),
    Mutant("level 1 keeps the descriptor of a client that leaves early", "level1/main.cpp", "if (what != Received::bytes) return;",
           "if (what != Received::bytes) {\n            new Descriptor(dup(client.number()));\n            return;\n        }",
           "after thousands of requests*"),
    Mutant("level 2 keeps the descriptor of a client that leaves early", "level2/server.cpp",
           "case Received::end: conversation.end_of_input(); break;",
           "case Received::end: new Descriptor(dup(client.number())); conversation.end_of_input(); break;",
           "after thousands of requests*"),
    Mutant("all that ends in localhost is this machine", "level4/middleware/allowed_hosts.cpp", 'ends_with(".localhost")',
           'ends_with("localhost")', "a server on this machine is not used*"),
    Mutant("four bytes make a PNG", "level4/app/upload_store.cpp", 'content.starts_with("\\x89PNG\\r\\n\\x1A\\n"sv)',
           'content.starts_with("\\x89PNG"sv)', "a file that is neither a picture*"),
    Mutant("an SVG is a picture", "level4/app/upload_store.cpp", 'if (is_text(content)) return ".txt";',
           'if (content.starts_with("<svg")) return ".gif";\n    if (is_text(content)) return ".txt";', "any text comes back as plain*"),
]


def run(command, folder, seconds):
    """Returns the exit code, or None if it took too long."""
    try:
        return subprocess.run(command, cwd=folder, timeout=seconds, capture_output=True).returncode
    except subprocess.TimeoutExpired:
        return None


def level_of(mutant):
    return mutant.level or ("2" if mutant.file.startswith("common/") else mutant.file[5])


def goals_of(mutant):
    """What is built to judge it."""
    level = level_of(mutant)
    if mutant.cases == UNIT:
        return [f"build/tests/unit-level{level}"]
    return [f"build/level{level}/server", f"build/tests/blackbox-level{level}"]


def build(goals, folder, jobs):
    return run(["make", f"-j{jobs}", "CXXFLAGS=-O0", *goals], folder, 1800) == 0


def judge(mutant, folder):
    """Returns what became of it."""
    level, goals = level_of(mutant), goals_of(mutant)
    path = os.path.join(folder, mutant.file)
    with open(path) as file:
        source = file.read()
    server = f"build/level{level}/server"
    judged_by = [*goals, "--abort-after=1"] if mutant.cases == UNIT else [
        f"build/tests/blackbox-level{level}", f"--level={level}", f"--server={server} {{port}}", "--limit=60", f"-tc={mutant.cases}",
        f"--program={server}", *([f"--public=build/level{level}/public"] if level in "34" else [])]
    try:
        with open(path, "w") as file:
            file.write(source.replace(mutant.old, mutant.new))
        if not build(goals, folder, 1):
            return "NO BUILD"
        return SURVIVES if run(judged_by, folder, 180) == 0 else NOTICED
    finally:
        with open(path, "w") as file:
            file.write(source)


def copy_sources(folder):
    for level in "34":  # where a server looks for its files
        os.makedirs(f"{folder}/build/level{level}", exist_ok=True)
        for part in ("public", "templates"):
            if os.path.isdir(f"level{level}/{part}"):
                shutil.copytree(f"level{level}/{part}", f"{folder}/build/level{level}/{part}", dirs_exist_ok=True)
    for part in ("common", "level1", "level2", "level3", "level4", "tests", "Makefile"):
        target = os.path.join(folder, part)
        if os.path.isdir(part):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(part, target, ignore=shutil.ignore_patterns("server", "data"))
        else:
            shutil.copy2(part, target)


def copies(folder, jobs, goals):
    """A copy of the sources for each job, in which all the goals are built. Returns a queue of them."""
    free = queue.SimpleQueue()
    for job in range(jobs):
        copy = os.path.join(folder, str(job))
        if job > 0 and not os.path.isdir(copy):
            shutil.copytree(os.path.join(folder, "0"), copy)
        copy_sources(copy)
        if not build(goals, copy, jobs):
            raise SystemExit("The servers and their tests can't be built.")
        free.put(copy)
    return free


def main():
    parser = argparse.ArgumentParser(description="Do the tests notice mistakes?")
    parser.add_argument("--folder", default="build/mutants", help="where to copy the sources to")
    parser.add_argument("--only", default="", help="mutants with these words in their description")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many are tried at a time")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.what]
    for mutant in chosen:
        with open(mutant.file) as file:
            if mutant.old not in file.read():
                raise SystemExit(f"{mutant.file} does not contain: {mutant.old}")
    print("Building the servers and their tests, once for each job ...", flush=True)
    free = copies(options.folder, options.jobs, sorted({goal for mutant in chosen for goal in goals_of(mutant)}))

    def try_one(mutant):
        copy = free.get()
        try:
            became = judge(mutant, copy)
        finally:
            free.put(copy)
        print(f"  {became:8}  {mutant.what}", flush=True)
        return became == NOTICED

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        noticed = sum(pool.map(try_one, chosen))
    print(f"{noticed} noticed, {len(chosen) - noticed} survive")
    sys.exit(1 if noticed < len(chosen) or not chosen else 0)


main()
