// A session: what the server remembers about one visitor, kept in the visitor's own cookie. The
// content is signed, so the visitor can read it but not change it. The server keeps no table.
// Leaves out: secrecy (never store a password in it), and taking a session back, because a copied
// cookie works until it expires or the key changes. Data that must vanish at once belongs on the
// server.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "headers.hpp"
#include "session/cookie.hpp"

constexpr std::string_view session_cookie_name = "session";
constexpr std::chrono::hours session_lifetime{14 * 24};  // since the last change

class Session {
  public:
    // The value stored under `name`, or an empty string.
    std::string get(std::string_view name) const;
    // Throws std::invalid_argument for an empty name. Names and values may hold any bytes.
    void set(const std::string& name, const std::string& value);
    void erase(std::string_view name);
    void clear();  // removes values and flashes: the visitor logs out

    // A message for the next page that the visitor sees, such as "Saved." before a redirect.
    void flash(std::string message);
    // The messages, oldest first. They are removed from the session.
    std::vector<std::string> take_flashes();

    bool empty() const { return values_.empty() && flashes_.empty(); }
    // Does the reply need a Set-Cookie? Replies without one can be cached.
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

// The keys in the variable SECRET_KEY, such as `new,old,older`. The first one signs, and all of
// them verify, so a key can be replaced without logging all visitors out. Blanks around a key and
// empty keys are dropped. If the list is empty, use random_session_key() and warn that sessions
// will end with the program. Keys should be long and random (`openssl rand -hex 32`).
std::vector<std::string> parse_session_keys(std::string_view secret_key);

// 32 random bytes. Throws std::system_error if the operating system has none to give.
std::string random_session_key();

// The session in the value of a session cookie, which is empty if the visitor sent none. A value
// that was altered, has expired or is signed with another key gives an empty session, so the
// application sees a new visitor. `now` is a parameter so that tests can let 14 days pass.
Session open_session(std::string_view cookie_value, const std::vector<std::string>& keys,
                     std::chrono::system_clock::time_point now);

// The session in the fields of a request: that of the first session cookie that holds a valid one,
// because another program on this host, or an older version of this one, may have left a cookie of
// the same name with a longer path. Several Cookie fields are one list (a proxy may split it).
Session find_session(const Headers& headers, const std::vector<std::string>& keys,
                     std::chrono::system_clock::time_point now);

// The cookie that carries `session`: HttpOnly, SameSite=Lax, Path=/, 14 days from `now`. For an
// empty session it is a cookie that makes the browser forget the old one. Behind a TLS proxy, set
// `secure` on it. Throws std::invalid_argument if there is no key. serialize_cookie() then throws
// std::length_error if the session is too large for a cookie, past about 2,900 bytes of content.
Cookie seal_session(const Session& session, const std::vector<std::string>& keys,
                    std::chrono::system_clock::time_point now);
