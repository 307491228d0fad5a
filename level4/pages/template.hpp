// Templates: pages with {{tags}}, which a Json value fills in. The language is Mustache, with the
// whole core of its specification. It has no expressions and no code, so a template can't do
// anything that a page shouldn't.
// Leaves out: lambdas, the specification's optional parts (inheritance, dynamic names), and files
// (template_folder.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "body/json.hpp"

// A mistake in a template, for the developer: "thankyou.html:12: {{#messages}} is never closed".
class TemplateError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// One template: compiled once, rendered often, from any number of threads.
//
//   {{name}}                   the value, with & " ' < > escaped
//   {{{name}}} or {{&name}}    the value as it is: only for HTML that we have made ourselves
//   {{#name}} ... {{/name}}    once for each item of an array; for any other value once, unless it
//                              is missing, null, false, "" or []
//   {{^name}} ... {{/name}}    once if the value is missing, null, false, "" or []
//   {{a.b}}  {{.}}             a member of a member; the current item
//   {{>name}}  {{! ... }}      another template, in this place; a comment
//   {{=<% %>=}}                other delimiters from here on
class Template {
  public:
    // Finds the template that {{>name}} asks for. `from` is the place of the tag, such as
    // "messages.html:7". If the function returns nullptr, the tag renders as nothing, as the
    // specification demands for a missing partial.
    using Partials = std::function<std::shared_ptr<const Template>(const std::string& name,
                                                                   const std::string& from)>;

    // How deep sections and partials may be nested. A partial may include itself by mistake.
    static constexpr int max_depth = 100;

    // `name` is for messages. Throws TemplateError for a tag or section that isn't closed, a
    // closing tag without a section, a malformed name, or bad delimiters.
    explicit Template(std::string_view source, std::string name = "template");

    // A name without a value renders as nothing. Throws TemplateError past max_depth, and passes on
    // what `partials` throws.
    std::string render(const Json& values, const Partials& partials = nullptr) const;

    // Appends the rendered page to `out`. A name is looked up in the last object of `context`, then
    // in the one before it, and so on. `context` must not be empty.
    void append_to(std::string& out, std::vector<const Json*> context,
                   const Partials& partials) const;

  private:
    class Compiler;
    class Renderer;

    // The compiled form is a flat list: the content of a section follows it, up to an end token.
    //
    //     {{#a}}x{{/a}}y  is compiled to   section a (end: 3) | text "x" | end | text "y"
    //
    // The end is the last token of the content. It renders as nothing, but for the indentation if
    // {{/a}} begins a line of an indented partial.
    struct Token {
        enum class Kind { text, escaped, unescaped, section, inverted, end, partial };

        Kind kind = Kind::text;
        bool starts_line = false;       // in an indented partial, the indentation goes before it
        std::string text;               // the text itself, or the partial's name
        std::vector<std::string> path;  // the name, split at its dots; {{.}} is empty
        std::size_t end = 0;            // of a section: the index after its end token
        bool standalone = false;        // of a partial: the tag has a line to itself
        std::string indent;             // of a standalone partial: the blanks before the tag
        std::string place;              // of a partial: "messages.html:7"
    };

    std::string name_;
    std::size_t source_size_;  // in bytes, from which the room for a page is guessed
    std::vector<Token> tokens_;
};
