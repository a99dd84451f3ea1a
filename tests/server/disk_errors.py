"""A disk that answers with I/O errors, under a source and under the cache: a clear refusal or the
result all the same, no dead process, and the counters say so. strace gives the errors to system calls
of the running program. (T22; a full and a missing disk are in scarce.py.)

Workers are without a sandbox here: a call that a tracer fails has no number, for which a locked-in
process is ended by the kernel."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import support
from support import check, until

IDLE = 10  # seconds that the cache waits after a failed store
work = pathlib.Path(tempfile.mkdtemp())
root, cache = work / "root", work / "cache"


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def traced(pids):
    """How many threads of these processes a tracer has."""
    count = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                count += "TracerPid:\t0\n" not in (task / "status").read_text()
    return count


@contextlib.contextmanager
def failing(calls, pids, path=None):
    """Meanwhile these system calls of these processes fail with EIO, those on one file only with a
    path. Gives a file with a line for each."""
    words = ["strace", "-f", "-o", work / "calls", "-e", f"trace={calls}",
             "-e", f"inject={calls}:error=EIO"]
    words += ["-P", path] if path else []
    for pid in pids:
        words += ["-p", str(pid)]
    tracer = subprocess.Popen(list(map(str, words)), stderr=subprocess.DEVNULL)
    try:
        until(lambda: tracer.poll() is not None or traced(pids) == sum(map(threads, pids)),
              "strace has them")
        if tracer.poll() is not None:
            support.skip("processes cannot be traced here")
        yield work / "calls"
    finally:
        tracer.terminate()
        tracer.wait(20)


def refused(s, path, what):
    """A failure of the server's own, in words that name no path of it."""
    status, _, body = s.get(path)
    said = json.loads(body)
    check(status == 500 and said["type"] == "urn:imbrex:problem:internal", f"{what}: {status} {body}")
    check(str(root).encode() not in body and "Input/output" in said["detail"], f"{what}: {body}")


def source(s):
    """Of a source: refused, whoever finds it, scout or worker; then read again."""
    path = "/v1/-/resize:70x/file/a.png"
    before = s.metric("http_requests_total", route="image", code="500")
    with failing("pread64", s.children(), root / "a.png") as calls:
        refused(s, path, "a source that cannot be read")
        check("EIO" in calls.read_text(), "the error was given")
        check(s.get("/v1/-/resize:70x/file/b.png")[0] == 200, "another source is served")
        refused(s, "/iiif/3/a.png/max/0/default.jpg".replace("max/", "full/max/"), "a tile of it")
    after = s.metric("http_requests_total", route="image", code="500")
    check(after == before + 1, f"it is counted: {before} and {after}")
    check(s.get(path)[0] == 200, "it is read when it can be")
    check(s.get(path)[1]["imbrex-cache"] == "hit", "and kept as ever")


def store(s):
    """Of the cache while it is written: served all the same, and told."""
    errors = s.metric("cache_requests_total", result="error")
    with failing("pwrite64", [s.process.pid]):
        for width in range(80, 84):
            check(s.get(f"/v1/-/resize:{width}x/file/a.png")[0] == 200, "served without a cache")
        until(lambda: s.metric("cache_requests_total", result="error") > errors, "it is counted")
        until(lambda: b'"cache_writable":false' in s.get("/readyz", port=s.admin)[2], "/readyz tells")
    left = [p.name for p in cache.rglob("*") if p.is_file() and len(p.name) != 64]
    check(not left, f"nothing unfinished is left: {left}")
    if support.LONG:
        time.sleep(IDLE + 0.5)
        check(s.get("/v1/-/resize:90x/file/a.png")[0] == 200, "served")
        until(lambda: b'"cache_writable":true' in s.get("/readyz", port=s.admin)[2], "written again")
        check(s.get("/v1/-/resize:90x/file/a.png")[1]["imbrex-cache"] == "hit", "and kept")


def entry(s):
    """Of the cache while it is read: made again, and there when the disk is well."""
    path = "/v1/-/resize:70x/file/a.png"
    first = s.get(path)
    check(first[1]["imbrex-cache"] == "hit", "it is kept")
    errors = s.metric("cache_requests_total", result="error")
    with failing("pread64", [s.process.pid]):
        again = s.get(path)
        check(again[0] == 200 and again[2] == first[2] and again[1]["imbrex-cache"] == "miss",
              f"made again: {again[0]} {again[1]}")
    check(s.metric("cache_requests_total", result="error") > errors, "it is counted")
    check(s.get(path)[1]["imbrex-cache"] == "hit", "there again")


if not shutil.which("strace"):
    support.skip("there is no strace")
root.mkdir()
for name in "ab":
    subprocess.run(["convert", "-size", "200x150", "plasma:red-blue", "-depth", "8", root / f"{name}.png"],
                   check=True)
with support.server("--root", root, "--cache-folder", cache, "--worker-sandbox", "off") as s:
    for test in (source, entry, store):
        test(s)
        print(f"{test.__name__}: good")
    check(s.crashes() == 0, "no worker crashed")
