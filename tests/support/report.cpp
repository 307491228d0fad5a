// Writes the reports of report.hpp. The shell commands use port 9000, where a student's server runs
// while it is being repaired, because the port of the test run is gone by then.
#include "report.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "public_folder.hpp"

namespace {

constexpr std::size_t longest_shell_line = 900;

std::string in_quotes(std::string_view text) {
    std::string result = "'";
    for (char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// The lines of one well-formed request without a body; nothing if the bytes are anything else.
std::optional<std::vector<std::string>> request_lines(std::string_view sent) {
    std::size_t end = sent.find("\r\n\r\n");
    if (end == std::string_view::npos || end + 4 != sent.size()) return std::nullopt;
    std::vector<std::string> lines = split(sent.substr(0, end), '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
        bool last = i + 1 == lines.size();
        if (!last && !lines[i].ends_with('\r')) return std::nullopt;
        if (!last) lines[i].pop_back();
        if (!is_plain(lines[i])) return std::nullopt;
    }
    return lines;
}

// One field as curl's -H takes it. curl frames bodies itself, so it can't be told to lie about
// them.
std::optional<std::string> header_flag(const std::string& line) {
    std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    std::string name = line.substr(0, colon);
    std::string value(trimmed(line.substr(colon + 1)));
    if (name.find_first_of(" \t;\"") != std::string::npos) return std::nullopt;
    if (lower(name) == "content-length" || lower(name) == "transfer-encoding") return std::nullopt;
    if (lower(name) == "host" && value == "localhost") return "";
    return " -H " + in_quotes(value.empty() ? name + ";" : name + ": " + value);
}

std::optional<std::string> curl_line(std::string_view sent) {
    auto lines = request_lines(sent);
    if (!lines) return std::nullopt;
    std::vector<std::string> words = split(lines->front(), ' ');
    // curl speaks no other versions, and keeps what is behind a # to itself.
    if (words.size() != 3 || !words[1].starts_with('/') ||
        words[1].find('#') != std::string::npos ||
        (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0"))
        return std::nullopt;
    if (words[0] == "HEAD") return std::nullopt;  // curl would hide a body that must not be there
    std::string command = "curl -i --path-as-is";
    // Brackets and braces stand for a list of addresses otherwise.
    if (words[1].find_first_of("[]{}") != std::string::npos) command += " --globoff";
    if (words[0] != "GET") command += " -X " + in_quotes(words[0]);
    if (words[2] == "HTTP/1.0") command += " --http1.0";
    std::size_t hosts = 0;
    for (std::size_t i = 1; i < lines->size(); ++i) {
        if (lower((*lines)[i]).starts_with("host:")) ++hosts;
        std::optional<std::string> flag = header_flag((*lines)[i]);
        if (!flag) return std::nullopt;
        command += *flag;
    }
    if (hosts != 1) return std::nullopt;
    return command + " " + in_quotes("http://localhost:9000" + words[1]);
}

std::string printf_command(std::string_view sent) {
    std::string format;
    for (char c : sent) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '%')
            format += "%%";
        else if (c == '\\')
            format += "\\\\";
        else if (c == '\r')
            format += "\\r";
        else if (c == '\n')
            format += "\\n";
        else if (byte >= 0x20 && byte < 0x7f)
            format += c;
        else
            format +=
                {'\\', static_cast<char>('0' + (byte >> 6)),
                 static_cast<char>('0' + ((byte >> 3) & 7)), static_cast<char>('0' + (byte & 7))};
    }
    return "printf " + in_quotes(format);
}

// Sends the pieces with pauses between them, so that they arrive apart.
std::string pieces_line(std::string_view sent, const std::vector<std::size_t>& cuts) {
    std::string commands = printf_command(sent.substr(0, cuts.front()));
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        const std::size_t end = i + 1 < cuts.size() ? cuts[i + 1] : sent.size();
        commands += "; sleep 0.5; " + printf_command(sent.substr(cuts[i], end - cuts[i]));
    }
    return "(" + commands + ") | nc localhost 9000";
}

std::string ending_text(Ending ending) {
    switch (ending) {
        case Ending::closed: return "the server closed the connection";
        case Ending::reset: return "the server broke the connection (TCP RST)";
        case Ending::silent: return "the server sent nothing more until the deadline";
        case Ending::open: break;
    }
    return "nothing more was read";
}

// Every line after the first gets the indent.
std::string indented(const std::string& lines, const std::string& indent) {
    std::string result;
    for (const std::string& line : split(lines, '\n')) {
        if (!result.empty()) result += "\n" + indent;
        result += visible(line);
    }
    return result;
}

void add(std::string& text, std::string_view label, const std::string& content) {
    if (content.empty()) return;
    text += std::string(label) + std::string(10 - label.size(), ' ') + content + "\n";
}

}  // namespace

std::string shell_line(std::string_view sent, const std::vector<std::size_t>& cuts) {
    if (sent.empty()) return "nc localhost 9000     (and type nothing)";
    constexpr std::size_t few = 4;
    if (!cuts.empty() && cuts.size() <= few && sent.size() < longest_shell_line)
        return pieces_line(sent, cuts);
    std::string line = curl_line(sent).value_or(printf_command(sent) + " | nc localhost 9000");
    if (line.size() > longest_shell_line) return "(too long for a shell command)";
    return line;
}

std::string outcome(const Exchange& exchange) {
    const Reply& reply = exchange.reply;
    if (!exchange.crash.empty() && !exchange.signals.empty())
        return exchange.crash + " after " + exchange.signals.back().name +
               ", before the reply was complete";
    if (!exchange.crash.empty()) {
        std::string_view sent = exchange.sent;
        std::string_view end = sent.substr(sent.size() > 200 ? sent.size() - 200 : 0);
        return exchange.crash + " after these bytes: " + visible(end);
    }
    if (!reply.problem.empty()) return "not a correct HTTP reply: " + reply.problem;
    if (reply.complete()) return "status " + std::to_string(reply.status);
    if (exchange.received.empty()) return "no reply: " + ending_text(exchange.ending);
    const std::size_t head_end = exchange.received.find("\r\n\r\n");
    if (reply.field("Content-Length") != nullptr && head_end != std::string::npos) {
        return "a Content-Length of " + reply.value("Content-Length") + ", but only " +
               std::to_string(exchange.received.size() - head_end - 4) + " bytes of body; then " +
               ending_text(exchange.ending);
    }
    return "an incomplete reply of " + std::to_string(exchange.received.size()) +
           " bytes: " + ending_text(exchange.ending);
}

namespace {

std::string when_it_came(const Exchange::Signal& signal, const Exchange& exchange) {
    const std::string when =
        signal.sent_before == 0 ? "before anything was sent"
        : signal.sent_before == exchange.sent.size()
            ? "after all of this was sent"
            : "after the first " + std::to_string(signal.sent_before) + " bytes were sent";
    return signal.name + " came " + when;
}

std::string shown_bytes(const Exchange& exchange, const Failure& failure) {
    const std::string indent(10, ' ');
    std::size_t mark = failure.received_mark;
    if (!exchange.reply.problem.empty()) mark = exchange.reply.problem_offset;
    std::string text;
    add(text, "first", how_to_make_files_in(exchange.sent));
    add(text, "try", shell_line(exchange.sent, exchange.cuts));
    add(text, "sent", listing(exchange.sent, failure.sent_mark, indent));
    for (const auto& signal : exchange.signals) add(text, "signal", when_it_came(signal, exchange));
    add(text, "received", listing(exchange.received, mark, indent));
    add(text, "", "(then " + ending_text(exchange.ending) + ")");
    add(text, "printed", indented(exchange.printed, indent));
    return text;
}

}  // namespace

std::string report(const Exchange& exchange, const Failure& failure, Detail detail) {
    std::string text;
    if (detail == Detail::all) text = shown_bytes(exchange, failure);
    add(text, "expected", failure.expected);
    add(text, "got", failure.got);
    add(text, "why", failure.why);
    add(text, "hint", failure.hint);
    if (!contains(failure.hint, "MSG_NOSIGNAL")) add(text, "hint", advice_on(exchange.crash));
    const bool said = failure.hint.find("SHUT_WR") != std::string::npos;
    if (exchange.ending == Ending::reset && exchange.crash.empty() && !said)
        add(text, "hint",
            "close() with unread bytes in the socket makes the kernel send RST, and the client may "
            "lose the reply. Call shutdown(SHUT_WR), read what is left, then close()");
    return text;
}
