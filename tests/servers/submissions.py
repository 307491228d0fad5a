"""Submissions that mean `make grade` harm. What it makes of them is compared with expected.txt by test_judge.py."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = "raise SystemExit('The script was started.')\n"
SUBMISSIONS = {  # the files of each, and what its report has to say; that of `waits` is built last
    "floods": ({"Makefile": "all:\n\tyes | head -c 30000000; false\n"}, "make: exit code 2"),
    "folder": ({"server/file": "", "server.py": SCRIPT}, "The script was started."),
    "latin1": ({"server.py": open(f"{HERE}/latin1.py").read()}, r"caf\xe9 é"),
    "leaves": ({"Makefile": "all:\n\tsetsid sleep 4324 & true\n", "main.py": SCRIPT}, "The script was started."),
    "no_x": ({"server": "#!/bin/sh\n"}, "server must be executable"),
    "pipe": ({"main.py": SCRIPT}, "The script was started."),
    "too_deep": ({"d/" * 600 + "file": ""}, "RecursionError"),
    "waits": ({"Makefile": "all:\n\ttouch $$STARTED; test -e $$GO || sleep 4324\n"}, "no program of a known name")}


def write_submissions(folder):
    for name, (files, _) in SUBMISSIONS.items():
        for file, content in files.items():
            path = f"{folder}/{name}/{file}"
            subprocess.run(["mkdir", "-p", os.path.dirname(path)], check=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(content)
    os.mkfifo(f"{folder}/pipe/pipe")


def wait_until(true, patience=100):
    end = time.monotonic() + patience
    while not true() and time.monotonic() < end:
        time.sleep(0.05)


class Grading:
    """Two runs of `make grade`: the first is interrupted in the build of the last submission."""

    def __init__(self, judge, folder, environment, left_behind):
        self.folder, self.temporary = folder, f"{folder}/tmp"
        self.left_behind = lambda: left_behind(f"STARTED={folder}/started")
        self.command = [sys.executable, "-B", "tests/support/grade.py", "--level=1", f"--judge={judge}", "--jobs=4",
                        f"--submissions={folder}/submissions", f"--output={folder}/grades"]
        self.environment = {**environment, "TMPDIR": self.temporary, "STARTED": f"{folder}/started", "GO": f"{folder}/go"}
        os.mkdir(self.temporary)
        write_submissions(f"{folder}/submissions")
        self.first = self.start()

    def start(self):
        return subprocess.Popen(self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def shown(self):
        """How the first run ended, what the second one still had to do, and the status and report of each."""
        others = [f"{self.folder}/grades/{name}/status.txt" for name in SUBMISSIONS if name != "waits"]
        wait_until(lambda: all(map(os.path.exists, [*others, self.environment["STARTED"]])))
        since = time.monotonic()
        self.first.send_signal(signal.SIGINT)
        text = "== make grade\n" + self.first.communicate()[0].splitlines()[-1]
        text += f", exit code {self.first.returncode}, {'at once' if time.monotonic() - since < 5 else 'late'}\n"
        wait_until(lambda: not self.left_behind(), 2)  # a keeper ends after what it has kept
        text += f"{len(self.left_behind())} processes and "
        text += f"{len(os.listdir(self.temporary))} temporary folders are left behind\n"
        open(self.environment["GO"], "w").close()
        text += self.start().communicate()[0].replace(self.folder, "")
        with open(f"{self.folder}/grades/grades.csv", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                text += self.said_of(row["submission"], row["status"])
        with open(f"{self.folder}/grades/latin1/results.json", encoding="utf-8") as file:
            return text + f"results.json has {len(json.load(file)['tests'])} tests\n"

    def said_of(self, name, status):
        with open(f"{self.folder}/grades/{name}/report.txt", encoding="utf-8", errors="replace") as file:
            said = SUBMISSIONS[name][1] in file.read()
        return f"{name}: {status}; its report {'says' if said else 'does not say'}: {SUBMISSIONS[name][1]}\n"
