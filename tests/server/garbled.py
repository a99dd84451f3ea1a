"""Requests whose bytes are damaged, at the front and at the operators' listener: well-formed replies or
the end of the connection, no 500, nothing that hangs, crashes or leaks. The same in every run.
IMBREX_LONG=1: ten thousand of them, IMBREX_SEED: other damage. (tests/fuzz/http.c has the reader of
heads alone, tests/server/fuzzed.py damages images.)"""

import concurrent.futures
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile

import support
from support import check, until

COUNT = 10000 if support.LONG else 300 if support.SANITIZED else 1500
SEED = os.environ.get("IMBREX_SEED", "imbrex")
SECONDS = 30  # after which a connection hangs
work = pathlib.Path(tempfile.mkdtemp())
subprocess.run(["convert", "-seed", "1", "-size", "90x60", "plasma:red-blue", work / "a.png"], check=True)
PICTURE = (work / "a.png").read_bytes()
HEAD = b" HTTP/1.1\r\nHost: localhost\r\nAccept: image/webp,*/*;q=0.5\r\n"
FORM = (b"--cut\r\nContent-Disposition: form-data; name=\"recipe\"\r\n\r\nresize:9x\r\n"
        b"--cut\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
        b"Content-Type: image/png\r\n\r\n" + PICTURE + b"\r\n--cut--\r\n")


def get(path, *fields):
    return b"GET " + path + HEAD + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def post(path, body, *fields):
    fields = (b"Content-Length: %d" % len(body), *fields)
    return b"POST " + path + HEAD + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def chunks(data, size):
    parts = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


WHOLE = (
    get(b"/v1/-/resize:40x/save:auto/file/a.png"), get(b"/v1/-/blur:2/rotate:5/file/a.png"),
    get(b"/v1/-/resize:30x/file/a.png", b"Range: bytes=0-9,20-", b'If-None-Match: W/"a", "b"'),
    get(b"/v1/-/invert/file/a.png", b"Imbrex-Deadline: 900", b"X-Request-Id: abc", b"Cookie: a=b"),
    get(b"/v1/-/invert/url/bG9jYWxob3N0"), get(b"/v1/k.AAAA.99/invert/file/a.png"),
    get(b"/iiif/3/a.png/0,0,40,40/20,/90/gray.jpg"), get(b"/iiif/3/a.png/info.json"),
    get(b"/dz/a.png.dzi"), get(b"/dz/a.png_files/6/0_0.jpg"), get(b"/v1/filters"),
    get(b"/v1/filters/blur"), get(b"/v1/openapi.json"), get(b"/ui/"), get(b"/metrics"),
    get(b"/readyz"), get(b"/livez") + get(b"/livez"),
    b"OPTIONS /iiif/3/a.png/info.json" + HEAD + b"Origin: localhost\r\n\r\n",
    b"HEAD /v1/-/resize:20x/file/a.png" + HEAD + b"\r\n",
    post(b"/v1/process/resize:20x", PICTURE), post(b"/v1/info", PICTURE, b"Expect: 100-continue"),
    post(b"/v1/set", FORM, b"Content-Type: multipart/form-data; boundary=cut"),
    post(b"/v1/process", FORM, b'Content-Type: multipart/form-data; boundary="cut"'),
    b"POST /v1/process/resize:20x" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(PICTURE, 999),
)
WORDS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b"\t", b" ", b":", b"\xff\xfe", b"%00", b"%2e%2e%2f",
    b"%0d%0a", b"../", b"//", b"?a=b", b"#", b"Content-Length: 5\r\n", b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Host: other\r\n", b"Connection: close\r\n", b"HTTP/1.0",
    b"HTTP/2.0", b"99999999999999999999", b"-1", b"1e999", b"nan", b"0x10", b"A" * 3000,
    b"X: " + b"y" * 20000 + b"\r\n", b"--cut", b"--cut--", b"0\r\n\r\n", b"fffffffff\r\n", b";a=b",
    b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b"/save:tiff", b"/crop:0,0,1,1", b"{\"outputs\":[")


def damage(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        head = data.find(b"\r\n\r\n") + 4
        at = rng.randrange(min(head, len(data)) if rng.random() < 0.8 else len(data))
        kind = rng.randrange(7)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind < 4:
            data[at:at] = rng.choice(WORDS)
        elif kind == 4:
            data[at:at + len(word)] = (word := rng.choice(WORDS))
        elif kind == 5:
            data[at:at] = data[at:at + rng.randrange(1, 200)]
        else:
            del data[at:at + rng.randrange(1, 40)]
        data = data or bytearray(b"G")
    return bytes(data[:rng.randrange(1, len(data) + 1)] if rng.random() < 0.1 else data)


def answer(port, parts):
    """All that comes back, until the other side closes; it is told that no more will come."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as c:
        try:
            for part in parts:
                c.sendall(part)
            c.shutdown(socket.SHUT_WR)
            while data := c.recv(1 << 16):
                got += data
        except TimeoutError:
            raise
        except OSError:
            pass  # it has heard enough
    return got


def ask(s, number):
    rng = random.Random(f"{SEED} {number}")
    request = damage(rng.choice(WHOLE), rng)
    cuts = sorted(rng.randrange(len(request) + 1) for _ in range(rng.choice((0, 0, 1, 3))))
    parts = [request[a:b] for a, b in zip([0, *cuts], [*cuts, len(request)])]
    what = f"request {number}, {request[:600]}"
    try:
        got = answer(s.admin if rng.random() < 0.15 else s.port, parts)
    except TimeoutError:
        raise SystemExit(f"failed: it hangs: {what}") from None
    head = got.partition(b"\r\n\r\n")[0]
    if not got:
        return 0
    status = re.match(rb"HTTP/1\.[01] (\d\d\d) ", got)
    check(status and b"\r\n\r\n" in got, f"{got[:200]} is no reply to {what}")
    check(all(c in b"\r\n\t" or 32 <= c < 127 for c in head), f"{head} to {what}")
    check(int(status[1]) != 500, f"{got[:600]} to {what}")
    return int(status[1])


def descriptors(s):
    return len(os.listdir(f"/proc/{s.process.pid}/fd"))


with support.server("--root", work, "--log-file", "off", "--cache-folder", work / "cache",
                    "--limits-connections-per-client", 200) as s:
    s.get("/v1/-/resize:40x/file/a.png")
    before = descriptors(s)
    counts = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for status in pool.map(lambda number: ask(s, number), range(COUNT)):
            counts[status] = counts.get(status, 0) + 1
    print(f"{COUNT} damaged requests, statuses (0: closed): {dict(sorted(counts.items()))}")
    until(lambda: descriptors(s) <= before, f"there are more descriptors than the {before} before")
    until(lambda: s.metric("connections") == 0, "connections are left")
    check(s.crashes() == 0, "no worker crashed")
    check(counts.get(200, 0) > COUNT / 20 and counts.get(400, 0) > COUNT / 20,
          "some are taken, others refused")
    check(s.get("/v1/-/resize:41x/file/a.png")[0] == 200, "served as ever")
