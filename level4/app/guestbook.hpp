// The guestbook's pages: a form, a thank-you page, and the messages.
// Leaves out: messages as data (message_api.hpp), and pictures (upload_pages.hpp).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/chat.hpp"
#include "app/message_store.hpp"
#include "pages/template_folder.hpp"
#include "router.hpp"
#include "session/session.hpp"

class Guestbook {
  public:
    // Store, chat and templates must outlive the guestbook. `keys` sign the session cookie.
    Guestbook(MessageStore& store, Chat& chat, TemplateFolder& templates,
              std::vector<std::string> keys)
        : store_(store), chat_(chat), templates_(templates), keys_(std::move(keys)) {}

    void add_routes(Router& router);  // /contact, /thankyou and /messages

  private:
    Response show_form(const Request& request);
    Response take_form(const Request& request);
    Response show_thanks(const Request& request);
    Response show_messages(const Request& request);

    Session session_of(const Request& request) const;
    void keep_session(const Session& session, Response& response) const;

    MessageStore& store_;
    Chat& chat_;
    TemplateFolder& templates_;
    std::vector<std::string> keys_;
};
