"""Tries the judge on servers that mean it harm, for `make test-judge`. Whatever they do, there has to be a
result that is right, a complete report, and no process left. What is printed is compared with expected.txt,
without the texts of the failures; --accept writes it anew."""

import glob
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = os.path.join(HERE, "expected.txt")
MARK = f"TEST_OF_JUDGE={os.getpid()}"
SERVERS = {  # and the cases that are enough to see what it does
    "silent": "", "always_200": "", "crash": "", "daemon": "", "parent_killer": "", "escape": "gets the page",
    "fake_count": "gets the page", "helper": "gets the page", "defaults": "gets the page", "memory": "gets the page", "chatter": "gets the page"}


def start(judge, name, folder):
    key, value = MARK.split("=")
    with open(f"{folder}/{name}.txt", "w") as output:
        return subprocess.Popen(
            [judge, "--level=1", f"--server={sys.executable} -B {HERE}/{name}.py {{port}}", f"--case={SERVERS[name]}",
             "-r=junit", f"-o={folder}/{name}.xml"],
            stdout=output, stderr=subprocess.STDOUT, env={**os.environ, key: value, "SEED": "1"})


def shown(name, status, folder):
    """What must not change: the cases, how the run ended, the count, and what the report says."""
    kept, cases = [f"== {name}: exit code {status}"], []
    with open(f"{folder}/{name}.txt") as file:
        for line in file:
            first = line.split("  (")[0].rstrip()
            if line.startswith(("  ok", "  FAIL", "  skip")):
                cases.append(first.split(": it ")[0])
            elif line.startswith(("Three cases", "stopped after", "Time is up")):
                kept.append(line.rstrip())
            elif " passed, " in line and line[0].isdigit():
                cases.append(line.rstrip())
    if len(kept) == 1:  # else it depends on the machine how far the cases that wait have come
        kept += sorted(cases)
    report = xml.parse(f"{folder}/{name}.xml").getroot()
    reported = report.findall("testsuite/testcase")
    failures = [case for case in reported if case.find("failure") is not None]
    right = report.get("tests") == str(len(reported)) and report.get("failures") == str(len(failures))
    kept.append(f"a report of {len(reported)} cases, with counts that are {'right' if right else 'wrong'}")
    return "\n".join(kept) + "\n"


def left_behind():
    left = []
    for environment in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(environment, "rb") as file:
                if MARK.encode() in file.read().split(b"\0"):
                    left.append(environment.split("/")[2])
        except OSError:
            pass  # it has ended, or isn't ours
    return left


def main():
    with tempfile.TemporaryDirectory() as folder:
        runs = [(name, start(sys.argv[1], name, folder)) for name in SERVERS]
        text = "".join(shown(name, run.wait(), folder) for name, run in runs)
        left = left_behind()
    if "--accept" in sys.argv:
        with open(EXPECTED, "w") as file:
            file.write(text)
        return 0
    with open(EXPECTED) as file:
        expected = file.read()
    if text != expected:
        with tempfile.NamedTemporaryFile("w") as got:
            got.write(text)
            got.flush()
            subprocess.run(["diff", "-u", EXPECTED, got.name])
    for process in left:
        print(f"process {process} is left behind")
    if text == expected and not left:
        print(f"The judge has judged {len(SERVERS)} servers, most of which mean it harm.")
        return 0
    return 1


sys.exit(main())
