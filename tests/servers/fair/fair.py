#!/usr/bin/env python3
"""Judges servers that are known to be good, to find what is wrong with the judge: make fair

A server may fail only the cases that the file of its name lists, each with the section that it does not
keep. Any other failure is a fault of the suite. Where a server isn't installed, that is said.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

HERE = os.path.dirname(__file__)


@dataclass
class Server:
    name: str  # its list of failures is NAME.txt
    needs: str  # a program, or a header
    package: str
    level: int
    command: str
    suites: str = ""  # as for doctest's -ts; empty: all of the level
    files: bool = False  # it serves a folder


SERVERS = [
    Server("python", "python3", "python3", 2, f"python3 {HERE}/python_server.py {{port}}"),
    Server("node", "node", "nodejs", 2, f"node {HERE}/node_server.js {{port}}"),
    Server("httplib", "httplib.h", "libcpp-httplib-dev", 2, "{build}/fair/httplib_server {{port}}",
           "level1 /*,level2 / 1*"),  # its parser takes nearly anything for a request
    Server("nginx", "nginx", "nginx", 3, f"sh {HERE}/nginx.sh {{port}} {{public}}",
           "level3 / 3*,level3 / 4*,level3 / 5*,level3 / 6*,level3 / 7*", True),
]


def listed(name):
    """The cases that this server may fail: a line each, the reason behind a |."""
    with open(f"{HERE}/{name}.txt") as file:
        return {line.split("|")[0].strip() for line in file if line.strip() and not line.startswith("#")}


def installed(server):
    if server.needs.endswith(".h"):
        return os.path.exists(f"/usr/include/{server.needs}")
    return shutil.which(server.needs) or shutil.which(server.needs, path="/usr/sbin:/usr/local/bin")


def judge(server, build):
    """Returns the names of the cases that it failed, how many it passed, and the output."""
    with tempfile.TemporaryDirectory() as work:
        command = [f"{build}/tests/blackbox-level{server.level}", f"--level={server.level}", "--limit=250"]
        public = f"{work}/public"
        if server.files:
            shutil.copytree("level3/public", public)
            command.append(f"--public={public}")
        start = server.command.replace("{build}", build).replace("{{port}}", "{port}").replace("{public}", public)
        command.append(f"--server={start}")
        if server.suites:
            command.append(f"-ts={server.suites}")
        output = subprocess.run(command, capture_output=True, text=True, errors="replace").stdout
    lines = output.splitlines()
    failed = {line.split("FAIL", 1)[1].strip() for line in lines if line.startswith("  FAIL ")}
    passed = sum(line.startswith("  ok ") for line in lines)
    return failed, passed, output


def main():
    parser = argparse.ArgumentParser(description="Is the suite fair to good servers?")
    parser.add_argument("--build", default="build")
    parser.add_argument("names", nargs="*", help="only these servers")
    options = parser.parse_args()
    chosen = [server for server in SERVERS if not options.names or server.name in options.names]
    for server in chosen:
        if not installed(server):
            print(f"  skip  {server.name}: {server.needs} is not here (Debian's package {server.package})")
    faults = 0
    present = [server for server in chosen if installed(server)]
    with ThreadPoolExecutor(2) as pool:  # most of the time they wait for deadlines
        results = list(pool.map(lambda server: judge(server, options.build), present))
    for server, (failed, passed, output) in zip(present, results):
        unfair = failed - listed(server.name)
        faults += len(unfair) + (passed == 0)
        print(f"  {'FAIL' if unfair or not passed else 'ok  '}  {server.name}: {passed} passed, "
              f"{len(failed)} failed, of which {len(failed - unfair)} are listed", flush=True)
        if unfair or not passed:
            path = f"{options.build}/fair-{server.name}.log"
            with open(path, "w") as file:
                file.write(output)
            print("".join(f"        {name}\n" for name in sorted(unfair)) + f"        the reports are in {path}")
    sys.exit(1 if faults else 0)


main()
