"""Builds and judges the submissions in a folder, for `make grade`: a folder each. Writes grades.csv (points
by stage, total, status), cases.csv (case by student), and for each a report and a results.json. It can be
interrupted: what has been graded is not graded again. Leaves out whether a program may reach the network."""

import argparse
import csv
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

BUILD_SECONDS = 120
COMMANDS = [  # how a submission is started, by what is in its folder
    ("server", "./server {port}"), ("run.sh", "sh run.sh {port}"), ("server.py", "python3 -u server.py {port}"),
    ("main.py", "python3 -u main.py {port}"), ("server.js", "node server.js {port}")]


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--level", type=int, required=True)
    parser.add_argument("--submissions", required=True)
    parser.add_argument("--judge", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--server", default="", help="how each is started; by default found out")
    parser.add_argument("--run-as", default="")
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


class Interrupted(Exception):
    """By Ctrl-C: the submission is left for the next time."""


class Judge:
    """Runs the judge for all submissions, and can end those that are running."""

    def __init__(self, arguments):
        self.arguments, self.running, self.lock, self.stopped = arguments, set(), threading.Lock(), False

    def run(self, work, output, *flags, **variables):
        """Its exit code. What it, the build and the server put in temporary files goes with `work`."""
        arguments, folder = self.arguments, os.path.join(work, "submission")
        command = [os.path.abspath(arguments.judge), f"--level={arguments.level}", f"--folder={folder}", *flags]
        if arguments.run_as:
            command.append(f"--run-as={arguments.run_as}")
        ours = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CASE")
        environment = {"SEED": "1", **{key: value for key, value in os.environ.items() if key not in ours},
                       "HOME": folder, "TMPDIR": os.path.join(work, "tmp"), **variables}
        with self.lock:
            if self.stopped:
                raise Interrupted
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT)
            self.running.add(process)
        status = process.wait()
        with self.lock:
            self.running.remove(process)
            if self.stopped or status in (130, -signal.SIGINT):
                raise Interrupted
        return status

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.running:
                process.send_signal(signal.SIGINT)


def open_text(path, mode="r"):
    """Names of folders, and what servers have printed, may be any bytes."""
    return open(path, mode, encoding="utf-8", errors="backslashreplace", newline="" if "w" in mode else None)


def give_to(user, folder):
    """Makes it the user's, with all that is in it."""
    if not user:
        return
    entry = pwd.getpwnam(user)
    for path, folders, files in os.walk(folder):
        for name in [path] + [os.path.join(path, name) for name in folders + files]:
            os.lchown(name, entry.pw_uid, entry.pw_gid)


def special_files(folder, names):
    """Those that aren't copied, because a pipe, a socket or a device would not end."""
    modes = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}
    return [name for name, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))]


def own_copy(source, work, user):
    """A copy of the submission that the user can write, and a folder for its temporary files."""
    copy, temporary = os.path.join(work, "submission"), os.path.join(work, "tmp")
    shutil.copytree(source, copy, symlinks=True, ignore=special_files)
    os.mkdir(temporary)
    os.chmod(work, 0o755)
    for folder in copy, temporary:
        give_to(user, folder)
    return copy


def remove(folder):
    """Even if it is too deep for Python, or a submission has locked its own folders."""
    if os.geteuid() != 0:
        subprocess.run(["chmod", "-R", "u+rwX", folder], stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", folder], stderr=subprocess.DEVNULL)


def build(judge, work):
    """What make printed, if it failed; else nothing."""
    if not os.path.exists(os.path.join(work, "submission", "Makefile")):
        return ""
    with tempfile.TemporaryFile() as output:
        status = judge.run(work, output, "--server=make", "--once", f"--limit={BUILD_SECONDS}")
        output.seek(0)
        return "" if status == 0 else "make: " + output.read(20000).decode(errors="backslashreplace")


def command_for(folder, given):
    if given:
        return given
    for name, command in COMMANDS:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (name != "server" or os.access(path, os.X_OK)):
            return command
    return None


def public_folder(folder, arguments):
    """The submission's own, or else a copy of ours, if this level serves files."""
    ours, theirs = f"level{arguments.level}/public", os.path.join(folder, "public")
    if os.path.isdir(ours) and not os.path.isdir(theirs):
        shutil.copytree(ours, theirs)
        give_to(arguments.run_as, theirs)
    return theirs if os.path.isdir(ours) else None


def status_of(results):
    """In a few words, for grades.csv."""
    facts = results["extra_data"]
    if not facts["started"]:
        return "does not start"
    if facts["end"] == "time is up":
        return "time is up"
    crashes = facts["crashes"]
    return f"crashed {crashes} time{'s'[crashes == 1:]}" if crashes else "graded"


def build_and_judge(judge, source, work, output):
    """The status; has the judge write the report and results.json."""
    arguments = judge.arguments
    copy = own_copy(source, work, arguments.run_as)
    errors = build(judge, work)
    command = command_for(copy, arguments.server)
    if errors or not command:
        names = ", ".join(name for name, _ in COMMANDS)
        with open_text(f"{output}/report.txt", "w") as report:
            report.write(errors or f"There is no program of a known name: {names} (server must be executable)\n")
        return "does not build" if errors else "does not start"
    public = public_folder(copy, arguments)
    with open(f"{output}/report.txt", "w") as report:
        judge.run(work, report, "--points=tests/points", "-r=gradescope", f"-o={output}/results.json",
                  *([f"--public={public}"] if public else []), SERVER=command)
    with open_text(f"{output}/results.json") as file:
        return status_of(json.load(file))


def grade(judge, name):
    """Grades one submission, unless that has been done. The file status.txt is written last."""
    output = os.path.join(judge.arguments.output, name)
    if os.path.exists(f"{output}/status.txt"):
        return
    os.makedirs(output, exist_ok=True)
    if os.path.exists(f"{output}/results.json"):  # of a run that was interrupted
        os.remove(f"{output}/results.json")
    work = tempfile.mkdtemp(prefix="grade-")
    try:
        status = build_and_judge(judge, os.path.join(judge.arguments.submissions, name), work, output)
    except Interrupted:
        return
    except Exception as error:  # whatever it is, the others are graded
        status = "cannot be graded"
        with open_text(f"{output}/report.txt", "a") as report:
            report.write(f"{type(error).__name__}: {error}\n")
    finally:
        remove(work)
    with open_text(f"{output}/status.txt", "w") as file:
        file.write(status)
    print(f"{name}: {status}", flush=True)


def stage_of(test, level):
    """The suite of a case, which stands before its name; those of earlier levels count together."""
    suite = test["name"].split(": ")[0]
    return suite if suite.startswith(f"level{level}") else "levels before"


def write_tables(names, arguments):
    """Writes both tables from what has been graded so far."""
    graded, cases, stages = {}, [], []
    for name in names:
        output = os.path.join(arguments.output, name)
        if not os.path.exists(f"{output}/status.txt"):
            continue
        tests = []
        if os.path.exists(f"{output}/results.json"):
            with open_text(f"{output}/results.json") as file:
                tests = json.load(file)["tests"]
        with open_text(f"{output}/status.txt") as file:
            graded[name] = (file.read(), {test["name"]: test for test in tests})
        cases += [test["name"] for test in tests if test["name"] not in cases]
        stages += [stage for stage in dict.fromkeys(stage_of(test, arguments.level) for test in tests if test["max_score"])
                   if stage not in stages]
    with open_text(f"{arguments.output}/grades.csv", "w") as file:
        table = csv.writer(file)
        table.writerow(["submission", *stages, "total", "status"])
        for name, (status, tests) in graded.items():
            points = [sum(test["score"] for test in tests.values() if stage_of(test, arguments.level) == stage)
                      for stage in stages]
            table.writerow([name, *(f"{each:.2f}" for each in points), f"{sum(points):.2f}", status])
    with open_text(f"{arguments.output}/cases.csv", "w") as file:
        table = csv.writer(file)
        table.writerow(["case", *graded])
        for case in cases:
            table.writerow([case, *(tests[case].get("status", "skipped") if case in tests else "" for _, tests in graded.values())])


def main():
    arguments = read_arguments()
    if not os.path.isdir(arguments.submissions):  # with make -C it is meant from where it was typed
        arguments.submissions = os.path.join(os.environ.get("RUN_FROM", "."), arguments.submissions)
    if os.geteuid() != 0:
        arguments.run_as = ""  # only root can become another user
    if arguments.run_as:
        try:
            pwd.getpwnam(arguments.run_as)
        except KeyError:
            sys.exit(f"RUN_AS={arguments.run_as}: there is no such user.")
    names = sorted(name for name in os.listdir(arguments.submissions)
                   if os.path.isdir(os.path.join(arguments.submissions, name)) and not name.startswith("."))
    os.makedirs(arguments.output, exist_ok=True)
    sys.stdout.reconfigure(errors="backslashreplace")
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:  # SIGINT may be ignored, as it is behind an &
        signal.signal(number, signal.default_int_handler)
    judge, pool = Judge(arguments), ThreadPoolExecutor(arguments.jobs)
    try:
        for _ in pool.map(lambda name: grade(judge, name), names):
            write_tables(names, arguments)
    except KeyboardInterrupt:
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:  # we are about to end
            signal.signal(number, signal.SIG_IGN)
        judge.stop()
        pool.shutdown(cancel_futures=True)
        print("stopped; the same command goes on from here")
        sys.exit(130)
    print(f"{arguments.output}/grades.csv, cases.csv, and a report for each of {len(names)}")


main()
