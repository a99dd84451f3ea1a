"""The same recipe over HTTP, on the command line and through the library gives the same bytes, under
load, and with one thread or two. (The library's side of it is in tests/convert.c.)"""

import concurrent.futures
import hashlib
import pathlib
import subprocess
import tempfile
import urllib.parse

import support
from support import DATA, IMBREX, check

if not (DATA / "photos").is_dir():
    support.skip("no test images")

RECIPES = ("resize:512x/save:jpeg,quality=80", "blur:3/save:png", "resize:300x200,fit=cover/unsharp:1",
           "equalize/save:webp", "rotate:10/save:tiff", "thumb:200x200/save:jpeg")
work = pathlib.Path(tempfile.mkdtemp())
photos = sorted(p for p in (DATA / "photos").rglob("*")
                if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") and p.stat().st_size < 4e5)
photos = photos[:: max(1, len(photos) // 6)][:6]
root = work / "root"
root.mkdir()
names = []
for number, photo in enumerate(photos):
    names.append(f"{number}{photo.suffix.lower()}")
    (root / names[-1]).write_bytes(photo.read_bytes())


def digest(data):
    return hashlib.sha256(data).hexdigest()


def by_command_line(recipe, threads):
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([IMBREX, "run", recipe, root, "-o", out, "--threads", str(threads),
                        "--progress", "none"], check=True, capture_output=True)
        return {p.stem: digest(p.read_bytes()) for p in pathlib.Path(out).iterdir()}


def address(recipe, name):
    return f"/v1/-/{urllib.parse.quote(recipe, safe='/:,=')}/file/{name}"


expected = {recipe: by_command_line(recipe, 1) for recipe in RECIPES}
for recipe in RECIPES:
    check(by_command_line(recipe, 2) == expected[recipe], f"{recipe}: one thread and two")

for workers, threads in ((2, 1), (1, 2)):
    with support.server("--root", root, "--worker-count", workers, "--worker-threads", threads,
                        "--limits-queue-ms", "10min", "--limits-deadline", "2min",
                        "--limits-cpu", "2min", "--limits-queue-heavy", "64") as s:

        def ask(item):
            recipe, name = item
            status, _, body = s.get(address(recipe, name), timeout=300)
            check(status == 200, f"{recipe} of {name}: {status} {body[:200]}")
            return item, digest(body)

        items = [(r, n) for r in RECIPES for n in names]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for (recipe, name), got in pool.map(ask, items * 2):
                want = expected[recipe][pathlib.Path(name).stem]
                check(got == want, f"{recipe} of {name}: other bytes than on the command line")
    print(f"{workers} workers of {threads} threads: {len(items)} results, twice, the same bytes")
