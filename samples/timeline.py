#!/usr/bin/env python3
"""timeline.py TRACE.json PICTURE.svg: draws a timeline that imbrex run --trace wrote.

One row per thread, pieces of work coloured by their kind, those inside others lower; underneath,
how much of the memory budget was in use. Pieces narrower than a hair are drawn together where they
touch. Standard library only.
"""
import collections
import json
import sys

WIDTH, LEFT, RIGHT = 960, 84, 28
ROW, GAP, CURVE = 44, 10, 64
HAIR = 0.6  # pixels

# Kinds of work in the order of the legend: the colour and the words for it.
KINDS = {
    "image": ("#e4e4e4", "an image's task"),
    "open": ("#8d99ae", "header and plan"),
    "decode": ("#2f6fb0", "decode"),
    "filter": ("#e08a1e", "filter"),
    "encode": ("#3c9d6a", "encode"),
    "read": ("#7b52ab", "read"),
    "write": ("#c0392b", "write"),
    "commit": ("#e8a0a0", "rename"),
    "wait": ("#222222", "wait for the disk"),
}
MEMORY = "#5f8a8b"


def load(path):
    """Names of rows, spans by row, and the counter as (time, bytes); times in microseconds."""
    with open(path, encoding="utf-8") as file:
        events = json.load(file)
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    spans = collections.defaultdict(list)
    for e in events:
        if e["ph"] == "X":
            spans[e["tid"]].append((e["ts"], e["ts"] + e["dur"], e["cat"]))
    memory = sorted((e["ts"], e["args"]["bytes"]) for e in events if e["ph"] == "C")
    return names, spans, memory


def with_depth(spans):
    """The spans of one thread as (begin, end, kind, depth): how many lie around each."""
    around = []
    for begin, end, kind in sorted(spans, key=lambda s: (s[0], -s[1])):
        while around and around[-1] <= begin:
            around.pop()
        yield begin, end, kind, len(around)
        around.append(end)


def bars(spans, scale):
    """Rectangles (x, width, kind, depth), neighbours of a kind joined where no hair is between."""
    last = {}
    for begin, end, kind, depth in with_depth(spans):
        x, right = LEFT + begin * scale, LEFT + end * scale
        before = last.get(depth)
        if before and before[2] == kind and kind != "image" and x - before[1] < HAIR:
            before[1] = max(before[1], right)
            continue
        if before:
            yield before[0], before[1] - before[0], before[2], depth
        last[depth] = [x, right, kind]
    for depth, (x, right, kind) in last.items():
        yield x, right - x, kind, depth


def words(x, y, text, anchor="start", size=11):
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}">{text}</text>'


def draw_row(spans, y, scale):
    """A thread: the outermost spans as high as the row, those inside a little lower."""
    shapes = collections.defaultdict(list)
    for x, width, kind, depth in bars(spans, scale):
        top = y + 8 * depth
        shapes[depth, kind].append(f"M{x:.1f} {top}h{max(width, HAIR):.1f}V{y + ROW}h-{max(width, HAIR):.1f}z")
    for (_, kind), paths in sorted(shapes.items(), key=lambda item: item[0][0]):
        edge = ' stroke="#fff" stroke-width="1"' if kind == "image" else ""
        yield f'<path fill="{KINDS[kind][0]}"{edge} d="{"".join(paths)}"/>'


def draw_memory(memory, y, scale, end):
    """The counter as steps, with its highest value at the top."""
    most = max(used for _, used in memory) or 1
    path = f"M{LEFT} {y + CURVE}"
    for time, used in memory:
        path += f"H{LEFT + time * scale:.1f}V{y + CURVE * (1 - used / most):.1f}"
    path += f"H{LEFT + end * scale:.1f}V{y + CURVE}z"
    yield f'<path fill="{MEMORY}" fill-opacity="0.35" stroke="{MEMORY}" d="{path}"/>'
    yield words(LEFT - 8, y + 10, f"{most / 1e6:.0f} MB", "end")
    yield words(LEFT - 8, y + CURVE / 2 + 10, "memory", "end")
    yield words(LEFT - 8, y + CURVE, "0", "end")


def step_of_axis(end):
    """A round number of microseconds that fits into the whole at most ten times."""
    step = 1
    while end / step > 10:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def draw_axis(top, bottom, scale, end):
    step = step_of_axis(end)
    for time in range(0, end + 1, step):
        x = LEFT + time * scale
        yield f'<path stroke="#ccc" stroke-width="0.5" d="M{x:.1f} {top}V{bottom}"/>'
        yield words(x, bottom + 14, f"{time / 1000:g} ms", "middle")


def draw_legend(kinds, y):
    x = LEFT
    for kind, (colour, text) in KINDS.items():
        if kind in kinds:
            yield f'<rect x="{x}" y="{y - 9}" width="11" height="11" fill="{colour}"/>'
            yield words(x + 15, y, text)
            x += 30 + 6.2 * len(text)


def picture(names, spans, memory):
    end = max(s[1] for row in spans.values() for s in row)
    scale = (WIDTH - LEFT - RIGHT) / end
    body, y = [], 34
    for row in sorted(names):
        body += draw_row(spans[row], y, scale)
        body.append(words(LEFT - 8, y + ROW / 2 + 4, names[row], "end"))
        y += ROW + GAP
    body += draw_memory(memory, y, scale, end)
    y += CURVE
    body = list(draw_axis(28, y, scale, end)) + body
    body += draw_legend({s[2] for row in spans.values() for s in row}, 16)
    space = "http:" "//www.w3.org/2000/svg"  # the name of a language, not an address
    return (f'<svg xmlns="{space}" viewBox="0 0 {WIDTH} {y + 24}" font-family="sans-serif" fill="#333">\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    names, spans, memory = load(sys.argv[1])
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(picture(names, spans, memory))


if __name__ == "__main__":
    main()
