"""A run that is ended before its end, as Cancel does it and as a crash would: GIMP kills the plug-in or
finds it gone, and says so. The image is as it was, to the bit, and the next call works."""

import os
import pathlib
import signal
import time

import support
from support import SOURCE, Gimp, Xcf, check

g = Gimp()
photo = SOURCE / "samples" / "pictures" / "photo-before.jpg"
g.define(f'(define image (open "{photo}"))')
g.do("(gimp-image-scale image 5000 3500) (gimp-image-undo-group-start image)"
     "(gimp-image-undo-group-end image)")
save = '(gimp-xcf-save 0 image (layer image) "{}/{}.xcf" "x")'.format
g.do(save(g.folder, "before"))
SLOW = ("median:60/median:60", "resize:101%/median:60/median:60")
for recipe in SLOW:
    g.refuse("'plug-in-imbrex-recipe' returned no return values",
             f'(say "slow") (plug-in-imbrex-recipe RUN-NONINTERACTIVE image (layer image) "{recipe}")')
g.do(save(g.folder, "after"))
g.do("(plug-in-imbrex-invert RUN-NONINTERACTIVE image (layer image) 1)")
g.ask("size", "(car (gimp-image-width image))")
killed = []


def plug_in():
    """The process of the run under way, once it has computed for a while."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            ticks = sum(map(int, (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        except OSError:
            continue
        if str(g.home).encode() in words[0] and words[0].endswith(b"imbrex/imbrex"):
            if ticks > 1.5 * os.sysconf("SC_CLK_TCK"):
                return int(folder.name)
    return None


def kill():
    until = time.monotonic() + 240
    while len(killed) < len(SLOW) and time.monotonic() < until:
        time.sleep(0.05)
        pid = plug_in()
        if pid and g.lines().count("slow") == len(killed) + 1:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)


answers = g.run(meanwhile=kill, timeout=300)
told = g.log.count(f'Plug-in crashed: "imbrex"\n({g.home}/')
check(told == len(SLOW), f"GIMP told of {told} crashes of our plug-in:\n{g.log}")
check(len(killed) == len(SLOW), f"{len(killed)} runs were under way and killed")
before, after = (next(iter(Xcf(g.folder / f"{n}.xcf").layers.values())) for n in ("before", "after"))
check(before.shape == after.shape and (before == after).all(), "a killed run left something")
check(answers.get("size") == "5000", f"the image became {answers.get('size')} wide")
support.finish(f"{len(killed)} runs killed, nothing left of them")
