"""A client's own deadline counts from its request on, whatever the time is spent on: fetching, waiting,
work. Who has none, or a later one, gets what is made all the same."""

import concurrent.futures
import contextlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

import support
from support import check, until

work = pathlib.Path(tempfile.mkdtemp())
LOG = work / "log"
root = work / "root"
root.mkdir()
subprocess.run(["convert", "-size", "1500x1000", "plasma:red-blue", root / "large.png"], check=True)
PICTURE = (root / "large.png").read_bytes()
HOURS = "median:40/" * 12  # of work: nobody waits for its end


def after(ms):
    return {"Imbrex-Deadline": str(ms)}


class Bucket(http.server.BaseHTTPRequestHandler):
    """Gives its picture when the test opens it."""

    def do_GET(self):  # noqa: N802
        self.server.asked.append(dict(self.headers))
        self.server.opened.wait()
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE)))
            self.end_headers()
            self.wfile.write(PICTURE)

    def log_message(self, *_):
        pass


def serve():
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    bucket.asked, bucket.opened = [], threading.Event()
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    return bucket


def is_late(answer, what):
    status, headers, body = answer
    check(status == 504, f"{what}: {status} {body[:200]}")
    problem = json.loads(body)
    check(problem["type"] == "urn:imbrex:problem:deadline", f"{what}: {problem}")
    check("Imbrex-Deadline" in problem["detail"], f"{what}: it is the client's own: {problem}")


def while_fetching(s, bucket):
    """A source that does not come is not waited for."""
    is_late(s.get("/v1/-/resize:64x/s3/pics/a.png", headers=after(300)), "a silent source")
    check(len(bucket.asked) == 1, "it was asked for")
    until(lambda: '"path"' in LOG.read_text(), "there is a line in the log")
    line = json.loads(LOG.read_text().splitlines()[-1])
    check(line["status"] == 504 and line["fetch_ms"] >= 250, f"the log knows of the fetch: {line}")
    slow = lambda: json.loads(s.get("/debug/slow", port=s.admin)[2])["requests"]  # noqa: E731
    until(slow, "/debug/slow has it, too")
    check([{**one, "time": line["time"]} for one in slow()] == [line], f"the same: {slow()}")


def fetching_counts(s, bucket):
    """What the source takes is missing behind it."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        late = pool.submit(s.get, f"/v1/-/{HOURS}/s3/pics/b.png", headers=after(4000))
        until(lambda: len(bucket.asked) == 2, "it is asked for")
        time.sleep(3)
        bucket.opened.set()
        is_late(late.result(), "a slow source and long work")
    took = time.monotonic() - begin
    check(3.9 < took < 6.8, f"4 s from the request, not from the 3 s of the fetch: {took:.2f} s")
    until(lambda: s.metric("workers", state="idle") == 1, "its worker is free again")


def jobs(s):
    return s.metric("jobs_in_progress", lane="light") + s.metric("jobs_in_progress", lane="heavy")


@contextlib.contextmanager
def standing(s):
    """While none of its workers does anything."""
    children = s.children()
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in children:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGCONT)


def waits(s):
    """What /readyz predicts for a light and for a heavy job."""
    details = json.loads(s.get("/readyz", port=s.admin)[2])["details"]
    return [details["predicted_wait_seconds"][lane] for lane in ("light", "heavy")]


def try_to_share(s, path):
    """Asks with and without a deadline while the same is made. False: it was made too fast."""
    before = s.metric("coalesced_total")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        patient = pool.submit(s.get, path)
        until(lambda: jobs(s) == 1 or patient.done(), "it is worked at")
        with standing(s):
            shared = False
            if not patient.done():
                hurried = s.get(path, headers=after(200))
                shared = s.metric("coalesced_total") == before + 1
                if shared:
                    is_late(hurried, "one of two")
                    check(not patient.done(), "the other one waits")
                    until(lambda: min(waits(s)) > 0, f"whoever comes now would wait: {waits(s)}")
        check(patient.result()[0] == 200, f"the other one gets it: {patient.result()[0]}")
        return shared


def others_go_on(s):
    until(lambda: any(try_to_share(s, f"/v1/-/median:20/resize:{w}x/file/large.png")
                      for w in range(900, 910)), "two share a job")
    until(lambda: waits(s) == [0, 0], f"nobody waits any more: {waits(s)}")


def uploads(s):
    """A look, a set and a form have the same time."""
    with standing(s):
        is_late(s.post("/v1/info", PICTURE, headers=after(200)), "a look")
        is_late(s.post("/v1/process/resize:64x", PICTURE, headers=after(200)), "an upload")
        is_late(s.post("/v1/set/resize:64x", PICTURE, headers=after(200)), "a set")
    until(lambda: s.post("/v1/info", PICTURE)[0] == 200, "they are looked at again")


def no_deadline(s):
    """What is no number of milliseconds is none, and a long one changes nothing."""
    for said in ("0", "-5", "soon", "1s", "9" * 30, str(2**31 + 5)):
        got = s.get("/v1/-/resize:64x/file/large.png", headers=after(said))
        check(got[0] == 200, f"{said}: {got[0]} {got[2][:200]}")


bucket = serve()
PLACE = f"pics=http://127.0.0.1:{bucket.server_port}/pictures eu-central-1"
with support.server("--root", root, "--s3-buckets", PLACE, "--remote-networks", "127.0.0.0/8",
                    "--remote-total-ms", "60s", "--limits-deadline", "2min", "--limits-cpu", "2min",
                    "--limits-queue-ms", "60s", "--worker-count", "1", "--log-file", LOG,
                    "--log-slow-ms", "250ms") as s:
    while_fetching(s, bucket)
    fetching_counts(s, bucket)
    for test in (others_go_on, uploads, no_deadline):
        test(s)
        print(f"{test.__name__}: good")
