// What the cases about the live guestbook share: messages as they arrive over the chat's WebSocket
// and in the stream of events. Shares no code with the servers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"
#include "expect.hpp"
#include "guestbook.hpp"
#include "json_value.hpp"
#include "websocket.hpp"

// A message as both the chat and the API take it: {"name":...,"message":...}.
std::string message_json(std::string_view name, std::string_view message);
void say(WebSocket& socket, std::string_view name, std::string_view message = "said in the chat");
std::string api_post(std::string_view name, std::string_view message = "posted by the API");
// Posts a message of this name and waits for the 201.
void post(std::string_view name, ServerProcess& server = shared_server(),
          Where where = Where::here());

// The next message with this name in it. Others, such as the history, are skipped. Nothing if it
// does not come.
std::optional<JsonValue> hear(WebSocket& socket, std::string_view name,
                              double seconds = reply_patience());
// Opens `count` sockets of the chat. Each is certain to be in the room, because it has had the
// answer to a ping (the 101 comes before that), and the history it was sent has been read.
std::vector<WebSocket> join_chat(std::size_t count, ServerProcess& server = shared_server());

// The names of the next `count` messages whose names contain `mark`, in order. Fewer if they do not
// all come.
std::vector<std::string> hear_names(WebSocket& socket, std::string_view mark, std::size_t count,
                                    double seconds = reply_patience());
void expect_heard(WebSocket& socket, std::string_view name, const Reason& reason,
                  Where where = Where::here());

// The message, as it arrived live, has the members that the API shows under its id.
void expect_as_in_api(const JsonValue& message, Where where = Where::here());

// A client of a stream of events.
class EventStream {
  public:
    explicit EventStream(ServerProcess& server = shared_server(), int receive_buffer = 0,
                         const std::vector<std::string>& fields = {},
                         std::string_view path = "/api/messages/events");

    // The head of the reply, as an exchange without a body.
    const Exchange& head() const { return head_; }
    // The data of the next event; comments are skipped. Nothing if none comes.
    std::optional<std::string> next(double seconds = reply_patience());
    // Whether the last chunk has arrived. Does not wait.
    bool complete() const { return complete_; }

    Client& client() { return client_; }

  private:
    bool decode_chunk();

    Client client_;
    Exchange head_;
    std::string decoded_;
    bool complete_ = false;
};

// The message in the next event that contains this name.
std::optional<JsonValue> hear(EventStream& stream, std::string_view name,
                              double seconds = reply_patience());

// The names of all messages that the API knows, the newest first.
std::vector<std::string> stored_names(ServerProcess& server);
