// The compiler, which turns text into a flat list of tokens. template_renderer.cpp walks that list.
// What looks odd here (lines that vanish, indented partials) is demanded by the Mustache
// specification, because it makes the output look handwritten.
#include "pages/template.hpp"

#include <algorithm>
#include <utility>

#include "text.hpp"

// Goes from tag to tag. The text in front of a tag becomes a token, then the tag does. Mistakes in
// a template are found here, so that only its partials can make rendering fail.
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
        char sigil;                // '#', '/' and so on; NUL for a plain {{name}}
        std::string_view content;  // the name or the comment, without blanks around it
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
        const bool standalone = is_standalone(tag);
        if (standalone) {
            // The line goes with its tag, so that a section leaves no empty lines behind.
            text_end = begin_of_line(tag.begin);
            indent = source_.substr(text_end, tag.begin - text_end);
            next = end_of_line(tag.end);
        }
        add_text(text_end);
        at_ = next;
        switch (tag.sigil) {
            case '!': break;
            case '=': set_delimiters(tag); break;
            case '#': open_section(tag, Token::Kind::section, standalone); break;
            case '^': open_section(tag, Token::Kind::inverted, standalone); break;
            case '/': close_section(tag, standalone); break;
            case '>': add_partial(tag, indent, standalone); break;
            case '\0': add(Token::Kind::escaped, standalone).path = path_of(tag); break;
            default: add(Token::Kind::unescaped, standalone).path = path_of(tag);  // '{' and '&'
        }
    }

    std::size_t begin_of_line(std::size_t at) const {
        const std::size_t line_end = source_.substr(0, at).rfind('\n');
        return line_end == std::string_view::npos ? 0 : line_end + 1;
    }

    // Just past the line feed, or at the end of the text.
    std::size_t end_of_line(std::size_t at) const {
        const std::size_t line_end = source_.find('\n', at);
        return line_end == std::string_view::npos ? source_.size() : line_end + 1;
    }

    // The specification calls a tag "standalone" if its line holds only blanks besides. A value is
    // never standalone.
    bool is_standalone(const Tag& tag) const {
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

    // A standalone tag leaves no line behind that could be indented.
    Token& add(Token::Kind kind, bool standalone) {
        Token token;
        token.kind = kind;
        token.starts_line = at_line_start_ && !standalone;
        if (!standalone) at_line_start_ = false;
        result_.tokens_.push_back(std::move(token));
        return result_.tokens_.back();
    }

    void open_section(const Tag& tag, Token::Kind kind, bool standalone) {
        open_.push_back({result_.tokens_.size(), tag});
        add(kind, standalone).path = path_of(tag);
    }

    // Sections end in the reverse order of their beginnings, like brackets.
    void close_section(const Tag& tag, bool standalone) {
        if (open_.empty()) fail(tag, text_of(tag) + " closes nothing");
        const auto [token, opener] = open_.back();
        if (tag.content != opener.content) {
            fail(tag, text_of(tag) + " comes before the end of " + text_of(opener) + " from line " +
                          std::to_string(line_of(opener)));
        }
        open_.pop_back();
        add(Token::Kind::end, standalone);
        result_.tokens_[token].end = result_.tokens_.size();
    }

    void add_partial(const Tag& tag, std::string_view indent, bool standalone) {
        check_name(tag);
        Token& token = add(Token::Kind::partial, standalone);
        token.text = tag.content;
        token.standalone = standalone;
        token.indent = indent;
        token.place = place_of(tag);
    }

    // For pages that are full of braces, such as a script. A '=' in a delimiter would end the next
    // tag of this kind too soon.
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

    // A name is split at its dots here, once, and not at each rendering.
    std::vector<std::string> path_of(const Tag& tag) const {
        check_name(tag);
        std::vector<std::string> path;
        if (tag.content == ".") return path;
        if (("." + std::string(tag.content) + ".").find("..") != std::string::npos) {
            fail(tag, text_of(tag) + " has an empty name beside a dot");
        }
        std::string_view rest = tag.content;
        while (!rest.empty()) path.emplace_back(take_until(rest, "."));
        return path;
    }

    // A blank in a name usually means that }} is missing, and that this is the }} of a later tag.
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
    std::size_t at_ = 0;         // everything before this position is compiled
    bool at_line_start_ = true;  // the next token begins a line
    std::string opening_ = "{{";
    std::string closing_ = "}}";
    std::vector<std::pair<std::size_t, Tag>> open_;  // open sections: index of the token, and tag
};

Template::Template(std::string_view source, std::string name)
    : name_(std::move(name)), source_size_(source.size()) {
    Compiler(source, *this).compile();
}
