"""The window of recipes, in a real GIMP on a screen: a file is opened, from its name and from the list
of recent ones, and saved; names, parameters and words are completed; steps are added from the menu,
removed, dragged, timed and set; what is copied is a command and an address that give the same pixels."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import cv2
import numpy

from desktop import IMBREX, Desktop, check, failures, run, skip, wait

if not shutil.which("xclip"):
    skip("there is no xclip")

OPENED, TYPED = "invert/invert/box_blur:4", "blur:light=linear,sigma=3/saturation:1.2"
CANONICAL = "blur:3,linear/saturation:1.2"


def clipboard(desktop):
    return subprocess.run(["xclip", "-o", "-selection", "clipboard"], env=desktop.env, timeout=20,
                          capture_output=True, text=True).stdout


def pick(desktop, button, *keys):
    """Opens the menu of a button, and then presses keys in it, when it is there."""
    before = desktop.picture()
    desktop.keys(button)
    wait("a menu", lambda: (desktop.picture() != before).any(axis=2).sum() > 3000)
    time.sleep(0.3)
    desktop.keys(*keys)


def copied(desktop, key, begin):
    """What an entry of the menu of copies gives: what was there before is taken away first, so that
    an answer says that the menu is closed again, and takes no more keys."""
    subprocess.run(["xclip", "-selection", "clipboard"], env=desktop.env, input=b"nothing", check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pick(desktop, "alt+y", key)
    return wait(begin, lambda: clipboard(desktop).startswith(begin) and clipboard(desktop))


def command(desktop):
    """The recipe of the command line that is copied."""
    return copied(desktop, "c", "imbrex run").split()[2]


def becomes(desktop, recipe, what):
    """Waits until the copied command has that recipe."""
    for _ in range(10):
        now = command(desktop)
        if now == recipe:
            return True
        time.sleep(0.3)
    return check(False, f"{what}: {now}, not {recipe}")


def name_file(desktop, title, path):
    chooser = desktop.window(title)
    time.sleep(1)  # it lists a folder
    desktop.keys("slash")  # opens the entry for names where there is none
    time.sleep(0.5)
    desktop.keys("ctrl+a")
    desktop.type(path)
    time.sleep(0.5)
    desktop.keys("Return")
    return chooser


def choose_file(desktop, title, path):
    chooser = name_file(desktop, title, path)
    wait(f"the end of {title}", lambda: not desktop.tool("getwindowname", chooser))
    desktop.window("Recipe")


def test_open(desktop, folder):
    pick(desktop, "alt+n", "f")
    choose_file(desktop, "Open a recipe", folder / "first.ibx")
    becomes(desktop, OPENED, "Open")
    wanted = run(OPENED, folder / "source.png", folder / "made")
    wait("the preview of the opened recipe", lambda: desktop.shows(wanted))


def rows(desktop):
    """Where the first and the second row of the list of steps are, on the screen: what changes when
    the cursor goes from one step to an equal one behind it."""
    desktop.keys("ctrl+Home")
    time.sleep(0.7)
    first = desktop.picture().astype(int)
    desktop.keys(*["Right"] * 9)
    time.sleep(0.7)
    differs = (desktop.picture() != first).any(axis=2)
    wide = numpy.flatnonzero(differs.sum(axis=1) > 200)  # a row is as wide as the list
    top, bottom = wide.min(), wide.max() + 1
    columns = numpy.flatnonzero(differs[top:bottom].any(axis=0))
    height = (bottom - top) // 2
    word = numpy.argwhere(differs)[0]  # the chosen step is bold in the text, above the list
    return (int(columns.min()), int(columns.max()), int(top + height // 2), int(height),
            (int(word[1]), int(word[0]) + 4))


def drag(desktop, x, begin, end):
    desktop.tool("mousemove", x, begin, "mousedown", 1)
    for part in range(1, 11):
        desktop.tool("mousemove", x + part, begin + (end - begin) * part // 10)
        time.sleep(0.05)
    time.sleep(0.3)
    desktop.tool("mouseup", 1)
    time.sleep(0.5)


def test_steps(desktop):
    left, right, y, height, text = rows(desktop)
    x = left + 60
    drag(desktop, x, y + 2 * height, y - height // 2 + 2)
    becomes(desktop, "box_blur:4/invert/invert", "a step dragged to the front")
    drag(desktop, x, y, y + height // 4)
    becomes(desktop, "box_blur:4/invert/invert", "a step dragged to its own place")
    drag(desktop, x, y, y + height * 3 // 2 - 3)
    becomes(desktop, "invert/box_blur:4/invert", "a step dragged one back")
    desktop.keys("alt+d")
    becomes(desktop, "invert/invert/box_blur:4", "Down")
    desktop.keys("alt+u")
    becomes(desktop, "invert/box_blur:4/invert", "Up")

    # No time is there before it is measured; then each step has one, at the end of its row.
    times = (slice(y - height // 2 + 2, y + 3 * height - height // 2 - 2), slice(right - 60, right))
    before = desktop.picture()[times]
    desktop.keys("alt+t")

    def timed():
        now = desktop.picture()[times]
        changed = (now != before).any(axis=2).any(axis=1)
        return all(part.any() for part in numpy.array_split(changed, 3))
    wait("a time for each step", timed)

    desktop.keys("alt+r")
    becomes(desktop, "invert/invert", "Remove")
    pick(desktop, "alt+a", "Down", "Right", "Return")  # the first filter of the first category
    filters = json.loads(subprocess.run([IMBREX, "filters", "--json"], check=True,
                                        capture_output=True).stdout)["filters"]
    first = next(f["name"] for f in filters if f["category"] == "blur")
    becomes(desktop, f"invert/invert/{first}", "Add")
    return text


def test_form(desktop, text):
    """The buttons that reset a value are at the right edge, and not beyond it: they become bright
    when the value is another one."""
    pictures = []
    desktop.click(*text)
    window = desktop.window("Recipe")
    for recipe in ("bilateral:3,0.1", "bilateral:5,0.2"):
        desktop.keys("ctrl+a")
        desktop.type(recipe)
        time.sleep(1)
        pictures.append(desktop.picture(window))
    height, width = pictures[0].shape[:2]
    edge = (slice(height * 55 // 100, height * 9 // 10), slice(width - 50, width))
    check((pictures[0][edge] != pictures[1][edge]).any(), "a form's buttons cannot be seen")


def test_completion(desktop, text):
    """What is offered is taken by Tab and Return; Escape takes nothing, and leaves the window open."""
    desktop.click(*text)
    desktop.keys("ctrl+a", "BackSpace")
    for words, keys in (("bl", ("Tab",)), (":li", ("Return",)), ("", ("Down", "Tab")),
                        (",si", ("Escape",)), ("gma=3/satu", ("Tab",)), (":1.2", ())):
        desktop.type(words)
        time.sleep(0.7)
        desktop.keys(*keys)
        time.sleep(0.3)
    becomes(desktop, CANONICAL, "completion")


def test_save(desktop, folder):
    """And back to it by the list of recent recipes, behind another one."""
    desktop.keys("alt+v")
    choose_file(desktop, "Save the recipe", folder / "second.recipe")
    wait("the file", (folder / "second.recipe").exists)
    check((folder / "second.recipe").read_text() == TYPED + "\n", "another recipe in the file")
    for keys, recipe in ((("Down", "Down", "Down"), OPENED), (("Down", "Down", "Down"), CANONICAL)):
        pick(desktop, "alt+n", *keys, "Return")
        time.sleep(0.5)
        becomes(desktop, recipe, "a recent recipe")


def test_replace(desktop, folder):
    """What is asked about is the name that the file gets, with its ending; without an answer nothing is
    replaced, and the chooser is still there."""
    kept = folder / "kept.ibx"
    kept.write_text("precious\n")
    desktop.keys("alt+v")
    chooser = name_file(desktop, "Save the recipe", folder / "kept")
    question = desktop.window("Replace the file")
    desktop.keys("Return")
    wait("the question's end", lambda: not desktop.tool("getwindowname", question))
    check(kept.read_text() == "precious\n", "Cancel replaced a file")
    desktop.window("Save the recipe")
    desktop.keys("Return")
    desktop.window("Replace the file")
    desktop.keys("alt+r")
    wait("the chooser's end", lambda: not desktop.tool("getwindowname", chooser))
    check(kept.read_text() == TYPED + "\n", "Replace did not")
    desktop.window("Recipe")


def test_copies(desktop, folder):
    """The command and the address, done as they stand but for the folder and the port."""
    wanted = run(TYPED, folder / "source.png", folder / "made")
    words = copied(desktop, "c", "imbrex run")
    subprocess.run(words.replace("imbrex", str(IMBREX), 1), shell=True, cwd=folder, check=True,
                   capture_output=True)
    made = cv2.imread(str(folder / "out/source.png"), -1)
    check(numpy.array_equal(made, wanted), f"other pixels: {words}")
    address = copied(desktop, "u", "http")
    check(address.startswith("http://127.0.0.1:8080/"), address)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([IMBREX, "serve", "--root", folder, "--admin", "off", "--listen",
                               f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        served = wait("the server's picture", lambda: fetch(address.replace(":8080", f":{port}")))
        check(numpy.array_equal(served, wanted), f"other pixels: {address}")
    finally:
        server.terminate()
        server.wait()


def fetch(address):
    try:
        with urllib.request.urlopen(address, timeout=20) as reply:
            return cv2.imdecode(numpy.frombuffer(reply.read(), numpy.uint8), -1)
    except (urllib.error.URLError, ConnectionError):
        return None


with Desktop() as desktop:
    folder = desktop.folder
    noise = numpy.random.default_rng(2).integers(0, 256, (150, 200, 3), numpy.uint8)
    cv2.imwrite(str(folder / "source.png"), cv2.GaussianBlur(noise, (0, 0), 1.5))
    wide = folder / "wide"
    run("icc:adobergb", folder / "source.png", wide)
    (folder / "first.ibx").write_text(OPENED + "\n")
    desktop.gimp(f'(set! img (open "{folder}/source.png"))',
                 '(plug-in-imbrex-recipe RUN-INTERACTIVE img (layer img) "")',
                 f'(save img "{folder}/result.png")', f'(set! img (open "{wide}/source.png"))',
                 '(plug-in-imbrex-recipe RUN-INTERACTIVE img (layer img) "")',
                 f'(save img "{wide}/result.png")')
    desktop.window("Recipe")
    test_open(desktop, folder)
    text = test_steps(desktop)
    test_form(desktop, text)
    test_completion(desktop, text)
    test_save(desktop, folder)
    test_replace(desktop, folder)
    test_copies(desktop, folder)
    desktop.keys("alt+o")
    result = desktop.saved(folder / "result.png")
    check(numpy.array_equal(result, run(TYPED, folder / "source.png", folder / "made")), "OK")

    # A layer that is not sRGB, with the recipe of before: the file stays in its space as well.
    desktop.window("Recipe")
    words = copied(desktop, "c", "imbrex run")
    subprocess.run(words.replace("imbrex", str(IMBREX), 1), shell=True, cwd=wide, check=True,
                   capture_output=True)
    desktop.keys("alt+o")
    result, made = desktop.saved(wide / "result.png"), cv2.imread(str(wide / "out/source.png"), -1)
    check(numpy.array_equal(result, made), f"other pixels than the layer's: {words}")
    check(not numpy.array_equal(made, run(TYPED, wide / "source.png", folder / "made")),
          "the same as in sRGB: this shows nothing")
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "recipes are edited, kept and copied as they stand")
raise SystemExit(bool(failures))
