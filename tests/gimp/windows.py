"""The windows of batches and recipes, in a real GIMP on a screen. What a batch writes, and what a
recipe makes of a layer, are the bytes and pixels of the command line."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import cv2
import numpy

from desktop import IMBREX, Desktop, check, failures, quoted, run, skip, wait

if not shutil.which("xclip"):
    skip("there is no xclip")

RECIPE = "resize:400x/unsharp:1,amount=0.7"
SLOW = "median:9/blur:200/median:9/median:9"
WRONG = (0x18, 0x18, 0xc0)  # blue, green, red of what is underlined


def picture(path, w, h, seed):
    y, x = numpy.mgrid[0:h, 0:w]
    waves = [127 + 60 * numpy.sin(x / (9 + p + seed)) + 60 * numpy.sin(y / (13 - p)) for p in range(3)]
    noise = numpy.random.default_rng(seed).normal(0, 5, (h, w, 3))
    cv2.imwrite(str(path), numpy.clip(numpy.stack(waves, -1) + noise, 0, 255).astype("uint8"))


def inputs(folder):
    """Good files, two broken ones, and one whose result is there already."""
    (folder / "in/sub").mkdir(parents=True)
    for i in range(8):
        picture(folder / f"in/{i}.png", 700, 500, i)
    (folder / "in/short.png").write_bytes((folder / "in/0.png").read_bytes()[:20000])
    (folder / "in/sub/nothing.jpg").write_text("no image at all")
    for out in ("out", "wanted"):
        (folder / out).mkdir()
        (folder / out / "3.png").write_text("old")


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def lines(report):
    """Without what differs from run to run."""
    found = [json.loads(line) for line in report.read_text().splitlines()]
    for line in found:
        for key in ("ms", "seconds", "outputs"):
            line.pop(key, None)
        if "error" in line:
            line["error"]["text"] = line["error"]["text"].replace("/wanted/", "/out/")
    return sorted(found, key=lambda line: line.get("input", ""))


def title(desktop, window):
    return " ".join(desktop.tool("getwindowname", window))


def clipboard(desktop):
    return subprocess.run(["xclip", "-o", "-selection", "clipboard"], env=desktop.env, timeout=20,
                          capture_output=True, text=True).stdout


def save_as(desktop, name, path):
    """The file chooser of that name."""
    chooser = desktop.window(name)
    desktop.keys("ctrl+a")
    desktop.type(path)
    desktop.keys("Return")
    wait(path, lambda: pathlib.Path(path).exists() and not desktop.tool("getwindowname", chooser))


def press_until(desktop, window, key, word):
    """A key that does nothing while its button is grey."""
    def press():
        desktop.keys(key)
        time.sleep(0.3)
        return word in title(desktop, window)
    wait(f"{word} in the title", press)


def test_batch(desktop, folder):
    window = desktop.window("Batch")
    press_until(desktop, window, "alt+u", ":")
    wait("the end of the batch", lambda: "done," in title(desktop, window))
    check("7 done, 3 failed, 0 skipped" in title(desktop, window), title(desktop, window))
    subprocess.run([IMBREX, "run", RECIPE, folder / "in", "-o", folder / "wanted", "--report",
                    folder / "wanted.jsonl"], capture_output=True)
    check(tree(folder / "out") == tree(folder / "wanted"), "not the files of the command line")
    desktop.keys("alt+l")
    told = wait("a list of failures", lambda: clipboard(desktop))
    for name in ("short.png: ", "nothing.jpg: ", "3.png: "):
        check(name in told, f"{name} is not among the failures: {told}")
    desktop.keys("alt+r")
    save_as(desktop, "Save the report", str(folder / "report.jsonl"))
    check(lines(folder / "report.jsonl") == lines(folder / "wanted.jsonl"), "another report")
    desktop.window("Batch.*")
    desktop.keys("alt+c")
    wait("the window's end", lambda: not desktop.tool("getwindowname", window))


def test_cancel(desktop, folder):
    window = desktop.window("Batch")
    press_until(desktop, window, "alt+u", ":")
    wait("the first image", lambda: " of 24 images" in title(desktop, window))
    desktop.keys("Escape")  # stops, as closing a window that works does
    desktop.keys("alt+w")
    wait("an end", lambda: "Stopped" in title(desktop, window))
    files = sorted((folder / "dropped").rglob("*"))
    check(len(files) < 24, "nothing was cancelled")
    check(all(cv2.imread(str(f)) is not None for f in files), f"half of a file is left: {files}")
    desktop.keys("alt+c")
    wait("the window's end", lambda: not desktop.tool("getwindowname", window))


def odd_inputs(folder):
    """In folders whose names are no UTF-8: a good file, a broken one, and one whose result exists."""
    inside = os.fsencode(folder / "latin") + b"/gr\xfcn"
    os.makedirs(inside)
    for name in (b"a.png", b"there.png", b"broken\xe4.png"):
        with open(inside + b"/" + name, "wb") as file:
            file.write((folder / "in/0.png").read_bytes()[:1000 if name[:6] == b"broken" else None])
    (folder / "place").mkdir()
    results = os.fsencode(folder / "place") + b"/erg\xe4"
    os.makedirs(results + b"/gr\xfcn/there.png")
    return results


def test_odd_names(desktop, results):
    """The folder for results is browsed to, as its name cannot be typed."""
    window = desktop.window("Batch")
    desktop.keys("alt+b")
    chooser = desktop.window("Folder for results")
    time.sleep(1)
    desktop.keys("Down")  # the only one there
    time.sleep(0.5)
    desktop.keys("alt+o")
    wait("the chooser's end", lambda: not desktop.tool("getwindowname", chooser))
    press_until(desktop, window, "alt+u", ":")
    wait("the end of the batch", lambda: "done," in title(desktop, window))
    check("1 done, 2 failed, 0 skipped" in title(desktop, window), title(desktop, window))
    check(os.path.exists(results + b"/gr\xfcn/a.png"), "no result in the folder that was chosen")
    desktop.keys("alt+l")
    told = wait("a list of failures", lambda: clipboard(desktop))
    check("gr?n/there.png" in told, told)
    desktop.keys("alt+c")
    wait("the window's end", lambda: not desktop.tool("getwindowname", window))


def test_recipe(desktop, folder):
    source = folder / "source.png"
    window = desktop.window("Recipe")
    desktop.type("blur:900")
    wait("a mark", lambda: (desktop.picture() == WRONG).all(axis=2).any())
    desktop.keys("alt+o")
    check(desktop.tool("getwindowname", window), "OK took a wrong recipe")
    desktop.keys("BackSpace", "BackSpace", "BackSpace")
    desktop.type("3/inv")
    time.sleep(0.5)
    desktop.keys("Tab")  # takes the only name that begins so
    wait("no mark", lambda: not (desktop.picture() == WRONG).all(axis=2).any())
    wait("the preview", lambda: desktop.shows(run("blur:3/invert", source, folder / "made")))
    desktop.keys("alt+u")  # the chosen step, that of the cursor, comes first
    desktop.keys("alt+y")
    time.sleep(0.3)
    desktop.keys("c")
    wanted = f"imbrex run invert/blur:3 {source} -o out/"
    wait("the command line", lambda: clipboard(desktop) == wanted)
    desktop.keys("alt+v")
    save_as(desktop, "Save the recipe", str(folder / "kept.ibx"))
    check((folder / "kept.ibx").read_text() == "invert/blur:3\n", "another recipe in the file")
    recent = folder / ".config/GIMP/2.10/imbrex/recent"
    check(recent.exists() and recent.read_text() == f"{folder}/kept.ibx\n", "no recent file")
    desktop.window("Recipe")
    desktop.keys("alt+o")
    made = desktop.saved(folder / "result.png")
    check(numpy.array_equal(made, run("invert/blur:3", source, folder / "made")),
          "OK: not the pixels of the command line")


with Desktop() as desktop:
    folder = desktop.folder
    inputs(folder)
    results = odd_inputs(folder)
    picture(folder / "source.png", 260, 180, 5)
    (folder / "many").mkdir()
    for i in range(24):
        shutil.copy(folder / "in/0.png", folder / f"many/{i}.png")
    batch = "(plug-in-imbrex-batch RUN-INTERACTIVE {} {} {})"
    desktop.gimp(batch.format(*map(quoted, (RECIPE, folder / "in", folder / "out"))),
                 batch.format(*map(quoted, (SLOW, folder / "many", folder / "dropped"))),
                 batch.format('"invert"', quoted(folder / "latin"), quoted(folder / "place/x")),
                 f'(set! img (open "{folder}/source.png"))',
                 '(plug-in-imbrex-recipe RUN-INTERACTIVE img (layer img) "")',
                 f'(save img "{folder}/result.png")')
    test_batch(desktop, folder)
    test_cancel(desktop, folder)
    test_odd_names(desktop, results)
    test_recipe(desktop, folder)
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "batches and recipes as on the command line")
raise SystemExit(1 if failures else 0)
