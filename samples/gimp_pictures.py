"""IMBREX=build/imbrex BUILD=build python3 samples/gimp_pictures.py [PHOTOGRAPH]: makes the pictures
of the plug-in of GIMP again, samples/pictures/gimp-*.jpg: its menu, the dialog of a filter, the
windows of recipes and of batches. They are taken of a real GIMP on a screen of its own
(tests/gimp/desktop.py), whose theme needs the package gtk2-engines-pixbuf. The photograph is that
of samples/pictures.sh."""

import pathlib
import shutil
import subprocess
import sys
import time

import cv2

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "gimp"))
from desktop import Desktop, call, quoted, wait  # noqa: E402

MOST_BYTES = 120_000
PLACE = pathlib.Path("/tmp/Pictures")  # a name that may be read in a picture
OPENED = (f'(set! img (open "{PLACE}/seeding.jpg"))', "(gimp-image-crop img 2400 1600 500 300)")


def photograph():
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1]).resolve()
    files = subprocess.run(["dpkg", "-L", "lomiri-wallpapers-16.04"], check=True, text=True,
                           capture_output=True).stdout.split()
    return pathlib.Path(next(name for name in files if "seeding" in name))


def store(pixels, name):
    """As good as fits."""
    for quality in range(88, 40, -4):
        done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(data) <= MOST_BYTES:
            break
    (ROOT / "samples/pictures" / name).write_bytes(data.tobytes())
    print(f"{name}: {pixels.shape[1]} x {pixels.shape[0]}, {len(data) / 1000:.0f} kB")


def settled(desktop, *window):
    """The screen, or a window with its frame, once it has not changed for a second."""
    last = desktop.picture(*window)
    for _ in range(20):
        time.sleep(1)
        now = desktop.picture(*window)
        if (now == last).all():
            break
        last = now
    return now


def filter_and_menu(desktop):
    desktop.gimp(*OPENED, "(gimp-display-new img)", "(gimp-image-clean-all img)",
                 call("white_balance"))
    window = desktop.window("White balance")
    desktop.keys("ctrl+a")
    desktop.type("4300")
    desktop.keys("Tab", "alt+s")
    store(settled(desktop, window, "-frame"), "gimp-filter.jpg")
    desktop.keys("alt+c")

    image = wait("the image", lambda: desktop.tool("search", "--onlyvisible", "--name", "RGB"))[-1]
    desktop.tool("windowactivate", "--sync", image)
    desktop.tool("windowmove", "--sync", image, 0, 0, "windowsize", "--sync", image, 1000, 720)
    time.sleep(2)
    desktop.keys("alt+r")
    time.sleep(1)
    desktop.keys("Up", "Up", "Up", "Right", "Right")
    store(settled(desktop, "root")[:742, :1002], "gimp-menu.jpg")


def recipe(desktop):
    """With times, the form of one of its steps, and the preview split in two."""
    desktop.gimp(*OPENED, '(plug-in-imbrex-recipe RUN-INTERACTIVE img (layer img) "")')
    window = desktop.window("Recipe")
    desktop.type("white_balance:4600/unsharp:1.6,amount=0.9/saturation:1.25/exposure:0.3")
    time.sleep(1)
    desktop.keys("alt+t")
    time.sleep(5)
    desktop.keys("alt+s")
    desktop.tool("mousemove", 2, 2)  # where it opens no tooltip
    store(settled(desktop, window, "-frame"), "gimp-recipe.jpg")


def batch(desktop):
    """At work, with two files that failed."""
    data = (PLACE / "seeding.jpg").read_bytes()
    (PLACE / "autumn").mkdir()
    for i in range(60):
        (PLACE / f"autumn/seeding-{i:02}.jpg").write_bytes(data)
    (PLACE / "autumn/cut-short.jpg").write_bytes(data[:len(data) // 3])
    (PLACE / "autumn/letter.jpg").write_text("Dear reader,")
    desktop.gimp("(plug-in-imbrex-batch RUN-INTERACTIVE {} {} {})".format(
        quoted("resize:1600x\nunsharp:0.8,amount=0.6\nsave:webp,quality=82"),
        quoted(PLACE / "autumn"), quoted(PLACE / "web")))
    window = desktop.window("Batch")
    desktop.tool("mousemove", 2, 2)

    def done():
        """Images, out of "Batch: 12 of 62 images, .."; Run is grey until it may be pressed."""
        words = " ".join(desktop.tool("getwindowname", window)).split()
        if len(words) == 1:
            desktop.keys("alt+u")
        return len(words) > 3 and words[2] == "of" and int(words[1])

    wait("a part of the batch", lambda: done() > 20)
    store(desktop.picture(window, "-frame"), "gimp-batch.jpg")
    desktop.keys("alt+w")
    wait("its end", lambda: "Stopped:" in desktop.tool("getwindowname", window))


PLACE.mkdir()  # fails where there is one, which is somebody else's
try:
    shutil.copy(photograph(), PLACE / "seeding.jpg")
    for take in (filter_and_menu, recipe, batch):
        with Desktop() as desktop:
            take(desktop)
finally:
    shutil.rmtree(PLACE)
