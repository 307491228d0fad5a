"""Reads a README: its fenced blocks, and what is expected of them.

What is expected stands in a comment before the block, which readers of the page don't see. It has a
line for each command of the block:

    <!-- expect
    0 "HTTP/1.1 200 OK" !"Set-Cookie"
    28
    -->

    28         the exit code
    "text"     stands in the output ('text' if it has a double quote in it)
    !"text"    does not stand in the output
    server     keeps running until the next one, or the end of the page. Then Ctrl-C ends it. Its exit
               code and its output are judged at that time.
    ctrl-c=2   Ctrl-C is pressed after two seconds
    needs=gdb  the command is skipped where there is no gdb, or where it is not permitted
    suite      runs a test suite: not run here, but make must know the goal. So do `installs`, for
               packages, and `builds`, for what takes minutes.

Blocks whose fence names a language, such as ```text, are not commands. If the comment before one of
them is <!-- expect in the output --> or <!-- expect in the server's output -->, its lines must stand
there in this order. Digits may differ, `...` stands for any lines, and at the end of a line for the
rest of it.

In a block that begins with `$ `, the lines after a command are its output. Up to the first empty
line they are typed into it, if its line of the comment says `typed`.
"""
import re
import subprocess
from dataclasses import dataclass, field

WORD = re.compile(r'''(!?)(?:"([^"]*)"|'([^']*)')|(\S+)''')
MARKS = ('suite', 'installs', 'builds')


@dataclass
class Expectation:
    """What one line of a comment says about one command."""
    code: int | None = None
    present: list = field(default_factory=list)
    absent: list = field(default_factory=list)
    words: dict = field(default_factory=dict)

    def says_something(self):
        return self.code is not None or bool(self.present) or any(mark in self.words for mark in MARKS)


@dataclass
class Command:
    line: int  # in the README
    text: str
    expect: Expectation | None  # None: the comment has no line for it
    typed: str = ''
    shown: list = field(default_factory=list)  # lines that must stand in its output


@dataclass
class Shown:
    """Lines that must stand in the output of the command above, or of the server."""
    line: int
    lines: list
    of_server: bool


@dataclass
class Mistake:
    line: int
    text: str


def parse_expectation(text):
    expectation = Expectation()
    for negated, double, single, word in WORD.findall(text):
        if word.isdigit():
            expectation.code = int(word)
        elif word:
            name, _, value = word.partition('=')
            expectation.words[name] = value
        else:
            (expectation.absent if negated else expectation.present).append((double or single).replace('\\n', '\n'))
    return expectation


def is_complete(text):
    return subprocess.run(['bash', '-n', '-c', text], capture_output=True, check=False).returncode == 0


def split_commands(lines, first_line):
    """The commands of a block, which may go on over several lines."""
    commands, begun = [], ''
    for number, line in enumerate(lines, first_line):
        begun, start = (begun + '\n' + line, start) if begun else (line, number)
        if not begun.strip() or (not begun.endswith('\\') and is_complete(begun)):
            if begun.strip():
                commands.append(Command(start, begun.strip(), None))
            begun = ''
    if begun:
        commands.append(Command(start, begun, None))
    return commands


def split_transcript(lines, first_line):
    """The commands of a block that begins with `$ `, and below each of them its output."""
    commands = []
    for number, line in enumerate(lines, first_line):
        if line.startswith('$ '):
            commands.append(Command(number, line[2:], None))
        else:
            commands[-1].shown.append(line)
    return commands


def read_block(language, comment, lines, first_line):
    """The commands, or what is shown, in one block. `comment` is None if there is none before it."""
    if language not in ('', 'sh'):
        if comment is None:
            return []
        if comment not in ('in the output', "in the server's output"):
            return [Mistake(first_line, f'What is expected of lines that are no commands: {comment}')]
        return [Shown(first_line, lines, 'server' in comment)]
    if comment is None:
        return [Mistake(first_line, 'Neither an exit code nor a text is expected of this block.')]
    transcript = bool(lines) and lines[0].startswith('$ ')
    commands = (split_transcript if transcript else split_commands)(lines, first_line)
    expectations = [parse_expectation(line) for line in comment.splitlines() if line.strip()]
    if len(expectations) > len(commands):
        return [Mistake(first_line, 'The comment expects more commands than there are.')]
    for command, expectation in zip(commands, expectations):
        command.expect = expectation
        if 'typed' in expectation.words:
            end = command.shown.index('') + 1
            command.typed = '\n'.join(command.shown[:end]) + '\n'
            command.shown = command.shown[end:]
    return commands


def read_page(text):
    """All that is to be run and compared, in order."""
    found, lines, at, comment = [], text.splitlines(), 0, None
    while at < len(lines):
        line = lines[at].strip()
        if line.startswith('<!-- expect'):
            start = at
            while '-->' not in lines[at]:
                at += 1
            inside = '\n'.join(lines[start:at + 1]).strip()
            comment = inside.removeprefix('<!-- expect').removesuffix('-->').strip()
        elif line.startswith('```'):
            indent, start = len(lines[at]) - len(lines[at].lstrip()), at + 1
            while lines[at + 1].strip() != '```':
                at += 1
            block = [inner[indent:] for inner in lines[start:at + 1]]
            found += read_block(line[3:], comment, block, start + 1)
            comment, at = None, at + 1
        elif line and comment is not None:
            found.append(Mistake(at, 'A comment that expects something belongs right before a block.'))
            comment = None
        at += 1
    return found


def slug(heading):
    """The anchor that a heading gets on the page."""
    return re.sub(r'[^\w\- ]', '', heading.strip('# ').lower()).replace(' ', '-')


def broken_links(page):
    """Links to files, or to headings of other READMEs, that are not there."""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        for target, anchor in re.findall(r'\]\((?!https?:)([^)#]*)#?([^)]*)\)', line):
            file = page.parent / target if target else page
            headings = file.read_text().splitlines() if anchor and file.is_file() else []
            if not file.exists() or (anchor and anchor not in map(slug, headings)):
                yield Mistake(number, f'This link leads nowhere: {target}{"#" if anchor else ""}{anchor}')
