// A session cookie is `base64url(payload).base64url(HMAC-SHA-256 of the text before the dot)`.
// The payload is a row of strings, each written as `LENGTH:BYTES`, so that nothing needs escaping:
// first the time of expiry in seconds since 1970, then names and values in turn. A flash is a value
// with an empty name.
#include "session/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "number.hpp"
#include "session/base64.hpp"
#include "session/random.hpp"
#include "session/sha256.hpp"
#include "text.hpp"

namespace {

std::int64_t unix_seconds(std::chrono::system_clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

// The word in front ties the signature to its purpose. If the program one day signs something else
// with the same key, that can't be passed off as a session.
std::string sign(std::string_view text, const std::string& key) {
    return base64url_encode(hmac_sha256(key, "session." + std::string(text)));
}

// Compares texts and not decoded bytes, so that there is only one way to write a valid signature.
bool is_signed(std::string_view text, std::string_view signature,
               const std::vector<std::string>& keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
        return constant_time_equal(signature, sign(text, key));
    });
}

void append_string(std::string& payload, std::string_view text) {
    payload += std::to_string(text.size()) + ":";
    payload += text;
}

// Takes the next string off the front of the payload. Nothing if there is no complete one.
std::optional<std::string> take_string(std::string_view& payload) {
    const std::size_t colon = payload.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto length = parse_number<std::size_t>(payload.substr(0, colon));
    payload.remove_prefix(colon + 1);
    // A signature proves who wrote this, but not that it is free of mistakes. Check every length.
    if (!length || *length > payload.size()) return std::nullopt;
    std::string text(payload.substr(0, *length));
    payload.remove_prefix(*length);
    return text;
}

// The payload of a cookie's value, or nothing if the signature is wrong.
std::optional<std::string> verified_payload(std::string_view cookie_value,
                                            const std::vector<std::string>& keys) {
    const std::string_view text = take_until(cookie_value, ".");
    const std::string_view signature = cookie_value;
    if (signature.empty()) return std::nullopt;  // no dot, or no cookie: that needs no digest
    // The signature is checked first, so that a stranger's bytes are not even decoded.
    if (!is_signed(text, signature, keys)) return std::nullopt;
    return base64url_decode(text);
}

}  // namespace

std::string Session::get(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
}

void Session::set(const std::string& name, const std::string& value) {
    if (name.empty()) throw std::invalid_argument("session: a value needs a name");
    const auto [entry, is_new] = values_.try_emplace(name, value);
    if (!is_new && entry->second == value) return;  // no change, so no cookie is needed
    entry->second = value;
    changed_ = true;
}

void Session::erase(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) return;
    values_.erase(found);
    changed_ = true;
}

// Clearing an empty session changes nothing, so logging out without a session sends no cookie.
void Session::clear() {
    if (empty()) return;
    values_.clear();
    flashes_.clear();
    changed_ = true;
}

void Session::flash(std::string message) {
    flashes_.push_back(std::move(message));
    changed_ = true;
}

// Taking messages is a change, because the cookie that still carries them must be replaced.
std::vector<std::string> Session::take_flashes() {
    if (!flashes_.empty()) changed_ = true;
    return std::exchange(flashes_, {});
}

std::vector<std::string> parse_session_keys(std::string_view secret_key) {
    std::vector<std::string> keys;
    while (!secret_key.empty()) {
        const std::string_view key = trim(take_until(secret_key, ","));
        if (!key.empty()) keys.emplace_back(key);
    }
    return keys;
}

std::string random_session_key() {
    return random_bytes(32);
}

Session open_session(std::string_view cookie_value, const std::vector<std::string>& keys,
                     std::chrono::system_clock::time_point now) {
    const std::optional<std::string> payload = verified_payload(cookie_value, keys);
    if (!payload) return {};
    std::string_view rest = *payload;

    // The browser forgets the cookie after 14 days by itself, but a thief's copy lives on.
    const auto expires = parse_number<std::int64_t>(take_string(rest).value_or(""));
    if (!expires || unix_seconds(now) >= *expires) return {};

    Session session;
    while (!rest.empty()) {
        std::optional<std::string> name = take_string(rest);
        std::optional<std::string> value = take_string(rest);
        // We have signed it and can't read it, so another version of the program wrote it.
        if (!name || !value) return {};
        if (name->empty()) {
            session.flashes_.push_back(std::move(*value));
        } else {
            session.values_.insert_or_assign(std::move(*name), std::move(*value));
        }
    }
    return session;
}

Session find_session(const Headers& headers, const std::vector<std::string>& keys,
                     std::chrono::system_clock::time_point now) {
    constexpr int most_tried = 10;  // each costs a signature, and a browser sends one, or a few
    int tried = 0;
    for (const auto& [field, value] : headers) {
        if (!equal_ignoring_case(field, "Cookie")) continue;
        for (const auto& [name, cookie] : parse_cookies(value)) {
            if (name != session_cookie_name) continue;
            if (++tried > most_tried) return {};
            Session session = open_session(cookie, keys, now);
            if (!session.empty()) return session;
        }
    }
    return {};
}

Cookie seal_session(const Session& session, const std::vector<std::string>& keys,
                    std::chrono::system_clock::time_point now) {
    if (keys.empty()) throw std::invalid_argument("session: there is no key to sign with");
    Cookie cookie{.name = std::string(session_cookie_name), .value = ""};
    cookie.path = "/";
    cookie.http_only = true;
    cookie.same_site = SameSite::lax;
    if (session.empty()) {
        // HTTP can't delete a cookie. It can only set one that has expired.
        cookie.max_age = std::chrono::seconds(0);
        cookie.expires = std::chrono::system_clock::time_point{};  // 1970, for old browsers
        return cookie;
    }

    // The time is signed as well, because Max-Age is only a request to the browser.
    std::string payload;
    append_string(payload, std::to_string(unix_seconds(now + session_lifetime)));
    for (const auto& [name, value] : session.values_) {
        append_string(payload, name);
        append_string(payload, value);
    }
    for (const std::string& message : session.flashes_) {
        append_string(payload, "");
        append_string(payload, message);
    }
    const std::string text = base64url_encode(payload);
    cookie.value = text + "." + sign(text, keys.front());
    cookie.max_age = session_lifetime;
    return cookie;
}
