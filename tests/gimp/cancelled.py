"""The button that GIMP shows beside the progress of a run is pressed: the layer is as it was, GIMP
lives, and the dialog begins with the values that were chosen. GIMP kills the plug-in then, and shows
that the progress is over; no sentence is left to be said."""

import time

import cv2
import numpy

from desktop import check, failures
from served import Served

FROM_RIGHT, FROM_BOTTOM = 40, 36  # the button, from the corner as xdotool has it, with the frame


def press_cancel():
    """At the end of the image window's status bar. Without docks it is in the window's corner."""
    window = desktop.window(".*RGB.*GIMP")
    x, y, w, h = map(int, (line.partition("=")[2] for line in desktop.tool(
        "getwindowgeometry", "--shell", window)[1:5]))
    desktop.click(x + w - FROM_RIGHT, y + h - FROM_BOTTOM)


with Served({"median": "F9"}) as desktop:
    source = desktop.folder / "source.png"
    noise = numpy.random.default_rng(3).integers(0, 65536, (3000, 4000, 3), numpy.uint16)
    cv2.imwrite(str(source), noise)
    desktop.do(f'(set! img (open "{source}")) (gimp-display-new img) (gimp-displays-flush)')
    desktop.window(".*RGB.*GIMP")
    desktop.keys("Tab")  # hides the docks
    desktop.ask("median")
    desktop.at_work()
    press_cancel()
    began = time.monotonic()
    desktop.ended()
    check(time.monotonic() - began < 10, "the run went on")
    check(numpy.array_equal(desktop.pixels(), noise), "a cancelled run left something")

    # What was chosen is offered again: OK repeats it, and a run with last values does too.
    desktop.do("(gimp-layer-resize (layer img) 90 70 0 0)")
    cut = desktop.pixels()
    desktop.do("(plug-in-imbrex-median RUN-WITH-LAST-VALS img (layer img) 0)")
    last = desktop.pixels()
    desktop.do(f'(set! img (open "{source}")) (gimp-layer-resize (layer img) 90 70 0 0)')
    desktop.do("(plug-in-imbrex-median RUN-NONINTERACTIVE img (layer img) 60)")
    check(numpy.array_equal(last, desktop.pixels()), "the values that were chosen are forgotten")
    check(not numpy.array_equal(last, cut), "last values did nothing")
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "cancelled: nothing changed, values kept")
raise SystemExit(bool(failures))
