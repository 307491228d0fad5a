// A session: what the server remembers about one visitor, kept in the visitor's own cookie. The
// content is signed, so the visitor can read it but not change it; there is no table on the server.
// Leaves out: secrecy (never put a password in), and taking a session back: a copied cookie works
// until it expires or the key changes. Data that must vanish at once belongs on the server.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "session/cookie.hpp"

constexpr std::string_view session_cookie_name = "session";
constexpr std::chrono::hours session_lifetime{14 * 24};  // since the last change

class Session {
  public:
    // The value stored under `name`, or an empty string.
    std::string get(std::string_view name) const;
    // Throws std::invalid_argument for an empty name. Names and values may have any bytes.
    void set(const std::string& name, const std::string& value);
    void erase(std::string_view name);
    void clear();  // a visitor logs out: values and flashes are gone

    // A message for the next page that the visitor sees, such as "Saved." before a redirect.
    void flash(std::string message);
    // The messages, oldest first. They are gone from the session afterwards.
    std::vector<std::string> take_flashes();

    bool empty() const { return values_.empty() && flashes_.empty(); }
    // Is a Set-Cookie needed? Sending it only then keeps other responses fit for caches.
    bool changed() const { return changed_; }

  private:
    friend Session open_session(std::string_view, const std::vector<std::string>&,
                                std::chrono::system_clock::time_point);
    friend Cookie seal_session(const Session&, const std::vector<std::string>&,
                               std::chrono::system_clock::time_point);

    std::map<std::string, std::string, std::less<>> values_;
    std::vector<std::string> flashes_;
    bool changed_ = false;
};

// The keys in the variable SECRET_KEY, `new,old,older`: the first signs, all of them verify, so a
// key can be replaced without logging everybody out. Blanks around a key and empty keys are
// dropped. No key at all gives an empty list: then use random_session_key() and warn, because every
// session ends with the program. Keys should be long and random (`openssl rand -hex 32`).
std::vector<std::string> parse_session_keys(std::string_view secret_key);

// 32 random bytes from the operating system; throws std::system_error when it has none.
std::string random_session_key();

// The session in the value of a session cookie (empty when the visitor sent none). A value that is
// altered, expired, signed with another key or no session at all gives an empty session: to the
// application it is a new visitor. `now` is a parameter so that tests can let 14 days pass.
Session open_session(std::string_view cookie_value, const std::vector<std::string>& keys,
                     std::chrono::system_clock::time_point now);

// The cookie that carries `session`: HttpOnly, SameSite=Lax, Path=/, 14 days from `now`. For an
// empty session it is a cookie that makes the browser forget the old one. Behind a TLS proxy, set
// `secure` on it. Throws std::invalid_argument when there is no key. serialize_cookie() throws
// std::length_error when the session has grown past 4096 bytes: about 2,900 bytes of content.
Cookie seal_session(const Session& session, const std::vector<std::string>& keys,
                    std::chrono::system_clock::time_point now);
