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
import subprocess
import tempfile
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


def own_copy(source, user):
    """A copy of the folder that the user can read and write, in a folder of its own."""
    parent = tempfile.mkdtemp(prefix="grade-")
    copy = os.path.join(parent, "submission")
    shutil.copytree(source, copy, symlinks=True)
    if user:
        os.chmod(parent, 0o755)
        entry = pwd.getpwnam(user)
        for folder, folders, files in os.walk(parent):
            for name in [folder] + [os.path.join(folder, name) for name in folders + files]:
                os.lchown(name, entry.pw_uid, entry.pw_gid)
    return parent, copy


def build(folder, user):
    """What make printed, if it failed; else nothing."""
    if not os.path.exists(os.path.join(folder, "Makefile")):
        return ""
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    environment["HOME"] = folder
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryFile() as output:
        make = subprocess.Popen(["make"], cwd=folder, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
                                stdout=output, stderr=subprocess.STDOUT, **as_user)
        try:
            status = make.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            status = f"no end within {BUILD_SECONDS} s"
        finally:
            try:
                os.killpg(make.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        output.seek(0)
        return "" if status == 0 else f"make: {status}\n" + output.read(20000).decode(errors="replace")


def command_for(folder, given):
    if given:
        return given
    return next((command for name, command in COMMANDS if os.path.exists(os.path.join(folder, name))), None)


def public_folder(folder, level):
    """The submission's own, or else a copy of ours, if this level serves files."""
    ours, theirs = f"level{level}/public", os.path.join(folder, "public")
    if os.path.isdir(ours) and not os.path.isdir(theirs):
        shutil.copytree(ours, theirs)
    return theirs if os.path.isdir(ours) else None


def judge(folder, output, arguments):
    """Has the judge write the report and results.json."""
    command = [os.path.abspath(arguments.judge), f"--level={arguments.level}", f"--folder={folder}",
               "--points=tests/points", "-r=gradescope", f"-o={output}/results.json"]
    public = public_folder(folder, arguments.level)
    if public:
        command.append(f"--public={public}")
    if arguments.run_as:
        command.append(f"--run-as={arguments.run_as}")
    environment = {"SEED": "1", **os.environ, "SERVER": command_for(folder, arguments.server)}
    environment.pop("CASE", None)
    with open(f"{output}/report.txt", "w") as report:
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=report,
                              stderr=subprocess.STDOUT).returncode


def status_of(results):
    """In a few words, for grades.csv."""
    facts = results["extra_data"]
    if not facts["started"]:
        return "does not start"
    if facts["end"] == "time is up":
        return "time is up"
    crashes = facts["crashes"]
    return f"crashed {crashes} time{'s'[crashes == 1:]}" if crashes else "graded"


def grade(name, arguments):
    """Grades one submission, unless that has been done. The file status.txt is written last."""
    output = os.path.join(arguments.output, name)
    if os.path.exists(f"{output}/status.txt"):
        return
    os.makedirs(output, exist_ok=True)
    parent, copy = own_copy(os.path.join(arguments.submissions, name), arguments.run_as)
    try:
        errors = build(copy, arguments.run_as)
        if errors or not command_for(copy, arguments.server):
            status = "does not build" if errors else "does not start"
            with open(f"{output}/report.txt", "w") as report:
                report.write(errors or "There is no program of a known name: " + ", ".join(n for n, _ in COMMANDS) + "\n")
        elif judge(copy, output, arguments) == 130:
            return  # interrupted
        else:
            with open(f"{output}/results.json") as file:
                status = status_of(json.load(file))
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    with open(f"{output}/status.txt", "w") as file:
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
            with open(f"{output}/results.json") as file:
                tests = json.load(file)["tests"]
        with open(f"{output}/status.txt") as file:
            graded[name] = (file.read(), {test["name"]: test for test in tests})
        cases += [test["name"] for test in tests if test["name"] not in cases]
        stages += [stage for stage in dict.fromkeys(stage_of(test, arguments.level) for test in tests if test["max_score"])
                   if stage not in stages]
    with open(f"{arguments.output}/grades.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["submission", *stages, "total", "status"])
        for name, (status, tests) in graded.items():
            points = [sum(test["score"] for test in tests.values() if stage_of(test, arguments.level) == stage)
                      for stage in stages]
            table.writerow([name, *(f"{each:.2f}" for each in points), f"{sum(points):.2f}", status])
    with open(f"{arguments.output}/cases.csv", "w", newline="") as file:
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
    names = sorted(name for name in os.listdir(arguments.submissions)
                   if os.path.isdir(os.path.join(arguments.submissions, name)) and not name.startswith("."))
    os.makedirs(arguments.output, exist_ok=True)
    try:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            for _ in pool.map(lambda name: grade(name, arguments), names):
                write_tables(names, arguments)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here")
        os._exit(130)
    print(f"{arguments.output}/grades.csv, cases.csv, and a report for each of {len(names)}")


main()
