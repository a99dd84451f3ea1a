"""The image is changed, or closed, while a dialog is open or its filter at work: the result is
right for what is there then, or refused with a sentence, and nothing is changed."""

import cv2
import numpy

from desktop import check, failures, run
from served import Served


with Served({"blur": "F8", "median": "F9", "crop": "F7"}) as desktop:
    folder, source = desktop.folder, desktop.folder / "source.png"
    pixels = numpy.random.default_rng(3).integers(0, 256, (180, 260, 3), numpy.uint8)
    cv2.imwrite(str(source), cv2.GaussianBlur(pixels, (0, 0), 2))

    # While the dialog is open the layer becomes larger and is painted on.
    desktop.show_linked(source, "(gimp-image-scale img 260 180)")
    desktop.ask("blur")
    desktop.do("(gimp-layer-scale one 1100 900 FALSE) (gimp-drawable-invert one FALSE)")
    cv2.imwrite(str(folder / "larger.png"), desktop.pixels("one"))
    desktop.keys("Return")
    desktop.ended()
    want = run("blur", folder / "larger.png", folder / "out")
    check(numpy.array_equal(desktop.pixels("one"), want), "a layer that became larger: not blurred as it is")

    # What the layer does not take, here a size that its mask has not, is said, and the dialog stays with
    # its values: they do when the mask is gone.
    desktop.do("(define mask (car (gimp-layer-create-mask one ADD-MASK-WHITE)))"
               "(gimp-layer-add-mask one mask) (gimp-layer-set-edit-mask one FALSE)")
    desktop.ask("crop")
    desktop.keys("ctrl+a")
    desktop.type("300x200")
    desktop.keys("Return")
    desktop.close_box()
    desktop.do("(gimp-layer-remove-mask one MASK-APPLY)")
    desktop.window("Crop")
    desktop.keys("Return")
    desktop.ended()
    check(desktop.pixels("one").shape[:2] == (200, 300), "what was chosen is lost")

    # All linked layers are asked, not the first alone: here the second has a mask.
    desktop.do("(define mask (car (gimp-layer-create-mask two ADD-MASK-WHITE)))"
               "(gimp-layer-add-mask two mask) (gimp-layer-set-edit-mask two FALSE)"
               "(gimp-image-set-active-layer img one)")
    dialog = desktop.ask("crop")
    desktop.keys("ctrl+a")
    desktop.type("200x100")
    desktop.keys("Tab", "alt+l", "alt+o")
    desktop.close_box()
    check(desktop.tool("getwindowname", dialog), "the dialog did not stay for the second layer")
    desktop.window("Crop")
    desktop.keys("alt+l", "alt+o")
    desktop.ended()
    check(desktop.pixels("one").shape[:2] == (100, 200), "what was chosen for two layers is lost")
    desktop.do("(gimp-layer-remove-mask two MASK-APPLY)")

    # The layer is deleted, then the image closed.
    desktop.ask("blur")
    desktop.do("(gimp-image-remove-layer img one)")
    desktop.keys("Return")
    desktop.refused("the layer was deleted, or its image closed")
    desktop.ask("blur")
    desktop.do("(gimp-display-delete window)")
    desktop.window("Blur")
    desktop.keys("Return")
    desktop.refused("the layer was deleted, or its image closed", 2)

    # While it computes something else is selected.
    desktop.show_linked(source, "(gimp-image-scale img 3000 2200)")
    desktop.do("(gimp-image-convert-precision img PRECISION-U16-GAMMA)")  # slower than 8 bits
    before = desktop.pixels("one")
    desktop.ask("median")
    desktop.at_work()
    desktop.do("(gimp-image-select-rectangle img CHANNEL-OP-REPLACE 10 10 500 500)")
    desktop.refused("other pixels are selected")
    check(numpy.array_equal(desktop.pixels("one"), before), "a refused run changed pixels")

    # The same box, but only what lies in an ellipse of it.
    desktop.do("(gimp-image-select-rectangle img CHANNEL-OP-REPLACE 10 10 1900 1400)")
    desktop.ask("median")
    desktop.at_work()
    desktop.do("(gimp-image-select-ellipse img CHANNEL-OP-REPLACE 10 10 1900 1400)")
    desktop.refused("other pixels are selected", 2)
    check(numpy.array_equal(desktop.pixels("one"), before), "a refused run changed pixels")

    # Nothing is selected, then all: these are the same pixels.
    desktop.do("(gimp-selection-none img)")
    desktop.ask("median")
    desktop.at_work()
    desktop.do("(gimp-selection-all img)")
    desktop.ended()
    check(desktop.log().count("other pixels are selected") == 2, "all is not what nothing is")
    check(not numpy.array_equal(desktop.pixels("one"), before), "nothing was done with all selected")
    desktop.do("(gimp-selection-none img)")
    before = desktop.pixels("one")

    # While it computes somebody paints.
    desktop.do("(gimp-selection-none img)")
    desktop.ask("median")
    desktop.at_work()
    desktop.do("(gimp-drawable-invert one FALSE)")
    desktop.refused("the layer was painted on since this began")
    check(numpy.array_equal(desktop.pixels("one"), 65535 - before), "what was painted is covered")

    # The second of two layers is locked, while the first, a small one, is ready to be changed.
    desktop.do("(gimp-layer-resize one 99 99 0 0)")
    before = desktop.pixels("one")
    desktop.ask("median")
    desktop.at_work("alt+l")
    desktop.do("(gimp-item-set-lock-content two TRUE)")
    desktop.refused("the pixels of this layer are locked")
    check(numpy.array_equal(desktop.pixels("one"), before), "one of two layers was changed")

    # The image is closed.
    desktop.do("(gimp-item-set-lock-content two FALSE)")
    desktop.ask("median")
    desktop.at_work()  # of both, as before
    desktop.do("(gimp-display-delete window)")
    desktop.refused("the layer was deleted, or its image closed", 3)
    desktop.do("(gimp-image-new 10 10 RGB)")  # GIMP lives
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "changed meanwhile: right or refused")
raise SystemExit(bool(failures))
