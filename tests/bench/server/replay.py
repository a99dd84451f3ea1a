"""replay.py IMBREX SCRATCH MINUTES: a mixed replay; see replay.sh."""
import http.client
import os
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "rivals"))
sys.path.insert(0, str(Path(__file__).parent))
import servers  # noqa: E402
import pictures  # noqa: E402

program, scratch, minutes = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
THREADS = 6
folder = scratch / "photos"
folder.mkdir(parents=True, exist_ok=True)
for source in pictures.packaged():
    if not (folder / Path(source).name).exists():
        (folder / Path(source).name).write_bytes(Path(source).read_bytes())
names = sorted(p.name for p in folder.iterdir())
server = servers.imbrex(program, folder, "--cache-folder", scratch / "replay-cache",
                            "--cache-size", "64M", "--worker-jobs", "500")
end = time.monotonic() + minutes * 60
counts, lock = {}, threading.Lock()


def one(rng, connection):
    """A request as they come: mostly thumbnails, some filters, some wrong, some uploads."""
    name = rng.choice(names).replace(" ", "%20")
    what = rng.random()
    if what < 0.5:
        connection.request("GET", f"/v1/-/resize:{rng.randrange(64, 900)}x/save:auto/file/{name}",
                           headers={"Accept": rng.choice(("image/webp,*/*", "*/*"))})
    elif what < 0.7:
        connection.request("GET", f"/v1/-/resize:300x/file/{name}")
    elif what < 0.8:
        recipe = rng.choice(("resize:600x/unsharp:1", "resize:400x/blur:4/save:png", "thumb:200x200",
                             "resize:500x/equalize", "resize:300x/rotate:5/save:tiff"))
        connection.request("GET", f"/v1/-/{recipe}/file/{name}")
    elif what < 0.9:
        connection.request("POST", "/v1/process/resize:200x", (folder / name).read_bytes())
    else:
        connection.request("GET", rng.choice((f"/v1/-/blur:9999/file/{name}", "/nowhere",
                                              "/v1/-/invert/file/none.jpg")))
    reply = connection.getresponse()
    reply.read()
    return reply.status


def client(seed):
    rng = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while time.monotonic() < end:
        try:
            status = one(rng, connection)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            status = type(error).__name__
        with lock:
            counts[status] = counts.get(status, 0) + 1


def slope(points):
    """Least squares, per hour."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / below if below else 0.0


threads = [threading.Thread(target=client, args=(i,)) for i in range(THREADS)]
begin = time.monotonic()
for t in threads:
    t.start()
floors, minute, floor = [], 0, None
while time.monotonic() < end:
    time.sleep(1)
    try:
        now = server.memory()
    except OSError:
        continue  # a worker was just replaced
    floor = now if floor is None else min(floor, now)
    if (time.monotonic() - begin) // 60 > minute:
        minute += 1
        floors.append((60.0 * minute, floor))
        fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
        print(f"minute {minute}: floor {floor:.0f} MB, {fds} descriptors of the front, "
              f"{len(server.family())} processes, {counts}", flush=True)
        floor = None
for t in threads:
    t.join()
family = server.family()
time.sleep(2)
fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
server.stop()
left = [p for p in family if os.path.exists(f"/proc/{p}")]
steep = slope(floors[1:]) / 1024
print(f"memory's floor: {steep:+.3f} GiB an hour, at most 0.05 is aimed at; {fds} descriptors and "
      f"{len(family)} processes at the end, {len(left)} left behind")
