"""The servers that are compared: how each is started, and how a picture is asked for."""
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).parent
QUALITY = 80
SIDE = 512


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Contestant:
    """A server of its own process group, ended by that."""

    def __init__(self, words, path, env=None, port=None):
        self.port = port or free_port()
        self.path = path
        words = [str(w).replace("{port}", str(self.port)) for w in words]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, **(env or {})})
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{words[0]} does not listen")

    def family(self):
        """Process ids of it and of all below it."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for thread in Path(f"/proc/{pid}/task").glob("*/children"):
                todo += [int(c) for c in thread.read_text().split()]
        return found

    def processor(self):
        """Seconds of processor time of the family, of those that have ended too."""
        ticks = 0
        for pid in self.family():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(f) for f in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self, *pids):
        """Megabytes that the family, or only these of it, has in memory now; of pages that several
        processes have, each counts its share."""
        total = 0
        for pid in pids or self.family():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def stop(self):
        os.killpg(self.process.pid, 15)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()


def imbrex(program, folder, *options):
    admin = free_port()
    words = [program, "serve", "--listen", "127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}",
             "--root", folder, "--log-file", "off", "--recipes-metadata",
             "none", *options]
    recipe = f"resize:{SIDE}x/save:jpeg,quality={QUALITY}"
    found = Contestant(words, lambda name: f"/v1/-/{recipe}/file/{quote(name)}")
    found.crashes = lambda: crashes(admin)
    return found


def crashes(admin):
    """Workers of imbrex that ended by themselves so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=20) as reply:
        lines = reply.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines
               if line.startswith('imbrex_worker_restarts_total{reason="crash"}'))


def sharp(scratch, folder):
    return Contestant(["node", scratch / "sharp.mjs", "{port}", folder],
                      lambda name: f"/{quote(name)}", {"UV_THREADPOOL_SIZE": "2"})


def ipx(scratch, folder):
    words = [scratch / "node_modules/.bin/ipx", "serve", "--dir", folder, "--port", "{port}",
             "--host", "127.0.0.1"]
    return Contestant(words, lambda name: f"/w_{SIDE},f_jpeg,q_{QUALITY}/{quote(name)}",
                      {"UV_THREADPOOL_SIZE": "2"})


def nginx(scratch, folder):
    port = free_port()
    home = scratch / "nginx"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    text = (HERE / "nginx.conf").read_text()
    for name, value in (("PORT", port), ("FOLDER", folder), ("HOME", home), ("SIDE", SIDE),
                        ("QUALITY", QUALITY)):
        text = text.replace(f"@{name}@", str(value))
    (home / "nginx.conf").write_text(text)
    return Contestant(["nginx", "-p", home, "-c", home / "nginx.conf"],
                      lambda name: f"/{quote(name)}", port=port)
