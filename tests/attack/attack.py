#!/usr/bin/env python3
"""Attacks level 4's server, with two of its engines (epoll, threads), and looks at what that costs its other
clients: make attack

For each attack there is a line with memory, descriptors and threads before it, at most, and 10 s after it, and the
latency of an honest client's GET /hello before, during and after it. The bounds are at the head of the table. Then
each system call of the store and of the engines fails once, at its n-th call: faults.cpp does that. Nothing that was
acknowledged may be lost, and nothing may hang.
Leaves out: attacks from more than one machine.
"""
import argparse
import contextlib
import http.client
import itertools
import json
import os
import selectors
import socket
import sys
import tempfile
import threading
import time

from victim import ENGINES, Failure, HonestClient, Victim, in_threads, reset

MOST_MEMORY = 150  # MiB
LONGEST_WAIT = 1000  # milliseconds, for the honest client
MIB = 1 << 20
WEBSOCKET = (b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def frame(opcode, payload):
    """A frame of a client, with a mask of zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big") if size < 1 << 16 else \
        b"\xff" + size.to_bytes(8, "big")
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload


def upload(size):
    """The head and the body of an upload of about this size."""
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' + b"a" * size + b"\r\n--x--\r\n")
    head = (b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    return head, body


# --- The attacks. Each goes on until `end`; `crowd` is how many clients the engine can serve at once ---

def upload_and_reset(victim, end, _):
    head, body = upload(MIB - 1000)

    def work():
        client = victim.connect()
        client.sendall(head + body)
        reset(client)
    in_threads(4, end, work)


def upload_to_locked_store(victim, end, _):
    with victim.locked_store():
        def work():
            client = victim.connect()
            text = json.dumps({"name": "eve", "email": "", "message": "m" * 1900}).encode()
            client.sendall(b"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(text) + text)
            reset(client)
        in_threads(4, end, work)


def keep_bodies_open(victim, end, crowd):
    """Each client sends a body of 1 MiB but for its last byte, as fast as the server takes it."""
    head, body = upload(MIB - 1000)
    data = head + body[:-1]
    selector, clients = selectors.DefaultSelector(), []
    for _ in range(crowd):
        client = victim.connect()
        client.setblocking(False)
        selector.register(client, selectors.EVENT_WRITE, [0])
        clients.append(client)
    while time.monotonic() < end:
        for key, _ in selector.select(0.2):
            try:
                key.data[0] += key.fileobj.send(data[key.data[0]:key.data[0] + 65536])
            except OSError:  # it was refused
                key.data[0] = len(data)
            if key.data[0] >= len(data):
                selector.unregister(key.fileobj)
    for client in clients:
        client.close()


def crowd_that_sends(first, again, pause):
    """An attack: each client sends `first`, and then one of `again` after each pause. It never reads."""
    def attack(victim, end, crowd):
        clients = []
        for _ in range(crowd):
            client = victim.connect()
            client.setblocking(False)
            clients.append(client)
        pieces = itertools.chain([first], itertools.cycle(again))
        while time.monotonic() < end:
            piece = next(pieces)
            for client in clients:
                try:
                    client.send(piece)
                except OSError:
                    pass  # it has been closed, or there is no room
            time.sleep(pause)
        for client in clients:
            client.close()
    return attack


def leave_chat(messages):
    """An attack: joins the chat, says so much, and goes, again and again."""
    said = frame(1, json.dumps({"name": "eve", "message": "m" * 1900}).encode()) * messages

    def attack(victim, end, _):
        def work():
            client = victim.connect()
            client.sendall(WEBSOCKET % b"/ws/chat" + said)
            client.recv(1024)
            reset(client)
        in_threads(2, end, work)
    return attack


def listen_and_not_read(victim, end, crowd):
    """Event streams and chat rooms that are not read, while messages are posted."""
    clients = []
    for number in range(crowd // 2):
        client = victim.connect()
        client.sendall(b"GET /api/messages/events HTTP/1.1\r\nHost: localhost\r\n\r\n" if number % 2 else
                       WEBSOCKET % b"/ws/chat")
        clients.append(client)
    in_threads(2, end, lambda: victim.post_message("eve"))
    for client in clients:
        client.close()


def ask_for_lists(victim, end, crowd):
    """Long lists that are not read: 100 messages, 60 KB together."""
    for _ in range(100):
        victim.post_message("eve", message="m" * 450)
    request = b"GET /api/messages?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100
    crowd_that_sends(request, [request], 0.1)(victim, end, crowd)


SLOW = {"SLOW_DISK": "30"}
ATTACKS = [  # what, the attack, and the faults it goes with
    ("uploads are reset, on a slow disk", upload_and_reset, SLOW),
    ("posts are reset, and the store is locked", upload_to_locked_store, {}),
    ("bodies of 1 MiB never end", keep_bodies_open, {}),
    ("the chat is joined and left", leave_chat(0), SLOW),
    ("100 messages are left behind in the chat", leave_chat(100), SLOW),
    ("nothing is sent", crowd_that_sends(b"", [b""], 0.5), {}),
    ("heads trickle", crowd_that_sends(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n", [b"X: y\r\n"], 0.5), {}),
    ("bodies trickle", crowd_that_sends(upload(MIB - 1000)[0], [b"a"], 0.5), {}),
    ("pipelines are not read", crowd_that_sends(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
                                                [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500], 0.1), {}),
    ("long lists are not read", ask_for_lists, {}),
    ("WebSocket echoes are not read", crowd_that_sends(WEBSOCKET % b"/ws/echo", [frame(2, b"e" * 60000)], 0.1), {}),
    ("pongs are not read", crowd_that_sends(WEBSOCKET % b"/ws/echo", [frame(9, b"p" * 100) * 200], 0.1), {}),
    ("streams and the chat are not read", listen_and_not_read, {}),
]


def most_usage(victim, done):
    most = victim.usage()
    while not done.wait(0.05):
        most = tuple(map(max, most, victim.usage()))
    return most


def judge(name, attack, victim, seconds):
    """Prints the attack's line. Returns whether all bounds hold."""
    honest = HonestClient(victim)
    time.sleep(1)
    before, early = victim.usage(), honest.latencies()
    done, crowd = threading.Event(), 2000 if victim.engine == "epoll" else 900
    attacker = threading.Thread(target=lambda: (attack(victim, time.monotonic() + seconds, crowd), done.set()))
    attacker.start()
    most = most_usage(victim, done)
    attacker.join()
    during = honest.latencies()
    time.sleep(10)
    after = victim.usage()
    honest.latencies()  # those of the time between
    time.sleep(1)
    late = honest.latencies()
    honest.stop()
    good = (max(most[0], after[0]) <= MOST_MEMORY and after[1] <= before[1] + 1 and
            max(early[1], during[1], late[1]) <= LONGEST_WAIT and victim.stop() == 0)
    print(f"{'ok  ' if good else 'FAIL'} {name}, {victim.engine}\n"
          f"       MiB {before[0]:.0f} - {most[0]:.0f} - {after[0]:.0f}   descriptors {before[1]} - {most[1]} - {after[1]}"
          f"   threads {before[2]} - {most[2]} - {after[2]}   honest client, median (longest), ms: "
          f"{early[0]:.0f} ({early[1]:.0f}) - {during[0]:.0f} ({during[1]:.0f}) - {late[0]:.0f} ({late[1]:.0f})", flush=True)
    return good


# --- A disk that doesn't answer ---

def use_hanging_disk(victim):
    """Many write, and then those that read are answered all the same, and one that writes is refused."""
    def expect(method, path, body, fields, seconds, wanted):
        try:
            status = victim.request(method, path, body, fields, seconds)[0]
        except OSError:
            status = "nothing"
        if status not in wanted:
            raise Failure(f"{method} {path}: {status} within {seconds} s, and not {wanted}")

    message, as_json = '{"name": "eve", "message": "m"}', {"Content-Type": "application/json"}

    def write(number):
        with contextlib.suppress(OSError):
            if number % 2:
                victim.request("POST", "/api/messages", message, as_json)
            else:
                victim.request("POST", "/upload", upload(1000)[1], {"Content-Type": "multipart/form-data; boundary=x"})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(80)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for path in ("/hello", "/about", "/static/style.css", "/contact", "/messages", "/api/messages"):
        expect("GET", path, None, None, 2, (200,))
    expect("POST", "/api/messages", message, as_json, 2, (503,))


def hang_disk(program, library):
    bad = 0
    for engine in ENGINES:
        with tempfile.TemporaryDirectory() as folder:
            armed = os.path.join(folder, "armed")
            faults = {"LD_PRELOAD": library, "SLOW_DISK": "60000", "FAULT_ARMED": armed}
            with Victim(program, engine, faults) as victim:
                open(armed, "w").close()
                try:
                    use_hanging_disk(victim)
                    print(f"ok   a disk that doesn't answer, {engine}", flush=True)
                except Failure as failure:
                    bad += 1
                    print(f"FAIL a disk that doesn't answer, {engine}: {failure}", flush=True)
    return bad


# --- Faults ---

EIO, ENOMEM, EMFILE, ENOSPC, EAGAIN = 5, 12, 24, 28, 11
FAULTS = {"open": EMFILE, "openat": EIO, "fcntl": EIO, "stat": EIO, "fstat": EIO, "flock": EIO, "pread": EIO,
          "write": ENOSPC, "lseek": EIO, "ftruncate": EIO, "fsync": EIO, "fdatasync": EIO, "rename": EIO,
          "accept4": EMFILE, "setsockopt": ENOMEM, "recv": ENOMEM, "send": ENOMEM,
          "sendfile": EIO, "shutdown": ENOMEM, "poll": ENOMEM, "epoll_ctl": ENOMEM, "epoll_wait": ENOMEM,
          "pipe": EMFILE, "ioctl": EIO, "pthread_create": EAGAIN}


def use_everything(victim):
    """Posts, reads, uploads and chats. Returns the names of the messages that were acknowledged."""
    acknowledged = []
    for number in range(4):
        if victim.post_message(f"n{number}") is not None:
            acknowledged.append(f"n{number}")
        for method, path, body in (("GET", "/messages", None), ("GET", "/static/style.css", None)):
            try:
                victim.request(method, path, body)
            except TimeoutError as error:
                raise Failure(f"{method} {path} hangs") from error
            except (OSError, http.client.HTTPException):
                pass  # it was dropped, which is an answer
    with victim.connect() as client:
        try:
            client.sendall(b"".join(upload(1000)))
            client.recv(4096)
        except TimeoutError as error:
            raise Failure("POST /upload hangs") from error
        except OSError:
            pass
    return acknowledged


def try_fault(program, library, engine, call, number):
    with tempfile.TemporaryDirectory() as folder:
        armed = os.path.join(folder, "armed")
        faults = {"LD_PRELOAD": library, "FAULT_CALL": call, "FAULT_NUMBER": str(number),
                  "FAULT_ERROR": str(FAULTS[call]), "FAULT_ARMED": armed}
        with Victim(program, engine, faults, folder) as victim:
            open(armed, "w").close()
            acknowledged = use_everything(victim)
            if victim.request("GET", "/hello", seconds=2)[0] != 200:
                raise Failure("/hello is not answered afterwards")
            if victim.stop() != 0:
                raise Failure("it does not end at SIGTERM")
        with Victim(program, engine, folder=folder) as victim:
            lost = set(acknowledged) - set(victim.names())
        if lost:
            raise Failure(f"acknowledged and lost: {sorted(lost)}")


def inject_faults(program, library, most):
    bad = 0
    for engine in ENGINES:
        tried = 0
        for call, number in itertools.product(FAULTS, range(1, most + 1)):
            try:
                try_fault(program, library, engine, call, number)
            except (Failure, OSError, http.client.HTTPException) as failure:
                bad += 1
                print(f"FAIL {engine}: {call}() number {number} fails: {failure!r}", flush=True)
            tried += 1
        print(f"     {engine}: {tried} faults", flush=True)
    return bad


def main():
    parser = argparse.ArgumentParser(description="Does level 4 survive hostile clients and a hostile system?")
    parser.add_argument("--program", required=True, help="level 4's server")
    parser.add_argument("--library", required=True, help="what faults.cpp is compiled to")
    parser.add_argument("--only", default="", help="attacks with these words in their name; 'hang' or 'faults' for those alone")
    parser.add_argument("--engine", choices=ENGINES, help="with this engine only")
    parser.add_argument("--seconds", type=float, default=10, help="how long each attack lasts")
    parser.add_argument("--faults", type=int, default=4, help="how many calls of each kind fail, one at a time")
    options = parser.parse_args()
    bad = 0
    print(f"Bounds: {MOST_MEMORY} MiB, the honest client within {LONGEST_WAIT} ms, descriptors as before.\n"
          "Figures: before - at most, during - 10 s after.")
    for (name, attack, faults), engine in itertools.product(ATTACKS, ENGINES):
        if options.only not in name or options.engine not in (None, engine):
            continue
        preload = {"LD_PRELOAD": options.library, **faults} if faults else {}
        with Victim(options.program, engine, preload) as victim:
            bad += not judge(name, attack, victim, options.seconds)
    if options.only in ("", "hang"):
        bad += hang_disk(options.program, options.library)
    if options.only in ("", "faults"):
        bad += inject_faults(options.program, options.library, options.faults)
    print(f"{bad} failed" if bad else "all held")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
