// The least that a server on epoll can do: it reads what a client has sent, takes that for a GET
// without looking at it, and sends the bytes of a file. No server can be faster on this machine.
// What ours needs beyond that is the cost of parsing, routing and making the reply.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: peer_bare PORT FILE-WITH-THE-REPLY\n");
        return 2;
    }
    std::ifstream file(argv[2], std::ios::binary);
    const std::string reply(std::istreambuf_iterator<char>(file), {});

    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 1024) != 0) {
        std::perror("peer_bare");
        return 1;
    }
    const int epoll = epoll_create1(0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);

    char buffer[65536];
    epoll_event events[256];
    for (;;) {
        const int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; ++i) {
            const int client = events[i].data.fd;
            if (client == listener) {
                event.data.fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (recv(client, buffer, sizeof buffer, 0) <= 0 ||
                       send(client, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) {
                close(client);
            }
        }
    }
}
