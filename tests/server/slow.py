"""Clients that are slow, that lie about their bodies, or that hide one request in another: each is
told so or let go in time, and an honest one hardly notices. (T05, T06, T07, T15 of the attack
list; tests/server/{guard,stream,grammar,listener}.c have the parts.) IMBREX_LONG=1: also whether its
latency is less than doubled, for some minutes."""

import multiprocessing
import pathlib
import re
import resource
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

import support
from support import check

MB = 1 << 20
CONNECTIONS = 1000
AUTH = b"Authorization: Bearer secret\r\n"
FAST = "/v1/-/resize:64x/file/a.jpg"
POST = b"POST /v1/process/resize:64x HTTP/1.1\r\nHost: x\r\n"
work = pathlib.Path(tempfile.mkdtemp())
root = work / "root"
root.mkdir()
subprocess.run(["convert", "-size", "300x200", "plasma:red-blue", root / "a.jpg"], check=True)
subprocess.run(["convert", "-size", "1500x1500", "xc:gray", "+noise", "Random", root / "n.png"],
               check=True)
jpeg = (root / "a.jpg").read_bytes()


def connect(s):
    c = socket.create_connection(("127.0.0.1", s.port))
    c.settimeout(20)
    return c


def all_of(c):
    """Everything until the other side closes, or is silent for half a second."""
    got = b""
    c.settimeout(0.5)
    try:
        while data := c.recv(65536):
            got += data
        return got, True
    except TimeoutError:
        return got, False
    except OSError:
        return got, True


def exchange(s, *parts):
    """Sends all; the statuses of all replies, their bytes, and whether the connection ended."""
    with connect(s) as c:
        try:
            for part in parts:
                c.sendall(part)
        except OSError:
            pass # it has been closed already
        got, closed = all_of(c)
    return [int(n) for n in re.findall(rb"HTTP/1\.1 (\d+) ", got)], got, closed


def resident(s):
    text = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


# ---- bodies ------------------------------------------------------------------------------------

def long_bodies(s):
    """T06: refused when that is known, by a reply that comes at once, and kept nowhere."""
    before = resident(s)
    heads = {"length": (POST + AUTH + b"Content-Length: 99999999\r\n\r\n", 413),
             "length, asks": (POST + AUTH + b"Content-Length: 99999999\r\n"
                              b"Expect: 100-continue\r\n\r\n", 413),
             "length, no token": (POST + b"Content-Length: 99999999\r\n\r\n", 413),
             "length of a GET": (b"GET /v1/none HTTP/1.1\r\nHost: x\r\n"
                                 b"Content-Length: 99999999\r\n\r\n", 413),
             "length of a HEAD": (b"HEAD /v1/none HTTP/1.1\r\nHost: x\r\n"
                                  b"Content-Length: 99999999\r\n\r\n", 413),
             "chunks, no token": (POST + b"Transfer-Encoding: chunked\r\n\r\n", 401)}
    for name, (head, want) in heads.items():
        begin = time.monotonic()
        with connect(s) as c:
            c.sendall(head)
            got = c.recv(65536)
            took = time.monotonic() - begin
            rest = all_of(c)[0]
        check(got.startswith(b"HTTP/1.1 %d" % want), f"{name}: {got[:200]}")
        check(took < 0.5, f"{name}: the reply took {took:.2f} s")
        check((got + rest).endswith(b"\r\n\r\n") == ("HEAD" in name), f"{name}: a body or none")
    chunk = b"%x\r\n" % MB + bytes(MB) + b"\r\n"
    with connect(s) as c:
        c.sendall(POST + AUTH + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        while sent < 64 and not select.select([c], [], [], 0)[0]:
            c.sendall(chunk)
            sent += 1
        got, closed = all_of(c)
    check(got.startswith(b"HTTP/1.1 413") and closed, f"chunks: {got[:200]}")
    check(sent < 16, f"{sent} MB of chunks were taken with a limit of 4")
    with connect(s) as c:  # who reads the reply only behind the body gets it too
        c.sendall(POST + AUTH + b"Content-Length: %d\r\n\r\n" % (40 * MB))
        for _ in range(40):
            c.sendall(bytes(MB))
        got, closed = all_of(c)
    check(got.startswith(b"HTTP/1.1 413") and closed, f"a whole body: {got[:200]}")
    for head in (POST, b"GET /v1/none HTTP/1.1\r\nHost: x\r\n"):
        exchange(s, head + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 100)
        exchange(s, head + b"Content-Length: 400000000\r\n\r\n", *[bytes(MB)] * 100)
    grown = resident(s) - before
    print(f"  413 behind {sent} MB of chunks (limit 4); 400 MB of no use cost {grown:.1f} MB")
    check(grown < 20 or support.SANITIZED, f"bodies are kept: {grown:.0f} MB")


def lying_bodies(s):
    post = POST + AUTH
    n = len(jpeg)
    check(exchange(s, post + b"Content-Length: %d\r\n\r\n" % n + jpeg)[0] == [200], "an honest one")
    with connect(s) as c:
        c.sendall(post + b"Content-Length: %d\r\n\r\n" % (n + 10) + jpeg)
        c.shutdown(socket.SHUT_WR)
        got, closed = all_of(c)
    check(got.startswith(b"HTTP/1.1 400") and closed, f"a body that is too short: {got[:100]}")
    status, got, closed = exchange(s, post + b"Content-Length: %d\r\n\r\n" % (n - 9) + jpeg)
    check(status[0] in (200, 422) and status[1:] in ([], [400]), f"too long a body: {status}")
    with connect(s) as c:
        c.sendall(post + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % n)
        check(c.recv(4096).startswith(b"HTTP/1.1 100"), "it is asked for its body")
        c.sendall(jpeg)
        check(c.recv(65536).startswith(b"HTTP/1.1 200"), "and served")
    status, _, _ = exchange(s, post + b"Expect: something\r\nContent-Length: 0\r\n\r\n")
    check(status in ([417], [400]), f"another expectation: {status}")


# ---- one request or two ------------------------------------------------------------------------

def smuggling(s):
    """T07: what can be read in two ways is refused, and nothing behind it is read."""
    inner = b"GET /v1/-/resize:64x/file/a.jpg HTTP/1.1\r\nHost: x\r\n\r\n"
    cl = b"Content-Length: %d\r\n" % len(inner)
    te = b"Transfer-Encoding: chunked\r\n"
    end = b"0\r\n\r\n"

    def post(fields, body=b""):
        return POST + AUTH + fields + b"\r\n" + body
    cases = {
        "CL.TE": post(cl + te, end), "TE.CL": post(te + b"Content-Length: 4\r\n", end),
        "TE.TE": post(te + te, end), "TE xchunked": post(b"Transfer-Encoding: xchunked\r\n", end),
        "TE tab": post(b"Transfer-Encoding:\x0bchunked\r\n", end),
        "TE list": post(b"Transfer-Encoding: chunked, identity\r\n", end),
        "TE gzip": post(b"Transfer-Encoding: gzip, chunked\r\n", end),
        "CL CL": post(b"Content-Length: 0\r\n" + cl), "CL +": post(b"Content-Length: +0\r\n"),
        "CL -": post(b"Content-Length: -1\r\n"), "CL list": post(b"Content-Length: 0, 5\r\n"),
        "CL hex": post(b"Content-Length: 0x0\r\n"),
        "CL 2^64": post(b"Content-Length: 18446744073709551616\r\n"),
        "CL empty": post(b"Content-Length:\r\n"), "obs-fold": post(b"X: a\r\n b\r\n"),
        "fold TE": post(b"Transfer-Encoding:\r\n chunked\r\n", end),
        "bare LF": POST[:-2] + b"\n" + cl + b"\n", "bare CR": post(b"X: a\rContent-Length: 0\r\n"),
        "space colon": post(b"Content-Length : 0\r\n"), "NUL": post(b"X: a\0b\r\n"),
        "no colon": post(b"Content-Length 0\r\n"), "two Hosts": post(b"Host: y\r\n"),
        "chunk sign": post(te, b"+0\r\n\r\n"), "chunk 0x": post(te, b"0x0\r\n\r\n"),
        "chunk huge": post(te, b"fffffffffffffffff\r\n"), "chunk LF": post(te, b"0\n\n"),
        "chunk minus": post(te, b"-1\r\n\r\n"), "chunk end": post(te, b"1\r\nab\r\n" + end),
        "chunk extension": post(te, b"0;" + b"a" * 100000 + b"\r\n\r\n"),
        "chunk trailer": post(te, b"0\r\nContent-Length: 5\r\n\r\n"),
        "many fields": post(b"".join(b"X%d: y\r\n" % i for i in range(5000))),
        "HTTP/0.9": b"GET /\r\n", "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "absolute": b"GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\n\x00\r\n\r\n",
        "CONNECT": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n"}
    for name, case in cases.items():
        status, got, closed = exchange(s, case + inner)
        check(len(status) == 1 and 400 <= status[0] <= 505 and closed,
              f"{name}: {status}, closed: {closed}: {got[:300]}")
    print(f"  {len(cases)} double meanings: one refusal each")
    status, got, _ = exchange(s, inner * 3)
    check(status == [200] * 3, f"three in a row: {status}")
    status, got, _ = exchange(s, *[bytes([b]) for b in inner])
    check(status == [200], f"one byte at a time: {status}")
    status, got, _ = exchange(s, post(b"Content-Length: %d\r\n" % len(jpeg), jpeg) + inner)
    check(status == [200, 200], f"a body and another request: {status}")


def injected(s):
    """T15: nothing of a request gets into the head of a reply."""
    names = ["a\r\nX-Evil: 1.jpg", "b\nX-Evil: 1.jpg", "Grüße – 図.jpg",
             'q"u;o\\te.jpg', "\x7f\x01.jpg"]
    for name in names:
        (root / name).write_bytes(jpeg)
    paths = [f"/v1/-/resize:64x/file/{urllib.parse.quote(n)}" for n in names]
    paths += ["/v1/-/resize:64x%0d%0aX-Evil:1/file/a.jpg",
              "/v1/-/save:png,name=%0d%0aX-Evil:%201/file/a.jpg",
              "/%0d%0aX-Evil:%201", "/v1/-/resize:64x/file/%0d%0aX-Evil:%201"]
    fields = (b"Host: x\r\nAccept: text/plain\r\nX-Request-Id: a%0d%0aX-Evil: 1\r\n"
              b"Origin: http://127.0.0.1:1\r\n")
    served = 0
    for path in paths:
        for more in (b"Host: x\r\n", fields):
            status, got, _ = exchange(s, f"GET {path} HTTP/1.1\r\n".encode() + more + b"\r\n")
            head = got.partition(b"\r\n\r\n")[0]
            check(len(status) == 1, f"{path}: {status}")
            check(b"evil" not in head.lower(), f"{path}: {head}")
            check(all(c in b"\r\n" or 32 <= c < 127 for c in head), f"{path}: {head}")
            served += status == [200]
    check(served >= 4, f"some are served: {served}")
    status, got, _ = exchange(s, POST + b"X: \xff\r\n\r\n")
    check(len(status) == 1, f"a field that is not ASCII: {status}")


# ---- slow ones ---------------------------------------------------------------------------------

def latencies(s, seconds):
    """Sorted, in milliseconds."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        check(s.get(FAST)[0] == 200, "an honest client is served")
        took.append((time.monotonic() - begin) * 1e3)
        time.sleep(0.005)
    return sorted(took)


def percentiles(took):
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def crowd(port, begin, more, done, pause=0.0005):
    """A process with a thousand connections that bring a byte now and then, and come again when
    they are closed."""
    there = [None] * CONNECTIONS
    while not done.is_set():
        for i, c in enumerate(there):
            try:
                if c is None:
                    there[i] = c = socket.create_connection(("127.0.0.1", port))
                    c.sendall(begin)
                else:
                    c.sendall(more)
            except OSError:
                if c:
                    c.close()
                there[i] = None
            done.wait(pause) # all at once would be another attack


SLOW = (("heads", b"GET / HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n"),
        ("bodies", POST + AUTH + b"Content-Length: 4000\r\n\r\n", b"x"),
        ("chunks", POST + AUTH + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"))


def slow_heads_and_bodies(s):
    """T05: connections that never finish are closed in time, and leave the honest client alone."""
    latencies(s, 0.3)
    alone = percentiles(latencies(s, 2))
    for name, begin, more in SLOW:
        done = multiprocessing.Event()
        slow = multiprocessing.Process(target=crowd, args=(s.port, begin, more, done))
        refused = s.metric("connections_refused_total", reason="slow")
        slow.start()
        time.sleep(1.5)
        there = s.metric("connections")
        with_them = percentiles(latencies(s, 3))
        done.set()
        slow.join()
        refused = s.metric("connections_refused_total", reason="slow") - refused
        print(f"  {there:.0f} slow {name}, {refused:.0f} refused; honest alone and with them: "
              f"median {alone[0]:.1f} and {with_them[0]:.1f} ms, "
              f"99 % {alone[1]:.1f} and {with_them[1]:.1f} ms")
        check(there > CONNECTIONS / 2, f"there are {there:.0f} slow connections")
        check(refused > 0, f"slow {name} are refused")
        # Its hundredth is another matter: the crowd takes the same processors, as do others. See below.
        check(with_them[0] < 2 * alone[0] + 60 or support.SANITIZED, f"slow {name} disturb others")


def hardly_noticed():
    """With the clocks as they come, a thousand connections of which each brings a piece every ten
    seconds: alone and beside them in turn, so that the machine is the same for both."""
    with support.server("--root", root, "--auth-token", "secret", "--auth-unsigned-ok", "yes",
                        "--limits-connections", 1100, "--limits-connections-per-client", 1100,
                        "--log-file", "off") as s:
        latencies(s, 5)
        for name, begin, more in SLOW:
            alone, beside, there = [], [], []
            for _ in range(3):
                alone += latencies(s, 15)
                done = multiprocessing.Event()
                slow = multiprocessing.Process(target=crowd, args=(s.port, begin, more, done, 0.01))
                slow.start()
                time.sleep(12)
                there.append(s.metric("connections"))
                beside += latencies(s, 15)
                done.set()
                slow.join()
            (m1, p1), (m2, p2) = percentiles(sorted(alone)), percentiles(sorted(beside))
            print(f"  {min(there):.0f} slow {name} and more; alone and beside them, of {len(alone)} and "
                  f"{len(beside)}: median {m1:.2f} and {m2:.2f} ms, 99 % {p1:.2f} and {p2:.2f} ms")
            check(min(there) > CONNECTIONS / 2, f"there are {there} slow connections")
            check(p2 < 2 * p1, f"slow {name} double the latency of others")


def slow_readers(s):
    """Replies that nobody reads are given up after a while."""
    there = []
    for _ in range(50):
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        c.connect(("127.0.0.1", s.port))
        c.sendall(b"GET /v1/-/save:png/file/n.png HTTP/1.1\r\nHost: x\r\n\r\n")
        there.append(c)
    end = time.monotonic() + 15
    time.sleep(0.5)
    most = s.metric("connections")
    while s.metric("connections") > 1 and time.monotonic() < end:
        check(s.get(FAST)[0] == 200, "others are served")
        time.sleep(0.1)
    took = 15 - (end - time.monotonic())
    left = s.metric("connections")
    print(f"  {most:.0f} readers that do not read, {left:.0f} left after {took:.1f} s")
    check(most >= 50 and left <= 1, f"{left:.0f} of {most:.0f} connections left")
    for c in there:
        c.close()


def slow_header(number):
    """A TIFF of 12 MB whose 100,000 folders nobody can look at in the time for a look."""
    tags = [(256, 4, 16), (257, 4, 16), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8),
            (277, 3, 1), (278, 4, 16), (279, 4, 256)]
    folder = struct.pack("<H", len(tags))
    folder += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    ends = [struct.pack("<I", 16 + i * (len(folder) + 4)) for i in range(1, 100000)] + [bytes(4)]
    return (b"II*\x00" + struct.pack("<IQ", 16, number) + b"".join(folder + end for end in ends))


def same_bodies():
    """Six clients post slow files again and again. They are soon refused, and so come back at once:
    still their bodies must leave the main loop to others, as they are and in forms."""
    with support.server("--root", root, "--log-file", "off") as s:
        for name, begin, end in (
                ("bodies", b"", b""),
                ("forms", b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n',
                 b"\r\n--b--\r\n")):
            done, replies = threading.Event(), []
            kind = {"Content-Type": "multipart/form-data; boundary=b"} if begin else {}

            def post(body):
                while not done.is_set():
                    replies.append(s.post("/v1/process/resize:8x", body, headers=kind)[0])
            senders = [threading.Thread(target=post, args=(begin + slow_header(i) + end,))
                       for i in range(6)]
            for sender in senders:
                sender.start()
            while len(replies) < 12:
                time.sleep(0.1)
            median, most = percentiles(latencies(s, 4))
            done.set()
            for sender in senders:
                sender.join()
            print(f"  beside {len(replies)} {name}: median {median:.0f} ms, 99 % {most:.0f} ms")
            check(replies.count(504) > len(replies) / 2, f"they are refused: {replies}")
            check(median < 500 or support.SANITIZED, f"an honest one waits {median:.0f} ms")


def last_replies():
    """A connection that ends says so in its last reply: RFC 9112, 9.6."""
    ask = b"GET /v1/filters/blur HTTP/1.1\r\nHost: localhost\r\n"
    expects = b"POST /v1/info HTTP/1.1\r\nHost: y\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    with support.server("--root", root, "--limits-requests", 3, "--log-file", "off") as s:
        for name, sent, number in (("the third of three", 4 * (ask + b"\r\n"), 3),
                                   ("as asked", ask + b"Connection: close\r\n\r\n", 1),
                                   ("without its body", expects, 1)):
            status, got, closed = exchange(s, sent)
            heads = [h for h in got.split(b"HTTP/1.1 ")[1:]]
            said = [b"\r\nconnection: close\r\n" in h.lower() for h in heads]
            check(closed and len(status) == number, f"{name}: {status}, closed: {closed}")
            check(said == (number - 1) * [False] + [True], f"{name}: {said}")


def hits(port, count):
    """A connection that asks for so many hits of the cache, and reads none of them."""
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    c.connect(("127.0.0.1", port))
    c.sendall(count * b"GET /v1/-/crop:420x250/save:png/file/n.png HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return c


def unread_hits():
    """What the cache has in small files is read for each reply, so those are paid for too."""
    with support.server("--root", root, "--cache-folder", work / "hits", "--log-file", "off",
                        "--limits-inflight-bytes", "1M", "--limits-write-ms", "60s") as s:
        path = "/v1/-/crop:420x250/save:png/file/n.png"
        status, _, body = s.get(path)
        check(status == 200 and 150 << 10 < len(body) < 250 << 10, f"{status}, {len(body)} bytes")
        check(s.get(path)[1]["imbrex-cache"] == "hit", "it is in the cache")
        there = [hits(s.port, 100) for _ in range(8)]
        end = time.monotonic() + 30
        while s.metric("result_bytes") < (1 << 20) - len(body):
            check(time.monotonic() < end, f"held: {s.metric('result_bytes')} bytes")
            time.sleep(0.05)
        status, headers, _ = s.get(path)
        check(status == 503 and "retry-after" in headers, f"no room for another: {status}")
        check(s.metric("result_bytes") <= 1 << 20, "no more than is allowed")
        for c in there:
            c.close()
        while s.metric("result_bytes") > 0:
            check(time.monotonic() < end, f"still held: {s.metric('result_bytes')} bytes")
            time.sleep(0.05)
        check(s.get(path)[0] == 200, "there is room again")


limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 8192), limit))
with support.server("--root", root, "--auth-token", "secret", "--auth-unsigned-ok", "yes",
                    "--limits-source-bytes", "4M",
                    "--limits-connections", 1100, "--limits-connections-per-client", 1100,
                    "--limits-header-ms", "2s", "--limits-body-ms", "3s", "--limits-write-ms", "2s",
                    "--cache-folder", work / "cache", "--log-file", "off") as s:
    for test in (long_bodies, lying_bodies, smuggling, injected, slow_heads_and_bodies,
                 slow_readers):
        test(s)
        print(f"{test.__name__}: good")
    check(s.crashes() == 0, "no worker crashed")
    check(s.stop() == 0, "it ends well")
for test in (last_replies, unread_hits, same_bodies):
    test()
    print(f"{test.__name__}: good")
if support.LONG:
    hardly_noticed()
    print("hardly_noticed: good")
