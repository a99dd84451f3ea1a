"""What goes wrong in a worker, in the cache or on a disk costs one request or none, and the counters
say so. (T19, T20, T22 of the attack list; restarts and reloads are T21.)"""

import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

import support
from support import check, until

work = pathlib.Path(tempfile.mkdtemp())
root = work / "root"
root.mkdir()
subprocess.run(["convert", "-size", "3000x2000", "plasma:red-blue", root / "large.png"], check=True)
subprocess.run(["convert", "-size", "300x200", "plasma:red-blue", root / "small.jpg"], check=True)
SLOW = "/v1/-/median:40/blur:40/median:30/median:20/file/large.png"
FAST = "/v1/-/resize:64x/file/small.jpg"


def busy_worker(s):
    """The child that computes most at the moment."""
    def ticks(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    before = {pid: ticks(pid) for pid in s.children()}
    time.sleep(0.3)
    return max(before, key=lambda pid: ticks(pid) - before[pid])


def killed(s):
    """A worker that is killed is one failed request; others do not notice."""
    for how in (signal.SIGKILL, signal.SIGABRT):  # which sanitizers do not answer
        crashes = s.metric("worker_restarts_total", reason="crash")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            victim = pool.submit(s.get, SLOW)
            time.sleep(0.3)
            os.kill(busy_worker(s), how)
            others = [pool.submit(s.get, f"/v1/-/resize:{60 + i}x/file/small.jpg")
                      for i in range(20)]
            check([o.result()[0] for o in others] == [200] * 20, "the others are served")
            check(victim.result()[0] == 500, f"the request of the dead worker: {victim.result()[0]}")
        check(s.metric("worker_restarts_total", reason="crash") == crashes + 1, "it is counted")
        until(lambda: s.get(FAST)[0] == 200, "a new worker takes its place")


def hung(s):
    """A worker that does not answer is killed when nobody waits for it any more."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        begin = time.monotonic()
        victim = pool.submit(s.get, SLOW, headers={"Imbrex-Deadline": "700"})
        time.sleep(0.2)
        os.kill(busy_worker(s), signal.SIGSTOP)
        status = victim.result()[0]
        took = time.monotonic() - begin
    check(status == 504 and took < 1.2, f"a stopped worker: {status} after {took:.2f} s")
    until(lambda: s.metric("worker_restarts_total", reason="cancel") >= 1, "it is counted")


def deadline(s):
    """At the deadline the processor is free again."""
    begin = time.monotonic()
    status = s.get(SLOW, headers={"Imbrex-Deadline": "300"})[0]
    took = time.monotonic() - begin
    check(status == 504 and took < 0.6, f"504 in time: {status} after {took:.2f} s")

    def used():
        total = 0
        for pid in s.children():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total
    until(lambda: s.metric("workers", state="idle") == 2, "a new worker takes its place")
    before = used()
    time.sleep(0.5)
    check(used() - before <= 5, f"something still computes: {used() - before} ticks")


def disconnected(s):
    """Clients that leave take their jobs with them, and leave no descriptor behind."""
    s.get(FAST)
    fds = lambda: len(os.listdir(f"/proc/{s.process.pid}/fd"))  # noqa: E731
    before = fds()
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", s.port)) as c:
            c.sendall(f"GET {SLOW} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.001)
    until(lambda: s.metric("jobs_in_progress", lane="heavy") == 0
          and s.metric("jobs_in_progress", lane="light") == 0, "all jobs are dropped", 40)
    until(lambda: s.get(FAST)[0] == 200, "served again")
    until(lambda: fds() <= before + 3, f"descriptors: {before} before, {fds()} after")


def many_connections(s):
    """What a connection needed is given back: two thousand more take no more memory."""
    def resident():
        text = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0])

    def connect(count):
        for _ in range(count):
            check(s.get("/v1/filters/blur")[0] == 200, "it is served")
    connect(500)
    before = resident()
    connect(2000)
    grown = resident() - before
    print(f"  2000 connections: {grown} kB more")
    check(grown < 1000 or support.SANITIZED, f"connections leave {grown} kB behind")


def coalesced(s):
    """A hundred equal requests are one job. Its filter takes seconds, also with a sanitizer."""
    path = "/v1/-/blur:30/blur:29/blur:28/file/large.png"
    before = s.metric("coalesced_total")
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        got = list(pool.map(lambda _: s.get(path), range(100)))
    check({g[0] for g in got} == {200} and len({g[2] for g in got}) == 1, "all get the same")
    kinds = [g[1]["imbrex-cache"] for g in got]
    check(kinds.count("miss") == 1, f"one job: {set(kinds)}")
    check(s.metric("coalesced_total") == before + kinds.count("coalesced"), "it is counted")


def corrupt_cache(s, cache):
    """A damaged entry is made again."""
    first = s.get(FAST)
    check(s.get(FAST)[1]["imbrex-cache"] == "hit", "the second time from the cache")
    entries = [p for p in cache.rglob("*") if p.is_file() and len(p.name) == 64]
    check(entries, "there are entries")
    for entry in entries:
        data = bytearray(entry.read_bytes())
        data[-1] ^= 1
        entry.write_bytes(data)
    again = s.get(FAST)
    check(again[0] == 200 and again[2] == first[2] and again[1]["imbrex-cache"] != "hit",
          "made again")
    check(s.metric("cache_requests_total", result="corrupt") >= 1, "it is counted")


def no_disk(s, cache):
    """A cache that cannot be written to is no cache."""
    def set_fixed(sign):
        """Not even root writes to fixed folders. Only some file systems know them."""
        folders = [cache, *[p for p in cache.rglob("*") if p.is_dir()]]
        return subprocess.run(["chattr", f"{sign}i", *folders], capture_output=True).returncode == 0
    try:
        fixed = set_fixed("+")
        check(s.get("/v1/-/resize:77x/file/small.jpg")[0] == 200, "served all the same")
        if fixed:
            until(lambda: b'"cache_writable":false' in s.get("/readyz", port=s.admin)[2],
                  f"/readyz tells it: {s.get('/readyz', port=s.admin)[2]}")
        else:
            print("folders cannot be fixed here: the cache was never without a disk")
    finally:
        set_fixed("-")


def reload_under_load(s, keys):
    """SIGHUP while requests come: none fails, and new keys count."""
    stop = threading.Event()
    bad = []

    def ask():
        while not stop.is_set():
            status = s.get(FAST)[0]
            if status != 200:
                bad.append(status)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(5):
        keys.write_text(f"k{i}:{'%02x' % i * 32}\n")
        s.process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
    stop.set()
    for t in threads:
        t.join()
    check(not bad, f"requests failed: {bad[:5]}")
    check(s.metric("reloads_total", result="done") >= 1, "it is counted")
    keys.write_text("broken\n")
    s.process.send_signal(signal.SIGHUP)
    until(lambda: s.metric("reloads_total", result="failed") == 1, "a broken file is counted")
    check(s.get(FAST)[0] == 200, "and changes nothing")


def stopped_under_load(s):
    """SIGTERM: what is under way ends well, also where its work has not begun; what comes later on a
    connection that is in use is told to go elsewhere, but not who has only connected."""
    image = (root / "small.jpg").read_bytes()
    with concurrent.futures.ThreadPoolExecutor(2) as pool, \
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port)) as upload, \
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port)) as kept, \
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", s.port)) as silent:
        job = pool.submit(s.get, "/v1/-/blur:30/blur:29/blur:27/blur:25/file/large.png")
        upload.putrequest("POST", "/v1/process/resize:31x")
        upload.putheader("Content-Length", len(image))
        upload.endheaders(image[:1000])
        kept.request("GET", FAST)
        check(kept.getresponse().read(), "a connection is open")
        silent.connect()
        time.sleep(0.4)
        s.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        kept.request("GET", FAST)
        late = kept.getresponse()
        check(late.status == 503 and b"draining" in late.read(), f"a late one: {late.status}")
        check(s.metric("shed_total", reason="draining") == 1, "it is counted")
        silent.request("GET", FAST)
        first = silent.getresponse()
        check(first.status == 200 and first.getheader("Connection") == "close",
              f"the first request of a connection that was there before: {first.status}")
        first.read()
        upload.send(image[1000:])
        status = upload.getresponse().status
        check(status == 200, f"the upload under way: {status}")
        status = job.result()[0]
    check(status == 200, f"the request under way: {status}")
    check(s.process.wait(30) == 0, "it ends with 0")


cache, keys = work / "cache", work / "keys"
keys.write_text("k:" + "00" * 32 + "\n")
with support.server("--root", root, "--cache-folder", cache, "--auth-keys-file", keys,
                    "--auth-unsigned-ok", "yes", "--limits-deadline", "60s",
                    "--limits-cpu", "60s", "--limits-queue-ms", "60s",
                    "--limits-connections-per-client", 200) as s:
    for test in (killed, hung, deadline, disconnected, many_connections, coalesced):
        test(s)
        print(f"{test.__name__}: good")
    corrupt_cache(s, cache)
    no_disk(s, cache)
    reload_under_load(s, keys)
    children = s.children()
    stopped_under_load(s)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children), "no process is left")
    print("cache, reload, stop: good")
