#!/usr/bin/env python3
"""Runs the commands of each README, in order and with the right server running, and compares what
they print with what is expected of them (blocks.py says how that is written down).

The commands run in a copy of the tree, so what they write doesn't land in yours, and on free ports
that are put in for 9000 and 9001. Python's standard library, bash, nc and curl are all it needs.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import blocks
from processes import LONGEST, Server, end, exit_code, free_port, start

PAGES = ['README.md', *(f'level{n}/README.md' for n in range(1, 5)), 'tests/README.md', 'tests/TEACHING.md']
FORBIDDEN = re.compile(r'not permitted|permission|sudo:', re.IGNORECASE)


def alike(shown, printed):
    """Is the line in the README the one that was printed, but for its digits?"""
    shown, printed = (re.sub(r'\d+', '#', line.strip()) for line in (shown, printed))
    return printed.startswith(shown[:-3]) if shown.endswith('...') else printed == shown


def first_missing(shown, output):
    """The first line that does not follow in the output, or nothing."""
    printed = iter(output.splitlines())
    for line in shown:
        if line.strip() not in ('', '...') and not any(alike(line, other) for other in printed):
            return line
    return None


class Page:
    """A README, the servers that its commands have started, and what has become of them."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.report = []
        self.ports = {'9000': str(free_port()), '9001': str(free_port())}
        self.servers = []
        self.left_behind = []  # commands that still have processes in the background
        self.output = ''
        self.passed = self.failed = self.skipped = 0
        self.marked = []

    def with_ports(self, text):
        text = re.sub(r'\b900[01]\b', lambda match: self.ports[match[0]], text)
        # The other levels take the port from the variable PORT.
        text = re.sub(r'\./level1/server(?! -| \d)', './level1/server ' + self.ports['9000'], text)
        return re.sub(r'\bsudo ', '' if os.getuid() == 0 else 'sudo -n ', text)

    def as_written(self, output):
        for written, used in self.ports.items():
            output = output.replace(used, written)
        return output

    def fail(self, line, command, problem, output=''):
        self.failed += 1
        self.report += [f'FAIL  {self.name}:{line}  {command}', '      ' + problem]
        self.report += ['      | ' + shown for shown in output.splitlines()[-12:]]

    def skip(self, line, command, why):
        self.skipped += 1
        self.report += [f'skip  {self.name}:{line}  {command}', '      ' + why]

    def judge(self, command, code, output):
        """Counts a command that has ended."""
        expect = command.expect
        output = self.as_written(output)
        forbidden = next(filter(FORBIDDEN.search, output.splitlines()), None)
        if 'needs' in expect.words and forbidden:
            return self.skip(command.line, command.text, forbidden.strip())
        problem = None
        if expect.code is not None and code != expect.code:
            problem = f'The exit code should be {expect.code}, and is {code}.'
        for text in expect.present:
            if text not in output:
                problem = problem or f'The output should have "{text}" in it:'
        for text in expect.absent:
            if text in output:
                problem = problem or f'The output should not have "{text}" in it:'
        missing = first_missing(command.shown, output)
        if missing is not None:
            problem = problem or f'The README shows a line that was not printed: {missing.strip()}'
        if problem:
            return self.fail(command.line, command.text, problem, output)
        self.passed += 1

    def run(self, command):
        expect = command.expect
        if expect is None or not expect.says_something():
            return self.fail(command.line, command.text, 'Neither an exit code nor a text is expected of it.')
        text = self.with_ports(command.text)
        mark = next((mark for mark in blocks.MARKS if mark in expect.words), None)
        if mark:
            self.marked.append(mark)
            text = text.replace('make ', 'make --dry-run ')
            known = subprocess.run(['bash', '-c', text], cwd=self.folder, env=self.environment(),
                                   capture_output=True, text=True, errors='replace', check=False)
            if known.returncode:
                self.fail(command.line, command.text, 'make does not know how to do this:', known.stderr)
            return None
        tool = expect.words.get('needs')
        if tool and not shutil.which(tool):
            return self.skip(command.line, command.text, f'{tool} is not installed.')
        if 'server' in expect.words:
            return self.start_server(command, text)
        if not self.servers and self.ports['9000'] in text:
            return self.skip(command.line, command.text, 'Its server did not start: see above.')
        code, self.output = self.run_to_end(command, text)
        return self.judge(command, code, self.output)

    def environment(self):
        return {**os.environ, 'PORT': self.ports['9000'], 'NO_COLOR': '1'}

    def run_to_end(self, command, text):
        patience = float(command.expect.words.get('ctrl-c', 0)) or LONGEST
        with tempfile.TemporaryFile() as printed:
            process = start(text, cwd=self.folder, env=self.environment(), stdin=subprocess.PIPE,
                            stdout=printed, stderr=subprocess.STDOUT)
            process.stdin.write(command.typed.encode())
            process.stdin.close()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                end(process, signal.SIGINT if 'ctrl-c' in command.expect.words else signal.SIGKILL)
                process.wait()
            if end(process, 0):
                self.left_behind.append(process)
            printed.seek(0)
            return exit_code(process), printed.read().decode(errors='replace')

    def start_server(self, command, text):
        if 'beside' not in command.expect.words:
            self.end_servers()
        log = self.folder / f'{self.name.replace("/", "-")}-{len(self.servers)}.log'
        server = Server(command, text, log, cwd=self.folder, env=self.environment())
        self.servers.append(server)
        if not server.wait_for(lambda printed: 'istening on' in printed):
            self.end_server()

    def end_server(self):
        """Ctrl-C, and then what the one that was started last has printed is judged."""
        server = self.servers.pop()
        if 'beside' in server.command.expect.words:  # tcpdump prints late
            server.wait_for(lambda printed: all(
                self.with_ports(text) in printed for text in server.command.expect.present), 3)
        server.stop()
        self.judge(server.command, exit_code(server.process), server.printed())

    def end_servers(self):
        while self.servers:
            self.end_server()
        for process in self.left_behind:
            end(process, signal.SIGKILL)
        self.left_behind = []

    def compare(self, block):
        if block.of_server and not self.servers:
            return self.skip(block.line, block.lines[0], 'Its server did not start: see above.')
        if block.of_server:
            server = self.servers[-1]
            server.wait_for(lambda printed: first_missing(block.lines, self.as_written(printed)) is None, 5)
            output = self.as_written(server.printed())
        else:
            output = self.as_written(self.output)
        missing = first_missing(block.lines, output)
        if missing is not None:
            return self.fail(block.line, block.lines[0], f'This line was not printed: {missing.strip()}', output)
        self.passed += 1

    def run_all(self):
        began = time.monotonic()
        try:
            page = self.folder / self.name
            for found in [*blocks.broken_links(page), *blocks.read_page(page.read_text())]:
                if isinstance(found, blocks.Mistake):
                    self.fail(found.line, '', found.text)
                elif isinstance(found, blocks.Shown):
                    self.compare(found)
                else:
                    self.run(found)
            self.end_servers()
        finally:
            for process in [*(server.process for server in self.servers), *self.left_behind]:
                end(process, signal.SIGKILL)
        counts = f'{self.passed} passed, {self.failed} failed, {self.skipped} skipped'
        self.report.append(f'{self.name}: {counts}, {time.monotonic() - began:.0f} s')
        return self


def copy_tree(root, folder):
    shutil.rmtree(folder, ignore_errors=True)
    leave_out = shutil.ignore_patterns('.git', 'build', 'data', '__pycache__', '.cache')
    shutil.copytree(root, folder, ignore=leave_out, symlinks=True)
    (folder / 'build').symlink_to(root / 'build')


def main():
    parser = argparse.ArgumentParser(description='Runs the commands of the READMEs.')
    parser.add_argument('--only', default='', help='only pages with this in their names')
    options = parser.parse_args()
    for tool, package in (('bash', 'bash'), ('nc', 'netcat-openbsd'), ('curl', 'curl')):
        if not shutil.which(tool):
            sys.exit(f'The READMEs use {tool}. Install the package {package}, then try again.')
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = root / 'build' / 'readme'
    copy_tree(root, folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which may be off, and is inherited
    pages = [Page(name, folder) for name in PAGES if options.only in name]
    # All at once, because their commands spend most of the time waiting for deadlines.
    with concurrent.futures.ThreadPoolExecutor(len(PAGES)) as executor:
        for page in executor.map(Page.run_all, pages):
            print('\n'.join(page.report), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    marked = sum((page.marked for page in pages), [])
    counts = ', '.join(f'{marked.count(mark)} {mark}' for mark in blocks.MARKS)
    print(f'Only checked to be known to make, by their marks: {counts}')
    passed, failed, skipped = (sum(getattr(page, count) for page in pages)
                               for count in ('passed', 'failed', 'skipped'))
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    sys.exit(1 if failed or not (passed or marked) else 0)


if __name__ == '__main__':
    main()
