// Makes a Form of either format. Two other files know the details of multipart bodies:
// multipart.hpp cuts one into parts, and field_value.hpp reads `form-data; name="photo"`.
#include "body/form.hpp"

#include "body/field_value.hpp"
#include "body/multipart.hpp"
#include "handler.hpp"
#include "text.hpp"
#include "url.hpp"
#include "utf8.hpp"

namespace {

// File systems allow 255 bytes. This leaves room for what a program may put around the name.
constexpr std::size_t max_filename_bytes = 100;

// Both formats come through here, so the limits and the check of the encoding can't differ.
void add_field(Form& form, const std::string& name, std::string value, const FormLimits& limits) {
    if (form.fields.size() == limits.fields) throw HttpError(413, "The form has too many fields.");
    if (value.size() > limits.field_bytes) throw HttpError(413, "A field of the form is too long.");
    // The page has chosen the name, not the visitor. So if it is broken, the request is.
    if (!is_valid_utf8(name)) throw HttpError(400, "The name of a form field is not UTF-8.");
    if (!is_valid_utf8(value)) {
        form.not_utf8.push_back(name);
        value.clear();
    }
    form.fields.emplace_back(name, std::move(value));
}

// The content may be any bytes, bounded only by the limit of the whole body.
void add_file(Form& form, UploadedFile file, const FormLimits& limits) {
    if (form.files.size() == limits.files) throw HttpError(413, "The form has too many files.");
    if (!is_valid_utf8(file.name)) throw HttpError(400, "The name of a form field is not UTF-8.");
    form.files.push_back(std::move(file));
}

// One pair at a time, so that a body of nothing but `a&a&a...` is stopped at the limit, before it
// becomes half a million strings.
Form parse_urlencoded(std::string_view body, const FormLimits& limits) {
    Form form;
    while (!body.empty()) {
        for (const auto& [name, value] : parse_query(take_until(body, "&"))) {
            add_field(form, name, value, limits);
        }
    }
    return form;
}

// Form data is sent without a transfer encoding (RFC 7578 §4.7). A part in base64 is refused,
// because otherwise it would be stored in base64.
void check_transfer_encoding(const Headers& headers) {
    const std::string* encoding = headers.find("Content-Transfer-Encoding");
    if (encoding == nullptr) return;
    const std::string name = lower_case(*encoding);
    if (name != "binary" && name != "8bit" && name != "7bit") {
        throw HttpError(400, "A form part has an unsupported Content-Transfer-Encoding.");
    }
}

// The Content-Disposition of a part names the control of the form (RFC 7578 §4.2). If it has a
// `filename`, the part is a file.
void add_part(Form& form, const Part& part, const FormLimits& limits) {
    check_transfer_encoding(part.headers);
    const std::string* disposition = part.headers.find("Content-Disposition");
    if (disposition == nullptr) throw HttpError(400, "A form part has no Content-Disposition.");
    auto [kind, parameters] = parse_field_value(*disposition);
    if (kind != "form-data" || !parameters.contains("name")) {
        throw HttpError(400, "A form part must be form-data with a name.");
    }
    if (!parameters.contains("filename")) {
        // RFC 7578 §4.2 forbids filename*. If we ignored it, a file would become a text field.
        if (parameters.contains("filename*")) throw HttpError(400, "A form can't have filename*.");
        add_field(form, parameters["name"], std::string(part.content), limits);
        return;
    }
    const std::string& filename = parameters["filename"];
    // This is what a browser sends for a file control that was left empty.
    if (filename.empty() && part.content.empty()) return;
    // RFC 7578 §4.4 would call a part without a type text, but it may be anything.
    const std::string* type = part.headers.find("Content-Type");
    add_file(form,
             {.name = parameters["name"],
              .filename = safe_filename(filename),
              .content_type = type == nullptr ? "application/octet-stream" : *type,
              .content = std::string(part.content)},
             limits);
}

Form parse_multipart(std::string_view boundary, std::string_view body, const FormLimits& limits) {
    Form form;
    const MultipartLimits part_limits{.parts = limits.fields + limits.files,
                                      .header_bytes = limits.part_header_bytes,
                                      .header_fields = limits.part_header_fields};
    for (const Part& part : split_multipart(boundary, body, part_limits)) {
        add_part(form, part, limits);
    }
    return form;
}

}  // namespace

std::string Form::get(std::string_view name) const {
    for (const auto& [field_name, value] : fields) {
        if (field_name == name) return value;
    }
    return "";
}

std::vector<std::string> Form::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [field_name, value] : fields) {
        if (field_name == name) values.push_back(value);
    }
    return values;
}

Form parse_form(std::string_view content_type, std::string_view body, const FormLimits& limits) {
    auto [type, parameters] = parse_media_type(content_type);
    if (type == "application/x-www-form-urlencoded") return parse_urlencoded(body, limits);
    if (type == "multipart/form-data") return parse_multipart(parameters["boundary"], body, limits);
    throw HttpError(415, "Send application/x-www-form-urlencoded or multipart/form-data.",
                    "application/x-www-form-urlencoded, multipart/form-data");
}

std::string safe_filename(std::string_view name) {
    // Never trust a path (RFC 7578 §4.2). The client's system decides which kind of slash it uses.
    const std::size_t slash = name.find_last_of("/\\");
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    std::string safe(name);
    std::erase_if(safe, is_control);
    // An old program may send an old encoding. The ASCII part of the name is kept.
    if (!is_valid_utf8(safe)) {
        for (char& c : safe) {
            if (static_cast<unsigned char>(c) >= 0x80) c = '_';
        }
    }
    if (safe.size() > max_filename_bytes) safe.erase(0, safe.size() - max_filename_bytes);
    // The cut may have split a character. Its remaining continuation bytes are dropped.
    while (!is_valid_utf8(safe)) safe.erase(0, 1);
    // Last, because the cut may have left a dot in front.
    safe.erase(0, safe.find_first_not_of(". "));
    return safe.empty() ? "unnamed" : safe;
}
