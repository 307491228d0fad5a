"""Draws the processor time per request as bars, in SVG: a group for each load, a bar for each server. The colours
follow the reader's: light or dark."""
import datetime
import os
import re
from html import escape

# The others are grey.
COLOURS = {"level 4, epoll": "a", "level 4, 2 loops": "a", "level 4, poll": "b", "level 4, threads": "b", "level 3": "c", "level 2": "d"}
LINE, LABELS, BARS, GAP = 22, 190, 520, 30
STYLE = """
text { fill: #1c2128; } .note { fill: #57606a; } .paper { fill: #ffffff; } .other { fill: #8b93a1; }
.a { fill: #0b6e4f; } .b { fill: #3aa57c; } .c { fill: #7cc6a4; } .d { fill: #b9e0cd; }
@media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .note { fill: #9aa4af; } .paper { fill: #0d1117; } .other { fill: #6e7681; }
    .a { fill: #5fe0b0; } .b { fill: #3aa57c; } .c { fill: #2c7d5e; } .d { fill: #235944; }
}"""


def machine():
    """What the figures were measured on, and when. Without /proc only when."""
    day = datetime.date.today().isoformat()
    try:
        with open("/proc/cpuinfo") as file:
            name = re.search(r"model name\s*: (.*)", file.read())[1]
    except (OSError, TypeError):
        return day
    return f"{name}, {os.cpu_count()} processors, {day}"


def draw(medians, path):
    """`medians` are microseconds, by load and server. The longest bar of each load takes up the whole width."""
    parts = ['<text x="10" y="26" font-size="16" font-weight="bold">Microseconds of processor time per request</text>',
             f'<text x="10" y="46" class="note">shorter is better; {escape(machine())}</text>']
    y = 82
    for load, costs in medians.items():
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(load)}</text>')
        y += 10
        longest = max(max(costs.values()), 1e-9)
        for name, cost in sorted(costs.items(), key=lambda item: item[1]):
            width = max(cost / longest * BARS, 1)
            parts.append(f'<text x="{LABELS - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
                         f'<rect x="{LABELS}" y="{y + 2}" width="{width:.1f}" height="{LINE - 5}" '
                         f'class="{COLOURS.get(name, "other")}"/>'
                         f'<text x="{LABELS + width + 6:.1f}" y="{y + 15}">{cost:.2f}</text>')
            y += LINE
        y += GAP
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + BARS + 80}" height="{y}" '
                   f'font-family="sans-serif" font-size="13">\n<style>{STYLE}\n</style>\n'
                   f'<rect width="100%" height="100%" class="paper"/>\n' + "\n".join(parts) + '\n</svg>\n')
