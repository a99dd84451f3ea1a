"""What the tests of GEGL's operations share: pictures, runs of both programs, pixels."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["SOURCE"])
BUILD = pathlib.Path(os.environ["BUILD"])
IMBREX = os.environ["IMBREX"]
MODULE = BUILD / "gegl-0.4"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


if not (MODULE / "imbrex.so").exists() or not shutil.which("gegl"):
    skip("no GEGL")
try:
    import cv2
    import numpy as np
except ImportError:
    skip("no numpy or no OpenCV for Python")

os.chdir(SOURCE)  # where examples find their files
work = pathlib.Path(tempfile.mkdtemp())
system = subprocess.run(["pkg-config", "--variable=pluginsdir", "gegl-0.4"], capture_output=True,
                        text=True, check=True).stdout.strip()
environment = {**os.environ, "HOME": str(work), "GEGL_PATH": f"{system}:{MODULE}"}
failures = []


def check(ok, what):
    if not ok:
        failures.append(what)
        print(f"FAILED: {what}")


def end(done):
    shutil.rmtree(work)
    print(f"{done}, {len(failures)} failures")
    sys.exit(1 if failures else 0)


def picture(name, planes, depth, w=301, h=203):
    """A PNG of ramps, edges and noise, with holes in its alpha. planes: 1, 3 or 4."""
    noise = np.random.default_rng(planes * depth)
    y, x = np.mgrid[0:h, 0:w]
    values = np.stack([(x * 700 + y * 400 * (p + 1)) % 65536 for p in range(planes)], axis=-1)
    values[:, w // 2:] = noise.integers(0, 65536, (h, w - w // 2, planes))
    if planes == 4:
        values[: h // 3, :, 3] = np.where(x[: h // 3] % 5, 65535, 0)
    values = values >> 8 if depth == 8 else values
    path = work / f"{name}.png"
    cv2.imwrite(str(path), values.astype(np.uint8 if depth == 8 else np.uint16))
    return path


def pixels(path):
    """The samples of an image, or None."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.exists() else None


def difference(a, b):
    """A sentence about the first differing pixel of two files; None: there is none."""
    left, right = pixels(a), pixels(b)
    if left is None or right is None:
        return f"{a if left is None else b} is missing"
    if left.shape != right.shape or left.dtype != right.dtype:
        return f"{left.shape} {left.dtype} instead of {right.shape} {right.dtype}"
    unlike = np.argwhere(left != right)
    if len(unlike) == 0:
        return None
    at = tuple(unlike[0])
    return f"{len(unlike)} samples differ, at {at[:2]} {left[at]} instead of {right[at]}"


def imbrex(recipe, inputs, folder, options=()):
    """Runs the recipe over files; returns the folder, or None if it was refused."""
    run = subprocess.run([IMBREX, "run", recipe, *map(str, inputs), "-o", str(work / folder),
                          "--progress", "none", *options], capture_output=True, text=True)
    return work / folder if run.returncode == 0 else None


def gegl(source, operations, output, threads=2, saver="gegl:png-save"):
    """Runs a chain of operations on a file; returns what was said. gegl ends with 0 always."""
    depth = 16 if pixels(source).dtype == np.uint16 else 8
    run = subprocess.run(["gegl", str(source), "--", *operations, saver, f"path={output}",
                          f"bitdepth={depth}"], capture_output=True, text=True,
                         env={**environment, "GEGL_THREADS": str(threads)})
    return run.stdout + run.stderr


def operations():
    """The names of our operations."""
    run = subprocess.run(["gegl", "--list-all"], capture_output=True, text=True, env=environment)
    return [line[len("imbrex:"):] for line in run.stdout.split() if line.startswith("imbrex:")]


def table():
    """The rows of the filter table by name."""
    run = subprocess.run([IMBREX, "filters", "--json"], capture_output=True, check=True)
    return {row["name"]: row for row in json.loads(run.stdout)["filters"]}


def values_of(row, recipe):
    """The parameters that a recipe of one step sets, as texts without quotes."""
    texts = re.findall(r'(?:^|,)((?:\w+=)?(?:"[^"]*"|[^",]*))', recipe.partition(":")[2])
    names, values = [p["name"] for p in row["parameters"]], {}
    for place, text in enumerate(t for t in texts if t):
        name, equals, value = text.partition("=")
        if not equals:
            name, value = names[place], text
        values[name] = value.strip('"')
    return values


def in_parallel(function, jobs):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: function(*job), jobs))
