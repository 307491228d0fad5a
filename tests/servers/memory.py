"""Takes more memory than a server may, with the first request."""
import socket, sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
kept = []
while True:
    client, _ = listener.accept()
    while True:
        kept.append(b"x" * (64 << 20))
