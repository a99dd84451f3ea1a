"""A GIMP on a screen whose filters are called by keys in the image's window, so that Script-Fu is free
to look at the image and to change it meanwhile.

    with Served({"blur": "F8"}) as desktop:
        desktop.do(f'(set! img (open "{path}"))')
        desktop.ask("blur")"""

import os
import pathlib
import time

import cv2

from desktop import Desktop, wait

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


class Served(Desktop):
    def __init__(self, keys, menu=""):
        """The filters' keys, to be pressed with Control and Shift; and more lines of menurc."""
        super().__init__()
        self.filter_keys, self.commands, self.works = keys, 0, 0
        (self.folder / ".config/GIMP/2.10/menurc").write_text(menu + "".join(
            f'(gtk_accel_path "<Actions>/plug-in/plug-in-imbrex-{name}" "<Primary><Shift>{key}")\n'
            for name, key in keys.items()))

    def __enter__(self):
        super().__enter__()
        self.gimp(SERVE.format(self.folder), options=("-c",))
        return self

    def do(self, command):
        """Runs a command of Script-Fu, and returns when it has ended."""
        path = self.folder / f"{self.commands}.scm"
        self.commands += 1
        path.with_suffix(".new").write_text(command)
        path.with_suffix(".new").rename(path)
        wait(command, pathlib.Path(f"{path}.done").exists)

    def pixels(self, layer="(layer img)"):
        """The pixels of a layer."""
        path = self.folder / f"saved{self.commands}.png"
        self.do(f'(file-png-save RUN-NONINTERACTIVE img {layer} "{path}" "x" 0 1 0 0 0 0 0)')
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)

    def show_linked(self, path, prepare=""):
        """A file in a window, behind a command that prepares `img`; `one` is its layer, and active,
        `two` a linked one above it, inverted; the window is `window`."""
        self.do(f'(set! img (open "{path}")) {prepare}'
                "(define one (layer img)) (define two (car (gimp-layer-copy one FALSE)))"
                "(gimp-image-insert-layer img two 0 0) (gimp-drawable-invert two FALSE)"
                "(gimp-item-set-linked one TRUE) (gimp-item-set-linked two TRUE)"
                "(gimp-image-set-active-layer img one)"
                "(define window (car (gimp-display-new img))) (gimp-displays-flush)")
        self.window(".*RGB.*GIMP")

    def open(self, key, title):
        """Presses a key in the image's window until a window of that title is there; returns it."""
        def opened():
            self.window(".*RGB.*GIMP")
            self.keys(key)
            time.sleep(1)
            return self.tool("search", "--onlyvisible", "--name", f"^{title}$")
        wait(f"the window {title}", opened)
        return self.window(title)

    def ask(self, name):
        """Opens the dialog of a filter."""
        return self.open(f"ctrl+shift+{self.filter_keys[name]}", name.capitalize())

    def ticks(self):
        """What the plug-in has computed by now, in seconds of a core; 0 when it does not run."""
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                name = (process / "cmdline").read_bytes().split(b"\0")[0].decode()
                stat = (process / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if name.startswith(str(self.folder)) and name.endswith("imbrex/imbrex"):
                return sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK")
        return 0

    def is_idle(self):
        """Does the plug-in compute next to nothing?"""
        begin = self.ticks()
        time.sleep(0.5)
        return self.ticks() < begin + 0.1

    def ended(self):
        wait("the end of the filter", lambda: self.ticks() == 0)

    def at_work(self, *keys):
        """Confirms the dialog of a filter that takes long, and waits until it computes, or goes on
        with what it has begun ahead: of a value that the dialog has not begun with."""
        self.keys("ctrl+a")
        self.type(str(60 - self.works % 2))
        self.works += 1
        self.keys("Tab", *keys)
        time.sleep(0.5)
        begin = self.ticks()
        self.keys("alt+o")
        wait("the filter to be at work", lambda: self.ticks() > begin + 1)

    def close_box(self):
        """The box with a sentence in front of a dialog, which stays."""
        box = self.window("imbrex")
        self.keys("Return")
        wait("the box's end", lambda: not self.tool("getwindowname", box))

    def refused(self, sentence, times=1):
        self.ended()
        wait(sentence, lambda: self.log().count(sentence) == times)
