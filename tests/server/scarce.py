"""What a server does that has no room: no blocks on the disk of its cache, a disk that cannot be
written or is gone, no descriptors. It does with less, and is as before when there is more. (T22 of
the attack list; damaged entries are in faults.py.)"""

import http.client
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import support
from support import check

INSIDE = "SCARCE_INSIDE"
work = pathlib.Path(tempfile.mkdtemp())
root, cache = work / "root", work / "cache"


def enter():
    """Runs this file again where a file system of its own can be mounted."""
    if os.environ.get(INSIDE):
        return
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        support.skip("no namespaces here")
    sys.exit(subprocess.run([*inside, sys.executable, __file__],
                            env={**os.environ, INSIDE: "1"}).returncode)


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def make(s, first, count, what):
    """So many results, none of which were made before."""
    for size in range(first, first + count):
        status, _, body = s.get(f"/v1/-/resize:{size}x/save:png/file/a.png")
        check(status == 200, f"{what}: {status} {body[:200]}")


def hits(s, size):
    return s.get(f"/v1/-/resize:{size}x/save:png/file/a.png")[1]["imbrex-cache"] == "hit"


def full(s):
    """ENOSPC: somebody else takes the disk; then it is given back."""
    make(s, 100, 5, "with room")
    check(hits(s, 104), "it is kept")
    ballast = os.open(cache / "ballast", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(ballast, bytes(4096)):
            pass
    except OSError:
        os.close(ballast)
    before = s.metric("cache_requests_total", result="error")
    make(s, 110, 10, "on a full disk")
    errors = s.metric("cache_requests_total", result="error") - before
    kept = hits(s, 119)
    (cache / "ballast").unlink()
    time.sleep(10.5) # as long as it waits before it tries again
    make(s, 130, 1, "with room again")
    check(hits(s, 130), "kept again when there is room")
    print(f"  full: {errors:.0f} errors counted, the latest kept in place of older ones: {kept}")
    check(kept, "the latest result has taken the place of an older one")


def read_only(s):
    mount("-o", "remount,ro", cache)
    before = s.metric("cache_requests_total", result="error")
    make(s, 140, 5, "on a read-only disk")
    check(hits(s, 130), "what is there is still read")
    # A thread of its own stores what has been sent already.
    end = time.monotonic() + 5
    while (errors := s.metric("cache_requests_total", result="error") - before) == 0:
        check(time.monotonic() < end, "it is counted")
        time.sleep(0.02)
    mount("-o", "remount,rw", cache)
    print(f"  read-only: {errors:.0f} errors counted, what was kept is read")


def gone(s):
    for entry in cache.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    make(s, 150, 5, "without its folders")
    check(not hits(s, 130), "what is gone is made again")


def no_descriptors(s):
    """Connections until there is no descriptor left; those that are there go on."""
    first = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)

    def ask(path):
        first.request("GET", path)
        reply = first.getresponse()
        return reply.status, reply.read()
    check(ask("/v1/filters/blur")[0] == 200, "served with room")
    fds = max(int(n) for n in os.listdir(f"/proc/{s.process.pid}/fd")) + 1
    old = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (fds + 12, old[1]))
    there = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(60)]
    told = 0
    for c in there:
        c.settimeout(0.05)
        try:
            told += c.recv(100).startswith(b"HTTP/1.1 503")
        except OSError:
            pass
    for _ in range(5):
        check(ask("/v1/filters/blur")[0] == 200, "who is there goes on")
    job = ask("/v1/-/resize:77x/file/a.png")
    check(job[0] in (200, 404, 500, 503), f"a job: {job}")
    for c in (first, *there):
        c.close()
    began = time.monotonic()
    end = began + 10
    while time.monotonic() < end:
        try:
            if s.get("/v1/-/resize:78x/file/a.png", timeout=5)[0] == 200:
                break
        except OSError:
            time.sleep(0.05)
    took = time.monotonic() - began
    make(s, 160, 5, "with descriptors again")
    resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, old)
    print(f"  no descriptors: {told} of 60 told to come back, a job meanwhile: "
          f"{job[0]}, served again after {took * 1e3:.0f} ms")
    check(told > 0, "some are told to come back")
    check(took < 5, f"served again after {took:.1f} s")


enter()
for folder in (root, cache):
    folder.mkdir()
mount("-t", "tmpfs", "-o", "size=2M", "none", cache)
subprocess.run(["convert", "-size", "200x150", "plasma:red-blue", "-depth", "8", root / "a.png"], check=True)
with support.server("--root", root, "--cache-folder", cache, "--cache-size", "100M") as s:
    for test in (full, read_only, gone, no_descriptors):
        test(s)
        print(f"{test.__name__}: good")
    check(s.crashes() == 0, "no worker crashed")
    check(s.stop() == 0, "it ends well")
