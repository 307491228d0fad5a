// Templates: pages with {{tags}}, which a Json value fills in. The language is Mustache, all of the
// core of its specification: no expressions, no code, so a template cannot do what a page must not.
// Leaves out: lambdas and the specification's optional parts (inheritance, dynamic names).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "body/json.hpp"

// For the developer's eyes: "thankyou.html:12: {{#messages}} is never closed".
class TemplateError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// One template: compiled once, rendered often, from any number of threads.
//
//   {{name}}                   the value, with & " ' < > escaped
//   {{{name}}} or {{&name}}    the value as it is: only for HTML of our own making
//   {{#name}} ... {{/name}}    once for each item of an array; otherwise once if the value is there
//   {{^name}} ... {{/name}}    if it is not there: missing, null, false, "" or []
//   {{a.b}}  {{.}}             a member of a member; the current item
//   {{>name}}  {{! ... }}      another template, in this place; a comment
//   {{=<% %>=}}                other delimiters from here on
class Template {
  public:
    // Finds the template that {{>name}} asks for. `from` is the tag's place, "messages.html:7". To
    // return nullptr makes the tag render as nothing, which is what the specification wants.
    using Partials = std::function<std::shared_ptr<const Template>(const std::string& name,
                                                                   const std::string& from)>;

    // Sections and partials inside each other, at most: a partial may include itself by mistake.
    static constexpr int max_depth = 100;

    // `name` is for messages. Throws TemplateError for a tag or section that is not closed, a
    // closing tag too many, a name that is none, or bad delimiters.
    explicit Template(std::string_view source, std::string name = "template");

    // A name that has no value renders as nothing. Throws TemplateError past max_depth, and
    // whatever `partials` throws.
    std::string render(const Json& values, const Partials& partials = nullptr) const;

    // The same, at the end of `out`. A name is looked up in the last object of `context`, then in
    // the one before it, and so on. `context` must not be empty.
    void append_to(std::string& out, std::vector<const Json*> context,
                   const Partials& partials) const;

  private:
    class Compiler;
    class Renderer;

    // The compiled form is flat: a section's contents follow it, up to its `end`.
    struct Token {
        enum class Kind { text, escaped, unescaped, section, inverted, end, partial };

        Kind kind = Kind::text;
        bool starts_line = false;       // the indentation of a partial goes in front of this token
        std::string text;               // the text itself, or the partial's name
        std::vector<std::string> path;  // the name, split at its dots; {{.}} is empty
        std::size_t end = 0;            // of a section: the index of its end
        bool alone = false;             // of a partial: has a line to itself,
        std::string indent;             // with this in front of it
        std::string place;              // of a partial: "messages.html:7"
    };

    std::string name_;
    std::vector<Token> tokens_;
};

// A folder of templates, for any number of threads. Each file is compiled when it is first used,
// and again when it has changed: edit a template, reload the page.
class TemplateFolder {
  public:
    // A file is looked at for changes at most every `recheck`: asking the disk costs more than a
    // small page. Throws TemplateError if there is no such folder.
    explicit TemplateFolder(std::filesystem::path folder,
                            std::chrono::milliseconds recheck = std::chrono::milliseconds(100));

    // Renders a page, and then the layout around it: the layout sees the same values, and the page
    // as {{{content}}}. So a title is a value like any other. An empty `layout` leaves the page
    // bare. {{>row}} is the file row.html of the same folder. Throws TemplateError for a file that
    // is not there, that is wrong, or whose name would lead out of the folder.
    std::string render_template(const std::string& page, const Json& values = {},
                                const std::string& layout = "layout.html");

  private:
    struct Entry {
        std::shared_ptr<const Template> compiled;
        std::filesystem::file_time_type modified;
        std::uintmax_t size = 0;
        std::chrono::steady_clock::time_point checked;
    };

    std::shared_ptr<const Template> find(const std::string& name, const std::string& from);

    const std::filesystem::path folder_;
    const std::chrono::milliseconds recheck_;
    std::mutex mutex_;  // guards entries_
    std::map<std::string, Entry> entries_;
};
