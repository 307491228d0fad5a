"""Prints the count that it would like to have, and answers nothing right."""
import socket, sys

print("\n92 passed, 0 failed, 0 skipped", flush=True)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    client, _ = listener.accept()
    with client:
        client.sendall(b"68 passed, 0 failed, 0 skipped\n")
