"""Answers the first bytes of every client with the same 200, whatever they are, and leaves the rest unread."""
import socket, sys

PAGE = b"<h1>Hello, world!</h1>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(PAGE)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    client, _ = listener.accept()
    with client:
        try:
            client.recv(4096)
            client.sendall(HEAD + PAGE)
        except OSError:
            pass
