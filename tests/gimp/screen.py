"""A real GIMP with its windows, on a screen that nobody sees, with a home of its own.

    with Screen() as s:
        s.start("(plug-in-imbrex-batch RUN-INTERACTIVE \\"\\" \\"\\" \\"\\")")
        window = s.window("^Batch")
        s.key("alt+u")
        s.picture("batch.png")

Needs Xvfb, openbox (without a window manager keys are lost), xdotool, ImageMagick's import and
xclip. The environment has IMBREX, the program, BUILD, and SOURCE, the checkout."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
IMBREX = pathlib.Path(os.environ["IMBREX"]).resolve()
SOURCE = pathlib.Path(os.environ["SOURCE"]).resolve()
TOOLS = ("gimp", "gimptool-2.0", "Xvfb", "openbox", "xdotool", "import", "xclip")
SIZE = "1280x960x24"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)
    return good


def finish(what):
    print(f"{len(failures)} failures" if failures else what)
    sys.exit(1 if failures else 0)


def wait(seconds, ask, every=0.1):
    """The first answer that is true, or the last one when the time is over."""
    end = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < end:
        time.sleep(every)
    return answer


class Screen:
    def __init__(self):
        for tool in TOOLS:
            if not shutil.which(tool):
                skip(f"there is no {tool}")
        if not (BUILD / "plug-ins/imbrex/imbrex").exists():
            skip("imbrex was built without its plug-in")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="imbrex-gimp-"))
        self.started = []

    def __enter__(self):
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("XDG_", "GIMP2_", "GEGL_", "DISPLAY", "WAYLAND"))}
        home = self.folder / "home"
        settings = home / ".config/GIMP/2.10"
        settings.mkdir(parents=True)
        system = subprocess.run(["gimptool-2.0", "--gimpplugindir"], capture_output=True, text=True)
        (settings / "gimprc").write_text(
            f'(plug-in-path "{BUILD}/plug-ins:{system.stdout.strip()}/plug-ins")\n'
            '(show-tips no)\n(check-updates no)\n')
        self.env["HOME"] = str(home)
        self.env["NO_AT_BRIDGE"] = "1"
        self.display()
        self.begin("openbox")
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, *words):
        log = open(self.folder / f"{pathlib.Path(words[0]).name}.log", "ab")
        process = subprocess.Popen(words, env=self.env, cwd=self.folder, stdout=log, stderr=log)
        self.started.append(process)
        return process

    def display(self):
        """A display that is free: a server on one that is not ends at once."""
        for number in range(71, 100):
            server = self.begin("Xvfb", f":{number}", "-screen", "0", SIZE, "-nolisten", "tcp")
            self.env["DISPLAY"] = f":{number}"
            alive = wait(10, lambda: server.poll() is not None or self.xdotool("getmouselocation"))
            if alive and server.poll() is None:
                return
        skip("no X server starts here")

    def start(self, *commands, files=()):
        """GIMP with images, and Script-Fu that it runs."""
        words = ["gimp", "-n", "-s", "-d", "-f", *map(str, files)]
        for command in commands:
            words += ["-b", command]
        self.gimp = self.begin(*words)

    # ---- windows ----------------------------------------------------------------------------------

    def xdotool(self, *words):
        done = subprocess.run(["xdotool", *map(str, words)], env=self.env, capture_output=True,
                              text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    def find(self, title):
        found = self.xdotool("search", "--onlyvisible", "--name", title).split()
        return found[-1] if found else ""

    def window(self, title, seconds=60):
        """Waits for a window with such a title, and gives it the keys."""
        found = wait(seconds, lambda: self.find(title))
        if check(found, f"no window {title}"):
            self.xdotool("windowactivate", "--sync", found)
        return found

    def title(self, window):
        return self.xdotool("getwindowname", window)

    def gone(self, window, seconds=20):
        return wait(seconds, lambda: not self.title(window))

    def key(self, *keys):
        for key in keys:
            self.xdotool("key", "--clearmodifiers", key)
            time.sleep(0.15)

    def type(self, text, delay=15):
        self.xdotool("type", "--delay", delay, text)
        time.sleep(0.2)

    def click(self, window, x, y, button=1):
        self.xdotool("mousemove", "--window", window, x, y, "click", button)
        time.sleep(0.2)

    def clipboard(self):
        return subprocess.run(["xclip", "-o", "-selection", "clipboard"], env=self.env,
                              capture_output=True, text=True, timeout=10).stdout

    def picture(self, path, window="root"):
        subprocess.run(["import", "-window", window, str(path)], env=self.env, check=True)

    def size(self, window):
        words = self.xdotool("getwindowgeometry", "--shell", window)
        return tuple(int(re.search(rf"{k}=(\d+)", words).group(1)) for k in ("WIDTH", "HEIGHT"))
