// Templates: Mustache as its specification has it, errors that say where, and a folder of files.
// The specification's own cases run if the variable MUSTACHE_SPEC names the folder of its JSON
// files (github.com/mustache/spec, specs/*.json). They are not copied here.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "body/json.hpp"
#include "file_content.hpp"
#include "handler.hpp"
#include "mutation.hpp"
#include "no_descriptors.hpp"
#include "pages/template.hpp"
#include "pages/template_folder.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;

std::string render(const std::string& source, const Json& values = {}) {
    return Template(source).render(values);
}

// With partials that are given as name and source.
std::string render_with(const std::map<std::string, std::string>& partials,
                        const std::string& source, const Json& values = {}) {
    const auto find = [&partials](const std::string& name,
                                  const std::string&) -> std::shared_ptr<const Template> {
        const auto found = partials.find(name);
        if (found == partials.end()) return nullptr;
        return std::make_shared<const Template>(found->second, name);
    };
    return Template(source).render(values, find);
}

// The error that compiling this template ends in.
std::string complaint(const std::string& source) {
    try {
        const Template compiled(source, "page.html");
        return "no error";
    } catch (const TemplateError& error) {
        return error.what();
    }
}

// A folder of templates for each test, with a layout in it.
class Folder {
  public:
    Folder() { write("layout.html", "[{{title}}|{{{content}}}]"); }

    void remove(const std::string& name) const { fs::remove(templates() / name); }

    void write(const std::string& name, const std::string& source) const {
        folder_.write(templates() / name, source);
    }

    fs::path templates() const { return folder_.root / "templates"; }

    // The error that rendering this page ends in.
    std::string complaint(const std::string& page,
                          const std::string& layout = "layout.html") const {
        TemplateFolder folder(templates());
        try {
            folder.render_template(page, {}, layout);
            return "no error";
        } catch (const TemplateError& error) {
            return error.what();
        }
    }

  private:
    TemporaryFolder folder_;
};

// Makes a folder check its files each time, so that every change is seen at once.
constexpr std::chrono::milliseconds always{0};

}  // namespace

// --- The specification ---

TEST_CASE("template: the Mustache specification's own cases pass") {
    const char* folder = std::getenv("MUSTACHE_SPEC");
    if (!folder) {
        MESSAGE("not run: MUSTACHE_SPEC does not name the folder of the specification");
        return;
    }
    int cases = 0;
    for (const std::string name :
         {"comments", "delimiters", "interpolation", "inverted", "partials", "sections"}) {
        const Json spec = Json::parse(file_content(fs::path(folder) / (name + ".json")));
        for (const Json& test : spec.at("tests").as_array()) {
            std::map<std::string, std::string> partials;
            if (const Json* given = test.find("partials")) {
                for (const auto& [partial, source] : given->as_object()) {
                    partials[partial] = source.as_string();
                }
            }
            INFO(name, ": ", test.at("name").as_string());
            CHECK(render_with(partials, test.at("template").as_string(), test.at("data")) ==
                  test.at("expected").as_string());
            ++cases;
        }
    }
    CHECK(cases >= 136);
}

// --- Values ---

TEST_CASE("template: a value is escaped, so that it cannot become HTML") {
    CHECK(render("<p title='{{x}}'>", {{"x", "<b a=\"1\" b='2'>&"}}) ==
          "<p title='&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;'>");
}

TEST_CASE("template: three braces or an ampersand leave a value as it is") {
    CHECK(render("{{{x}}} {{&x}}", {{"x", "<b>"}}) == "<b> <b>");
}

TEST_CASE("template: tags inside a value come out literally") {
    CHECK(render("{{x}} {{{x}}}", {{"x", "{{y}} {{#y}} {{>y}} {{=<% %>=}}"}, {"y", "secret"}}) ==
          "{{y}} {{#y}} {{&gt;y}} {{=&lt;% %&gt;=}} {{y}} {{#y}} {{>y}} {{=<% %>=}}");
}

TEST_CASE("template: numbers and booleans are written as in JSON") {
    CHECK(render("{{a}} {{b}} {{c}}", {{"a", 42}, {"b", 1.5}, {"c", true}}) == "42 1.5 true");
}

TEST_CASE("template: null and a name without a value render as nothing") {
    CHECK(render("[{{a}}{{b}}{{b.c}}]", {{"a", nullptr}}) == "[]");
}

TEST_CASE("template: an object in braces is written as JSON that is safe in a script") {
    CHECK(render("<script>x = {{{data}}}</script>", {{"data", {{"a", "</script>"}}}}) ==
          "<script>x = {\"a\":\"\\u003c/script>\"}</script>");
}

TEST_CASE("template: the parts of a dotted name are looked up in one object") {
    CHECK(render("{{#in}}[{{a.b}}]{{/in}}",
                 {{"a", {{"b", "outer"}}}, {"in", {{"a", {{"c", 1}}}}}}) == "[]");
}

TEST_CASE("template: where nothing is escaped, a NUL and bytes that aren't UTF-8 stay") {
    const std::string bytes(
        "a\0\xff"
        "b",
        4);
    CHECK(render(bytes + "{{{x}}}", {{"x", bytes}}) == bytes + bytes);
}

// --- Sections ---

TEST_CASE("template: a section is rendered once for each item") {
    const Json values{{"rows", Json::array({Json{{"n", 1}}, Json{{"n", 2}}})}};
    CHECK(render("{{#rows}}<{{n}}>{{/rows}}", values) == "<1><2>");
}

TEST_CASE("template: the items of an array can be plain values") {
    CHECK(render("{{#a}}{{.}},{{/a}}", {{"a", Json::array({"x", 2, true})}}) == "x,2,true,");
}

TEST_CASE("template: the items of an array can be arrays") {
    const Json rows = Json::array({Json::array({1, 2}), Json::array({3})});
    CHECK(render("{{#a}}({{#.}}{{.}}{{/.}}){{/a}}", {{"a", rows}}) == "(12)(3)");
}

TEST_CASE("template: a section sees the names around it") {
    CHECK(render("{{#a}}{{b}}{{c}}{{/a}}", {{"a", {{"b", 1}}}, {"b", 2}, {"c", 3}}) == "13");
}

TEST_CASE("template: the names of a section can't be seen after it") {
    CHECK(render("{{#a}}{{x}}{{/a}}{{x}}", {{"a", {{"x", 1}}}, {"x", 2}}) == "12");
}

TEST_CASE("template: the limit on depth doesn't count sections that follow one another") {
    Json::Array items(1000, Json(7));
    CHECK(render("{{#a}}{{#.}}{{/.}}{{/a}}done", {{"a", items}}) == "done");
}

TEST_CASE("template: missing, null, false, \"\" and [] don't render a section") {
    const Json values{{"a", nullptr}, {"b", false}, {"c", ""}, {"d", Json::array()}};
    for (const std::string name : {"a", "b", "c", "d", "e"}) {
        INFO(name);
        CHECK(render("{{#" + name + "}}yes{{/" + name + "}}{{^" + name + "}}no{{/" + name + "}}",
                     values) == "no");
    }
}

TEST_CASE("template: zero and the empty object render a section") {
    const Json values{{"a", 0}, {"b", Json::object()}};
    CHECK(render("{{#a}}yes{{/a}}{{^a}}no{{/a}} {{#b}}yes{{/b}}{{^b}}no{{/b}}", values) ==
          "yes yes");
}

// --- Lines ---

TEST_CASE("template: a tag with a line to itself leaves no line behind") {
    CHECK(render("<ul>\n  {{#a}}\n  <li>{{.}}\n  {{/a}}\n</ul>\n{{! end }}\n",
                 {{"a", Json::array({1, 2})}}) == "<ul>\n  <li>1\n  <li>2\n</ul>\n");
}

TEST_CASE("template: a line may end in CR LF") {
    CHECK(render("a\r\n {{#x}} \r\nb\r\n{{/x}}\r\nc", {{"x", true}}) == "a\r\nb\r\nc");
}

TEST_CASE("template: a value with a line to itself stays where it is") {
    CHECK(render("a\n  {{x}}\nb", {{"x", ""}}) == "a\n  \nb");
}

TEST_CASE("template: a line with two tags stays as it is") {
    CHECK(render("{{#a}} {{/a}}\n.", {{"a", true}}) == " \n.");
}

TEST_CASE("template: a comment may span lines") {
    CHECK(render("a\n  {{! one\n  two }}\nb{{! three }}c") == "a\nbc");
}

// --- Partials ---

TEST_CASE("template: a partial is indented like its tag, and a partial in it further") {
    CHECK(render_with({{"outer", "<ul>\n  {{>inner}}\n</ul>\n"}, {"inner", "<li>\n{{{x}}}\n"}},
                      "  {{>outer}}\n",
                      {{"x", "1\n2"}}) == "  <ul>\n    <li>\n    1\n2\n  </ul>\n");
}

TEST_CASE("template: each line of an indented partial is indented once, whatever it begins with") {
    CHECK(render_with({{"p", "{{! c }}a\n{{#on}}b{{/on}}\n{{#on}}\nc\n{{/on}}\n{{^on}}{{/on}}d\n"}},
                      "  {{>p}}\n", {{"on", true}}) == "  a\n  b\n  c\n  d\n");
}

TEST_CASE("template: a partial inside a line is not indented") {
    CHECK(render_with({{"outer", "x {{>inner}}\n"}, {"inner", "1\n2"}}, "  {{>outer}}\n") ==
          "  x 1\n2\n");
}

TEST_CASE("template: a partial may include itself while there are values") {
    const Json tree{{"n", 1}, {"kids", Json::array({Json{{"n", 2}, {"kids", Json::array()}}})}};
    CHECK(render_with({{"node", "{{n}}({{#kids}}{{>node}}{{/kids}})"}}, "{{>node}}", tree) ==
          "1(2())");
}

TEST_CASE("template: a partial that includes itself without end is an error that names it") {
    CHECK_THROWS_WITH_AS(render_with({{"row", "{{>row}}"}}, "{{>row}}"),
                         "row: nested too deeply; does a partial include itself?", TemplateError);
}

TEST_CASE("template: sections nested without end are an error, not a stack overflow") {
    std::string opening;
    std::string closing;
    for (int i = 0; i < 100'000; ++i) {
        opening += "{{#a}}";
        closing += "{{/a}}";
    }
    CHECK_THROWS_AS(render(opening + closing, {{"a", true}}), TemplateError);
}

// --- Delimiters ---

TEST_CASE("template: other delimiters hold until they are changed again") {
    CHECK(render("{{=<% %>=}}{{x}}<%x%><%={{ }}=%>{{x}}", {{"x", 1}}) == "{{x}}11");
}

TEST_CASE("template: braces inside other delimiters leave a value as it is") {
    CHECK(render("{{=<% %>=}}<%{x}%>", {{"x", "<"}}) == "<");
}

// --- Errors ---

TEST_CASE("template: a tag that is never closed is an error with file and line") {
    CHECK(complaint("a\nb {{name\n") == "page.html:2: {{name is never closed");
}

TEST_CASE("template: a tag that runs into the next one is an error") {
    CHECK(complaint("{{name <b>\n{{other}}") ==
          "page.html:1: {{name is never closed, or has a blank in its name");
    CHECK(complaint("{{name{{other}}") ==
          "page.html:1: {{name{{other}} is never closed, or has a blank in its name");
}

TEST_CASE("template: a tag that begins with three braces must end with three") {
    CHECK(complaint("\n{{{name}} x") == "page.html:2: {{{name}} is never closed");
}

TEST_CASE("template: a section that is never closed is an error at its first line") {
    CHECK(complaint("a\n{{#messages}}\nb\n") == "page.html:2: {{#messages}} is never closed");
}

TEST_CASE("template: sections that are closed in the wrong order are an error with both lines") {
    CHECK(complaint("{{#a}}\n{{^b}}\n{{/a}}") ==
          "page.html:3: {{/a}} comes before the end of {{^b}} from line 2");
}

TEST_CASE("template: a closing tag without a section is an error") {
    CHECK(complaint("{{#a}}{{/a}}\n{{/a}}") == "page.html:2: {{/a}} closes nothing");
}

TEST_CASE("template: a tag without a name is an error") {
    for (const std::string tag : {"{{}}", "{{ }}", "{{{}}}", "{{#}}", "{{>}}", "{{&}}"}) {
        CHECK(complaint(tag) == "page.html:1: " + tag + " has no name");
    }
}

TEST_CASE("template: a dotted name with an empty part is an error") {
    for (const std::string tag : {"{{a.}}", "{{.a}}", "{{a..b}}", "{{..}}"}) {
        CHECK(complaint(tag) == "page.html:1: " + tag + " has an empty name beside a dot");
    }
}

TEST_CASE("template: delimiters must be two words without '='") {
    for (const std::string tag : {"{{=<%=}}", "{{=a b c=}}", "{{==}}", "{{=a= b=}}", "{{= =}}"}) {
        CHECK(complaint(tag) ==
              "page.html:1: " + tag + " must name two delimiters, as in {{=<% %>=}}");
    }
}

TEST_CASE("template: a damaged template is rendered, or refused with its line") {
    const std::vector<std::string> samples = {
        "<h1>{{title}}</h1>\n{{#rows}}\n  {{>row}}\n  {{{a.b}}} {{&c}} {{.}}\n{{/rows}}\n",
        "{{^rows}}none{{/rows}}\r\n{{! comment }}\n{{=<% %>=}}<%x%> <%={{ }}=%>\n"};
    const std::vector<std::string> pieces = {"{{",     "}}",  "{{{", "}",        "{{#a}}",
                                             "{{/a}}", "{{=", "=}}", "\n",       ".",
                                             " ",      "{{>", "<%",  "{{/rows}}"};
    const Json values{{"title", "t"}, {"rows", Json::array({1, "a", Json{{"a", {{"b", 2}}}}})}};
    try_mutations("templates", samples, pieces, [&values](const std::string& source) {
        try {
            render_with({{"row", "  {{n}}\n"}}, source, values);
        } catch (const TemplateError& error) {
            REQUIRE_MESSAGE(std::string(error.what()).starts_with("template:"), source);
        }
    });
}

// --- The folder ---

TEST_CASE("templates: a page is placed in the layout, which sees the same values") {
    const Folder files;
    files.write("thankyou.html", "<p>Thank you, {{name}}!</p>");
    TemplateFolder folder(files.templates());
    CHECK(folder.render_template("thankyou.html", {{"name", "<Ada>"}, {"title", "Thanks"}}) ==
          "[Thanks|<p>Thank you, &lt;Ada&gt;!</p>]");
}

TEST_CASE("templates: a value called content doesn't replace the page") {
    const Folder files;
    files.write("page.html", "page");
    TemplateFolder folder(files.templates());
    CHECK(folder.render_template("page.html", {{"content", "<script>"}}) == "[|page]");
}

TEST_CASE("templates: without a layout.html a page is rendered bare") {
    const Folder files;
    files.write("page.html", "<p>{{n}}");
    files.remove("layout.html");
    TemplateFolder folder(files.templates(), always);
    CHECK(folder.render_template("page.html", {{"n", 1}}) == "<p>1");
    files.write("layout.html", "[{{{content}}}]");
    CHECK(folder.render_template("page.html", {{"n", 1}}) == "[<p>1]");
    files.remove("layout.html");
    CHECK(folder.render_template("page.html", {{"n", 1}}) == "<p>1");
}

TEST_CASE("templates: a mistake in layout.html is an error of every page") {
    const Folder files;
    files.write("page.html", "");
    files.write("layout.html", "{{#a}}");
    TemplateFolder folder(files.templates());
    CHECK_THROWS_WITH_AS(folder.render_template("page.html"),
                         "layout.html:1: {{#a}} is never closed", TemplateError);
}

TEST_CASE("templates: a page can be rendered in another layout, or in none") {
    const Folder files;
    files.write("row.html", "<li>{{n}}");
    TemplateFolder folder(files.templates());
    CHECK(folder.render_template("row.html", {{"n", 1}}, "") == "<li>1");
    files.write("list.html", "<ul>{{{content}}}</ul>");
    CHECK(folder.render_template("row.html", {{"n", 1}}, "list.html") == "<ul><li>1</ul>");
}

TEST_CASE("templates: partials come from the same folder, with and without .html") {
    const Folder files;
    files.write("page.html", "{{>row}} {{>parts/row.html}}");
    files.write("row.html", "row {{n}}");
    files.write("parts/row.html", "part {{n}}");
    TemplateFolder folder(files.templates());
    CHECK(folder.render_template("page.html", {{"n", 1}}, "") == "row 1 part 1");
}

TEST_CASE("templates: a change that keeps a file's time is noticed by its size") {
    const Folder files;
    files.write("page.html", "{{>row}}");
    files.write("row.html", "old");
    TemplateFolder folder(files.templates(), always);
    REQUIRE(folder.render_template("page.html", {}, "") == "old");
    const fs::path path = files.templates() / "row.html";
    const auto modified = fs::last_write_time(path);
    files.write("row.html", "newer");
    fs::last_write_time(path, modified);
    CHECK(folder.render_template("page.html", {}, "") == "newer");
}

TEST_CASE("templates: a change that keeps a file's size is noticed by its time") {
    const Folder files;
    files.write("page.html", "old");
    TemplateFolder folder(files.templates(), always);
    REQUIRE(folder.render_template("page.html", {}, "") == "old");
    files.write("page.html", "new");
    const fs::path path = files.templates() / "page.html";
    fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(2));
    CHECK(folder.render_template("page.html", {}, "") == "new");
}

TEST_CASE("templates: a file is checked for changes at most once in the time given") {
    const Folder files;
    files.write("page.html", "old");
    TemplateFolder folder(files.templates(), std::chrono::hours(1));
    REQUIRE(folder.render_template("page.html", {}, "") == "old");
    files.write("page.html", "newer");
    CHECK(folder.render_template("page.html", {}, "") == "old");
}

TEST_CASE("templates: a template with a mistake works once it is corrected") {
    const Folder files;
    files.write("page.html", "{{#a}}");
    TemplateFolder folder(files.templates(), always);
    REQUIRE_THROWS_AS(folder.render_template("page.html"), TemplateError);
    files.write("page.html", "{{#a}}{{/a}}right");
    CHECK(folder.render_template("page.html", {}, "") == "right");
}

TEST_CASE("templates: without a free descriptor it is 503, and works once there is one") {
    const Folder files;
    files.write("page.html", "right");
    TemplateFolder folder(files.templates(), always);
    {
        const NoDescriptors shortage;
        CHECK_THROWS_AS(folder.render_template("page.html", {}, ""), HttpError);
    }
    CHECK(folder.render_template("page.html", {}, "") == "right");
}

TEST_CASE("templates: a missing page is an error that names it") {
    CHECK(Folder().complaint("nowhere.html") == "nowhere.html: there is no template nowhere.html");
}

TEST_CASE("templates: a missing layout is an error that names the page and the layout") {
    const Folder files;
    files.write("page.html", "");
    CHECK(files.complaint("page.html", "other.html") ==
          "page.html: there is no template other.html");
}

TEST_CASE("templates: a missing partial is an error that names the file and line of its tag") {
    const Folder files;
    files.write("page.html", "a\n{{>row}}\n");
    CHECK(files.complaint("page.html") == "page.html:2: there is no template row.html");
}

TEST_CASE("templates: a mistake in a partial is an error that names the partial's file") {
    const Folder files;
    files.write("page.html", "{{>row}}");
    files.write("row.html", "\n{{#a}}");
    CHECK(files.complaint("page.html") == "row.html:2: {{#a}} is never closed");
}

TEST_CASE("templates: no name leads out of the folder or to a hidden file") {
    const Folder files;
    files.write("../secret.html", "secret");
    files.write(".hidden.html", "secret");
    for (const std::string name :
         {"../secret.html", "../secret", "./page.html", "a/../../secret.html", ".hidden.html",
          "/etc/passwd", "a//b.html", "a\\..\\secret.html", ""}) {
        CHECK(files.complaint(name) == name + ": no template may be named " + name);
    }
}

TEST_CASE("templates: a name with a NUL in it is refused") {
    const Folder files;
    files.write("page.html", "page");
    TemplateFolder folder(files.templates());
    CHECK_THROWS_AS(folder.render_template(std::string("page.html\0.txt", 14)), TemplateError);
}

TEST_CASE("templates: a folder that doesn't exist is an error at once") {
    const Folder files;
    CHECK_THROWS_AS(TemplateFolder(files.templates() / "nowhere"), TemplateError);
}

TEST_CASE("templates: threads can render while a file changes") {
    const Folder files;
    files.write("page.html", "{{#a}}{{>row}}{{/a}}");
    files.write("row.html", "x");
    TemplateFolder folder(files.templates(), always);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&folder, &wrong] {
            for (int round = 0; round < 200; ++round) {
                const std::string text =
                    folder.render_template("page.html", {{"a", Json::array({1, 2, 3})}}, "");
                // A file that is being written is empty for a moment.
                if (text.find_first_not_of("xy") != std::string::npos) ++wrong;
            }
        });
    }
    for (int round = 0; round < 100; ++round) files.write("row.html", round % 2 ? "x" : "yy");
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}
