#!/usr/bin/env python3
"""Compares our servers with others on this machine: make bench

Each server runs on the first processor, the load (wrk) on the others. Rounds are interleaved (A B C,
A B C, ...), so that a noisy minute hits all of them alike. Look at the processor time per request and
its ratio to nginx's, because requests per second are also bounded by wrk, and both depend on the
machine. Leaves out: separate machines for server and load, and any network but the loopback.
"""
import argparse
import os
import re
import resource
import statistics
import subprocess
import tempfile

import chart
import growth
import instructions
import memory
from servers import FILE_1K, FILE_1M, FORM, HELLO, USER, Servers

# wrk's scripts, in Lua.
PIPELINED = """init = function()
    local requests = {}
    for i = 1, 16 do requests[i] = wrk.format() end
    all = table.concat(requests)
end
request = function() return all end
"""
POST = """wrk.method = "POST"
wrk.body = "%s"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
"""
UPLOAD = """wrk.method = "POST"
wrk.body = string.rep("x", 1024 * 1024)
"""
SIGNED = "name=Ada+Lovelace&email=ada%40example.org&message=A+line+that+a+visitor+wrote+for+the+benchmark."
UNSIGNED = SIGNED.replace("Ada+Lovelace", "")  # comes back as a page, with the mistake marked


class Load:
    def __init__(self, name, path, script="", headers=(), good_status="2xx or 3xx", without=()):
        self.name, self.path, self.script, self.headers = name, path, script, headers
        self.good_status, self.without = good_status, without

    def runs_on(self, server):
        return self.path in server.paths and server.name not in self.without


STATIC = {"nginx"}  # has no program behind the page that could take a form
OTHERS = {"bare epoll", "cpp-httplib", "level 2", "level 3", "nginx", "Flask, gunicorn"}  # don't keep a body in memory
ONE_REPLY_EACH = {"bare epoll", "cpp-httplib", "level 2"}  # even if several requests come together

LOADS = [
    Load("hello", HELLO),
    Load("a parameter in the path", USER),
    Load("a file of 1 KiB", FILE_1K),
    Load("a file of 1 MiB", FILE_1M),
    Load("hello, 16 pipelined", HELLO, script=PIPELINED, without=ONE_REPLY_EACH),
    Load("a page from a template", FORM),
    Load("a form in, a page out", FORM, script=POST % UNSIGNED, good_status="4xx", without=STATIC),
    Load("a form stored in memory", FORM, script=POST % SIGNED, without=STATIC),
    # The page takes no POST, so what is measured is how the body is received.
    Load("an upload of 1 MiB", HELLO, script=UPLOAD, good_status="4xx", without=OTHERS),
    Load("hello, a connection each", HELLO, headers=("-H", "Connection: close"), without={"bare epoll"}),
]


def measure(server, load, clients, seconds, work):
    """Runs one round. Returns requests per second, the 99th percentile in ms, and processor time per request in us."""
    command = ["taskset", "-c", f"1-{os.cpu_count() - 1}", "wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency",
               *load.headers]
    if load.script:
        with open(f"{work}/script.lua", "w") as file:
            file.write(load.script)
        command += ["-s", f"{work}/script.lua"]
    before = server.processor_seconds()
    report = subprocess.run([*command, f"http://127.0.0.1:{server.port}{load.path}"], capture_output=True, text=True,
                            check=True).stdout
    used = server.processor_seconds() - before
    requests = int(re.search(r"(\d+) requests in", report)[1])
    others = int((re.search(r"Non-2xx or 3xx responses: (\d+)", report) or [0, 0])[1])
    wrong = others if load.good_status != "4xx" else requests - others
    if wrong:
        print(f"  {server.name}: {wrong} of {requests} replies have a status other than {load.good_status}")
    for errors in re.findall(r"Socket errors: .*", report):
        print(f"  {server.name}: {errors}")
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", report).groups()
    return (float(re.search(r"Requests/sec:\s*([\d.]+)", report)[1]),
            float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit], used * 1e6 / max(requests, 1))


def print_ratios(medians):
    """One line for each load: what ours take, in units of nginx, or of our own hello where nginx can't take part."""
    print("\nprocessor time per request, nginx = 1 (in brackets: our own hello = 1)")
    for load, costs in medians.items():
        ratios = []
        for name in (name for name in costs if name.startswith("level")):
            own_hello = medians.get("hello", {}).get(name)
            if costs.get("nginx"):
                ratios.append(f"{name} {costs[name] / costs['nginx']:.2f}")
            elif own_hello:
                ratios.append(f"{name} ({costs[name] / own_hello:.2f})")
        print(f"  {load:26}" + "   ".join(ratios))


def print_table(title, results):
    print(f"\n{title}\n  {'':17}{'requests/s':>11}{'range':>18}{'p99 ms':>9}{'us/request':>12}{'range':>16}{'to nginx':>10}")
    base = statistics.median(row[2] for row in results["nginx"]) if "nginx" in results else None
    for name, rows in results.items():
        rates, delays, costs = zip(*rows)
        cost = statistics.median(costs)
        ratio = f"{cost / base:.2f}" if base else "-"
        print(f"  {name:17}{statistics.median(rates):11.0f}{min(rates):10.0f} -{max(rates):6.0f}"
              f"{statistics.median(delays):9.2f}{cost:12.2f}{min(costs):9.2f} -{max(costs):5.1f}{ratio:>10}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="where make has put the programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--only", default="", metavar="TEXT", help="only the loads whose name contains it; several with commas")
    parser.add_argument("--servers", default="", metavar="TEXT", help="only the servers whose name contains it, and nginx")
    parser.add_argument("--chart", default="", metavar="FILE", help="where to draw the chart; bench.svg in the build")
    options = parser.parse_args()

    def wanted(name):
        return any(words in name for words in options.only.split(","))

    os.environ["PATH"] += ":/usr/sbin"  # where nginx is on Debian

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for us and for the servers

    in_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="bench-") as work, tempfile.TemporaryDirectory(dir=in_memory) as stored:
        os.chmod(work, 0o755)  # because nginx's worker runs as another user
        servers = Servers(options.build, work, stored)
        medians = {}
        try:
            if wanted("idle clients"):
                memory.measure_idle_clients(servers)
            for load in (load for load in LOADS if wanted(load.name)):
                taking_part = [server for server in servers if load.runs_on(server) and
                               (options.servers in server.name or server.name == "nginx")]
                results = {server.name: [] for server in taking_part}
                for _ in range(options.rounds):
                    for server in taking_part:
                        results[server.name].append(measure(server, load, options.clients, options.seconds, work))
                print_table(f"{load.name} ({options.clients} clients)", results)
                medians[load.name] = {name: statistics.median(row[2] for row in rows) for name, rows in results.items()}
            print_ratios(medians)
            if wanted("instructions"):
                instructions.measure_all(servers)
            if wanted("growth"):
                growth.measure_all(servers, lambda server, path, clients=options.clients, headers=(): measure(
                    server, Load("", path, headers=headers), clients, options.seconds, work)[2])
            if wanted("large file"):  # last, because a server that has lost 64 clients in one may go on with it
                memory.measure_large_files(servers)
        finally:
            servers.stop()
    path = options.chart or f"{options.build}/bench/bench.svg"
    chart.draw(medians, path)
    print(f"\nThe processor time per request, as a chart: {path}")


if __name__ == "__main__":
    main()
