// The messages as data, for programs: JSON in, JSON out.
//     GET    /messages?limit=20&offset=0   {"messages": [...], "total": 7, "limit": 20, ...}
//     POST   /messages                     201, Location and the new message
//     GET    /messages/{id:int}            the message
//     PUT    /messages/{id:int}            the changed message
//     DELETE /messages/{id:int}            204
// Leaves out: permissions. Any client may add, change and delete messages. To ask for a password,
// put basic_auth() around the group, as is done for /admin.
#pragma once

#include "app/chat.hpp"
#include "app/message_store.hpp"
#include "router.hpp"

// Store and chat must outlive the router. New messages are announced in the chat.
void add_message_api(RouteGroup api, MessageStore& store, Chat& chat);
