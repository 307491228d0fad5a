"""Instructions per request in user space, counted by valgrind: the same however busy the machine is."""
import re
import shutil
import signal
import socket
import subprocess
import time

from servers import FORM, HELLO, USER, free_port

TOGETHER = 16  # pipelined requests


def count(server, path, requests):
    """All instructions of a server from its start to its end, while it answers so many requests."""
    port = free_port()
    process = subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *server.command_for(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{server.name} did not start under valgrind")
            time.sleep(0.1)
    for sent in range(0, requests, TOGETHER):
        if sent % 800 == 0:  # a connection ends after a thousand requests
            client = socket.create_connection(("127.0.0.1", port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * TOGETHER)
        received = b""
        while received.count(b"HTTP/1.1 200") < TOGETHER:
            received += client.recv(1 << 20)
    process.send_signal(signal.SIGTERM)
    return int(re.search(r"Collected : (\d+)", process.communicate()[1])[1])


def measure_all(servers):
    if not shutil.which("valgrind"):
        return
    print(f"\ninstructions per request, {TOGETHER} pipelined")
    for server in servers:
        for path in (HELLO, USER, FORM):
            if server.name in ("level 3", "level 4, epoll") and path in server.paths:
                each = (count(server, path, 2400) - count(server, path, 800)) / 1600
                print(f"  {server.name}, {path}: {each:.0f}", flush=True)
