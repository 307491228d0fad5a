"""Accepts every client, and never says a word."""
import socket, sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
clients = []
while True:
    clients.append(listener.accept())
