"""One step of undo brings back every pixel, size, transparency and colour space. GIMP 2.10 has no
procedure for that, so a GIMP with windows on a display of its own gets the key."""

import shutil
import subprocess
import time

import cv2
import numpy

import support
from support import Gimp, Xcf, check

RECIPES = ("blur:4", "resize:50%", "rotate:10", "resize:30%/rotate:5/invert", "icc:p3", "flatten")

for program in ("Xvfb", "xdotool", "openbox"):
    if not shutil.which(program):
        support.skip(f"there is no {program}")
g = Gimp()
random = numpy.random.default_rng(3)
cv2.imwrite(str(g.folder / "a.png"), random.integers(0, 255, (90, 120, 4), dtype="u1"))
# What a step of undo changes, as far as a script can see it; and waiting for a change of it.
g.define(f'(define base (open "{g.folder}/a.png"))'
         '(define (state image) (list (gimp-image-width image) (gimp-drawable-type (layer image))'
         ' (gimp-image-get-color-profile image)'
         ' (gimp-drawable-histogram (layer image) HISTOGRAM-RED 0 1)))'
         '(define (wait image old) (if (equal? (state image) old)'
         ' (begin (usleep 50000) (wait image old))))')
save = '(gimp-xcf-save 0 {0} (layer {0}) "{1}/{2}.xcf" "x")'.format
g.do(save("base", g.folder, "base"))
for i, recipe in enumerate(RECIPES):
    g.define(f"(define i{i} (car (gimp-image-duplicate base))) (define d{i} 0)")
    g.do(f'(gimp-image-set-filename i{i} "undo{i}.xcf") (set! d{i} (car (gimp-display-new i{i})))'
         f'(plug-in-imbrex-recipe RUN-NONINTERACTIVE i{i} (layer i{i}) "{recipe}")'
         f'(gimp-displays-flush) {save(f"i{i}", g.folder, f"done{i}")}'
         f'(say "ready {i}") (wait i{i} (state i{i})) {save(f"i{i}", g.folder, f"undone{i}")}'
         f'(say "profile {i} = " (car (gimp-image-get-color-profile i{i})))'
         f'(gimp-display-delete d{i})')


def said(line, seconds):
    until = time.monotonic() + seconds
    while not any(said.startswith(line) for said in g.lines()) and time.monotonic() < until:
        time.sleep(0.05)
    return any(said.startswith(line) for said in g.lines())


def key(name, title):
    """To an image's window, which needs the focus."""
    found = subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", title],
                           env=g.env, capture_output=True, text=True, timeout=60).stdout.split()
    for window in found[-1:]:
        subprocess.run(["xdotool", "windowactivate", "--sync", window, "key", name], env=g.env,
                       timeout=60, capture_output=True)


def press():
    """Presses undo for every image when it is ready; again only if nothing came of it, as GIMP drops
    keys until it has looked what can be undone."""
    for i in range(len(RECIPES)):
        said(f"ready {i}", 120)
        for _ in range(10):
            key("ctrl+z", f"undo{i}.*GIMP")
            if said(f"profile {i}", 5):
                break


with support.display(g.env):
    answers = g.run(timeout=300, meanwhile=press, windows=True)
base = next(iter(Xcf(g.folder / "base.xcf").layers.values()))
for i, recipe in enumerate(RECIPES):
    done = next(iter(Xcf(g.folder / f"done{i}.xcf").layers.values()))
    undone = next(iter(Xcf(g.folder / f"undone{i}.xcf").layers.values()))
    check(done.shape != base.shape or (done != base).any(), f"{recipe} did nothing")
    same = undone.shape == base.shape and (undone == base).all()
    check(same, f"{recipe}: one step of undo leaves {undone.shape}")
    check(answers.get(f"profile {i}") == "0", f"{recipe}: undo leaves a colour profile")
support.finish(f"{len(RECIPES)} recipes undone, each in one step")
