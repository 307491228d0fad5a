"""The servers that the benchmark compares: ours, and those peers that are installed on this machine."""
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")

HELLO, USER, FORM, FILE_1K, FILE_1M = "/hello", "/users/42", "/contact", "/files/1k.txt", "/files/1m.bin"
FILE_1G = "/files/1g.bin"
FILES = {FILE_1K, FILE_1M, FILE_1G}
EVERYTHING = {HELLO, USER, FORM} | FILES

# There are two of nginx: as it comes, and with the settings that its manual recommends for files.
NGINX = {"nginx": "", "nginx, tuned": "sendfile on; tcp_nopush on; open_file_cache max=1000;"}
NGINX_CONFIG = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 16384; }}
http {{ access_log off; types {{ text/plain txt; text/html html; }} {extra}
keepalive_requests 1000000; keepalive_timeout 600s;
client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
server {{ listen 127.0.0.1:{port}; default_type text/html;
location /files/ {{ alias {work}/files/; }}
location = /contact {{ alias {work}/files/contact.html; }}
location = /hello {{ return 200 '{hello}'; }}
location = /users/42 {{ return 200 '{user}'; }} }} }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server under load, started on processor 0 in a process group of its own. It can answer
    `paths`, and takes part in their loads."""

    def __init__(self, name, command_for, paths, environment=None):
        self.name, self.paths, self.port, self.command_for = name, paths, free_port(), command_for
        command = ["taskset", "-c", "0", *command_for(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True, env={**os.environ, **(environment or {})})
        started = time.monotonic()
        deadline = started + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                self.start_seconds = time.monotonic() - started
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{name} did not start: {' '.join(command)}")
                time.sleep(0.02)

    def _stats(self):
        """The lines of /proc/*/stat that belong to this server, each as a list of fields from the third one on."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue  # the process has just ended
            if int(fields[2]) == self.process.pid:
                yield fields

    def processor_seconds(self):
        """User and system time of all its processes so far."""
        return sum(int(fields[11]) + int(fields[12]) for fields in self._stats()) / TICKS

    def resident_bytes(self):
        return sum(int(fields[21]) for fields in self._stats()) * os.sysconf("SC_PAGE_SIZE")

    def raw_reply(self, path):
        """All bytes of the reply to a GET, head and body."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            reply = b"".join(iter(lambda: client.recv(65536), b""))
        return reply.replace(b"Connection: close\r\n", b"")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


class Servers(list):
    """All the servers, running. Files are made in `work`; what the servers store is kept in `memory`."""

    def __init__(self, build, work, memory):
        super().__init__()
        self.build, self.work, self.memory = build, work, memory
        os.makedirs(f"{work}/files")
        for path, size in ((FILE_1K, 1 << 10), (FILE_1M, 1 << 20), (FILE_1G, 1 << 30)):
            with open(work + path, "wb") as file:
                file.truncate(size)  # zeros only, which take no room on the disk
        try:
            self.start_ours()
            self.start_peers()
        except BaseException:
            self.stop()
            raise

    def add(self, *arguments, **options):
        self.append(Server(*arguments, **options))

    def stop(self):
        for server in self:
            server.stop()

    def add_level(self, name, level, paths, *arguments):
        folder = f"{self.work}/{name}"
        os.makedirs(f"{folder}/public")
        shutil.copy(f"{self.build}/level{level}/server", folder)
        for part in ("public", "templates"):
            if os.path.isdir(f"level{level}/{part}"):
                shutil.copytree(f"level{level}/{part}", f"{folder}/{part}", dirs_exist_ok=True)
        os.makedirs(f"{folder}/public/files", exist_ok=True)
        for file in os.listdir(f"{self.work}/files"):
            os.link(f"{self.work}/files/{file}", f"{folder}/public/files/{file}")
        self.add(name, lambda port: [f"{folder}/server", str(port), "--quiet", *arguments], paths)

    def start_ours(self):
        for engine in ("epoll", "threads"):
            self.add_level(f"level 4, {engine}", 4, EVERYTHING, "--engine", engine, "--threads", "1",
                           "--data", f"{self.memory}/{engine}")
        # What epoll is for: poll() is told of all clients each time.
        self.add_level("level 4, poll", 4, {HELLO}, "--engine", "poll", "--threads", "1", "--data", f"{self.memory}/poll")
        self.add_level("level 4, 2 loops", 4, {HELLO}, "--threads", "2", "--data", f"{self.memory}/loops")
        self.add_level("level 3", 3, {HELLO, USER} | FILES)
        self.add_level("level 2", 2, {HELLO})

    def start_peers(self):
        # The peers send what level 4 sends, byte for byte where they can.
        replies = {path: self[0].raw_reply(path) for path in (HELLO, USER, FORM)}
        body = {path: reply.split(b"\r\n\r\n", 1)[1].decode() for path, reply in replies.items()}
        for path, content in (("files/contact.html", body[FORM].encode()), ("hello.reply", replies[HELLO])):
            with open(f"{self.work}/{path}", "wb") as file:
                file.write(content)

        self.add("bare epoll", lambda port: [f"{self.build}/bench/peer_bare", str(port),
                                             f"{self.work}/hello.reply"], {HELLO})
        if shutil.which("nginx"):
            for name, extra in NGINX.items():
                def command_for(port):
                    config = f"{self.work}/{name}.conf"
                    with open(config, "w") as file:
                        file.write(NGINX_CONFIG.format(work=self.work, port=port, extra=extra,
                                                       hello=body[HELLO], user=body[USER]))
                    return ["nginx", "-c", config, "-p", self.work]
                self.add(name, command_for, FILES if extra else EVERYTHING)
        if os.path.exists(f"{self.build}/bench/peer_httplib"):
            self.add("cpp-httplib", lambda port: [f"{self.build}/bench/peer_httplib", str(port),
                                                  f"{self.work}/files"], {HELLO} | FILES)
        if shutil.which("gunicorn") and importlib.util.find_spec("flask"):
            self.add("Flask, gunicorn", lambda port: ["gunicorn", "-w1", f"-b127.0.0.1:{port}", "--chdir",
                                                      "tests/bench", "peer_flask:app"],
                     {HELLO, FORM}, {"BENCH_STORE": f"{self.memory}/flask.jsonl"})
