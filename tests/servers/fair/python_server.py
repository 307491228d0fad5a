"""Level 2 on top of Python's http.server, which parses the requests and writes the replies: what it
gets right must not be judged wrong. The pages, and what the contract wants beyond the library, are here.
Leaves out: level 3 and later.
"""
import html
import os
import re
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

HOST = re.compile(r"([A-Za-z0-9._~!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
BLANKS = " \t"  # strip() alone takes a part of some letters for a blank
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEAD_SIZE = 8192 + 16384  # bytes
HEAD_TIME, GOODBYE_TIME, DRAIN_TIME = 10, 2, 4.5  # seconds


class Refused(Exception):
    """A status with which a request is refused."""


class Head:
    """What a client sends, line by line, with one deadline for the whole of it."""

    def __init__(self, client):
        self.client, self.bytes, self.left = client, b"", HEAD_SIZE
        self.end, self.begun = time.monotonic() + HEAD_TIME, False

    def readline(self, limit):
        while b"\n" not in self.bytes and len(self.bytes) < limit and len(self.bytes) <= self.left:
            self.client.settimeout(max(self.end - time.monotonic(), 0.001))
            more = self.client.recv(65536)
            if not more and self.begun:
                raise Refused(400)  # the library would take the end of the bytes for that of the head
            if not more:
                break
            self.begun = True
            self.bytes += more
        if b"\n" not in self.bytes and len(self.bytes) > self.left:
            raise Refused(431)
        size = min(self.bytes.find(b"\n") + 1 or len(self.bytes), limit)
        line, self.bytes = self.bytes[:size], self.bytes[size:]
        self.left -= size
        return line

    def close(self):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = default_request_version = "HTTP/1.1"

    def handle(self):
        self.rfile = self.head = self.server.open[self.connection] = Head(self.connection)
        self.close_connection, self.requestline, self.command = True, "", ""
        self.request_version = "HTTP/1.1"
        try:
            line = self.rfile.readline(8193)
            if line in (b"\r\n", b"\n"):
                line = self.rfile.readline(8193)
            if not line:
                return
            self.raw_requestline = line
            if len(line) > 8192:
                return self.send_error(414)
            if self.parse_request():
                self.answer()
        except TimeoutError:
            if self.head.begun:
                self.send_error(408)
        except Refused as refused:
            self.send_error(refused.args[0])
        except OSError:
            pass  # the client has gone

    def answer(self):
        self.check()
        url = urlsplit(self.path)
        path = unquote(url.path) or "/"
        query = parse_qs(url.query, keep_blank_values=True)
        name = query.get("name", [""])[0] or "world"
        pages = {
            "/": ("text/html", "<h1>Hello, world!</h1>"),
            "/about": ("text/html", "<h1>About</h1>"),
            "/hello": ("text/html", f"<h1>Hello, {html.escape(name)}!</h1>"),
            "/echo": ("text/plain", self.requestline + "\n" + "".join(f"{k}: {v.strip(BLANKS)}\n" for k, v in self.headers.items())),
        }
        if path not in pages:
            return self.send_error(404)
        if self.command not in ("GET", "HEAD"):
            return self.send_error(405)
        kind, text = pages[path]
        # http.server reads requests as Latin-1, so that gives the bytes back as they came.
        body = text.encode("latin-1" if path == "/echo" else "utf-8", "surrogateescape")
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def check(self):
        """What http.server leaves to the program that uses it."""
        if not re.fullmatch(r"\S+ \S+ HTTP/\d\.\d", self.requestline) or self.headers.defects:
            raise Refused(400)
        for name, value in self.headers.items():
            if not TOKEN.fullmatch(name) or any(ord(c) < 32 and c != "\t" or ord(c) == 127 for c in value):
                raise Refused(400)
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 and not (self.request_version == "HTTP/1.0" and not hosts):
            raise Refused(400)
        if not all(HOST.fullmatch(host) for host in hosts):
            raise Refused(400)
        if not self.command.isascii() or self.command not in METHODS:
            raise Refused(501)
        if self.command in ("CONNECT", "TRACE"):
            raise Refused(405)
        if not re.match(r"/|(?i:http)://[^/?]", self.path):
            raise Refused(400)
        parts = urlsplit(self.path).path.split("%")[1:]
        if any(len(part) < 2 or not all(c in "0123456789abcdefABCDEF" for c in part[:2]) for part in parts):
            raise Refused(400)
        if any(ord(c) <= 32 or ord(c) == 127 for c in self.path):
            raise Refused(400)
        lengths, codings = self.headers.get_all("Content-Length", []), self.headers.get_all("Transfer-Encoding", [])
        if lengths and codings or len(lengths) > 1 or any(not re.fullmatch("[0-9]{1,18}", length) for length in lengths):
            raise Refused(400)
        if codings and (self.request_version == "HTTP/1.0" or [coding.lower() for coding in codings] != ["chunked"]):
            raise Refused(400)
        if sum(len(name) + len(value) + 4 for name, value in self.headers.items()) > 16384:
            raise Refused(431)

    def send_response(self, code, message=None):
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())
        self.send_header("X-Content-Type-Options", "nosniff")

    def send_error(self, code, message=None, explain=None):
        body = f"<h1>{code}</h1>".encode()
        self.send_response(code, message if code < 600 else None)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if code == 405:
            self.send_header("Allow", "GET, HEAD, OPTIONS")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    block_on_close = False

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.open = {}  # the clients, each with what it is sending

    def shutdown_request(self, request):
        """Says goodbye in steps, because close() with unread bytes costs the client its reply."""
        try:
            request.shutdown(socket.SHUT_WR)
            end = time.monotonic() + GOODBYE_TIME
            while (left := end - time.monotonic()) > 0:
                request.settimeout(left)
                if not request.recv(65536):
                    break
        except OSError:
            pass
        self.open.pop(request, None)
        request.close()

    def handle_error(self, request, address):
        pass

    def drain(self):
        """Lets conversations that have begun end, and closes the others."""
        for request, head in list(self.open.items()):
            if not head.begun:
                request.shutdown(socket.SHUT_RD)
        end = time.monotonic() + DRAIN_TIME
        while self.open and time.monotonic() < end:
            time.sleep(0.02)


def main():
    port = int(sys.argv[1])
    try:
        server = Server(port)
    except OSError:
        sys.exit(f"Port {port} is in use")

    def stop(number, _):
        for again in (signal.SIGTERM, signal.SIGINT):
            signal.signal(again, signal.SIG_DFL)
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    server.drain()
    os._exit(0)  # without waiting for threads whose clients never finish


main()
