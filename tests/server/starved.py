"""Memory that runs out: a worker that is given none, and results that nobody reads. One request
fails, or is told to come back; then all is as before, and the counters say what was. (T19.)"""

import json
import pathlib
import re
import resource
import socket
import subprocess
import tempfile

import support
from support import check, until

MB = 1 << 20
work = pathlib.Path(tempfile.mkdtemp())
subprocess.run(["convert", "-size", "2000x2000", "plasma:red-blue", "-interlace", "JPEG",
                work / "large.jpg"], check=True)
subprocess.run(["convert", "-size", "2400x1800", "xc:gray50", "-type", "TrueColor", "+noise", "Random",
                "-depth", "8", work / "noise.png"], check=True)
subprocess.run(["convert", "-size", "90x60", "plasma:red-blue", work / "small.jpg"], check=True)
SMALL = "/v1/-/resize:64x/file/small.jpg"
PATIENCE = ("--limits-deadline", "2min", "--limits-cpu", "2min", "--limits-write-ms", "2min")
NOISE = "/v1/-/invert/save:png/file/noise.png"


# ---- a worker's ----------------------------------------------------------------------------------

def starve(s, room):
    """No process that works for it gets more than so many bytes beyond those that it has."""
    for pid in s.children():
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        most = int(re.search(r"VmSize:\s+(\d+)", text)[1]) * 1024 + room
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))


def restarts(s):
    return {reason: s.metric("worker_restarts_total", reason=reason)
            for reason in ("memory", "crash", "deadline", "protocol")}


def no_memory(s, recipe, room):
    """A plan that promised too little: the job fails, its worker goes, the next one is served. Where
    a library knows no other way than to end the process, that is said too."""
    path = f"/v1/-/{recipe}/file/large.jpg"
    until(lambda: s.get(SMALL)[0] == 200 and s.metric("workers", state="idle") == 1, "it works")
    before, processes = restarts(s), set(s.children())
    starve(s, room)
    status, _, body = s.get(path)
    check(status != 200, f"{room // MB} MB are enough")
    kind, after = json.loads(body)["type"].rsplit(":", 1)[1], restarts(s)
    lost = {why: after[why] - before[why] for why in after if after[why] != before[why]}
    check((status, kind, lost) in ((413, "job-too-big", {"memory": 1}),
                                   (500, "worker-crashed", {"crash": 1})),
          f"with {room // MB} MB more: {status} {body[:300]}, restarts {lost}")
    again = s.get(path)[0]
    check(again == 200, f"the same request again: {again}")
    gone = processes - set(s.children())
    check(len(gone) == 1, f"one process is another: {gone}")
    print(f"  {recipe} with {room // MB} MB: {status} {kind}, restarts: {lost}, then {again}")
    return kind


# ---- that of results -----------------------------------------------------------------------------

def hold(s, path):
    """A client that asks, and does not read."""
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.connect(("127.0.0.1", s.port))
    c.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return c


def refused(s, what, method="GET", path=NOISE, body=None):
    status, headers, said = s.request(method, path, body)
    check(status == 503 and int(headers.get("retry-after", "0")) > 0, f"{what}: {status} {headers}")
    check(json.loads(said)["type"] == "urn:imbrex:problem:overloaded", f"{what}: {said[:300]}")


def unread_results(s):
    """Results are paid for until they are sent: when there is no room, 503; then all is given back."""
    size = len(s.get(NOISE)[2])
    until(lambda: s.metric("result_bytes") == 0, "a result that was read is given back")
    held = [hold(s, NOISE), hold(s, "/v1/-/flip/save:png/file/noise.png")]

    until(lambda: s.metric("result_bytes") > 1.9 * size, "two are held")
    most, before = s.metric("result_bytes"), s.metric("shed_total", reason="results")
    refused(s, "another result")
    check(s.metric("shed_total", reason="results") == before + 1, "it is counted")
    check(s.get(SMALL)[0] == 200, "a small one fits")
    noise = (work / "noise.png").read_bytes()
    refused(s, "a set of them", "POST", "/v1/set/invert/save:png", noise)
    check(s.post("/v1/set/resize:1500x/save:png", noise)[0] == 200, "a set is held once, not twice")
    until(lambda: s.metric("result_bytes") == most, "a set that was read is given back")
    held[0].settimeout(20)
    while len(held[0].recv(MB)) > 0 and s.metric("result_bytes") == most:
        pass
    check(s.get(NOISE)[0] == 200, "one was read, another one fits")
    for c in held:
        c.close()
    until(lambda: s.metric("result_bytes") == 0, f"all is given back: {s.metric('result_bytes')}")
    check(s.get(NOISE)[0] == 200, "as before")
    print(f"  results of {size / MB:.1f} MB: {most / MB:.1f} MB held of 32, then told to come back")


def resident(s):
    """Bytes that the front has in memory of its own."""
    text = (pathlib.Path("/proc") / str(s.process.pid) / "status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text)[1]) << 10


def unread_parts(s):
    """Parts of a large entry of the cache are no copies, however many are asked for."""
    size = len(s.get(NOISE)[2])
    until(lambda: s.get(NOISE)[1]["imbrex-cache"] == "hit", "it is in the cache")
    before, clients = resident(s), []
    for _ in range(10):
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.connect(("127.0.0.1", s.port))
        c.sendall(f"GET {NOISE} HTTP/1.1\r\nHost: localhost\r\n"
                  f"Range: bytes=0-{size // 2},{size // 2 + 2}-\r\n\r\n".encode())
        check(c.recv(20)[:12] == b"HTTP/1.1 200", "the whole is sent")
        clients.append(c)
    more = resident(s) - before
    check(more < 4 * size, f"{more / MB:.0f} MB more for ten clients and {size / MB:.1f} MB")
    for c in clients:
        c.close()


def bodies(s):
    """Uploads for which there is no room are told so, and counted."""
    refused(s, "an upload", "POST", "/v1/info", bytes(3 * MB))
    refused(s, "another one", "POST", "/v1/info", bytes(3 * MB))
    check(s.metric("shed_total", reason="bodies") == 2, "both are counted")
    check(s.post("/v1/info", (work / "small.jpg").read_bytes())[0] == 200, "a small one is taken")


if not support.SANITIZED:  # which take all addresses that there are
    kinds = []
    for recipe, room in (("equalize/save:png", 24 * MB), ("blur:9/save:webp", 12 * MB)):
        with support.server("--root", work, "--worker-count", 1, *PATIENCE) as s:
            kinds.append(no_memory(s, recipe, room))
    check("job-too-big" in kinds, f"it is told as what it is: {kinds}")
    print("no_memory: good")
with support.server("--root", work, "--limits-inflight-bytes", "32M", *PATIENCE) as s:
    unread_results(s)
    check(s.crashes() == 0, "no worker crashed")
    print("unread_results: good")
with support.server("--limits-inflight-bytes", "2M") as s:
    bodies(s)
    print("bodies: good")
with support.server("--root", work, "--cache-folder", work / "cache") as s:
    unread_parts(s)
    print("unread_parts: good")
