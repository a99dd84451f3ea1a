"""replay.py IMBREX SCRATCH MINUTES: a mixed replay; see replay.sh. Ends with 1 if a promise is broken.

Workers are not replaced for their number of jobs here: that would hide what they lose."""
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

THREADS = 6
STEEPEST = 0.05  # GiB an hour
WARM_UP = 2  # minutes: the cache is filled, every photograph was decoded
FEWEST = 5  # minutes behind these, for a slope that says something
EXPECTED = {200, 400, 404, 503}


def one(rng, connection, folder, names):
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


def client(seed, server, folder, names, end, counts, lock):
    rng = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while time.monotonic() < end:
        try:
            status = one(rng, connection, folder, names)
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            status = type(error).__name__
        with lock:
            counts[status] = counts.get(status, 0) + 1
    connection.close()


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def settled(server, want, seconds=20):
    """Descriptors of the front, when there are as few as were wanted or that time has passed."""
    end = time.monotonic() + seconds
    while descriptors(server) > want and time.monotonic() < end:
        time.sleep(0.2)
    return descriptors(server)


def line(points):
    """Least squares: the slope and its standard error."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    wide = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / wide
    off = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    return slope, (off / (n - 2) / wide) ** 0.5


def watch(server, whole, end, counts):
    """Megabytes of the family, and of the front alone: the least of each minute."""
    floors, begin = [], time.monotonic()
    while time.monotonic() < end:
        time.sleep(0.5)
        minute = int((time.monotonic() - begin) // 60)
        try:
            if len(server.family()) != whole:
                continue  # a worker is being replaced
            now = server.memory(), server.memory(server.process.pid)
        except OSError:
            continue
        if minute == len(floors):
            if floors:
                print(f"minute {minute}: floor {floors[-1][0]:.1f} MB, {floors[-1][1]:.1f} of it the "
                      f"front's, {descriptors(server)} descriptors of the front, {counts}", flush=True)
            floors.append(now)
        floors[-1] = tuple(map(min, floors[-1], now))
    return floors


def replay(server, folder, minutes):
    """Floors by the minute, and how often each status came."""
    names = sorted(p.name for p in folder.iterdir())
    counts, lock, end = {}, threading.Lock(), time.monotonic() + minutes * 60
    threads = [threading.Thread(target=client, args=(i, server, folder, names, end, counts, lock))
               for i in range(THREADS)]
    for t in threads:
        t.start()
    floors = watch(server, len(server.family()), end, counts)
    for t in threads:
        t.join()
    return floors, counts


def steepness(floors):
    """Broken promises of the floor; prints its slope."""
    used = floors[WARM_UP:]
    if len(used) < FEWEST:
        print(f"too short for a slope: {WARM_UP + FEWEST} minutes are the least")
        return []
    slopes = {}
    for name, column in (("memory", 0), ("the front's", 1)):
        per_minute, error = line([(i, floor[column]) for i, floor in enumerate(used)])
        slopes[name] = per_minute * 60 / 1024
        print(f"{name} floor over {len(used)} minutes: {slopes[name]:+.3f} GiB an hour, standard error "
              f"{error * 60 / 1024:.3f}; from {used[0][column]:.1f} to {used[-1][column]:.1f} MB")
    return [f"memory grows by {slopes['memory']:.3f} GiB an hour"] * (slopes["memory"] > STEEPEST)


def main():
    program, scratch, minutes = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    folder = scratch / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for source in pictures.packaged():
        if not (folder / Path(source).name).exists():
            (folder / Path(source).name).write_bytes(Path(source).read_bytes())
    server = servers.imbrex(program, folder, "--cache-folder", scratch / "replay-cache",
                            "--cache-size", "64M", "--worker-jobs", "1000000")
    time.sleep(3)  # all workers are there
    fds, processes = descriptors(server), len(server.family())
    floors, counts = replay(server, folder, minutes)
    family, left_open = server.family(), settled(server, fds)
    crashes = server.crashes()
    server.stop()
    left = [p for p in family if os.path.exists(f"/proc/{p}")]
    print(f"{sum(counts.values())} requests: {counts}; {crashes:.0f} crashes; descriptors of the front: "
          f"{fds} before, {left_open} after; processes: {processes} before, {len(family)} after, "
          f"{len(left)} when it has ended with {server.process.returncode}")
    broken = steepness(floors)
    if left_open > fds:
        broken.append(f"{left_open - fds} descriptors are lost")
    if len(family) != processes or left:
        broken.append("processes are lost, or left behind")
    if crashes or server.process.returncode != 0:
        broken.append("something crashed")
    if set(counts) - EXPECTED or counts.get(200, 0) < sum(counts.values()) / 2:
        broken.append("requests failed")
    for promise in broken:
        print(f"broken: {promise}")
    return 1 if broken else 0


sys.exit(main())
