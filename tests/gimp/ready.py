"""While a dialog is open the result of what it shows is computed ahead: OK finds it ready, unless
somebody has painted on the layer meanwhile."""

import time

import cv2
import numpy

from desktop import check, failures, run, wait
from served import Served

RADIUS = "60"


def ask_and_wait():
    """Opens the dialog, chooses what takes long, and waits until nothing is left to compute; what
    that took, in seconds of a core."""
    desktop.ask("median")
    desktop.keys("ctrl+a")
    desktop.type(RADIUS)
    desktop.keys("Tab")
    begin = desktop.ticks()
    wait("a result ahead", lambda: desktop.ticks() > begin + 1)
    wait("its end", desktop.is_idle)
    return desktop.ticks() - begin


def confirm():
    began = time.monotonic()
    desktop.keys("alt+o")
    desktop.ended()
    return time.monotonic() - began


with Served({"median": "F9"}) as desktop:
    source = desktop.folder / "source.png"
    noise = numpy.random.default_rng(3).integers(0, 65536, (1500, 2000, 3), numpy.uint16)
    cv2.imwrite(str(source), noise)
    desktop.do(f'(set! img (open "{source}")) (gimp-display-new img) (gimp-displays-flush)')
    desktop.window(".*RGB.*GIMP")

    spent = ask_and_wait()
    took = confirm()
    print(f"{spent:.1f} s of a core ahead, OK {took:.1f} s")
    check(took < spent / 4, f"{spent:.1f} s of a core ahead, but OK took {took:.1f} s")
    want = run(f"median:{RADIUS}", source, desktop.folder / "out")
    check(numpy.array_equal(desktop.pixels(), want), "what was ahead is another result")

    # Painted on behind the dialog: what is ahead does not count.
    ask_and_wait()
    desktop.do("(gimp-drawable-invert (layer img) FALSE)")
    inverted = desktop.folder / "inverted.png"
    cv2.imwrite(str(inverted), desktop.pixels())
    confirm()
    want = run(f"median:{RADIUS}", inverted, desktop.folder / "out")
    check(numpy.array_equal(desktop.pixels(), want), "a stroke behind the dialog is lost")

    # Cancelled: nothing is changed.
    ask_and_wait()
    desktop.keys("alt+c")
    desktop.ended()
    check(numpy.array_equal(desktop.pixels(), want), "a dialog that was cancelled changed pixels")
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "what is ahead is the result, where it still fits")
raise SystemExit(bool(failures))
