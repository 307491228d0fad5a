#!/usr/bin/env python3
"""Proves the exercises' answers, in a copy of the tree for each level. Of each exercise the suite has
to fail without the answer: every case but those that are described as "control", which say what must
not change. Then the answer is applied (levelN_K_name.patch), and that suite and the level's own must
pass.

A copy begins with the objects that are there, and keeps its own, so that only what an answer touches
is compiled again.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LEFT_OUT = {'.git', 'build', 'data', 'server', '__pycache__', '.cache'}
CASE = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"(?:\s*\*\s*doctest::timeout\(\d+\))?'
                  r'\s*\*\s*doctest::description\("control"\)\)')


class Exercise:
    def __init__(self, suite):
        level, number, _ = suite.stem.removeprefix('level').split('_', 2)
        self.level, self.name, self.suite = int(level), f'{level}-{number}', suite
        self.patch = suite.with_suffix('.patch')

    def controls(self):
        return set(CASE.findall(self.suite.read_text()))

    def has_changed(self, changed):
        """Has the patch, one of the two suites or the level? READMEs don't count."""
        parts = ('common/', f'level{self.level}/', f'tests/level{self.level}/',
                 f'tests/exercises/{self.suite.stem}.')
        return any(path.startswith(parts) and not path.endswith('.md') for path in changed)


def all_exercises():
    return [Exercise(suite) for suite in sorted(HERE.glob('level*.cpp'))]


def changed_since(commit):
    """The paths that differ from that commit, or nothing if there is no such commit."""
    found = subprocess.run(['git', 'diff', '--name-only', commit, '--'], cwd=ROOT, capture_output=True,
                           text=True, check=False)
    return None if found.returncode else found.stdout.splitlines()


def choose(exercises, options):
    if options.changed is None:
        unknown = set(options.names) - {exercise.name for exercise in exercises}
        if unknown:
            sys.exit(f'There is no exercise {", ".join(sorted(unknown))}. Choose from '
                     + ' '.join(exercise.name for exercise in exercises))
        return [exercise for exercise in exercises if not options.names or exercise.name in options.names]
    changed = changed_since(options.changed)
    if changed is None:
        print(f'There is no commit {options.changed} here to compare with: the first of each level')
    return [exercise for exercise in exercises
            if exercise.name.endswith('-1') or exercise.has_changed(changed or [])]


def sources(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in files:
            if name not in LEFT_OUT:
                yield (pathlib.Path(path) / name).relative_to(folder)


class Copy:
    """The tree, in a folder of its own where answers are applied and taken back."""

    def __init__(self, build, level, cxx):
        self.folder, self.cxx = build / 'exercises' / f'level{level}', cxx
        self.log = self.folder / 'build' / 'check.log'
        if not self.folder.exists():
            for part in ('common', f'level{level}', f'unit{level}', 'tests/support',
                         *(f'tests/level{n}' for n in range(1, level + 1))):
                if (build / part).exists():  # with their times, which is all that make knows of them
                    shutil.copytree(build / part, self.folder / 'build' / part)

    def restore(self):
        """Makes it the tree again. What is already the same isn't touched, so make has nothing to do."""
        wanted = set(sources(ROOT))
        for path in set(sources(self.folder)) - wanted:
            (self.folder / path).unlink()
        for path in wanted:
            source, target = ROOT / path, self.folder / path
            with contextlib.suppress(FileNotFoundError):  # what ln makes and renames, in another make
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)
                elif target.read_bytes() != source.read_bytes():
                    shutil.copyfile(source, target)  # its time is now, and its object is older
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def apply(self, patch):
        # Without the ceiling git would find the repository around the copy, and apply it there.
        environment = {**os.environ, 'GIT_CEILING_DIRECTORIES': str(self.folder.parent)}
        done = subprocess.run(['git', 'apply', '--whitespace=nowarn', str(patch)], cwd=self.folder,
                              env=environment, capture_output=True, text=True, check=False)
        return done.stderr.strip()

    def make(self, goal, flags=''):
        """Runs a goal that is a suite. Returns whether make says that all is well."""
        environment = {**os.environ, 'TEST_FLAGS': flags}
        environment.pop('SERVER', None)
        with open(self.log, 'w', encoding='utf-8') as log:
            return subprocess.run(['make', goal, f'CXX={self.cxx}', 'ENGINES=epoll'], cwd=self.folder,
                                  env=environment, stdout=log, stderr=subprocess.STDOUT,
                                  check=False).returncode == 0

    def end_of_log(self):
        lines = self.log.read_text(errors='replace').splitlines()
        return ''.join(f'\n        | {line}' for line in lines[-12:])

    def failures(self, exercise):
        """Runs its suite. Returns the names of the cases that failed, and of those that didn't. Both are
        empty if it can't be run."""
        report = self.folder / 'build' / f'{exercise.name}.xml'
        report.unlink(missing_ok=True)
        self.make(f'exercise-{exercise.name}', f'-r=junit -o={report}')
        if not report.exists():
            return set(), set()
        cases = {case.get('name'): case for case in ElementTree.parse(report).iter('testcase')}
        failed = {name for name, case in cases.items()
                  if case.find('failure') is not None}
        return failed, set(cases) - failed


def problem_without(copy, exercise):
    failed, others = copy.failures(exercise)
    controls = exercise.controls()
    if not failed:
        return 'Without the answer no case of its suite fails:' + copy.end_of_log()
    if others != controls:
        wrong = sorted(others ^ controls)
        return 'Without the answer these should fail, or are wrongly called controls: ' + '; '.join(wrong)
    return ''


def problem_with(copy, exercise, options):
    refusal = copy.apply(exercise.patch)
    if refusal:
        return f'{exercise.patch.name} does not apply: {refusal}'
    if not copy.make(f'exercise-{exercise.name}'):
        return 'With the answer its suite does not pass:' + copy.end_of_log()
    # Level 4's suite has the cases of all levels. Its own are enough for a quick look.
    quick = options.quick or options.changed is not None
    flags = "-ts='level4*'" if quick and exercise.level == 4 else ''
    # Twice, because some of its cases measure time, and this machine may have other work.
    if not any(copy.make(f'test-level{exercise.level}', flags) for _ in range(2)):
        return f'With the answer the suite of level {exercise.level} does not pass:' + copy.end_of_log()
    return ''


def check(copy, exercise, options):
    copy.restore()
    return problem_without(copy, exercise) or problem_with(copy, exercise, options)


def main():
    parser = argparse.ArgumentParser(description='Proves the answers to the exercises.')
    parser.add_argument('--build', default='build', help='where the objects are, and the copies shall be')
    parser.add_argument('--cxx', default='g++', help='the compiler')
    parser.add_argument('--changed', metavar='COMMIT', help='only the first exercise of each level, and those '
                        'whose patch, suite or level has changed since that commit')
    parser.add_argument('--quick', action='store_true', help="of level 4's suite only its own cases")
    parser.add_argument('names', nargs='*', help='only these, such as 2-1')
    options = parser.parse_args()
    failed = 0
    chosen = choose(all_exercises(), options)
    for exercise in chosen:
        print(f'{exercise.name}  {exercise.suite.stem} ...', flush=True)
        began = time.monotonic()
        copy = Copy((ROOT / options.build).resolve(), exercise.level, options.cxx)
        problem = check(copy, exercise, options)
        copy.restore()
        failed += bool(problem)
        print(f'      {problem or "fails without, passes with"} ({time.monotonic() - began:.0f} s)', flush=True)
    print(f'{len(chosen) - failed} passed, {failed} failed')
    sys.exit(1 if failed or not chosen else 0)


if __name__ == '__main__':
    main()
