"""scaling.py IMBREX SCRATCH ROUNDS: the curves of scaling.sh. A point is the best of all rounds:
processor seconds, so that other work on the machine matters little, or megapixels per second."""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

import pictures
import results as records

IMBREX, SCRATCH, ROUNDS = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
OUT, INPUT = SCRATCH / "scaling-out", SCRATCH / "scaling"
OFF = 0.2  # part of the expected value that a point may be off without being named
BLUR = "blur:2/save:jpeg,quality=85"
SIGMAS = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 250)


def run(recipe, inputs, threads=2):
    """Best seconds and best processor seconds of a batch."""
    best = [float("inf")] * 2
    for _ in range(ROUNDS):
        OUT.mkdir(parents=True, exist_ok=True)
        out = tempfile.mkdtemp(dir=OUT)  # removed last: to make files is slow after that
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([IMBREX, "run", recipe, *map(str, inputs), "-o", out, "--threads",
                        str(threads), "--progress", "none"], check=True, capture_output=True)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = [min(best[0], seconds), min(best[1], used)]
    return best


def cut(photo, side, folder):
    """The photograph in side x side pieces."""
    folder.mkdir(parents=True)
    w, h = photo.width // side, photo.height // side
    for number in range(side * side):
        x, y = number % side * w, number // side * h
        photo.crop((x, y, x + w, y + h)).save(folder / f"{number}.jpg", quality=90)


def repeat(photo, side, folder):
    """A picture of side x side photographs."""
    folder.mkdir(parents=True)
    whole = Image.new("RGB", (photo.width * side, photo.height * side))
    for number in range(side * side):
        whole.paste(photo, (number % side * photo.width, number // side * photo.height))
    whole.save(folder / "0.jpg", quality=90)


def size():
    """One picture content at all sizes: a photograph in pieces, whole, and repeated."""
    photo = Image.open(pictures.named("seeding_by")).convert("RGB")
    points = []
    for make, side in ((cut, 4), (cut, 2), (cut, 1), (repeat, 2), (repeat, 3), (repeat, 5)):
        folder = INPUT / f"{make.__name__}-{side}"
        make(photo, side, folder)
        files = list(folder.iterdir())
        points.append((pictures.megapixels(files) / len(files),
                       run(BLUR, [folder])[1] / len(files)))
    return points


def files():
    """Folders of links to small pictures, a thousand in each folder."""
    photos = pictures.photographs(SCRATCH)
    small = pictures.small(photos, SCRATCH)
    points = []
    for count in (10, 100, 1000, 10000, 100000):
        folder = INPUT / f"{count}-files"
        for number in range(count):
            if number % 1000 == 0:
                inner = folder / f"{number // 1000:03}"
                inner.mkdir(parents=True)
            (inner / f"{number}.jpg").symlink_to(small[number % len(small)])
        points.append((count, run("resize:100x100/save:jpeg,quality=80", [folder])[1]))
    return points


def threads():
    photos = pictures.photographs(SCRATCH)
    amount = pictures.megapixels(photos)
    return [(count, amount / run(BLUR, photos, count)[0])
            for count in range(1, len(os.sched_getaffinity(0)) + 1)]


def sigma():
    """Of a baseline JPEG: a progressive one is decoded less far for large sigmas."""
    folder = INPUT / "baseline"
    cut(Image.open(pictures.named("seeding_by")).convert("RGB"), 1, folder)
    return [(s, run(f"blur:{s}/save:jpeg,quality=85", [folder])[1]) for s in SIGMAS]


# What is drawn: title, words at the axes, function, what should come out of it.
CURVES = {
    "size": ("JPEG, blur 2, JPEG", "megapixels", "CPU seconds", size, "line"),
    "files": ("200 x 200 to 100 x 100", "files", "CPU seconds", files, "line"),
    "threads": ("batch of photographs, blur 2", "threads", "megapixels per second", threads,
                "through zero"),
    "sigma": ("16 megapixels, JPEG, blur, JPEG", "sigma", "CPU seconds", sigma, "level"),
}


def straight(points):
    """a and b of a + b x, by least squares of relative errors."""
    weights = [1 / y**2 for _, y in points]
    total = sum(weights)
    mx = sum(w * x for w, (x, _) in zip(weights, points)) / total
    my = sum(w * y for w, (_, y) in zip(weights, points)) / total
    b = (sum(w * (x - mx) * (y - my) for w, (x, y) in zip(weights, points))
         / sum(w * (x - mx) ** 2 for w, (x, _) in zip(weights, points)))
    return my - b * mx, b


def expected(points, shape):
    """a and b of the line that the points should lie on: the best one, that through zero and the
    first point, or the level of the median."""
    if shape == "line":
        return straight(points)
    if shape == "through zero":
        return 0, points[0][1] / points[0][0]
    return sorted(y for _, y in points)[len(points) // 2], 0


def describe(name, entry):
    """In words: all points, and those off the line."""
    a, b = entry["line"]
    print(f"\n{name}: {entry['title']}; {entry['y']} against {entry['x']}")
    print("  " + ", ".join(f"{x:.3g}: {y:.3g}" for x, y in entry["points"]))
    print(f"  expected ({entry['shape']}): {a:.3g} + {b:.3g} per unit")
    for x, y in entry["points"]:
        part = y / (a + b * x)
        if abs(part - 1) > OFF:
            print(f"  not straight: at {x:.3g} it is {part:.2f} times what is expected")


def main():
    print("scaling of imbrex; points more than "
          f"{OFF:.0%} off what is expected are named (best of {ROUNDS} rounds)")
    records.warn_if_busy()
    for name in os.environ.get("CURVES", " ".join(CURVES)).split():
        title, x, y, function, shape = CURVES[name]
        shutil.rmtree(INPUT, ignore_errors=True)
        points = function()
        entry = {"title": title, "x": x, "y": y, "shape": shape, "points": points,
                 "line": expected(points, shape)}
        describe(name, entry)
        records.store(SCRATCH / "scaling.json", "curves", name, entry)
    for folder in (INPUT, OUT):
        shutil.rmtree(folder, ignore_errors=True)


main()
