"""Tries the judge on servers and submissions that mean it harm, for `make test-judge`. Whatever they do, there
has to be a result that is right, a complete report, and no process left. What is printed is compared with
expected.txt, without the texts of the failures; --accept writes it anew."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from submissions import SUBMISSIONS, Grading

HERE = os.path.dirname(os.path.abspath(__file__))
EXPECTED = os.path.join(HERE, "expected.txt")
MARK = f"TEST_OF_JUDGE={os.getpid()}"
SERVERS = {  # and the cases that are enough to see what it does
    "silent": "", "always_200": "", "crash": "", "daemon": "", "parent_killer": "", "escape": "gets the page",
    "fake_count": "gets the page", "helper": "gets the page", "defaults": "gets the page", "memory": "gets the page", "chatter": "gets the page",
    "latin1": "gets the page", "elsewhere": ""}


def environment():
    key, value = MARK.split("=")
    return {**os.environ, key: value, "SEED": "1"}


def start(judge, name, folder):
    with open(f"{folder}/{name}.txt", "w") as output:
        return subprocess.Popen(
            [judge, "--level=1", f"--server={sys.executable} -B {HERE}/{name}.py {{port}}", f"--case={SERVERS[name]}",
             "-r=junit", f"-o={folder}/{name}.xml"],
            stdout=output, stderr=subprocess.STDOUT, env=environment())


def shown(name, status, folder):
    """What must not change: the cases, how the run ended, the count, and what the report says."""
    kept, cases = [f"== {name}: exit code {status}"], []
    with open(f"{folder}/{name}.txt", errors="replace") as file:
        for line in file:
            first = line.split("  (")[0].rstrip()
            if line.startswith(("  ok", "  FAIL", "  skip")):
                cases.append(first.split(": it ")[0])
            elif line.startswith(("Three cases", "stopped after", "Time is up", "It listens")):
                kept.append(re.sub("[0-9]+", "N", line.rstrip()))
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


def left_behind(mark=MARK):
    """The processes with this entry in their environment."""
    left = []
    for environment in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(environment, "rb") as file:
                if mark.encode() in file.read().split(b"\0"):
                    left.append(environment.split("/")[2])
        except OSError:
            pass  # it has ended, or isn't ours
    return left


def files_behind_a_link(judge, folder):
    """What the judge writes as root where a submission's link leads, to a folder that isn't its user's."""
    if os.geteuid() != 0:
        return []
    os.chmod(folder, 0o755)
    for made in "site", "elsewhere":
        os.mkdir(f"{folder}/{made}")
    os.symlink("../elsewhere", f"{folder}/site/files")
    shutil.copy(f"{HERE}/always_200.py", folder)
    with subprocess.Popen([judge, "--level=3", f"--server={sys.executable} -B always_200.py {{port}}", f"--folder={folder}",
                           "--run-as=nobody", f"--public={folder}/site", "--case=changed, and a date after it"],
                          stdout=subprocess.PIPE, env=environment(), text=True) as run:
        wrote = "Permission denied" not in run.stdout.read()
    return ["The judge wrote as root where a link led."] if wrote or os.listdir(f"{folder}/elsewhere") else []


def starter_in_an_odd_folder(judge, folder):
    mine = f"{folder}/it's mine"
    subprocess.run(["tests/support/starter.sh", "1", mine, "python", judge], check=True, stdout=subprocess.DEVNULL)
    next_case = subprocess.run(["make", "-C", mine, "next", "CASE=gets the page"], env=environment(), capture_output=True, text=True)
    return [] if "1 of 1 cases" in next_case.stdout else [f"make next does not work in {mine}:\n" + next_case.stdout + next_case.stderr]


def main():
    judge, judge_of_files = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        runs = [(name, start(judge, name, folder)) for name in SERVERS]
        grading = Grading(judge, folder, environment(), left_behind)
        problems = files_behind_a_link(judge_of_files, folder) + starter_in_an_odd_folder(judge, folder)
        text = grading.shown()
        text = "".join(shown(name, run.wait(), folder) for name, run in runs) + text
        problems += [f"process {process} is left behind" for process in left_behind()]
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
    for problem in problems:
        print(problem)
    if text == expected and not problems:
        print(f"The judge has judged {len(SERVERS)} servers and {len(SUBMISSIONS)} submissions, most of which mean it harm.")
        return 0
    return 1


sys.exit(main())
