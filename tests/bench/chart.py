"""Draws the processor time per request as bars, in SVG: a group for each load, a bar for each server."""
from html import escape

COLOURS = {"level 4, epoll": "#0b6e4f", "level 4, threads": "#3aa57c", "level 3": "#7cc6a4", "level 2": "#b9e0cd"}
OTHER = "#8b93a1"
LINE, LABELS, BARS, GAP = 22, 190, 560, 34


def draw(medians, path):
    """`medians` are microseconds, by load and server. The longest bar of each load takes up the whole width."""
    parts, y = [], 30
    for load, costs in medians.items():
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(load)}</text>')
        y += 10
        longest = max(max(costs.values()), 1e-9)
        for name, cost in sorted(costs.items(), key=lambda item: item[1]):
            width = max(cost / longest * BARS, 1)
            colour = COLOURS.get(name, OTHER)
            parts.append(f'<text x="{LABELS - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
                         f'<rect x="{LABELS}" y="{y + 2}" width="{width:.1f}" height="{LINE - 5}" fill="{colour}"/>'
                         f'<text x="{LABELS + width + 6:.1f}" y="{y + 15}">{cost:.2f}</text>')
            y += LINE
        y += GAP
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + BARS + 80}" height="{y}" '
                   f'font-family="sans-serif" font-size="13">'
                   f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) +
                   f'\n<text x="10" y="{y - 10}" fill="{OTHER}">Processor time in microseconds per request '
                   f'(shorter is better)</text>\n</svg>\n')
