"""The dialog of filters, in a real GIMP on a screen: values that are typed, its keys, its preview.
What GIMP holds afterwards, and what the preview shows, are the pixels of the command line."""

import cv2
import numpy

from desktop import Desktop, call, check, failures, run, wait


def photograph(path, w, h):
    y, x = numpy.mgrid[0:h, 0:w]
    waves = [127 + 60 * numpy.sin(x / (7 + p)) + 60 * numpy.sin(y / (11 - p) + p) for p in range(3)]
    noise = numpy.random.default_rng(3).normal(0, 4, (h, w, 3))
    pixels = numpy.clip(numpy.stack(waves, axis=-1) + noise, 0, 255).astype(numpy.uint8)
    pixels[h // 3:h // 2, w // 4:w // 2] = (40, 200, 90)
    cv2.imwrite(str(path), pixels)
    return pixels


def steps(name, out):
    """A fresh image, the dialog, and a file of what came out."""
    return (f'(set! img (open "{source}"))', call(name), f'(save img "{folder}/{out}")')


with Desktop() as desktop:
    folder, source = desktop.folder, desktop.folder / "source.png"
    before = photograph(source, 260, 180)
    linear = (f'(set! img (open "{source}"))',
              '(plug-in-imbrex-recipe RUN-NONINTERACTIVE img (layer img) "icc:p3")',
              "(gimp-image-convert-precision img PRECISION-FLOAT-LINEAR)", call("invert"),
              f'(begin (gimp-image-convert-precision img PRECISION-U8-GAMMA) (save img "{folder}/p3.png"))')
    desktop.gimp(*steps("blur", "typed.png"), *steps("blur", "again.png"),
                 *steps("blur", "cancelled.png"), *steps("crop", "cut.png"), *linear)

    # A value is typed; the preview follows it, and goes back to the layer; Enter is OK.
    desktop.window("Blur")
    desktop.keys("ctrl+a")
    desktop.type("4.5")
    desktop.keys("Tab")
    blurred = run("blur:4.5", source, folder / "out")
    wait("the preview of blur:4.5", lambda: desktop.shows(blurred))
    desktop.keys("alt+p")
    wait("the layer in the preview", lambda: desktop.shows(before))
    desktop.keys("alt+p")
    place = wait("the preview once more", lambda: desktop.shows(blurred))

    # A line splits it in the middle: left of it the layer, right of it the result.
    desktop.keys("alt+s")
    half = before.shape[1] // 2 - 4
    wait("the layer left of the line", lambda: desktop.shows(before[:, :half]) == place)
    right = (place[0] + before.shape[1] - half, place[1])
    wait("the result right of it", lambda: desktop.shows(blurred[:, -half:]) == right)
    desktop.keys("Return")
    check(numpy.array_equal(desktop.saved(folder / "typed.png"), blurred), "OK: not blur:4.5")

    # The next one begins with those values; Reset takes them back, and Enter is OK in an entry.
    desktop.window("Blur")
    wait("last values", lambda: desktop.shows(blurred))
    desktop.keys("alt+r")
    blurred = run("blur", source, folder / "out")
    wait("the preview of blur", lambda: desktop.shows(blurred))
    desktop.keys("alt+i", "ctrl+a")
    desktop.type("2")
    desktop.keys("Return")
    blurred = run("blur:2", source, folder / "out")
    again = desktop.saved(folder / "again.png")
    check(numpy.array_equal(again, blurred), "Enter in an entry: not blur:2")

    # Cancel changes nothing.
    desktop.window("Blur")
    desktop.keys("alt+c")
    cancelled = desktop.saved(folder / "cancelled.png")
    check(numpy.array_equal(cancelled, before), "Cancel changed something")

    # What is not allowed cannot be confirmed; what changes the size shows the new one.
    desktop.window("Crop")
    desktop.keys("ctrl+a")
    desktop.type("0x5")
    desktop.keys("Return")
    desktop.keys("alt+o")
    desktop.window("Crop")
    desktop.keys("alt+i", "ctrl+a")
    desktop.type("100x80")
    cut = run("crop:100x80", source, folder / "out")
    wait("the preview of crop", lambda: desktop.shows(cut))
    desktop.keys("Return")
    check(numpy.array_equal(desktop.saved(folder / "cut.png"), cut), "not crop:100x80")

    # Linear values in another space: shown as sRGB, kept in theirs.
    desktop.window("Invert")
    seen = run("icc:p3/invert/icc", source, folder / "out")
    wait("the preview in linear light", lambda: desktop.shows(seen, 1))
    desktop.keys("Return")
    kept = desktop.saved(folder / "p3.png").astype(int)
    check(numpy.abs(kept - run("icc:p3/invert", source, folder / "out")).max() <= 1, "not inverted P3")
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "dialog and preview: the command line's pixels")
raise SystemExit(bool(failures))
