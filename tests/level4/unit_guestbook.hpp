// What the tests of the guestbook's parts have in common: a store in a folder of its own, with
// templates that show the values and nothing else.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/message_store.hpp"
#include "template.hpp"

struct GuestbookFolder {
    GuestbookFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "guestbook-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root = pattern;
        std::filesystem::create_directory(root / "templates");
    }
    ~GuestbookFolder() { std::filesystem::remove_all(root); }
    GuestbookFolder(const GuestbookFolder&) = delete;
    GuestbookFolder& operator=(const GuestbookFolder&) = delete;

    void write(const std::filesystem::path& name, const std::string& content) const {
        std::filesystem::create_directories((root / name).parent_path());
        std::ofstream(root / name, std::ios::binary) << content;
    }

    std::filesystem::path root;
};

struct GuestbookParts {
    GuestbookParts() {
        folder.write("templates/layout.html", "<{{title}}>{{{content}}}");
        folder.write("templates/chat.html", "the chat");
        folder.write("templates/admin.html",
                     "{{#messages}}{{id}}:{{name}}:{{message}} {{/messages}}"
                     "{{#uploads}}[{{.}}]{{/uploads}}");
    }
    GuestbookFolder folder;
    MessageStore store{folder.root / "data" / "messages.jsonl"};
    TemplateFolder templates{folder.root / "templates"};
};
