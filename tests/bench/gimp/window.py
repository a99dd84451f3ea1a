"""A layer of 24 megapixels on GIMP's canvas, blurred with sigma 10 from our plug-in's dialog, by our
operation of GEGL, and by GIMP's own, gegl:gaussian-blur, in turn in one session: how long it takes
from OK until the canvas shows all of the result and changes no more. And how long a preview takes to
follow a new value: the plug-in's in the dialog, those of operations on the canvas.

With the preview on, operations have computed all of the result before OK is pressed, if they are given
the time; with it off, they compute behind OK. The plug-in has computed it ahead both times, if it is
given a moment. So three ways are measured: with the preview, and then also preview and OK together;
without it, after a pause; and without it, OK right behind the value, when nobody has computed
anything.

Pixels of the screen are read every few milliseconds, and keys come by XTEST. Dialogs are moved beside
the image's window, so that nothing covers the canvas. The median of ROUNDS, and the range."""

import os
import statistics
import time

import numpy
import operations
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from desktop import PATIENCE, Desktop

ROUNDS = int(os.environ.get("ROUNDS", "5"))
EVERY = 0.004  # seconds between looks
QUIET = 2.5  # seconds without a change, behind which nothing comes
LAYER = """(set! img (car (gimp-image-new 6000 4000 RGB)))
    (let ((one (car (gimp-layer-new img 6000 4000 RGB-IMAGE "l" 100 28))))
      (gimp-image-insert-layer img one 0 0) (plug-in-plasma RUN-NONINTERACTIVE img one 1 4)
      (plug-in-rgb-noise RUN-NONINTERACTIVE img one FALSE FALSE 0.3 0.3 0.3 0))
    (gimp-display-new img)"""
# When OK is pressed: the preview is on in the first way alone.
PREVIEWED, PAUSED, AT_ONCE = "with preview", "without preview", "right behind the value"
# Rectangles of the screen: a part of the canvas that is all image, of our preview, and of dialogs.
CANVAS, PREVIEW, DIALOG = (230, 250, 800, 520), (1430, 120, 400, 300), (1400, 60, 300, 300)


class Wide(Desktop):
    SIZE = (2560, 1000)


class Blur:
    def __init__(self, name, path, key, title, place, entry):
        self.name, self.path, self.key, self.title = name, path, key, title
        self.place = place  # where the preview is
        self.entry = entry  # xdotool's words for going to the value
        self.times, self.result = {}, None

    def note(self, what, seconds):
        self.times.setdefault(what, []).append(seconds)

    def enter(self, value):
        """Types it, which counts when the entry is left by Tab."""
        desktop.tool(*self.entry)
        desktop.keys("ctrl+a")
        desktop.type(value)


PLUGIN = Blur("the plug-in", "plug-in/plug-in-imbrex-blur", "F8", "Blur", PREVIEW, ("key", "alt+i"))
OPERATION = Blur("imbrex:blur", operations.ACTION, "F6", operations.TITLE, CANVAS,
                 ("key", "alt+s", "Tab"))
GEGL = Blur("gegl:gaussian-blur", "filters/filters-gaussian-blur", "F7", "Gaussian Blur", CANVAS,
            ("mousemove", "1700", "173", "click", "1"))


class Screen:
    """The display, for looks and keys that start no process."""

    def __init__(self, name):
        self.display = Display(name)
        self.root = self.display.screen().root

    def look(self, place):
        return self.root.get_image(*place, X.ZPixmap, 0xffffffff).data

    def press(self, *names):
        """Keys that are held together; the time when they are let go."""
        codes = [self.display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for kind, order in ((X.KeyPress, codes), (X.KeyRelease, codes[::-1])):
            for code in order:
                xtest.fake_input(self.display, kind, code)
        self.display.sync()
        return time.monotonic()

    def changes(self, began, *places, must=True):
        """Looks until nothing has changed for a while, and the first place has if it must: the
        seconds from `began` to the last change of each place, 0 where there was none."""
        old, last = [self.look(p) for p in places], [0] * len(places)
        while time.monotonic() - began - max(last) < QUIET or must and not last[0]:
            time.sleep(EVERY)
            for i, place in enumerate(places):
                now = self.look(place)
                if now != old[i]:
                    last[i] = time.monotonic() - began
                old[i] = now
            assert time.monotonic() - began < PATIENCE, "the screen does not show a change"
        return last

    def settled(self, place):
        self.changes(time.monotonic(), place, must=False)
        return self.look(place)


def same(a, b):
    """But for single pixels, which GIMP rounds in another way when it scales a changed part."""
    a, b = (numpy.frombuffer(data, numpy.uint8).astype(int) for data in (a, b))
    return numpy.abs(a - b).mean() < 0.02


def ask(blur, preview, before):
    """Opens the dialog with the preview on or off: GIMP's keep that from one time to the next."""
    screen.press("Control_L", "Shift_L", blur.key)
    dialog = desktop.window(blur.title)
    desktop.tool("windowmove", "--sync", dialog, *DIALOG[:2])
    desktop.tool("windowactivate", "--sync", dialog)
    if blur is OPERATION:
        operations.choose_blur(desktop)
    on = blur is PLUGIN or not same(screen.settled(CANVAS), before)
    if on != preview:
        desktop.keys("alt+p")
    screen.settled(blur.place)


def blur_once(blur, way, before):
    """From the picture as it was, and back to it."""
    preview = way == PREVIEWED
    ask(blur, preview, before)
    blur.enter("5")
    screen.press("Tab")
    screen.settled(blur.place)
    blur.enter("10")
    entered = screen.press("Tab")
    if way != AT_ONCE:
        followed, = screen.changes(entered, blur.place, must=preview)
    shown = blur is not PLUGIN and preview  # then the canvas need not change any more
    ended = max(screen.changes(screen.press("Alt_L", "o"), CANVAS, DIALOG, must=not shown))
    now = screen.look(CANVAS)
    blur.result = blur.result or now
    assert same(now, blur.result) and not same(now, before), "another picture than blurred"
    blur.note(f"from OK, {way}", ended)
    if preview:
        blur.note("preview", followed)
        blur.note("preview and OK", followed + ended)
    desktop.window(".*RGB.*GIMP")
    screen.press("Control_L", "z")
    assert same(screen.settled(CANVAS), before), "undo does not bring the picture back"


def tell(what):
    """Of each its median and range, and how much of the time of GIMP's own."""
    print(f"{what}:")
    for blur in (PLUGIN, OPERATION, GEGL):
        times = blur.times[what]
        median = statistics.median(times)
        ratio = median / statistics.median(GEGL.times[what])
        print(f"  {blur.name:20}{median:.2f} s ({min(times):.2f} to {max(times):.2f}), {ratio:.2f}")


desktop = Wide()
operations.install(desktop)
(desktop.folder / ".config/GIMP/2.10/menurc").write_text("".join(
    f'(gtk_accel_path "<Actions>/{b.path}" "<Primary><Shift>{b.key}")\n'
    for b in (PLUGIN, OPERATION, GEGL)))
with desktop:
    desktop.gimp(LAYER)
    window = desktop.window(".*RGB.*GIMP")
    screen = Screen(desktop.env["DISPLAY"])
    desktop.tool("windowmove", "--sync", window, 0, 0, "windowsize", "--sync", window, 1280, 950)
    screen.settled(CANVAS)
    screen.press("Control_L", "Shift_L", "j")
    picture = screen.settled(CANVAS)
    for turn in range(ROUNDS):
        for way in (PREVIEWED, PAUSED, AT_ONCE):
            for blur in (GEGL, OPERATION, PLUGIN):
                blur_once(blur, way, picture)
print("The part of GIMP's own time that is aimed at behind OK: 0.50")
for what in PLUGIN.times:
    tell(what)
