"""What the server refuses before anybody sees a request has its line in the log and its place in the
metrics; what it cannot have it says before it listens."""

import json
import pathlib
import resource
import socket
import subprocess
import tempfile

import support
from support import check, until

HARD = 400
folder = pathlib.Path(tempfile.mkdtemp())


def say(s, *texts):
    """The reply to the last of these; all connections are open until then."""
    there = [socket.create_connection(("127.0.0.1", s.port), timeout=20) for _ in texts]
    for c, text in zip(there, texts):
        c.sendall(text)
        got = c.recv(1 << 16)
    for c in there:
        c.close()
    return got


def refusals(s):
    return [line for line in map(json.loads, s.said().splitlines()) if "why" in line]


def test_lines(s):
    good = b"GET /v1/filters/blur HTTP/1.1\r\nHost: a\r\n\r\n"
    cases = ((400, (b"GET / HTTP/1.1\r\n\r\n",)), (431, (b"GET / HTTP/1.1\r\nX: " + b"a" * 40000,)),
             (408, (b"GET / HT",)), (429, (good, good, good)))
    for status, texts in cases:
        until(lambda: s.metric("connections") == 0, "those of the last case have ended")
        before = s.metric("http_requests_total", route="other", code=status)
        got = say(s, *texts)
        check(got.startswith(b"HTTP/1.1 %d " % status), f"{status}: {got[:80]}")
        line = refusals(s)[-1]
        check(line["status"] == status and line["client"] == "127.0.0.1" and line["why"], line)
        check(s.metric("http_requests_total", route="other", code=status) == before + 1, f"{status} is counted")
    check(len(refusals(s)) == len(cases), "one line each")


def test_descriptors(s):
    check(resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE) == (HARD, HARD), "raised")
    check("limits.connections is " in s.said() and "in place of 1024" in s.said(), "lowered")
    _, _, config = s.get("/config", port=s.admin)
    lowered = [int(line.split()[-1]) for line in config.decode().splitlines()
               if line.startswith("connections = ")]
    check(len(lowered) == 1 and 50 < lowered[0] < HARD / 2, f"to what fits: {lowered}")


def refused(sentence, code, *options):
    got = subprocess.run([support.IMBREX, "serve", *options], capture_output=True, text=True,
                         timeout=60)
    check(got.returncode == code and sentence in got.stderr, f"{options}: {got}")


def test_addresses():
    kept = folder / "kept"
    kept.write_text("kept")
    refused("no socket", 4, "--listen", f"unix:{kept}", "--admin", "off")
    refused("no socket", 4, "--listen", "127.0.0.1:0", "--admin", f"unix:{kept}")
    check(kept.read_text() == "kept", "the file is left alone")
    refused('no loader "svgg"; did you mean "svg"', 2, "--worker-allow-loaders", "svgg", "--check-config")
    refused("admin_public = yes", 2, "--admin", "0.0.0.0:9464", "--check-config")


test_addresses()
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD // 2, HARD))
with support.server("--limits-header-ms", "1s", "--limits-connections-per-client", "2",
                    "--worker-count", "1") as server:
    test_lines(server)
    test_descriptors(server)
