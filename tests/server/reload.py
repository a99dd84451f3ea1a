"""SIGHUP is all or nothing: settings that do not go with the address that is still open change
nothing, neither the keys nor what counts as signed; good ones count at once, also for what the server
remembers: buckets that it has read, and the description of itself."""

import http.server
import json
import pathlib
import signal
import subprocess
import tempfile
import threading
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


class Bucket(http.server.BaseHTTPRequestHandler):
    """Two buckets of one server, with another picture each."""
    HOLDS = {"/one/a.jpg": "photo-before.jpg", "/two/a.jpg": "photo-after.jpg"}

    def do_GET(self):
        name = self.HOLDS.get(self.path)
        self.send_response(200 if name else 404)
        self.end_headers()
        if name:
            self.wfile.write((PICTURES / name).read_bytes())

    def log_message(self, *_):
        pass


def buckets():
    """A bucket that is changed or removed is not answered from memory or the cache any more."""
    store = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{store.server_port}"

    def configure(*lines):
        config.write_text("\n".join(["[remote]", "networks = 127.0.0.0/8", *lines, ""]))
    configure("[s3]", f"buckets = photos={place}/one eu-1")
    ask = "/v1/-/resize:64x/s3/photos/a.jpg"
    with support.server("--config", config, "--cache-folder", work / "cache") as s:
        first = s.get(ask)
        check(first[0] == 200, f"the bucket is read: {first}")
        check(s.get(ask)[1]["imbrex-cache"] == "hit", "and remembered")
        configure("[s3]", f"buckets = photos={place}/two eu-1")
        reload(s, "done")
        second = s.get(ask)
        check(second[0] == 200 and second[2] != first[2], f"it is another bucket now: {second[0]}")
        configure()
        reload(s, "done")
        check(s.get(ask)[0] == 404, f"there is no bucket any more: {s.get(ask)[0]}")
    store.shutdown()


def description():
    """What the server says about itself is what counts now."""
    def outputs(got):
        schemas = json.loads(got[2])["components"]["schemas"]
        return json.dumps(schemas).count('"maxItems": 7')
    config.write_text("[limits]\noutputs = 5\n")
    with support.server("--config", config) as s:
        old = s.get("/v1/openapi.json")
        check(outputs(old) == 0, "five outputs")
        config.write_text("[limits]\noutputs = 7\n")
        reload(s, "done")
        tag = {"If-None-Match": old[1]["etag"]}
        new = s.get("/v1/openapi.json", headers=tag)
        check(new[0] == 200 and outputs(new) == 1, f"seven of them now: {new[0]}")
        tag = {"If-None-Match": new[1]["etag"]}
        check(s.get("/v1/openapi.json", headers=tag)[0] == 304, "as before")


def readiness():
    """Workers that are replaced because their settings are new ones are no reason to send requests
    elsewhere; those whose settings are as before stay."""
    seen = set()

    def watch(s, size):
        config.write_text(f"[limits]\njob_bytes = {size}M\n")
        before = s.metric("reloads_total", result="done")
        s.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 1
        while time.monotonic() < end or s.metric("reloads_total", result="done") == before:
            seen.add(s.get("/readyz", port=s.admin)[0])
    config.write_text("[limits]\njob_bytes = 500M\n")
    with support.server("--config", config, "--worker-count", 3) as s:
        support.until(lambda: b'"workers":3' in s.get("/readyz", port=s.admin)[2], "three workers")
        first = sorted(s.children())
        watch(s, 500)
        check(sorted(s.children()) == first, "the same workers")
        for size in (600, 700, 800):
            watch(s, size)
        if not support.SANITIZED:  # there the memory of a worker has no limit that could change
            support.until(lambda: not set(s.children()) & set(first), "other workers")
        check(seen == {200}, f"/readyz says {seen}")


buckets()
description()
readiness()
print("what is remembered is forgotten, and the server is ready all the time")
