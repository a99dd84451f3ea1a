"""IMBREX=build/imbrex BUILD=build python3 samples/gimp_pictures.py [PHOTOGRAPH]: makes the pictures
of the plug-in of GIMP again, samples/pictures/gimp-*.jpg: its menu, and the dialog of a filter.
They are taken of a real GIMP on a screen of its own (tests/gimp/desktop.py), whose theme needs the
package gtk2-engines-pixbuf. The photograph is that of samples/pictures.sh."""

import pathlib
import subprocess
import sys
import time

import cv2

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "gimp"))
from desktop import Desktop, call, wait  # noqa: E402

MOST_BYTES = 120_000


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


with Desktop() as desktop:
    desktop.gimp(f'(set! img (open "{photograph()}"))',
                 "(gimp-image-crop img 2400 1600 500 300)", "(gimp-display-new img)",
                 "(gimp-image-clean-all img)", call("white_balance"))
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
