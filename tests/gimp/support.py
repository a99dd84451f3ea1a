"""A real GIMP for one test: headless, with a home of its own that holds nothing but our plug-in.

    g = Gimp()
    g.define('(define img (open "a.png"))')
    g.do('(plug-in-imbrex-blur RUN-NONINTERACTIVE img (layer img) 2 "")')
    g.refuse("sigma is 900", '(plug-in-imbrex-blur RUN-NONINTERACTIVE img (layer img) 900 "")')
    g.ask("width", "(car (gimp-image-width img))")
    answers = g.run()

Commands are run one after another in one script, as a start takes seconds. GIMP's exit status is
always 0: so every command says at its end that it was reached, and run() checks that. Scripts are
Script-Fu, as Debian 12 has no Python-Fu.

The environment has IMBREX, the program, and SOURCE, the checkout."""

import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

import numpy

IMBREX = pathlib.Path(os.environ["IMBREX"]).resolve()
SOURCE = pathlib.Path(os.environ["SOURCE"]).resolve()

# Ports cannot append, so every line that is said is a file. An error of Script-Fu calls *error-hook*
# with its words: it is noted, and the next command runs.
PRELUDE = """
(define lines 10000)
(define (say . words) (set! lines (+ lines 1))
  (let ((port (open-output-file (string-append "%s/" (number->string lines)))))
    (for-each (lambda (w) (display w port)) words) (close-port port)))
(define (try number command) (call/cc (lambda (leave)
  (set! *error-hook* (lambda words (leave (apply say "error " number ": " words))))
  (command) (say "done " number))))
(define (open name) (car (gimp-file-load RUN-NONINTERACTIVE name name)))
(define (layer image) (car (gimp-image-get-active-drawable image)))
(define (now) (let ((t (gettimeofday))) (+ (car t) (/ (cadr t) 1000000))))
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print(f"FAILED: {what}")
    return good


def finish(what):
    print(f"{len(failures)} failures" if failures else what)
    sys.exit(1 if failures else 0)


class Gimp:
    def __init__(self, folder=None):
        if not shutil.which("gimp"):
            skip("there is no GIMP")
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="imbrex-gimp-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.home.mkdir()
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("XDG_", "GIMP2_", "GEGL_", "DISPLAY"))}
        self.env["HOME"] = str(self.home)
        told = subprocess.run([IMBREX, "gimp-install"], env=self.env, capture_output=True, text=True)
        if "without its plug-in" in told.stderr:
            skip("imbrex was built without its plug-in")
        check(told.returncode == 0, f"gimp-install: {told.stderr}")
        self.said = self.folder / "said"
        self.said.mkdir()
        self.script, self.commands, self.log = [], [], ""

    def define(self, *definitions):
        """Names that later commands use."""
        self.script += definitions

    def do(self, command, sentence=None):
        """A command that must succeed, or fail with an error that holds this sentence."""
        self.script.append(f"(try {len(self.commands)} (lambda () {command}))")
        self.commands.append((command, sentence))

    def refuse(self, sentence, command):
        self.do(command, sentence)

    def ask(self, name, expression):
        """Lets run() return the value of the expression under this name."""
        self.do(f'(say "{name} = " {expression})')

    def lines(self):
        """What was said so far."""
        return [p.read_text().replace("\n", " ") for p in sorted(self.said.iterdir())]

    def run(self, timeout=900, meanwhile=None, windows=False):
        """Runs all, with windows on the display of `env` or without, while meanwhile() runs here."""
        script = self.folder / "script.scm"
        script.write_text("\n".join([PRELUDE % self.said, *self.script]))
        words = ["gimp", *([] if windows else ["-i"]), "-d", "-f", "-s", "-n", "-b",
                 f'(load "{script}")', "-b", "(gimp-quit 0)"]
        with open(self.folder / "log", "w+", errors="replace") as log:
            process = subprocess.Popen(words, env=self.env, cwd=SOURCE, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            try:
                if meanwhile:
                    meanwhile()
                process.wait(timeout)
            finally:
                process.kill()
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # plug-ins may outlive it
        self.log = (self.folder / "log").read_text(errors="replace")
        said = self.lines()
        if not said:
            print(f"GIMP did nothing:\n{self.log[-3000:]}")
            sys.exit(1)
        errors = dict(line[6:].split(": ", 1) for line in said if line.startswith("error "))
        for number, (command, sentence) in enumerate(self.commands):
            error = errors.get(str(number))
            if sentence is None:
                check(f"done {number}" in said, f"{error}: {command}")
            elif check(error is not None, f"was not refused: {command}"):
                check(sentence in error, f'"{error}" does not say "{sentence}": {command}')
        return dict(line.split(" = ", 1) for line in said if " = " in line)


@contextlib.contextmanager
def display(env):
    """A display of our own with a window manager, without which keys get lost; its name is put into
    the environment."""
    read, write = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24",
                               "-nolisten", "tcp"], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as number:
        env["DISPLAY"] = f":{number.readline().strip()}"
    manager = subprocess.Popen(["openbox"], env=env, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait()


# ---- images of GIMP's own format ------------------------------------------------------------------

PLANES = {0: 3, 1: 4, 2: 1, 3: 2}
SAMPLES = {100: ">u1", 150: ">u1", 200: ">u2", 250: ">u2", 500: ">f2", 550: ">f2", 600: ">f4",
           650: ">f4", 300: ">u4", 350: ">u4"}


class Xcf:
    """The layers and channels of an XCF file by their names, as arrays of rows, columns and
    components, in the order R, G, B, A; what is selected is the channel "Selection Mask". The format
    is in GIMP's devel-docs/xcf.txt."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        version = int(self.data[10:13]) if self.data[9:10] == b"v" else 0
        self.pointer = ">Q" if version >= 11 else ">I"
        self.at = 14
        _, _, _, precision = self.take(">IIII")
        self.sample = numpy.dtype(SAMPLES[precision])
        self.properties()
        layers, channels = self.pointers(), self.pointers()
        self.layers = dict(self.layer(p) for p in layers)
        self.channels = dict(self.channel(p) for p in channels)

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def pointers(self):
        pointers = []
        while pointer := self.take(self.pointer)[0]:
            pointers.append(pointer)
        return pointers

    def properties(self):
        while True:
            kind, size = self.take(">II")
            self.at += size
            if kind == 0:
                return

    def name(self):
        length, = self.take(">I")
        self.at += length
        return self.data[self.at - length:self.at - 1].decode()

    def layer(self, pointer):
        self.at = pointer
        width, height, kind = self.take(">III")
        name = self.name()
        return name, self.pixels(width, height, PLANES[kind])

    def channel(self, pointer):
        self.at = pointer
        width, height = self.take(">II")
        name = self.name()
        return name, self.pixels(width, height, 1)

    def pixels(self, width, height, planes):
        """Behind the name."""
        self.properties()
        self.at = self.take(self.pointer)[0]
        self.take(">III")
        self.at = self.take(self.pointer)[0]
        self.take(">II")
        pixels = numpy.zeros((height, width, planes), self.sample)
        across = (width + 63) // 64
        for i, tile in enumerate(self.pointers()):
            y, x = i // across * 64, i % across * 64
            part = pixels[y:y + 64, x:x + 64]
            part[:] = self.tile(tile, part.shape)
        return pixels.astype(self.sample.newbyteorder("="))

    def tile(self, at, shape):
        """Byte planes, each of runs and of bytes as they are."""
        count, size = shape[0] * shape[1], shape[2] * self.sample.itemsize
        out = numpy.empty((size, count), "u1")
        for plane in out:
            done = 0
            while done < count:
                length = self.data[at]
                at += 1
                literal = length >= 128
                length = 256 - length if literal else length + 1
                if length == 128:
                    length = self.data[at] << 8 | self.data[at + 1]
                    at += 2
                used = length if literal else 1
                plane[done:done + length] = numpy.frombuffer(self.data, "u1", used, at)
                at += used
                done += length
        return out.T.copy().view(self.sample).reshape(shape)
