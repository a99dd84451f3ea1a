"""race.py IMBREX SCRATCH ROUNDS SECONDS: servers in turn on the same pictures; see server.sh."""
import http.client
import io
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "rivals"))
import servers  # noqa: E402
import pictures  # noqa: E402
import reference  # noqa: E402
import results  # noqa: E402
from PIL import Image  # noqa: E402
import numpy as np  # noqa: E402

program, scratch = sys.argv[1], Path(sys.argv[2])
rounds, seconds = int(sys.argv[3]), int(sys.argv[4])
CONNECTIONS = 4


def copies():
    """The photographs as plain files, as a server has them."""
    folder = scratch / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for source in pictures.packaged():
        if pictures.megapixels([source]) >= 4 and not (folder / Path(source).name).exists():
            shutil.copyfile(source, folder / Path(source).name)
    return folder


def load(kind, server, paths, length, amount):
    words = ["node", Path(__file__).parent / "load.mjs", kind, server.port, length, amount]
    said = subprocess.run([str(w) for w in words], input="\n".join(paths), text=True,
                          capture_output=True, check=True).stdout
    return json.loads(said)


def ask(server, name):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", server.path(name))
    reply = connection.getresponse()
    body = reply.read()
    if reply.status != 200:
        sys.exit(f"{server.path(name)} is answered with {reply.status}: {body[:300]}")
    return body


def psnr_of(server, folder, names):
    """Mean PSNR of replies against a full decode reduced in linear light, and their mean size."""
    quality, sizes = [], []
    for name in names:
        body = ask(server, name)
        got = np.asarray(Image.open(io.BytesIO(body)).convert("RGB"), dtype=np.float64) / 255
        truth = reference.lanczos(reference.load(folder / name), got.shape[1], got.shape[0])
        quality.append(-10 * np.log10(np.mean((got - truth) ** 2)))
        sizes.append(len(body))
    return statistics.mean(quality), statistics.mean(sizes)


def measure(make, names):
    server = make()
    try:
        paths = [server.path(n) for n in names]
        load("closed", server, paths, 2, CONNECTIONS)
        before = server.processor()
        got = load("closed", server, paths, seconds, CONNECTIONS)
        got["processor_ms"] = (server.processor() - before) * 1000 / max(1, got["good"])
        got["memory"] = server.memory()
        return got
    finally:
        server.stop()


def closed_loop(makers, names):
    """Requests per second of every server, several rounds in turn; medians."""
    all_rounds = {who: [] for who in makers}
    for turn in range(rounds):
        order = list(makers)[turn % len(makers):] + list(makers)[:turn % len(makers)]
        for who in order:
            all_rounds[who].append(measure(makers[who], names))
    return {who: {key: statistics.median(g[key] for g in got)
                  for key in ("rate", "p50", "p95", "p99", "processor_ms", "memory")}
            for who, got in all_rounds.items()}


def open_loop(makers, names, rate):
    """Latencies where the same number of requests a second comes, whatever the server does."""
    found = {}
    for who, make in makers.items():
        server = make()
        try:
            paths = [server.path(n) for n in names]
            load("closed", server, paths, 2, CONNECTIONS)
            found[who] = load("open", server, paths, seconds, rate)
        finally:
            server.stop()
    return found


def cached(names):
    """Hits of the cache, asked for by wrk."""
    folder = scratch / "cache"
    shutil.rmtree(folder, ignore_errors=True)
    server = servers.imbrex(program, photos, "--cache-folder", folder)
    try:
        ask(server, names[0])
        url = f"http://127.0.0.1:{server.port}{server.path(names[0])}"
        said = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", url], text=True,
                              capture_output=True, check=True).stdout
        return float(next(line for line in said.splitlines()
                          if "Requests/sec" in line).split()[1])
    finally:
        server.stop()


def flooded(names):
    """The 99th percentile of small jobs alone, and beside large ones that never end."""
    server = servers.imbrex(program, photos, "--limits-queue-ms", "60s")
    small = [f"/v1/-/resize:{60 + i}x/file/{server.path(names[0]).rsplit('/', 1)[1]}"
             for i in range(200)]
    large = [f"/v1/-/median:20/resize:{60 + i}x/file/{server.path(n).rsplit('/', 1)[1]}"
             for i, n in enumerate(names * 4)]
    try:
        load("closed", server, small, 2, 1)
        alone = load("open", server, small, seconds, 4)["p99"]
        words = ["node", Path(__file__).parent / "load.mjs", "closed", server.port, seconds + 6, 6]
        flood = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL)
        flood.stdin.write("\n".join(large))
        flood.stdin.close()
        time.sleep(3)
        beside = load("open", server, small, seconds, 4)["p99"]
        flood.wait()
        return alone, beside
    finally:
        server.stop()


def show(title, table, columns):
    print(f"\n{title}")
    print(f"  {'':10s}" + "".join(f"{c:>14s}" for c in columns))
    for who, row in table.items():
        print(f"  {who:10s}" + "".join(f"{row[c]:14.1f}" for c in columns))


photos = copies()
names = sorted(p.name for p in photos.iterdir())
makers = {"imbrex": lambda: servers.imbrex(program, photos)}
if shutil.which("node") and (scratch / "node_modules/sharp").exists():
    makers["sharp"] = lambda: servers.sharp(scratch, photos)
    makers["ipx"] = lambda: servers.ipx(scratch, photos)
if shutil.which("nginx"):
    makers["nginx"] = lambda: servers.nginx(scratch, photos)
results.warn_if_busy()
table = closed_loop(makers, names)
for who, make in makers.items():
    one = make()
    table[who]["psnr"], size = psnr_of(one, photos, names[:6])
    table[who]["kB"] = size / 1000
    one.stop()
show(f"JPEG -> {servers.SIDE} px, {len(names)} photographs, {CONNECTIONS} connections, "
     f"{rounds} x {seconds} s", table,
     ("rate", "p50", "p95", "p99", "processor_ms", "memory", "psnr", "kB"))
rivals = {who: row["rate"] for who, row in table.items() if who != "imbrex"}
if rivals:
    best = max(rivals, key=rivals.get)
    print(f"  {table['imbrex']['rate'] / rivals[best]:.2f} times {best}, at least 1.5 is aimed at")
half = table["imbrex"]["rate"] / 3
slow = open_loop(makers, names, half)
show(f"the same, {half:.0f} requests a second whatever comes back", slow,
     ("good", "rate", "p50", "p95", "p99"))
hits = cached(names)
print(f"\nhits of the cache: {hits:.0f} a second, at least 5000 are aimed at")
alone, beside = flooded(names)
print(f"99 % of small jobs within {alone:.0f} ms alone, {beside:.0f} ms beside a flood of large ones: "
      f"{beside / alone:.1f} times, at most 5 are aimed at")
results.store(scratch / "results.json", "server", "thumbnails",
              {"closed": table, "open": slow, "hits": hits, "alone": alone, "beside": beside})
