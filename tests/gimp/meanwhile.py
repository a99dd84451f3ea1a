"""The image is changed, or closed, while a dialog is open or its filter at work: the result is
right for what is there then, or refused with a sentence, and nothing is changed. Linked layers are
changed together, and come back with one step of undo.

Filters are called by keys in the image's window, so that Script-Fu is free to change the image."""

import os
import pathlib
import time

import cv2
import numpy

from desktop import Desktop, check, failures, run, wait

# Runs 0.scm, 1.scm, .. of a folder as they come.
SERVE = """(let serve ((n 0))
  (let ((name (string-append "{}/" (number->string n) ".scm")))
    (if (file-exists? name)
      (let ((port (open-input-file name)))
        (let next ((form (read port)))
          (if (not (eof-object? form))
            (begin (eval form (interaction-environment)) (next (read port)))))
        (close-port port)
        (close-port (open-output-file (string-append name ".done")))
        (serve (+ n 1)))
      (begin (usleep 20000) (serve n)))))"""
KEYS = {"blur": "F8", "median": "F9"}
commands = 0


def do(command):
    """Runs a command of Script-Fu, and returns when it has ended."""
    global commands
    path = folder / f"{commands}.scm"
    commands += 1
    path.with_suffix(".new").write_text(command)
    path.with_suffix(".new").rename(path)
    wait(command, pathlib.Path(f"{path}.done").exists)


def saved(layer):
    """The pixels of a layer."""
    path = folder / f"saved{commands}.png"
    do(f'(file-png-save RUN-NONINTERACTIVE img {layer} "{path}" "x" 0 1 0 0 0 0 0)')
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def show(width, height):
    """A fresh image of that size in a window; `one` is its layer, `two` a linked one above it."""
    do(f'(set! img (open "{source}")) (gimp-image-scale img {width} {height})'
       "(define one (layer img)) (define two (car (gimp-layer-copy one FALSE)))"
       "(gimp-image-insert-layer img two 0 0) (gimp-drawable-invert two FALSE)"
       "(gimp-item-set-linked one TRUE) (gimp-item-set-linked two TRUE)"
       "(gimp-image-set-active-layer img one)"
       "(define window (car (gimp-display-new img))) (gimp-displays-flush)")
    desktop.window(".*RGB.*GIMP")


def ask(name):
    """Opens the dialog of a filter."""
    def opened():
        desktop.window(".*RGB.*GIMP")
        desktop.keys(f"ctrl+shift+{KEYS[name]}")
        time.sleep(1)
        return desktop.tool("search", "--onlyvisible", "--name", f"^{name.capitalize()}$")
    wait(f"the dialog of {name}", opened)
    desktop.window(name.capitalize())


def ticks():
    """What the plug-in has computed by now, in seconds of a core; 0 when it does not run."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "cmdline").read_bytes().split(b"\0")[0].decode()
            stat = (process / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if name.startswith(str(folder)) and name.endswith("imbrex/imbrex"):
            return sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK")
    return 0


def ended():
    wait("the end of the filter", lambda: ticks() == 0)


def at_work(*keys):
    """Confirms the dialog of a filter that takes long, and waits until it computes."""
    desktop.keys("ctrl+a")
    desktop.type("60")
    desktop.keys("Tab", *keys)
    time.sleep(1)  # the preview
    begin = ticks()
    desktop.keys("alt+o")
    wait("the filter to be at work", lambda: ticks() > begin + 1)


def refused(sentence, times=1):
    ended()
    wait(sentence, lambda: desktop.log().count(sentence) == times)


with Desktop() as desktop:
    folder, source = desktop.folder, desktop.folder / "source.png"
    pixels = numpy.random.default_rng(3).integers(0, 256, (180, 260, 3), numpy.uint8)
    cv2.imwrite(str(source), cv2.GaussianBlur(pixels, (0, 0), 2))
    (folder / ".config/GIMP/2.10/menurc").write_text("".join(
        f'(gtk_accel_path "<Actions>/plug-in/plug-in-imbrex-{name}" "<Primary><Shift>{key}")\n'
        for name, key in KEYS.items()))
    desktop.gimp(SERVE.format(folder), options=("-c",))

    # While the dialog is open the layer becomes larger and is painted on.
    show(260, 180)
    ask("blur")
    do("(gimp-layer-scale one 1100 900 FALSE) (gimp-drawable-invert one FALSE)")
    cv2.imwrite(str(folder / "larger.png"), saved("one"))
    desktop.keys("Return")
    ended()
    want = run("blur", folder / "larger.png", folder / "out")
    check(numpy.array_equal(saved("one"), want), "a layer that became larger: not blurred as it is")

    # The layer is deleted, then the image closed.
    ask("blur")
    do("(gimp-image-remove-layer img one)")
    desktop.keys("Return")
    refused("the layer was deleted, or its image closed")
    ask("blur")
    do("(gimp-display-delete window)")
    desktop.window("Blur")
    desktop.keys("Return")
    refused("the layer was deleted, or its image closed", 2)

    # Linked layers, all of them, and one step of undo; last values are of one layer.
    show(260, 180)
    before = [saved("one"), saved("two")]
    ask("median")
    desktop.keys("alt+l", "alt+o")
    ended()
    for layer, old in zip(("one", "two"), before):
        cv2.imwrite(str(folder / "old.png"), old)
        want = run("median", folder / "old.png", folder / "out")
        check(numpy.array_equal(saved(layer), want), f"linked layers: {layer} is not changed")
    desktop.window(".*RGB.*GIMP")
    desktop.keys("ctrl+z")
    wait("undo", lambda: numpy.array_equal(saved("two"), before[1]))
    check(numpy.array_equal(saved("one"), before[0]), "linked layers: undo takes several steps")
    do("(plug-in-imbrex-median RUN-WITH-LAST-VALS img two 0)")
    check(not numpy.array_equal(saved("two"), before[1]), "last values did nothing")
    check(numpy.array_equal(saved("one"), before[0]), "last values changed another layer")
    do("(gimp-display-delete window)")

    # While it computes something else is selected.
    show(2000, 1500)
    do("(gimp-image-convert-precision img PRECISION-U16-GAMMA)")  # slower than 8 bits
    before = saved("one")
    ask("median")
    at_work()
    do("(gimp-image-select-rectangle img CHANNEL-OP-REPLACE 10 10 500 500)")
    refused("other pixels are selected")
    check(numpy.array_equal(saved("one"), before), "a refused run changed pixels")

    # The second of two layers is locked, while the first, a small one, is ready to be changed.
    do("(gimp-selection-none img) (gimp-layer-resize one 99 99 0 0)")
    before = saved("one")
    ask("median")
    at_work("alt+l")
    do("(gimp-item-set-lock-content two TRUE)")
    refused("the pixels of this layer are locked")
    check(numpy.array_equal(saved("one"), before), "one of two layers was changed")

    # The image is closed.
    do("(gimp-item-set-lock-content two FALSE)")
    ask("median")
    at_work("alt+l")
    do("(gimp-display-delete window)")
    refused("the layer was deleted, or its image closed", 3)
    do("(gimp-image-new 10 10 RGB)")  # GIMP lives
    complaints = [line for line in desktop.log().splitlines() if "CRITICAL" in line]
    check(not complaints, "\n".join(complaints))

print(f"{len(failures)} failures" if failures else "changed meanwhile: right or refused")
raise SystemExit(bool(failures))
