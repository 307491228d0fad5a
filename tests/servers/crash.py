"""Dies of a segmentation fault with the first request."""
import os, signal, socket, sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
print("waiting for the end", flush=True)
client, _ = listener.accept()
client.recv(1)
os.kill(os.getpid(), signal.SIGSEGV)
