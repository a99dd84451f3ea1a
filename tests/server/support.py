"""A server for one test: the real program on free ports, ended by its process id.

    with support.server("--root", folder) as s:
        status, headers, body = s.get("/v1/-/resize:64x/file/a.png")

The environment has IMBREX, the program, and SOURCE, the checkout."""

import contextlib
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

IMBREX = os.environ["IMBREX"]
SOURCE = pathlib.Path(os.environ["SOURCE"])
# Memory and time are other ones with a sanitizer.
SANITIZED = any(name in pathlib.Path(IMBREX).read_bytes() for name in (b"__asan_init", b"__tsan_init"))
LONG = bool(os.environ.get("IMBREX_LONG"))  # minutes rather than seconds, where the test has both
DATA = pathlib.Path(os.environ.get("IMBREX_DATA", SOURCE.parent / "shared" / "data"))


def environment():
    """Ours without what is meant for tests, which the server would take for settings."""
    return {name: value for name, value in os.environ.items()
            if name not in ("IMBREX_LONG", "IMBREX_SEED", "IMBREX_DATA")}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, *options, env=None, log=None, port=None):
        """With a port, the options say themselves that the server listens there."""
        self.port, self.admin = port or free_port(), free_port()
        self.log = log or tempfile.TemporaryFile()
        listen = [] if port else ["--listen", f"127.0.0.1:{self.port}"]
        words = [IMBREX, "serve", *listen, "--admin", f"127.0.0.1:{self.admin}",
                 *map(str, options)]
        self.process = subprocess.Popen(words, stderr=self.log, env={**environment(), **(env or {})})

    def request(self, method, path, body=None, headers=None, port=None, timeout=60):
        """Status, headers (lower case) and body of one request on a connection of its own."""
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
        finally:
            c.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body, **more):
        return self.request("POST", path, body, **more)

    def metric(self, name, **labels):
        """The value of one metric; labels not given must not be there. 0 if it has none yet."""
        _, _, text = self.get("/metrics", port=self.admin)
        inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
        want = f"imbrex_{name}" + (f"{{{inside}}}" if inside else "")
        for line in text.decode().splitlines():
            if line.rsplit(" ", 1)[0] == want:
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def wait_ready(self, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self.said()}")
            with contextlib.suppress(OSError):
                if self.get("/readyz", port=self.admin, timeout=5)[0] == 200:
                    return self
            time.sleep(0.05)
        raise RuntimeError(f"the server is not ready: {self.said()}")

    def crashes(self):
        """Workers that ended by themselves so far."""
        return self.metric("worker_restarts_total", reason="crash")

    def children(self):
        """Process ids of its workers."""
        task = f"/proc/{self.process.pid}/task"
        ids = []
        for thread in os.listdir(task):
            with contextlib.suppress(OSError):
                ids += pathlib.Path(task, thread, "children").read_text().split()
        return [int(i) for i in ids]

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self, seconds=40):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(seconds)
        return self.process.returncode


@contextlib.contextmanager
def server(*options, **more):
    """A server that is ready. It must end with 0, and no sanitizer may find anything, in it or in its
    workers, which share its standard error."""
    s = Server(*options, **more)
    try:
        yield s.wait_ready()
        check(s.stop() == 0, f"the server ends with 0, not {s.process.returncode}")
        found = re.search("[A-Za-z]+Sanitizer.{,6000}", s.said(), re.DOTALL)
        check(not found, f"a sanitizer has found something: {found and found.group()}")
    except BaseException as error:
        # Why comes first: of what a test says, the end is cut where it is long.
        print(f"{error}\n{s.said()[-4000:]}", file=sys.stderr)
        raise
    finally:
        s.stop()


def skip(why):
    print(why)
    sys.exit(77)


def check(condition, sentence):
    """As assert, but also with -O, and it says what."""
    if not condition:
        raise SystemExit(f"failed: {sentence}")


def until(condition, sentence, seconds=20):
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise SystemExit(f"failed: {sentence}")
