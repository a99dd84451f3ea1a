"""A real GIMP on a screen of its own, with a home of its own that holds nothing but our plug-in.

    with Desktop() as desktop:
        desktop.gimp('(set! img (open "a.png"))', call("blur"))
        desktop.window("Blur")
        desktop.keys("Return")

Exit status 77, a skipped test, without GIMP, Xvfb, openbox or xdotool. The environment has IMBREX,
the program, and BUILD, the folder of the build."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cv2
import numpy

IMBREX = pathlib.Path(os.environ["IMBREX"]).resolve()
PLUGIN = pathlib.Path(os.environ["BUILD"]).resolve() / "plug-ins" / "imbrex"
PATIENCE = 60  # seconds, for a start on a busy machine

failures = []


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")
    return good


def wait(what, until):
    """The first answer of until() that is pixels, or true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = until()
        if isinstance(answer, numpy.ndarray) or answer:
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"waited {PATIENCE} s for {what}")


def quoted(words):
    return '"' + str(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def call(name, image="img", drawable="(layer img)"):
    """The interactive call of a filter's procedure; arguments must be there, though nobody reads
    them."""
    filters = json.loads(subprocess.run([IMBREX, "filters", "--json"], check=True,
                                        capture_output=True).stdout)["filters"]
    rows = next(f for f in filters if f["name"] == name)["parameters"]
    values = " ".join("0" if p["type"] in ("float", "int", "bool") else '""' for p in rows)
    procedure = "plug-in-imbrex-" + name.replace("_", "-")
    return f"({procedure} RUN-INTERACTIVE {image} {drawable} {values})"


class Desktop:
    SIZE = (1280, 900)
    PRELUDE = """
    (define (open name) (car (gimp-file-load RUN-NONINTERACTIVE name name)))
    (define (layer image) (car (gimp-image-get-active-drawable image)))
    (define (save image name) (gimp-file-save RUN-NONINTERACTIVE image (layer image) name name)
      (close-port (open-output-file (string-append name ".done"))))
    (define img 0)
    (define (try command) (call/cc (lambda (leave)
      (set! *error-hook* (lambda words (leave #f)))
      (command))))
    """

    def __init__(self):
        for program in ("gimp", "Xvfb", "openbox", "xdotool", "import"):
            if not shutil.which(program):
                skip(f"there is no {program}")
        if not PLUGIN.exists():
            skip("imbrex was built without its plug-in")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="imbrex-desktop-"))
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("XDG_", "GIMP2_", "GEGL_", "GTK_"))}
        self.env |= {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        self.started = []
        plugins = self.folder / ".config/GIMP/2.10/plug-ins"
        plugins.mkdir(parents=True)
        shutil.copytree(PLUGIN, plugins / "imbrex")

    def __enter__(self):
        read, write = os.pipe()
        self.start("Xvfb", "-displayfd", str(write), "-nolisten", "tcp", "-screen", "0",
                   "{}x{}x24".format(*self.SIZE), pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as number:
            self.env["DISPLAY"] = ":" + number.readline().strip()
        self.manage()
        return self

    def __exit__(self, *problem):
        for process in reversed(self.started):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)  # GIMP may wait for a plug-in that does not end
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and its plug-ins may outlive it
            process.wait()
        if problem[0]:
            print(self.log())
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *command, **more):
        log = open(self.folder / "log", "ab")
        process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log,
                                   start_new_session=True, **more)
        self.started.append(process)
        return process

    def manage(self):
        """A window manager, without which keys get lost. One that finds no display, where several
        are started at once, ends."""
        manager = self.start("openbox")

        def answers():
            nonlocal manager
            if manager.poll() is not None:
                manager = self.start("openbox")
            return self.tool("get_desktop")
        wait("a window manager", answers)

    def log(self):
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if line and "theme engine" not in line)

    def check_log(self):
        """Nothing critical, and no text that is none; other warnings are about the desktop, which
        may lack a theme."""
        complaints = [line for line in self.log().splitlines()
                      if "CRITICAL" in line or "Pango-WARNING" in line]
        check(not complaints, "\n".join(complaints))

    def gimp(self, *commands, options=()):
        """Starts it; commands run one after another, and one that fails or is cancelled stops none
        behind it. Images are for them to keep in `img`."""
        script = self.PRELUDE + "".join(f"(try (lambda () {c}))" for c in commands)
        return self.start("gimp", "-n", "-s", "-d", "-f", *options, "-b", script)

    def tool(self, *words):
        done = subprocess.run(["xdotool", *map(str, words)], env=self.env, capture_output=True,
                              text=True)
        return done.stdout.split()

    def window(self, title):
        """The window of that name, once it is visible and has the keyboard."""
        found = wait(f"the window {title}", lambda: self.tool("search", "--onlyvisible", "--name",
                                                              f"^{title}$"))[-1]
        self.tool("windowactivate", "--sync", found)
        return found

    def saved(self, path):
        """The pixels of a file that a command saves, once it is complete."""
        done = pathlib.Path(f"{path}.done")
        return wait(path.name, lambda: cv2.imread(str(path), -1) if done.exists() else None)

    def keys(self, *keys):
        self.tool("key", "--delay", "30", *keys)

    def type(self, words):
        self.tool("type", "--delay", "30", words)

    def escape(self, window):
        """Closes a window by its key. One that is busy may not get it; but a second one too soon
        would close what comes behind it, which may have the same number."""
        name = self.tool("getwindowname", window)

        def closed():
            self.keys("Escape")
            for _ in range(50):
                if not name or self.tool("getwindowname", window) != name:
                    return True
                time.sleep(0.1)
            return False
        wait("the window's end", closed)

    def click(self, x, y):
        self.tool("mousemove", x, y, "click", 1)

    def picture(self, window="root", *options):
        """What is on the screen, or in a window, as blue, green, red. Options are those of import:
        -frame adds the window's frame."""
        command = ["import", "-silent", *options, "-window", window, "png:-"]
        data = subprocess.run(command, env=self.env, check=True, capture_output=True).stdout
        return cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)

    def shows(self, pixels, most=0):
        """Where these very pixels are on the screen, or None; or such that differ by `most` in the
        mean."""
        screen = self.picture()
        score = cv2.matchTemplate(screen, pixels, cv2.TM_SQDIFF)
        y, x = numpy.unravel_index(numpy.argmin(score), score.shape)
        there = screen[y:y + pixels.shape[0], x:x + pixels.shape[1]].astype(int)
        same = numpy.abs(there - pixels).mean() <= most
        return (int(x), int(y)) if same else None


def run(recipe, source, folder):
    """The pixels that the command line makes of a file."""
    subprocess.run([IMBREX, "run", recipe, source, "-o", folder, "--progress", "none",
                    "--if-exists", "overwrite"], check=True, capture_output=True)
    return cv2.imread(str(folder / source.name), cv2.IMREAD_UNCHANGED)
