"""As a service of systemd: sockets that are handed over by its own tool for that, datagrams that tell
how the service is, and a restart on which no connection is lost. (T21; the units are in samples.py.)"""

import concurrent.futures
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import support
from support import check

work = pathlib.Path(tempfile.mkdtemp())
subprocess.run(["convert", "-size", "300x200", "plasma:red-blue", work / "a.png"], check=True)
SERVE = [support.IMBREX, "serve", "--root", work, "--admin", "off", "--log-file", work / "log"]
KEPT = ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
        "OMP_TOOL_LIBRARIES")


class Manager:
    """The side of systemd that services talk to."""

    def __init__(self, name):
        """A path, or "@" and an abstract name."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self.socket.settimeout(60)
        self.name = name

    def hears(self, word, what):
        said = self.socket.recv(4096).decode()
        check(said.split("\n")[0] == word, f"{what}: {said}")


def get(connection, path="/v1/-/resize:50x/file/a.png"):
    connection.request("GET", path, headers={"Host": "localhost"})
    reply = connection.getresponse()
    return reply.status, reply.read()


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


def ended(process, what):
    process.send_signal(signal.SIGTERM)
    status = process.wait(60)
    check(status == 0, f"{what} ends with 0, not {status}")


def wait_for(condition, what):
    end = time.monotonic() + 30
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.02)


def listens(port):
    """Without a connection, which would start what waits for one."""
    state, address = "0A", f"0100007F:{port:04X}"
    return any(line.split()[1] == address and line.split()[3] == state
               for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])


def activated(manager):
    """The tool listens on two sockets, and starts the server at the first connection."""
    port, path = support.free_port(), str(work / "socket")
    words = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-l", path,
             "-E", f"NOTIFY_SOCKET={manager.name}"]
    for name in KEPT:
        words += ["-E", name] if name in os.environ else []
    process = subprocess.Popen([*map(str, words), *map(str, SERVE)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port) and os.path.exists(path), "the tool listens")
        one = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        status, body = get(one)
        check(status == 200 and body[:4] == b"\x89PNG", f"the connection that started it: {status}")
        manager.hears("READY=1", "when it is ready")
        other = UnixConnection(path)
        check(get(other) == (200, body), "the other socket is served too")
        since = time.monotonic_ns() // 1000
        process.send_signal(signal.SIGHUP)
        said = dict(line.split("=") for line in manager.socket.recv(4096).decode().splitlines())
        check(said.get("RELOADING") == "1" and int(said["MONOTONIC_USEC"]) >= since, f"when: {said}")
        manager.hears("READY=1", "when that is done")
        check(get(one)[0] == 200, "served as before")
        one.close(), other.close()
        process.send_signal(signal.SIGTERM)
        manager.hears("STOPPING=1", "at SIGTERM")
        check(process.wait(60) == 0, "it ends with 0")
        check(os.path.exists(path), "the socket is systemd's: its file stays")
    finally:
        if process.poll() is None:
            process.kill()


def start_on(listener, manager, more=None):
    """As systemd does: descriptor 3, and the variables that tell of it. In `more`, "$$" is the
    server's process."""
    variables = " ".join(f"{name}={value}" for name, value in (more or {}).items())
    return subprocess.Popen(["sh", "-c", f'LISTEN_PID=$$ {variables} exec "$@"', "sh",
                             *map(str, SERVE)],
                            preexec_fn=lambda: os.dup2(listener.fileno(), 3), pass_fds=(3,),
                            env={**support.environment(), "LISTEN_FDS": "1",
                                 "NOTIFY_SOCKET": manager.name})


def watched(manager):
    """Signs of life come in half of the time in which they must, and to who asks for them alone."""
    def signs(patience, process):
        listener = socket.create_server(("127.0.0.1", 0))
        watchdog = {"WATCHDOG_USEC": str(patience), "WATCHDOG_PID": process}
        server = start_on(listener, manager, watchdog)
        try:
            manager.hears("READY=1", "it is ready")
            manager.socket.settimeout(3)
            for _ in range(4):
                manager.hears("WATCHDOG=1", "a sign of life")
            return 4
        except TimeoutError:
            return 0
        finally:
            ended(server, "it")
            manager.socket.settimeout(60)
            while manager.socket.recv(100) != b"STOPPING=1":
                pass
            listener.close()
    began = time.monotonic()
    check(signs(1000000, "$$") == 4, "the server is watched")
    check(time.monotonic() - began > 1.5, "and says no more than it must")
    check(signs(1000000, "1") == 0, "another process is meant")


def restarted(manager):
    """Connections that come while there is no server wait for the next one; none is refused."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port, stop, statuses = listener.getsockname()[1], threading.Event(), []

    def ask():
        while not stop.is_set():
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                statuses.append(get(c)[0])
            except (OSError, http.client.HTTPException) as error:
                statuses.append(repr(error))
            c.close()
    first = start_on(listener, manager)
    second = None
    try:
        manager.hears("READY=1", "the first one is ready")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            asking = [pool.submit(ask) for _ in range(3)]
            try:
                wait_for(lambda: len(statuses) > 50, "requests are served")
                first.send_signal(signal.SIGTERM)
                manager.hears("STOPPING=1", "the first one stops")
                check(first.wait(60) == 0, "it ends with 0")
                time.sleep(0.3)
                before = len(statuses)
                second = start_on(listener, manager)
                manager.hears("READY=1", "the second one is ready")
                wait_for(lambda: len(statuses) > before + 50, "requests are served again")
            finally:
                stop.set()
        for a in asking:
            a.result()
        kinds = {status: statuses.count(status) for status in set(statuses)}
        print(f"  over a restart: {kinds}")
        check(set(kinds) == {200}, f"a connection was lost: {kinds}")
        ended(second, "the second one")
    finally:
        for process in (first, second):
            if process and process.poll() is None:
                process.kill()
        listener.close()


if shutil.which("systemd-socket-activate"):
    activated(Manager(str(work / "notify")))
    print("activated: good")
else:
    print("no systemd-socket-activate here: sockets are handed over by this test alone")
watched(Manager(f"@imbrex-watch-{os.getpid()}"))
print("watched: good")
restarted(Manager(f"@imbrex-test-{os.getpid()}"))
print("restarted: good")
