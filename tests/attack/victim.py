"""The server that is attacked: started with data of its own, watched from outside, and ended by its process id."""
import contextlib
import fcntl
import http.client
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time

LEVEL = pathlib.Path(__file__).parents[2] / "level4"
ENGINES = ("epoll", "threads")


class Failure(Exception):
    """What was expected did not happen."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Victim:
    """Level 4's server. Use it in a `with` statement. `faults` are the variables of faults.cpp; `folder` is where
    the data is, if it is to outlive this server."""

    def __init__(self, program, engine, faults=None, folder=None, stderr=subprocess.DEVNULL):
        self._own_folder = None if folder else tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(folder or self._own_folder.name)
        self.engine, self.port = engine, free_port()
        shutil.copy(program, self.folder / "server")  # it looks for its files beside itself
        for part in ("public", "templates"):
            shutil.copytree(LEVEL / part, self.folder / part, dirs_exist_ok=True)
        command = [self.folder / "server", str(self.port), "--quiet", "--engine", engine, "--data", str(self.folder / "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr,
                                        env={**os.environ, **(faults or {})})
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.request("GET", "/hello")  # it may listen before it is ready
                return
            time.sleep(0.01)
        raise Failure(f"the server did not start (exit code {self.process.poll()})")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._own_folder:
            self._own_folder.cleanup()

    def stop(self):
        """Ends it as Ctrl-C does. Returns its exit code, None if it doesn't end within ten seconds."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(10)

    def connect(self, seconds=5):
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def request(self, method, path, body=None, fields=None, seconds=8):
        """Returns the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, {"Connection": "close", **(fields or {})})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def post_message(self, name, seconds=8, message="hello"):
        """Returns the id of the message, None if the server did not say that it was stored."""
        text = json.dumps({"name": name, "email": "eve@example.com", "message": message})
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = self.request("POST", "/api/messages", text, {"Content-Type": "application/json"}, seconds)
            if status == 201:
                return json.loads(body)["id"]

    def names(self):
        """The names in all messages that are stored."""
        found = []
        while True:
            status, body = self.request("GET", f"/api/messages?limit=100&offset={len(found)}")
            if status != 200:
                raise Failure(f"the list of messages is {status}")
            page = json.loads(body)["messages"]
            if not page:
                return found
            found += [message["name"] for message in page]

    def status_of(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise Failure(f"/proc has no {field}")

    def usage(self):
        """Resident memory in MiB, descriptors and threads."""
        return (self.status_of("VmRSS") / 1024, len(os.listdir(f"/proc/{self.process.pid}/fd")), self.status_of("Threads"))

    @contextlib.contextmanager
    def locked_store(self):
        """Holds the lock of the file with the messages, as a backup would."""
        with open(self.folder / "data" / "messages.jsonl", "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def reset(client):
    """Closes a connection so that the server sees it break, and not end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def in_threads(count, end, work):
    """Calls work() again and again, in so many threads, until the time `end`. A connection may fail at any time."""
    def loop():
        while time.monotonic() < end:
            try:
                work()
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
    threads = [threading.Thread(target=loop) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class HonestClient:
    """A process of its own, so that the attack's own work doesn't slow it down, that asks for /hello ten times a
    second, each time on a new connection."""

    def __init__(self, victim):
        self._results, results = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.Process(target=self._ask, args=(victim, results), daemon=True)
        self._process.start()
        results.close()

    @staticmethod
    def _ask(victim, results):
        while True:
            began = time.monotonic()
            try:
                good = victim.request("GET", "/hello", seconds=20)[0] == 200
            except (OSError, http.client.HTTPException):
                good = False
            with contextlib.suppress(BrokenPipeError):
                results.send(time.monotonic() - began if good else float("inf"))
            time.sleep(0.1)

    def latencies(self):
        """Median and longest, in milliseconds, of the replies since the last call."""
        found = []
        while self._results.poll(0 if found else 25):
            found.append(self._results.recv() * 1000)
        return statistics.median(found), max(found)

    def stop(self):
        self._process.kill()
        self._process.join()
