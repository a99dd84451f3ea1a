"""What is kept from one run to the next: the values, and whether all linked layers were meant. "Repeat"
(Ctrl+F) does what the last dialog did, and the next dialog begins with it. What was refused is not
kept, and what was kept before is not lost."""

import cv2
import numpy

from desktop import check, failures, run, wait
from served import Served


def expect(what, one, two):
    """Waits until the layers have these pixels and the filter has ended; then they have them still."""
    def same():
        return (numpy.array_equal(desktop.pixels("one"), one)
                and numpy.array_equal(desktop.pixels("two"), two))
    try:
        wait(what, same)
        desktop.ended()
        check(same(), what)
    except TimeoutError as late:
        check(False, late)


def made(recipe, name, pixels):
    """The pixels that the command line makes of these."""
    cv2.imwrite(str(desktop.folder / name), pixels)
    return run(recipe, desktop.folder / name, desktop.folder / "out")


def values(size):
    """The arguments of crop."""
    return f'"{size}" "0" "0" "centre"'


def colours():
    """The pixels of the layer, without the alpha that a mask gives it."""
    return desktop.pixels()[:, :, :3]


def repeat():
    desktop.window(".*RGB.*GIMP")
    desktop.keys("ctrl+f")


def undo(what):
    desktop.window(".*RGB.*GIMP")
    desktop.keys("ctrl+z")
    expect(what, *before)


with Served({"median": "F9", "crop": "F7"}) as desktop:
    source = desktop.folder / "source.png"
    noise = numpy.random.default_rng(3).integers(0, 256, (180, 260, 3), numpy.uint8)
    cv2.imwrite(str(source), cv2.GaussianBlur(noise, (0, 0), 2))

    # Linked layers: all of them, in one step of undo, and so does Repeat.
    desktop.show_linked(source)
    before = [desktop.pixels("one"), desktop.pixels("two")]
    once = [made("median", "old.png", pixels) for pixels in before]
    desktop.ask("median")
    desktop.keys("alt+l", "alt+o")
    expect("linked layers, both changed", *once)
    undo("linked layers, undone in one step")
    repeat()
    expect("repeated on both layers", *once)
    undo("the repetition, undone in one step")

    # As in a dialog, a layer that is not linked is alone.
    desktop.do("(gimp-item-set-linked one FALSE)")
    repeat()
    expect("repeated on a layer that is not linked", once[0], before[1])
    undo("a layer that is not linked, undone")
    desktop.do("(gimp-item-set-linked one TRUE)")

    # The next dialog offers all layers again; one layer, once chosen, is repeated alone.
    desktop.ask("median")
    desktop.keys("alt+o")
    expect("the dialog begins with all layers", *once)
    undo("the second dialog, undone")
    desktop.ask("median")
    desktop.keys("alt+l", "alt+o")
    expect("one of two linked layers", once[0], before[1])
    undo("one of two, undone")
    repeat()
    expect("repeated on one of two linked layers", once[0], before[1])
    desktop.do("(gimp-display-delete window)")

    # Values that a layer refuses, here a size that its mask has not, are not kept.
    desktop.show_linked(source)
    desktop.do("(gimp-image-remove-layer img two)")
    desktop.ask("crop")
    desktop.keys("ctrl+a")
    desktop.type("100x80")
    desktop.keys("Return")
    kept = made("crop:100x80", "old.png", before[0])
    wait("crop:100x80", lambda: numpy.array_equal(desktop.pixels(), kept))
    desktop.do("(gimp-display-delete window)")
    desktop.show_linked(source)
    desktop.do("(gimp-image-remove-layer img two)"
               "(define mask (car (gimp-layer-create-mask one ADD-MASK-WHITE)))"
               "(gimp-layer-add-mask one mask) (gimp-layer-set-edit-mask one FALSE)")
    dialog = desktop.ask("crop")
    desktop.keys("ctrl+a")
    desktop.type("50x40")
    desktop.keys("Return")
    desktop.close_box()
    desktop.escape(dialog)
    desktop.ended()

    # Nor those that a script gives, nor what an indexed image refuses or a dialog does not take.
    desktop.do("(gimp-layer-remove-mask one MASK-APPLY)"
               "(define other (car (gimp-image-duplicate img)))"
               '(gimp-image-convert-indexed other 0 0 8 0 0 "")'
               f"(try (lambda () (plug-in-imbrex-crop RUN-NONINTERACTIVE img one {values('0x0')})))"
               "(try (lambda () (plug-in-imbrex-crop RUN-WITH-LAST-VALS other (layer other)"
               f" {values('50x40')}))) (gimp-image-delete other)")
    dialog = desktop.ask("crop")
    desktop.keys("ctrl+a")
    desktop.type("0x5")
    desktop.keys("alt+o")
    desktop.escape(dialog)
    desktop.ended()
    check(numpy.array_equal(colours(), before[0]), "what was refused changed the layer")
    repeat()
    wait("the repetition", lambda: colours().shape != before[0].shape)
    check(numpy.array_equal(colours(), kept), f"not the kept values: {colours().shape}")
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "what was done is repeated, what was refused is not")
raise SystemExit(bool(failures))
