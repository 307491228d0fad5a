// A folder of templates. Each file is compiled when it is first used, and again when it has
// changed: edit a template, reload the page.
// Leaves out: forgetting files that are no longer there. There are as many entries as names used.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "body/json.hpp"
#include "pages/template.hpp"

// May be used by any number of threads at once.
class TemplateFolder {
  public:
    // A file is checked for changes at most every `recheck`, because asking the disk costs more
    // than rendering a small page. Throws TemplateError if there is no such folder.
    explicit TemplateFolder(std::filesystem::path folder,
                            std::chrono::milliseconds recheck = std::chrono::milliseconds(100));

    // Renders a page. If the folder has a layout.html, that is rendered around it: the layout sees
    // the same values, and the page as {{{content}}}. So a title is a value like any other.
    // {{>row}} is the file row.html of the same folder. Throws TemplateError for a file that
    // doesn't exist, that has a mistake in it, or whose name would lead out of the folder.
    std::string render_template(const std::string& page, const Json& values = {});

    // The same within another layout, which must exist. An empty name leaves the page bare.
    std::string render_template(const std::string& page, const Json& values,
                                const std::string& layout);

  private:
    using Compiled = std::shared_ptr<const Template>;

    struct Entry {
        Compiled compiled;
        std::filesystem::file_time_type modified;
        std::uintmax_t size = 0;
        std::chrono::steady_clock::time_point checked;
    };

    std::string render(const std::string& page, const Json& values, const Compiled& layout);
    Compiled find(const std::string& name, const std::string& from);
    Compiled find_if_there(const std::string& name, const std::string& from);
    Compiled load(const std::string& file, const std::string& from) const;

    const std::filesystem::path folder_;
    const std::chrono::milliseconds recheck_;
    std::mutex mutex_;  // guards entries_
    std::map<std::string, Entry> entries_;
};
