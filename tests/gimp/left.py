"""What is typed in the windows of recipes and batches and not done, because the window was closed, is
there again in the next one, right or not. "Repeat" (Ctrl+F) does what was done. What was emptied gives
way to that."""

import shutil
import subprocess

import cv2
import numpy

from desktop import check, failures, run, skip, wait
from served import Served

if not shutil.which("xclip"):
    skip("there is no xclip")


def clipboard():
    return subprocess.run(["xclip", "-o", "-selection", "clipboard"], env=desktop.env, timeout=20,
                          capture_output=True, text=True).stdout


def expect(words, what):
    """In the entry that has the keyboard."""
    def copied():
        desktop.keys("ctrl+a", "ctrl+c")
        return clipboard() == words
    try:
        wait(what, copied)
    except TimeoutError:
        check(False, f"{what}: \"{clipboard()}\", not \"{words}\"")


def leave(window):
    desktop.escape(window)
    desktop.ended()


with Served({"recipe": "F8", "batch": "F7"}) as desktop:
    folder, source = desktop.folder, desktop.folder / "source.png"
    noise = numpy.random.default_rng(4).integers(0, 256, (150, 200, 3), numpy.uint8)
    cv2.imwrite(str(source), cv2.GaussianBlur(noise, (0, 0), 2))
    desktop.do(f'(set! img (open "{source}")) (gimp-display-new img) (gimp-displays-flush)')

    # Half of a recipe; then it is completed and done.
    window = desktop.ask("recipe")
    desktop.type("blur:4/inver")
    leave(window)
    window = desktop.ask("recipe")
    expect("blur:4/inver", "half of a recipe")
    desktop.keys("ctrl+End")
    desktop.type("t")
    once = run("blur:4/invert", source, folder / "made")
    wait("its preview", lambda: desktop.shows(once))
    desktop.keys("alt+o")
    wait("blur:4/invert", lambda: numpy.array_equal(desktop.pixels(), once))
    desktop.ended()

    # Another one is left: it is not what is repeated, and not forgotten by that.
    window = desktop.ask("recipe")
    expect("blur:4/invert", "the recipe that was done")
    desktop.type("flip")
    leave(window)
    desktop.window(".*RGB.*GIMP")
    desktop.keys("ctrl+f")
    cv2.imwrite(str(folder / "once.png"), once)
    twice = run("blur:4/invert", folder / "once.png", folder / "made")
    wait("the repetition", lambda: numpy.array_equal(desktop.pixels(), twice))
    desktop.ended()
    window = desktop.ask("recipe")
    expect("flip", "the recipe that was left")

    # What is emptied is not wanted any more.
    desktop.keys("BackSpace")
    leave(window)
    window = desktop.ask("recipe")
    expect("blur:4/invert", "the recipe that was done, behind an empty one")
    leave(window)

    # What was done by OK, though the layer was deleted meanwhile, was not done.
    window = desktop.ask("recipe")
    desktop.keys("ctrl+a")
    desktop.type("gamma:2")
    desktop.do("(gimp-image-insert-layer img (car (gimp-layer-copy (layer img) FALSE)) 0 0)"
               "(gimp-image-remove-layer img (vector-ref (cadr (gimp-image-get-layers img)) 1))")
    desktop.window("Recipe")
    desktop.keys("alt+o")
    desktop.refused("the layer was deleted, or its image closed")
    window = desktop.ask("recipe")
    expect("gamma:2", "the recipe of a layer that was deleted")
    leave(window)

    # A batch: the template of names, by its key.
    window = desktop.ask("batch")
    desktop.keys("alt+a")
    desktop.type("small-one")
    leave(window)
    window = desktop.ask("batch")
    desktop.keys("alt+a")
    expect("small-one", "a batch that was not run")
    leave(window)
    desktop.check_log()

print(f"{len(failures)} failures" if failures else "what is left in a window is in the next one")
raise SystemExit(bool(failures))
