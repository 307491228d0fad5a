"""What connections cost in memory: ten thousand idle ones, and a large file for many slow clients."""
import re
import selectors
import socket
import statistics
import subprocess
import time

from servers import FILE_1G, HELLO

IDLE = 10_000
GET = f"GET {HELLO} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def one_active_client(server):
    """A client that asks again and again for three seconds. Returns the median of the 99th percentiles of each second, and
    the processor time of a request, both in microseconds."""
    p99, requests, before = [], 0, server.processor_seconds()
    for _ in range(3):
        report = subprocess.run(["wrk", "-t1", "-c1", "-d1s", "--latency", f"http://127.0.0.1:{server.port}{HELLO}"],
                                capture_output=True, text=True, check=True).stdout
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms)", report).groups()
        p99.append(float(value) * {"us": 1, "ms": 1e3}[unit])
        requests += int(re.search(r"(\d+) requests in", report)[1])
    return statistics.median(p99), (server.processor_seconds() - before) / requests * 1e6


def connect_many(server, count):
    """Makes `count` connections that have had one reply each."""
    clients = []
    for number in range(count):
        # Each of the loopback's addresses has ports for only 28,000 connections, so use several of them.
        client = socket.socket()
        client.bind((f"127.0.0.{2 + number % 8}", 0))
        client.connect(("127.0.0.1", server.port))
        client.sendall(GET)
        clients.append(client)
    for client in clients:
        client.recv(65536)
    return clients


def measure_idle(server, count):
    alone, alone_cost = one_active_client(server)
    before = server.resident_bytes()
    started = time.monotonic()
    clients = connect_many(server, count)
    took = time.monotonic() - started
    each = (server.resident_bytes() - before) / count
    # Idle connections are closed after five seconds, so what is measured beside them has to be quick.
    crowded, crowded_cost = one_active_client(server)
    still_open = 0
    for client in clients:
        client.setblocking(False)
        try:
            still_open += client.recv(1) != b""
        except BlockingIOError:
            still_open += 1
        client.close()
    print(f"  {server.name}: {count} idle connections take {each:.0f} bytes each ({took:.1f} s to make them); "
          f"an active client's p99 is {alone:.0f} us without them, {crowded:.0f} us with them, and the processor time of "
          f"its request {alone_cost:.0f} us and {crowded_cost:.0f} us ({still_open} of them still open)", flush=True)


def measure_large_file(server, path, clients, seconds):
    """Prints the most resident memory, in MiB, while all clients read as fast as they can."""
    before, most, received = server.resident_bytes(), 0, 0
    selector = selectors.DefaultSelector()
    for _ in range(clients):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        selector.register(client, selectors.EVENT_READ)
    end = time.monotonic() + seconds
    buffer = bytearray(1 << 20)
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            received += key.fileobj.recv_into(buffer)
        most = max(most, server.resident_bytes())
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    print(f"  {server.name}: 1 GiB file to {clients} clients: {before / 2**20:.1f} MiB before, at most {most / 2**20:.1f} "
          f"MiB while {received / 2**30:.1f} GiB went out", flush=True)


def measure_idle_clients(servers):
    """With servers that have served few clients yet, because later they keep memory that they don't need."""
    print("\nidle clients")
    for server in servers:
        if server.name in ("level 4, epoll", "level 4, poll", "nginx", "bare epoll"):
            measure_idle(server, IDLE)
        elif server.name == "level 4, threads":
            measure_idle(server, 900)  # each takes a thread, and there are a thousand at most


def measure_large_files(servers):
    print("\na large file")
    for server in servers:
        if FILE_1G in server.paths:
            measure_large_file(server, FILE_1G, clients=64, seconds=5)
