#!/usr/bin/env python3
"""All kinds of traffic at once, good and bad, against level 4 under the sanitizers: make soak SECONDS=600

Half of the time goes to each engine. At the end the server must still answer, hold every message that it
acknowledged, have given back its descriptors, end at SIGTERM with exit code 0, and have reported nothing.
"""
import argparse
import collections
import http.client
import itertools
import os
import random
import sys
import tempfile
import threading
import time

from attack import WEBSOCKET, frame, upload
from victim import ENGINES, Failure, Victim, reset

PATHS = ("/", "/hello?name=%C3%BC", "/users/42", "/static/style.css", "/files/", "/messages", "/contact", "/nothing",
         "/api/messages?limit=5", "/static/../../etc/passwd", "/chat", "/admin")
BROKEN = (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n" * 100,
          b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\r\nhello\r\n0\r\n\r\n",
          b"GET " + b"a" * 9000 + b" HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200)
GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"


class Traffic:
    """What one client does next. `acknowledged` collects the names of stored messages."""

    def __init__(self, victim):
        self.victim, self.acknowledged, self.numbers = victim, set(), itertools.count()
        self.done = collections.Counter()

    def get(self, random):
        self.victim.request("GET", random.choice(PATHS), fields={"Accept-Encoding": random.choice(("gzip", ""))})

    def pipeline(self, random):
        with self.victim.connect() as client:
            requests = [GET % (random.choice(PATHS).encode(), b"") for _ in range(random.randint(1, 200))]
            client.sendall(b"".join(requests) + GET % (b"/hello", b"Connection: close\r\n"))
            while client.recv(random.choice((100, 65536))):
                pass

    def post(self, random):
        name = f"soak {next(self.numbers)}"
        if self.victim.post_message(name, 20) is not None:
            self.acknowledged.add(name)

    def upload(self, random):
        with self.victim.connect() as client:
            data = b"".join(upload(random.choice((10, 10_000, 1_000_000, 1_100_000))))
            while data:
                size = random.choice((1, 1000, 1 << 20))
                client.sendall(data[:size])
                data = data[size:] if size > 1 else data[1:]
                if random.random() < 0.02:
                    return reset(client)
            client.recv(4096)

    def broken(self, random):
        with self.victim.connect() as client:
            client.sendall(random.choice(BROKEN))
            client.recv(4096)

    def websocket(self, random):
        with self.victim.connect() as client:
            client.sendall(WEBSOCKET % random.choice((b"/ws/chat", b"/ws/echo")))
            for _ in range(random.randint(0, 20)):
                client.sendall(frame(random.choice((1, 2, 8, 9, 10, 11)), random.randbytes(random.choice((0, 5, 125)))))
            client.recv(4096)
            if random.random() < 0.3:
                reset(client)

    def chat(self, random):
        with self.victim.connect() as client:
            said = b'{"name":"soak","message":"in the chat"}'
            client.sendall(WEBSOCKET % b"/ws/chat" + frame(1, said) * random.randint(1, 20))
            client.recv(4096)

    def events(self, random):
        with self.victim.connect() as client:
            client.sendall(GET % (b"/api/messages/events", b"Last-Event-ID: 1\r\n"))
            for _ in range(random.randint(1, 10)):
                client.settimeout(0.2)
                client.recv(4096)

    def leave(self, random):
        client = self.victim.connect()
        client.sendall((GET % (random.choice(PATHS).encode(), b""))[:random.randint(1, 60)])
        reset(client)

    def run(self, end, seed):
        chance = random.Random(seed)
        kinds = (self.get, self.get, self.pipeline, self.post, self.upload, self.broken, self.websocket, self.chat,
                 self.events, self.leave)
        while time.monotonic() < end:
            kind = chance.choice(kinds)
            try:
                kind(chance)
            except (OSError, http.client.HTTPException):
                self.done["broken off"] += 1
            self.done[kind.__name__] += 1


def soak(program, engine, seconds, seed):
    with tempfile.TemporaryFile() as errors, Victim(program, engine, stderr=errors) as victim:
        traffic, before, end = Traffic(victim), victim.usage(), time.monotonic() + seconds
        threads = [threading.Thread(target=traffic.run, args=(end, seed + number)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(10)  # what has begun ends within its deadline
        after, lost = victim.usage(), traffic.acknowledged - set(victim.names())
        exit_code = victim.stop()
        errors.seek(0)
        report = [line for line in errors.read().decode(errors="replace").splitlines()
                  if "Sanitizer" in line or "runtime error" in line]
        print(f"{engine}: {dict(traffic.done)}\n    MiB, descriptors, threads: {before} before, {after} after; "
              f"{len(traffic.acknowledged)} messages acknowledged, {len(lost)} lost; exit code {exit_code}", flush=True)
        if lost or exit_code != 0 or report or after[1] > before[1] + 1:
            raise Failure("\n".join(report) or "see above")


def main():
    parser = argparse.ArgumentParser(description="Does level 4 stand mixed traffic for long?")
    parser.add_argument("--program", required=True, help="level 4's server, best built with sanitizers")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", time.time())))
    options = parser.parse_args()
    print(f"SEED={options.seed}", flush=True)
    try:
        for engine in ENGINES:
            soak(options.program, engine, options.seconds / len(ENGINES), options.seed)
    except Failure as failure:
        sys.exit(f"FAIL {failure}")
    print("all held")


main()
