#!/usr/bin/env python3
"""Compares our servers with others on this machine: make bench

Each server runs on the first processor, wrk on the others. Rounds are interleaved (A B C, A B C, ...), so
that a noisy minute hits all of them alike. For each load it prints the median and the range of
requests a second, the processor time per request (user and system, of all of the server's
processes), and that time as a ratio to nginx's. Look at the ratios: the rest depends on the machine.
Leaves out: machines of their own for server and load, and any network but the loopback.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(group):
    """User and system time, so far, of every process in the process group."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


class Server:
    """A server under load, started on processor 0 in a process group of its own."""

    def __init__(self, name, command, port, paths):
        self.name, self.port, self.paths = name, port, paths
        self.process = subprocess.Popen(["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{name} did not start: {' '.join(command)}")
                time.sleep(0.02)

    def measure(self, load, seconds):
        wrk = ["taskset", "-c", f"1-{os.cpu_count() - 1}", "wrk", "-t1", f"-c{load.clients}",
               f"-d{seconds}s", *load.wrk_options, f"http://127.0.0.1:{self.port}{self.paths[load.path]}"]
        before = processor_seconds(self.process.pid)
        report = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
        used = processor_seconds(self.process.pid) - before
        requests = int(re.search(r"(\d+) requests in", report)[1])
        errors = re.search(r"Socket errors: (.*)|Non-2xx.*: (\d+)", report)
        if errors:
            print(f"  {self.name}: {errors[0]}")
        return float(re.search(r"Requests/sec:\s*([\d.]+)", report)[1]), used * 1e6 / max(requests, 1)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


class Load:
    def __init__(self, name, path, clients=64, wrk_options=()):
        self.name, self.path, self.clients, self.wrk_options = name, path, clients, wrk_options


LOADS = [
    Load("hello, kept alive", "hello"),
    Load("1 KiB file", "1k"),
    Load("1 MiB file", "1m"),
    Load("hello, a connection each", "hello", wrk_options=("-H", "Connection: close")),
]

NGINX = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 2048; }}
http {{ access_log off; include /etc/nginx/mime.types; client_body_temp_path {work}/b; proxy_temp_path {work}/p;
fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s; sendfile {sendfile};
server {{ listen 127.0.0.1:{port};
location = /hello {{ default_type text/plain; return 200 "Hello, world!"; }}
location /files/ {{ alias {files}/; }} }} }}
"""


def start_servers(build, work):
    files = f"{work}/files"
    os.makedirs(files)
    open(f"{files}/1k.txt", "wb").write(b"x" * 1024)
    open(f"{files}/1m.bin", "wb").write(b"x" * (1 << 20))
    paths = {"hello": "/hello", "1k": "/files/1k.txt", "1m": "/files/1m.bin"}
    servers = []

    def add(name, command, paths):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        servers.append(Server(name, [part.format(port=port) for part in command], port, paths))

    for level in (2, 3):
        folder = f"{work}/level{level}"
        os.makedirs(folder)
        shutil.copy(f"{build}/level{level}/server", folder)
        if os.path.isdir(f"level{level}/public"):
            shutil.copytree(f"level{level}/public", f"{folder}/public")
            for name in os.listdir(files):
                shutil.copy(f"{files}/{name}", f"{folder}/public/files")
        add(f"level {level}", [f"{folder}/server", "{port}", "--quiet"],
            paths if level > 2 else {"hello": "/hello"})
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:" + os.environ["PATH"]):
        for sendfile in ("on", "off"):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            config = f"{work}/nginx-{sendfile}.conf"
            open(config, "w").write(NGINX.format(work=work, port=port, files=files, sendfile=sendfile))
            name = "nginx" if sendfile == "off" else "nginx, sendfile on"
            servers.append(Server(name, ["nginx", "-c", config, "-p", work], port, paths))
    if os.path.exists(f"{build}/bench/peer_httplib"):
        add("cpp-httplib", [f"{build}/bench/peer_httplib", "{port}", files], paths)
    return servers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="", help="only loads whose name contains this")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"

    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        os.chmod(work, 0o755)  # nginx's worker is another user
        servers = start_servers(options.build, work)
        try:
            for load in (load for load in LOADS if options.only in load.name):
                results = {server.name: [] for server in servers if load.path in server.paths}
                for _ in range(options.rounds):
                    for server in servers:
                        if server.name in results:
                            results[server.name].append(server.measure(load, options.seconds))
                print_table(load, results)
        finally:
            for server in servers:
                server.stop()


def print_table(load, results):
    print(f"\n{load.name} ({load.clients} clients)")
    print(f"  {'':22}{'requests/s':>12}{'range':>20}{'us/request':>12}{'range':>16}{'to nginx':>10}")
    medians = {name: statistics.median(cost for _, cost in rows) for name, rows in results.items()}
    for name, rows in results.items():
        rates, costs = [rate for rate, _ in rows], [cost for _, cost in rows]
        ratio = f"{medians[name] / medians['nginx']:.2f}" if "nginx" in medians else "-"
        print(f"  {name:22}{statistics.median(rates):12.0f}{min(rates):11.0f} -{max(rates):7.0f}"
              f"{medians[name]:12.2f}{min(costs):9.2f} -{max(costs):5.1f}{ratio:>10}")


if __name__ == "__main__":
    main()
