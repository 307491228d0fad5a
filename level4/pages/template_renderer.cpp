// The renderer, which walks the list of tokens with a stack of the values in sight.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "html.hpp"
#include "pages/template.hpp"

// Appends to one string. `context_` is the stack of the values in sight: the values of the page are
// at the bottom, and each section that is being rendered puts its value on top.
class Template::Renderer {
  public:
    Renderer(std::string& out, std::vector<const Json*> context, const Partials& partials)
        : out_(out), context_(std::move(context)), partials_(partials) {}

    // The tokens from `begin` up to `end`. `indent` goes in front of each line of the template, but
    // never into a value, which must come out as it was written.
    void render(const Template& page, std::size_t begin, std::size_t end,
                const std::string& indent) {
        if (++depth_ > max_depth) {
            throw TemplateError(page.name_ + ": nested too deeply; does a partial include itself?");
        }
        for (std::size_t next = begin; next < end;) {
            const Token& token = page.tokens_[next++];
            if (token.starts_line) out_ += indent;
            switch (token.kind) {
                case Token::Kind::text: append_text(token.text, indent); break;
                case Token::Kind::escaped: append_value(find(token.path), true); break;
                case Token::Kind::unescaped: append_value(find(token.path), false); break;
                case Token::Kind::section:
                    render_section(page, next, token.end, find(token.path), indent);
                    next = token.end;
                    break;
                case Token::Kind::inverted:
                    if (is_nothing(find(token.path))) render(page, next, token.end, indent);
                    next = token.end;
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
        // Only a standalone partial is indented, on top of the indentation of all lines here.
        const std::string deeper = token.standalone ? indent + token.indent : "";
        render(*partial, 0, partial->tokens_.size(), deeper);
    }

    // The first part of a name is searched from the innermost value outwards. The other parts are
    // searched only inside the value found, so that {{a.b}} never mixes two objects.
    const Json* find(const std::vector<std::string>& path) const {
        if (path.empty()) return context_.back();
        const Json* value = nullptr;
        for (auto it = context_.rbegin(); it != context_.rend() && !value; ++it) {
            value = (*it)->find(path[0]);
        }
        for (std::size_t i = 1; value && i < path.size(); ++i) value = value->find(path[i]);
        return value;
    }

    // The specification names null, false and the empty list. We add the empty string, so that
    // {{#error}} asks whether there is an error to show.
    static bool is_nothing(const Json* value) {
        if (!value || value->is_null()) return true;
        if (value->is_bool()) return !value->as_bool();
        if (value->is_string()) return value->as_string().empty();
        return value->is_array() && value->as_array().empty();
    }

    // The only place where a value gets into the page: escaped, unless the template says otherwise.
    // Tags in a value are never looked at.
    void append_value(const Json* value, bool escaped) {
        if (!value || value->is_null()) return;
        const std::string dumped = value->is_string() ? "" : value->dump();  // 7, true
        const std::string& text = value->is_string() ? value->as_string() : dumped;
        out_ += escaped ? escape(text) : text;
    }

    // Indents each line but the first, which render() has indented (starts_line). The line after a
    // final line feed belongs to the next token.
    void append_text(std::string_view text, const std::string& indent) {
        if (indent.empty()) {
            out_ += text;
            return;
        }
        for (std::size_t i = 0; i < text.size(); ++i) {
            out_ += text[i];
            if (text[i] == '\n' && i + 1 < text.size()) out_ += indent;
        }
    }

    std::string& out_;
    std::vector<const Json*> context_;
    const Partials& partials_;
    int depth_ = 0;  // of the calls of render() inside each other
};

std::string Template::render(const Json& values, const Partials& partials) const {
    std::string out;
    append_to(out, {&values}, partials);
    return out;
}

void Template::append_to(std::string& out, std::vector<const Json*> context,
                         const Partials& partials) const {
    out.reserve(out.size() + source_size_);
    Renderer(out, std::move(context), partials).render(*this, 0, tokens_.size(), "");
}
