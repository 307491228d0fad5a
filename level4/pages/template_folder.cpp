// See template_folder.hpp.
#include "pages/template_folder.hpp"

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "handler.hpp"

namespace {

namespace fs = std::filesystem;

constexpr const char* default_layout = "layout.html";

// Bytes that a layout adds to a page, so that the page is copied into it and not moved once more.
constexpr std::size_t usual_layout = 2048;

// Today the names come from our own code and templates, but one day one may be built from a URL.
// Hidden files are refused, and ".." with them. A symbolic link is followed, because only someone
// with access to the folder can have made it.
bool is_inside_folder(const std::string& name) {
    const std::string path = "/" + name;
    return !name.empty() && path.find("/.") == std::string::npos &&
           path.find("//") == std::string::npos && path.find('\\') == std::string::npos &&
           path.find('\0') == std::string::npos;
}

std::string file_name(const std::string& name) {
    return name.find('.') == std::string::npos ? name + ".html" : name;
}

}  // namespace

TemplateFolder::TemplateFolder(fs::path folder, std::chrono::milliseconds recheck)
    : folder_(std::move(folder)), recheck_(recheck) {
    if (!fs::is_directory(folder_)) {
        throw TemplateError("there is no folder " + folder_.string() + " with templates");
    }
}

std::string TemplateFolder::render_template(const std::string& page, const Json& values) {
    return render(page, values, find_if_there(default_layout, page));
}

std::string TemplateFolder::render_template(const std::string& page, const Json& values,
                                            const std::string& layout) {
    return render(page, values, layout.empty() ? nullptr : find(layout, page));
}

std::string TemplateFolder::render(const std::string& page, const Json& values,
                                   const Compiled& layout) {
    const Template::Partials partials = [this](const std::string& name, const std::string& from) {
        return find(name, from);
    };
    std::string content = find(page, page)->render(values, partials);
    if (!layout) return content;
    std::string out;
    out.reserve(content.size() + usual_layout);
    Json placed = Json::object();
    placed.set("content", std::move(content));
    layout->append_to(out, {&values, &placed}, partials);
    return out;
}

TemplateFolder::Compiled TemplateFolder::find(const std::string& name, const std::string& from) {
    if (Compiled compiled = find_if_there(name, from)) return compiled;
    throw TemplateError(from + ": there is no template " + file_name(name));
}

// Returns nullptr if there is no such file. The lock is held while a file is compiled, so that two
// threads don't do it twice. A thread that is still rendering an earlier version keeps that alive
// by its shared_ptr.
TemplateFolder::Compiled TemplateFolder::find_if_there(const std::string& name,
                                                       const std::string& from) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto known = entries_.find(name);
    if (known != entries_.end() && now - known->second.checked < recheck_) {
        return known->second.compiled;
    }

    if (!is_inside_folder(name)) throw TemplateError(from + ": no template may be named " + name);
    const fs::path file = folder_ / file_name(name);
    std::error_code error;
    Entry entry;
    entry.checked = now;
    entry.size = fs::file_size(file, error);
    // Taken before the file is read, so that a change in between is seen at the next check.
    if (!error) entry.modified = fs::last_write_time(file, error);
    if (error) return nullptr;
    if (known != entries_.end() && known->second.size == entry.size &&
        known->second.modified == entry.modified) {
        known->second.checked = now;
        return known->second.compiled;
    }
    entry.compiled = load(file_name(name), from);
    entries_[name] = entry;
    return entry.compiled;
}

TemplateFolder::Compiled TemplateFolder::load(const std::string& file,
                                              const std::string& from) const {
    std::ifstream stream(folder_ / file, std::ios::binary);
    if (!stream && (errno == EMFILE || errno == ENFILE)) {
        throw HttpError(503, "Too many files are open.");  // which passes
    }
    if (!stream) throw TemplateError(from + ": cannot read the template " + file);
    const std::string source{std::istreambuf_iterator<char>(stream), {}};
    return std::make_shared<const Template>(source, file);
}
