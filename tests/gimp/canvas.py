"""An operation on the canvas of a real GIMP: chosen from the list of GEGL Operation, set, kept as a
preset and set by it, seen in a split view, applied. What the canvas shows, and what GIMP has in the
end, are the pixels of the command line. With a name as argument, such as canvas.jpg, the split view
is kept in a file of that name; with a second one, of that picture, which fits the canvas at 100%."""

import pathlib
import shutil
import sys
import time

import cv2
import numpy

import operations
from desktop import check, failures, run, wait
from served import Served

SETTINGS = ".config/GIMP/2.10/filters/GimpGegl-imbrex-blur-config.settings"
FROM_RIGHT, FROM_TOP = 47, (122, 116, 128, 110, 134)  # the button that keeps a preset
EDGE = 6  # that the dashes around the layer, or the line of the split view, may cover


def picture(path):
    """Soft waves with hard squares, or the picture that was asked for."""
    if len(sys.argv) > 2:
        shutil.copy(pathlib.Path(sys.argv[2]), path)
        return
    y, x = numpy.mgrid[0:240, 0:320]
    squares = (x // 16 + y // 16) % 2 * 80
    cv2.imwrite(str(path), numpy.stack(
        [90 + 80 * numpy.sin(x / (19 + p) + y / (23 - 3 * p)) + squares for p in range(3)], axis=-1))


def inner(pixels, begin=0, end=1):
    """What is seen of these columns of the layer."""
    width = pixels.shape[1]
    return pixels[EDGE:-EDGE, int(begin * width) + EDGE:int(end * width) - EDGE]


def keep_preset(name):
    """Its button has no key. Where fonts are others it is higher or lower."""
    title = "Save Settings as Named Preset"
    shape = desktop.tool("getwindowgeometry", "--shell", dialog)
    width = int(next(line for line in shape if line.startswith("WIDTH=")).partition("=")[2])

    def opened():
        for top in FROM_TOP:
            desktop.tool("mousemove", "--window", dialog, width - FROM_RIGHT, top, "click", 1)
            for _ in range(4):
                if desktop.tool("search", "--onlyvisible", "--name", f"^{title}$"):
                    return True
                time.sleep(0.5)
        return False

    wait("the dialog for a preset's name", opened)
    desktop.window(title)
    desktop.keys("ctrl+a")
    desktop.type(name)
    desktop.keys("Return")
    kept = desktop.folder / SETTINGS
    text = wait("the preset's file", lambda: kept.exists() and kept.read_text())
    check(f'"{name}"' in text and "(sigma 12)" in text, f"the preset: {text}")


desktop = Served({}, f'(gtk_accel_path "<Actions>/{operations.ACTION}" "<Primary><Shift>F6")\n')
operations.install(desktop)
with desktop:
    source = desktop.folder / "source.png"
    picture(source)
    plain, slight, strong = (
        cv2.imread(str(source)) if recipe is None else run(recipe, source, desktop.folder / "out")
        for recipe in (None, "blur", "blur:12"))
    desktop.do(f'(set! img (open "{source}")) (gimp-display-new img) (gimp-displays-flush)')
    dialog = desktop.open("ctrl+shift+F6", operations.TITLE)
    desktop.tool("windowmove", dialog, 0, 0)  # so that it covers nothing

    operations.choose_blur(desktop)
    wait("imbrex:blur on the canvas", lambda: desktop.shows(inner(slight)))
    desktop.keys("alt+s", "Tab", "ctrl+a")  # behind the presets
    desktop.type("12")
    desktop.keys("Tab")
    wait("blur:12 on the canvas", lambda: desktop.shows(inner(strong)))

    # Kept as a preset, reset, and set by the preset.
    keep_preset("twelve")
    desktop.window(operations.TITLE)
    desktop.keys("alt+r")
    wait("blur on the canvas after Reset", lambda: desktop.shows(inner(slight)))
    desktop.keys("alt+s")
    operations.choose(desktop, 0)
    wait("the preset on the canvas", lambda: desktop.shows(inner(strong)))

    # The result left of the line, the layer right of it.
    desktop.keys("alt+v")
    wait("the layer in the split view", lambda: desktop.shows(inner(plain, 0.5)))
    wait("the result in the split view", lambda: desktop.shows(inner(strong, 0, 0.5)))
    check(not desktop.shows(inner(plain, 0, 0.5)), "the layer is on both sides of the line")
    if len(sys.argv) > 1:
        cv2.imwrite(sys.argv[1], desktop.picture(), [cv2.IMWRITE_JPEG_QUALITY, 75])

    desktop.keys("alt+o")
    wait("the dialog's end", lambda: not desktop.tool("getwindowname", dialog))
    wait("the result", lambda: numpy.array_equal(desktop.pixels(), strong))
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "imbrex:blur on the canvas, with preset and split view")
raise SystemExit(bool(failures))
