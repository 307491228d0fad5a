// What the tests of the guestbook's parts have in common: a store in a folder of its own, with
// templates that show the values and nothing else.
#pragma once

#include "app/message_store.hpp"
#include "pages/template_folder.hpp"
#include "temporary_folder.hpp"

struct GuestbookFolder : TemporaryFolder {
    GuestbookFolder() {
        write("templates/layout.html", "<{{title}}>{{{content}}}");
        write("templates/chat.html", "the chat");
        write("templates/contact.html",
              "{{#focus_name}}name{{/focus_name}}{{#focus_email}}email{{/focus_email}}"
              "{{#focus_message}}message{{/focus_message}}");
        write("templates/thankyou.html", "{{name}}:{{#news}} {{.}}{{/news}}");
        write("templates/messages.html",
              "{{#messages}}{{id}} {{/messages}}{{#any}}page {{page}} of {{pages}}"
              "{{#newer}} newer {{newer}}{{/newer}}{{#older}} older {{older}}{{/older}}{{/any}}");
        write("templates/admin.html",
              "{{#messages}}{{id}}:{{name}}:{{message}} {{/messages}}"
              "{{#uploads}}[{{.}}]{{/uploads}}");
    }
};

struct GuestbookParts {
    GuestbookFolder folder;
    MessageStore store{folder.root / "data" / "messages.jsonl"};
    TemplateFolder templates{folder.root / "templates"};
};
