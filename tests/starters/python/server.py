"""A server of your own, to be built up stage by stage: TODO.md has the stages, and `make next` says
what comes next. So far every client gets the same page, whatever it asks for."""

import socket
import sys

PAGE = b"<h1>Hello, world!</h1>"


def handle_client(client):
    client.recv(1024)  # is that all of the request?
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + PAGE)


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        print(f"Listening on http://localhost:{port}", flush=True)
        while True:
            client, _ = listener.accept()
            with client:
                handle_client(client)


main()
