"""SIGHUP is all or nothing: settings that do not go with the address that is still open change
nothing, neither the keys nor what counts as signed; good ones count at once."""

import pathlib
import signal
import subprocess
import tempfile
import time

import support
from support import IMBREX, SOURCE, check

PICTURES = SOURCE / "samples" / "pictures"
REST = "resize:64x/file/photo-before.jpg"
work = pathlib.Path(tempfile.mkdtemp())
config = work / "imbrex.conf"


def key(number):
    return f"web:{number:02x}" + 31 * "00"


def address(number):
    """Signed with that key."""
    done = subprocess.run([IMBREX, "sign", "--auth-keys", key(number), REST], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip()


def settings(listen, *more):
    config.write_text("\n".join([f"listen = {listen}", *more, ""]))


def secrets(number):
    return "[auth]", f"keys = {key(number)}", "token = let me in"


def reload(s, result):
    """Sends SIGHUP, and waits until it has ended like that."""
    before = s.metric("reloads_total", result=result)
    s.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while s.metric("reloads_total", result=result) == before:
        check(time.monotonic() < end, f"a reload is {result}: {s.said()}")
        time.sleep(0.02)


def statuses(s):
    """Of addresses signed with key 1, with key 2, and not at all."""
    return [s.get(a)[0] for a in (address(1), address(2), f"/v1/-/{REST}")]


port = support.free_port()
settings(f"0.0.0.0:{port}", *secrets(1))
with support.server("--root", PICTURES, "--config", config, port=port) as s:
    first = statuses(s)
    check(first[0] == 200 and first[1] != 200 and first[2] != 200, f"key 1 counts: {first}")

    # Good where only this machine can connect, but the open address stays until a restart.
    settings(f"127.0.0.1:{port}")
    reload(s, "failed")
    check(statuses(s) == first, f"the old keys still count: {statuses(s)}")
    check("everybody could use this server" in s.said(), f"the log says why: {s.said()}")

    settings(f"0.0.0.0:{port}", *secrets(2))
    reload(s, "done")
    check(statuses(s) == [first[1], 200, first[2]], f"key 2 counts now: {statuses(s)}")
print("reloads are all or nothing")
