// First the compiler, which turns text into a flat list of tokens; then the renderer, which walks
// the list with a stack of the values in sight; then the folder. What is odd here (lines that
// vanish, indentation of partials) is the Mustache specification's wish: it makes the output look
// handwritten.
#include "pages/template.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "html.hpp"

// --- Compiling ---

// Goes from tag to tag. The text in front of a tag becomes a token, then the tag does. What can be
// wrong with a template is found here, so that rendering a page has only the partials left to fear.
class Template::Compiler {
  public:
    Compiler(std::string_view source, Template& result) : source_(source), result_(result) {}

    void compile() {
        for (;;) {
            const std::size_t begin = source_.find(opening_, at_);
            if (begin == std::string_view::npos) break;
            compile_tag(read_tag(begin));
        }
        add_text(source_.size());
        if (open_.empty()) return;
        const Tag& tag = open_.back().second;
        fail(tag, text_of(tag) + " is never closed");
    }

  private:
    struct Tag {
        std::size_t begin;
        std::size_t end;
        char sigil;                // '#', '/' ...; NUL for a plain {{name}}
        std::string_view content;  // without blanks around it
    };

    // The tag that begins there, up to its closing delimiter.
    Tag read_tag(std::size_t begin) const {
        Tag tag{begin, source_.size(), '\0', {}};
        std::size_t start = source_.find_first_not_of(blanks, begin + opening_.size());
        start = std::min(start, source_.size());
        std::string closing = closing_;
        if (start < source_.size() && sigils.find(source_[start]) != std::string_view::npos) {
            tag.sigil = source_[start++];
        }
        // Two kinds of tag end with a mark of their own: {{{name}}} and {{=<% %>=}}.
        if (tag.sigil == '{') closing = "}" + closing_;
        if (tag.sigil == '=') closing = "=" + closing_;
        const std::size_t stop = source_.find(closing, start);
        if (stop == std::string_view::npos) fail(tag, first_word(tag) + " is never closed");
        tag.end = stop + closing.size();
        tag.content = strip(source_.substr(start, stop - start));
        return tag;
    }

    void compile_tag(const Tag& tag) {
        std::size_t text_end = tag.begin;
        std::size_t next = tag.end;
        std::string_view indent;
        const bool alone = stands_alone(tag);
        if (alone) {
            // The line goes with its tag, so that a section leaves no empty lines behind.
            text_end = source_.substr(0, tag.begin).rfind('\n') + 1;  // npos + 1 is 0
            indent = source_.substr(text_end, tag.begin - text_end);
            // Behind the line end. In a last line without one, find() says npos.
            next = std::min(source_.find('\n', tag.end), source_.size() - 1) + 1;
        }
        add_text(text_end);
        at_ = next;
        switch (tag.sigil) {
            case '!': break;
            case '=': set_delimiters(tag); break;
            case '#': open_section(tag, Token::Kind::section, alone); break;
            case '^': open_section(tag, Token::Kind::inverted, alone); break;
            case '/': close_section(tag, alone); break;
            case '>': add_partial(tag, indent, alone); break;
            case '\0': add(Token::Kind::escaped, alone).path = path_of(tag); break;
            default: add(Token::Kind::unescaped, alone).path = path_of(tag);  // '{' and '&'
        }
    }

    // "Standalone": nothing but blanks beside it on its line. Values always stay where they are.
    bool stands_alone(const Tag& tag) const {
        if (tag.sigil == '\0' || tag.sigil == '{' || tag.sigil == '&') return false;
        const std::size_t before = source_.substr(0, tag.begin).find_last_not_of(" \t");
        if (before != std::string_view::npos && source_[before] != '\n') return false;
        const std::size_t after = source_.find_first_not_of(" \t", tag.end);
        return after == std::string_view::npos || source_[after] == '\n' ||
               source_.substr(after, 2) == "\r\n";
    }

    void add_text(std::size_t end) {
        if (end <= at_) return;
        std::string text(source_.substr(at_, end - at_));
        const bool ends_line = text.back() == '\n';
        add(Token::Kind::text, false).text = std::move(text);
        at_line_start_ = ends_line;
    }

    // A tag with a line to itself leaves no line behind that could be indented.
    Token& add(Token::Kind kind, bool alone) {
        Token token;
        token.kind = kind;
        token.starts_line = at_line_start_ && !alone;
        if (!alone) at_line_start_ = false;
        result_.tokens_.push_back(std::move(token));
        return result_.tokens_.back();
    }

    void open_section(const Tag& tag, Token::Kind kind, bool alone) {
        open_.push_back({result_.tokens_.size(), tag});
        add(kind, alone).path = path_of(tag);
    }

    // Sections end in the reverse order of their beginnings, like brackets.
    void close_section(const Tag& tag, bool alone) {
        if (open_.empty()) fail(tag, text_of(tag) + " closes nothing");
        const auto [token, opener] = open_.back();
        if (tag.content != opener.content) {
            fail(tag, text_of(tag) + " comes before the end of " + text_of(opener) + " from line " +
                          std::to_string(line_of(opener)));
        }
        open_.pop_back();
        result_.tokens_[token].end = result_.tokens_.size();
        add(Token::Kind::end, alone);  // text may follow on its line, and needs its indentation
    }

    void add_partial(const Tag& tag, std::string_view indent, bool alone) {
        check_name(tag);
        Token& token = add(Token::Kind::partial, alone);
        token.text = tag.content;
        token.alone = alone;
        token.indent = indent;
        token.place = place_of(tag);
    }

    // For pages that are full of braces, such as a script. The '=' would end the next such tag too
    // soon.
    void set_delimiters(const Tag& tag) {
        const std::string_view both = tag.content;
        const std::size_t gap = both.find_first_of(blanks);
        const std::string_view second = gap < both.size() ? strip(both.substr(gap)) : "";
        if (second.empty() || both.find('=') != std::string_view::npos ||
            second.find_first_of(blanks) != std::string_view::npos) {
            fail(tag, text_of(tag) + " must name two delimiters, as in {{=<% %>=}}");
        }
        opening_ = both.substr(0, gap);
        closing_ = second;
    }

    // Split once, here, and not at each rendering.
    std::vector<std::string> path_of(const Tag& tag) const {
        check_name(tag);
        std::vector<std::string> path;
        if (tag.content == ".") return path;
        for (std::size_t start = 0; start <= tag.content.size();) {
            const std::size_t dot = std::min(tag.content.find('.', start), tag.content.size());
            if (dot == start) fail(tag, text_of(tag) + " has an empty name beside a dot");
            path.emplace_back(tag.content.substr(start, dot - start));
            start = dot + 1;
        }
        return path;
    }

    // A blank in a name mostly means that }} is missing, and that this is the }} of a later tag.
    void check_name(const Tag& tag) const {
        if (tag.content.empty()) fail(tag, text_of(tag) + " has no name");
        if (tag.content.find_first_of(blanks) != std::string_view::npos ||
            tag.content.find(opening_) != std::string_view::npos) {
            fail(tag, first_word(tag) + " is never closed, or has a blank in its name");
        }
    }

    static std::string_view strip(std::string_view text) {
        const std::size_t first = text.find_first_not_of(blanks);
        if (first == std::string_view::npos) return {};
        return text.substr(first, text.find_last_not_of(blanks) - first + 1);
    }

    std::string text_of(const Tag& tag) const {
        return std::string(source_.substr(tag.begin, tag.end - tag.begin));
    }

    std::string first_word(const Tag& tag) const {
        const std::string_view text = source_.substr(tag.begin);
        return std::string(text.substr(0, text.find_first_of(blanks, opening_.size() + 1)));
    }

    std::size_t line_of(const Tag& tag) const {
        const std::string_view before = source_.substr(0, tag.begin);
        return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    }

    std::string place_of(const Tag& tag) const {
        return result_.name_ + ":" + std::to_string(line_of(tag));
    }

    [[noreturn]] void fail(const Tag& tag, const std::string& problem) const {
        throw TemplateError(place_of(tag) + ": " + problem);
    }

    static constexpr std::string_view blanks = " \t\r\n";
    static constexpr std::string_view sigils = "#^/!>&{=";

    std::string_view source_;
    Template& result_;
    std::size_t at_ = 0;  // everything before it is compiled
    bool at_line_start_ = true;
    std::string opening_ = "{{";
    std::string closing_ = "}}";
    std::vector<std::pair<std::size_t, Tag>> open_;  // sections: their tokens and tags
};

Template::Template(std::string_view source, std::string name) : name_(std::move(name)) {
    Compiler(source, *this).compile();
}

// --- Rendering ---

// Appends to one string. `context_` is the stack of the values in sight: the page's at the bottom,
// and on top of it one for each section that is being rendered.
class Template::Renderer {
  public:
    Renderer(std::string& out, std::vector<const Json*> context, const Partials& partials)
        : out_(out), context_(std::move(context)), partials_(partials) {}

    // The tokens from `begin` up to `end`. `indent` goes in front of each line of the template, but
    // never into a value: it would change what somebody wrote.
    void render(const Template& page, std::size_t begin, std::size_t end,
                const std::string& indent) {
        if (++depth_ > max_depth) {
            throw TemplateError(page.name_ + ": nested too deeply; does a partial include itself?");
        }
        for (std::size_t i = begin; i < end; ++i) {
            const Token& token = page.tokens_[i];
            if (token.starts_line) out_ += indent;
            switch (token.kind) {
                case Token::Kind::text: append_text(token.text, indent); break;
                case Token::Kind::escaped: append_value(find(token.path), true); break;
                case Token::Kind::unescaped: append_value(find(token.path), false); break;
                case Token::Kind::section:
                    // Up to and with the end's own token: see close_section().
                    render_section(page, i + 1, token.end + 1, find(token.path), indent);
                    i = token.end;
                    break;
                case Token::Kind::inverted:
                    if (is_nothing(find(token.path))) render(page, i + 1, token.end + 1, indent);
                    i = token.end;
                    break;
                case Token::Kind::end: break;
                case Token::Kind::partial: render_partial(token, indent);
            }
        }
        --depth_;
    }

  private:
    void render_section(const Template& page, std::size_t begin, std::size_t end, const Json* value,
                        const std::string& indent) {
        if (is_nothing(value)) return;
        if (!value->is_array()) return render_with(*value, page, begin, end, indent);
        for (const Json& item : value->as_array()) render_with(item, page, begin, end, indent);
    }

    void render_with(const Json& value, const Template& page, std::size_t begin, std::size_t end,
                     const std::string& indent) {
        context_.push_back(&value);
        render(page, begin, end, indent);
        context_.pop_back();
    }

    void render_partial(const Token& token, const std::string& indent) {
        if (!partials_) return;
        const std::shared_ptr<const Template> partial = partials_(token.text, token.place);
        if (!partial) return;
        // Only a partial with a line to itself is indented, on top of what all lines here have.
        const std::string deeper = token.alone ? indent + token.indent : "";
        render(*partial, 0, partial->tokens_.size(), deeper);
    }

    // The first part of a name is searched from the innermost value outwards; the others only
    // inside what it has found, so that {{a.b}} never mixes two objects.
    const Json* find(const std::vector<std::string>& path) const {
        if (path.empty()) return context_.back();
        const Json* value = nullptr;
        for (auto it = context_.rbegin(); it != context_.rend() && !value; ++it) {
            value = (*it)->find(path[0]);
        }
        for (std::size_t i = 1; value && i < path.size(); ++i) value = value->find(path[i]);
        return value;
    }

    // The specification names null, false and the empty list. The empty string is one more, because
    // {{#error}} is how a form asks whether there is a message to show.
    static bool is_nothing(const Json* value) {
        if (!value || value->is_null()) return true;
        if (value->is_bool()) return !value->as_bool();
        if (value->is_string()) return value->as_string().empty();
        return value->is_array() && value->as_array().empty();
    }

    void append_value(const Json* value, bool escaped) {
        if (!value || value->is_null()) return;
        if (!value->is_string()) return append_value_text(value->dump(), escaped);  // 7, true
        append_value_text(value->as_string(), escaped);
    }

    // The only place where a value meets the page: escaped, unless the template says otherwise.
    // What stands in the value is never looked at for tags.
    void append_value_text(const std::string& text, bool escaped) {
        if (escaped) {
            out_ += escape(text);
        } else {
            out_ += text;
        }
    }

    // The line that a final line feed begins belongs to the next token.
    void append_text(std::string_view text, const std::string& indent) {
        // After each line end but one at the very end (npos is larger than any size).
        while (!indent.empty() && text.find('\n') < text.size() - 1) {
            const std::size_t line = text.find('\n') + 1;
            out_ += text.substr(0, line);
            out_ += indent;
            text.remove_prefix(line);
        }
        out_ += text;
    }

    std::string& out_;
    std::vector<const Json*> context_;
    const Partials& partials_;
    int depth_ = 0;
};

std::string Template::render(const Json& values, const Partials& partials) const {
    std::string out;
    append_to(out, {&values}, partials);
    return out;
}

void Template::append_to(std::string& out, std::vector<const Json*> context,
                         const Partials& partials) const {
    Renderer(out, std::move(context), partials).render(*this, 0, tokens_.size(), "");
}

// --- The folder ---

TemplateFolder::TemplateFolder(std::filesystem::path folder, std::chrono::milliseconds recheck)
    : folder_(std::move(folder)), recheck_(recheck) {
    if (!std::filesystem::is_directory(folder_)) {
        throw TemplateError("there is no folder " + folder_.string() + " with templates");
    }
}

std::string TemplateFolder::render_template(const std::string& page, const Json& values,
                                            const std::string& layout) {
    const Template::Partials partials = [this](const std::string& name, const std::string& from) {
        return find(name, from);
    };
    std::string content = find(page, page)->render(values, partials);
    if (layout.empty()) return content;
    Json placed = Json::object();
    placed.set("content", std::move(content));
    std::string out;
    find(layout, page)->append_to(out, {&values, &placed}, partials);
    return out;
}

namespace {

// The names come from our own code and templates, but one day somebody will build one from a URL.
// Hidden files are out, and with them "..". A symbolic link is followed: whoever made it may.
bool is_inside_folder(const std::string& name) {
    const std::string path = "/" + name;
    return !name.empty() && path.find("/.") == std::string::npos &&
           path.find("//") == std::string::npos && path.find('\\') == std::string::npos &&
           path.find('\0') == std::string::npos;
}

}  // namespace

// The lock is held while a file is compiled, so that two threads don't do it twice. A thread that
// is still rendering the previous version keeps that alive by its shared_ptr.
std::shared_ptr<const Template> TemplateFolder::find(const std::string& name,
                                                     const std::string& from) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto known = entries_.find(name);
    if (known != entries_.end() && now - known->second.checked < recheck_) {
        return known->second.compiled;
    }

    if (!is_inside_folder(name)) throw TemplateError(from + ": no template may be named " + name);
    const std::string file = name.find('.') == std::string::npos ? name + ".html" : name;
    std::error_code error;
    Entry entry;
    entry.checked = now;
    entry.size = std::filesystem::file_size(folder_ / file, error);
    // The time is taken before the file is read: a change in between is seen at the next check.
    if (!error) entry.modified = std::filesystem::last_write_time(folder_ / file, error);
    if (error) throw TemplateError(from + ": there is no template " + file);
    if (known != entries_.end() && known->second.size == entry.size &&
        known->second.modified == entry.modified) {
        known->second.checked = now;
        return known->second.compiled;
    }

    std::ifstream stream(folder_ / file, std::ios::binary);
    if (!stream) throw TemplateError(from + ": cannot read the template " + file);
    const std::string source{std::istreambuf_iterator<char>(stream), {}};
    entry.compiled = std::make_shared<const Template>(source, file);
    entries_[name] = entry;
    return entry.compiled;
}
