"""An operation on the canvas of a real GIMP: chosen from the list, set, seen in a split view, applied.
What GIMP then has is what the command line makes. With a name as argument, such as canvas.jpg, the
split view is kept in a file of that name; with a second one, of that picture.

GIMP is driven as a user drives it, by keys and clicks on a screen of its own, and asked for its pixels
through Script-Fu's server. It ends with 0 whatever happens, so only files count."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import support
from support import BUILD, check, cv2, difference, environment, imbrex, np, work

for program in ("gimp", "Xvfb", "xdotool", "openbox", "import"):
    if not shutil.which(program):
        support.skip(f"no {program}")

started = []


def start(*command, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment,
                               start_new_session=True, **options)
    started.append(process)
    return process


def stop():
    for process in reversed(started):
        process.terminate()
    for process in started:
        process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # GIMP's plug-ins may outlive it


def wait(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.5)
    shot(work / "late.png")
    stop()
    sys.exit(f"FAILED: {what} within {seconds} s")


def screen():
    """A screen that nobody else has; its name."""
    read, write = os.pipe()
    start("Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp",
          pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    return ":" + os.read(read, 16).decode().strip()


def xdotool(*words):
    run = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, env=environment)
    return run.stdout.split()


def key(*names, pause=0.3):
    for name in names:
        xdotool("key", name)
        time.sleep(pause)


def click(window, x, y, times=1):
    xdotool("mousemove", "--window", window, x, y, "click", "--repeat", times, "--delay", 60, 1)
    time.sleep(1)


def window(name):
    found = xdotool("search", "--onlyvisible", "--name", name)
    return found[-1] if found else None


def shot(path, *options):
    subprocess.run(["import", "-window", "root", *options, path], env=environment, check=False)


def seen(box):
    """The part x, y, w, h of the screen."""
    path = work / "seen.png"
    shot(path)
    x, y, w, h = box
    return cv2.imread(str(path))[y: y + h, x: x + w].astype(int)


def script(text):
    """Has GIMP run Script-Fu; True if it was happy."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        data = text.encode()
        line.sendall(b"G" + struct.pack(">H", len(data)) + data)
        return line.recv(4)[1] == 0


def serves():
    try:
        return script("(gimp-version)")
    except OSError:
        return False


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def source():
    """A picture of the charts, or the one that was asked for; wider than high."""
    if len(sys.argv) > 2:
        return support.pathlib.Path(sys.argv[2]).resolve()
    subprocess.run([BUILD / "charts", work / "charts", "640"], check=True, capture_output=True)
    return work / "charts" / "mountains.png"


picture = work / "picture.png"
cv2.imwrite(str(picture), cv2.imread(str(source())))
environment["DISPLAY"] = screen()
start("openbox", stderr=subprocess.DEVNULL)
port = free_port()
log = open(work / "log", "w", encoding="utf-8")
start("gimp", "-n", "-s", "-f", str(picture), "-b",
      f'(plug-in-script-fu-server RUN-NONINTERACTIVE "127.0.0.1" {port} "")', stderr=log)
canvas = wait("GIMP shows the picture", lambda: window("imported"))
wait("Script-Fu's server answers", serves)
time.sleep(3)

# ---- the operation ----
xdotool("windowactivate", "--sync", canvas)
click(canvas, 440, 700)
key("slash", pause=2)
xdotool("type", "--delay", 80, "gegl operation")
time.sleep(2)
key("Return")
dialog = wait("the dialog of operations", lambda: window("^GEGL Operation$"), 30)
time.sleep(2)
click(dialog, 184, 61)
key("Down", "Down", "Down", "Down", "Return")  # Absolute, Autolevels, two Bilaterals, Blur
time.sleep(3)
click(dialog, 329, 153, times=2)
key("ctrl+a")
xdotool("type", "12")
key("Tab", pause=3)
click(dialog, 284, 239)
time.sleep(4)
if len(sys.argv) > 1:
    shot(sys.argv[1], "-trim", "-quality", "75")
split = seen((420, 180, 580, 300))
left, right = (np.abs(np.diff(half, axis=1)).mean() for half in np.array_split(split, 2, axis=1))
check(min(left, right) * 2 < max(left, right), f"no split view: edges of {left:.2f} and {right:.2f}")

# ---- its result ----
click(dialog, 321, 275)
wait("the operation is applied", lambda: not window("^GEGL Operation$"), 60)
result = work / "result.png"
wait("GIMP saves", lambda: script(
    "(let* ((image (vector-ref (cadr (gimp-image-list)) 0)))"
    f' (file-png-save-defaults RUN-NONINTERACTIVE image (car (gimp-image-get-active-layer image))'
    f' "{result}" "{result}"))'), 60)
folder = imbrex("blur:12", [picture], "cli")
why = difference(result, folder / "picture.png")
check(why is None, f"blur on the canvas: {why}")
stop()
log.close()
support.end("one operation on the canvas")
