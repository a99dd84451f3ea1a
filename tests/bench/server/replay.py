"""replay.py IMBREX SCRATCH MINUTES: a mixed replay; see replay.sh. Ends with 1 if a promise is broken.

Memory is looked at once a minute, when all clients wait and every worker has just done the same large
job, as what workers keep for the next one depends on the last; the least of some looks is the floor.
Workers are not replaced for their number of jobs, which would hide what they lose."""
import concurrent.futures
import http.client
import os
import random
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "rivals"))
sys.path.insert(0, str(Path(__file__).parent))
import servers  # noqa: E402
import pictures  # noqa: E402

THREADS = 6
WORKERS = 2
LOOKS = 3  # a minute
ANEW = 0.2  # of the requests come on a connection of their own
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


class Crowd:
    """Clients that ask until the end, and can be made to wait."""

    def __init__(self, server, folder, minutes):
        self.server, self.folder = server, folder
        self.names = sorted(p.name for p in folder.iterdir())
        self.end = time.monotonic() + minutes * 60
        self.counts, self.lock, self.go, self.busy = {}, threading.Condition(), True, 0
        self.threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(THREADS)]
        for t in self.threads:
            t.start()

    def ask(self, seed):
        rng = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        while time.monotonic() < self.end:
            with self.lock:
                self.lock.wait_for(lambda: self.go)
                self.busy += 1
            if rng.random() < ANEW:
                connection.close()
            try:
                status = one(rng, connection, self.folder, self.names)
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                status = type(error).__name__
            with self.lock:
                self.busy -= 1
                self.counts[status] = self.counts.get(status, 0) + 1
                self.lock.notify_all()
        connection.close()

    def pause(self):
        with self.lock:
            self.go = False
            self.lock.wait_for(lambda: self.busy == 0)

    def resume(self):
        with self.lock:
            self.go = True
            self.lock.notify_all()

    def join(self):
        for t in self.threads:
            t.join()


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def settled(server, want, seconds=20):
    """Descriptors of the front, when there are as few as were wanted or that time has passed."""
    end = time.monotonic() + seconds
    while descriptors(server) > want and time.monotonic() < end:
        time.sleep(0.2)
    return descriptors(server)


def slope_of(values):
    """The median of the slopes between all pairs (Theil 1950, Sen 1968): what grows has it, while
    some minutes with a quarter less, as a worker happened to keep little, leave it alone. And the
    quartiles."""
    slopes = [(b - a) / (j - i) for j, b in enumerate(values) for i, a in enumerate(values[:j])]
    low, middle, high = statistics.quantiles(slopes, n=4)
    return middle, low, high


def same_job(server, name, number):
    """Three times one for each worker, all at once; the width makes them different ones."""
    def ask(width):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        connection.request("GET", f"/v1/-/resize:{width}x/file/{name}")
        connection.getresponse().read()
        connection.close()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(ask, range(1000 + 3 * WORKERS * number, 1000 + 3 * WORKERS * (number + 1))))


def memory(server, whole, seconds=10):
    """Megabytes of the family and of the front alone; of a family that is whole."""
    end = time.monotonic() + seconds
    while len(server.family()) != whole and time.monotonic() < end:
        time.sleep(0.1)  # a worker is being replaced
    return server.memory(), server.memory(server.process.pid)


def replay(server, folder, minutes):
    """Floors by the minute, and how often each status came."""
    whole, floors = len(server.family()), []
    largest = max(folder.iterdir(), key=lambda p: p.stat().st_size).name.replace(" ", "%20")
    crowd = Crowd(server, folder, minutes)
    begin = time.monotonic()
    for minute in range(1, int(minutes) + 1):
        time.sleep(max(15.0, min(begin + 60 * minute, crowd.end) - time.monotonic() - 3))
        crowd.pause()
        looks = []
        for turn in range(LOOKS):
            same_job(server, largest, minute * LOOKS + turn)
            time.sleep(0.3)
            looks.append(memory(server, whole))
        floors.append(tuple(map(min, zip(*looks))))
        print(f"minute {minute}: floor {floors[-1][0]:.1f} MB, {floors[-1][1]:.1f} of it the front's, "
              f"{descriptors(server)} descriptors of the front, {crowd.counts}", flush=True)
        crowd.resume()
    crowd.join()
    return floors, crowd.counts


def steepness(floors):
    """Broken promises of the floor; prints its slope."""
    used = floors[WARM_UP:]
    if len(used) < FEWEST:
        print(f"too short for a slope: {WARM_UP + FEWEST} minutes are the least")
        return []
    slopes = {}
    for name, column in (("memory", 0), ("the front's", 1)):
        per_minute = slope_of([floor[column] for floor in used])
        slopes[name], low, high = (each * 60 / 1024 for each in per_minute)
        print(f"{name} floor over {len(used)} minutes: {slopes[name]:+.3f} GiB an hour, quartiles "
              f"{low:+.3f} and {high:+.3f}; from {used[0][column]:.1f} to {used[-1][column]:.1f} MB")
    return [f"memory grows by {slopes['memory']:.3f} GiB an hour"] * (slopes["memory"] > STEEPEST)


def main():
    program, scratch, minutes = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    folder = scratch / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for source in pictures.packaged():
        if not (folder / Path(source).name).exists():
            (folder / Path(source).name).write_bytes(Path(source).read_bytes())
    server = servers.imbrex(program, folder, "--cache-folder", scratch / "replay-cache",
                            "--cache-size", "64M", "--worker-jobs", "1000000", "--worker-count", WORKERS)
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
