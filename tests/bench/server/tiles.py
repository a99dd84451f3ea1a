"""tiles.py IMBREX SCRATCH ROUNDS SECONDS: tiles of 256 x 256 at half size from a pyramid TIFF of 265
megapixels, as a viewer asks for them over the IIIF Image API, by imbrex and by iipsrv behind nginx: each
tile for the first time, and tiles that were asked for before. A table of tiles per second and of
processor time."""
import concurrent.futures
import http.client
import os
import pathlib
import statistics
import subprocess
import sys

import numpy
from PIL import Image

from servers import Contestant, free_port

IIPSRV = "/usr/lib/iipimage-server/iipsrv.fcgi"
W, H, TILE = 15360, 17280, 512
COLD, CONNECTIONS = 400, 4

NGINX = """daemon off; worker_processes 1; pid {scratch}/nginx.pid; error_log /dev/null;
events {{}}
http {{ access_log off; client_body_temp_path {scratch}; fastcgi_temp_path {scratch};
  proxy_temp_path {scratch}; uwsgi_temp_path {scratch}; scgi_temp_path {scratch};
  server {{ listen 127.0.0.1:{port}; location / {{ include /etc/nginx/fastcgi_params;
    fastcgi_pass 127.0.0.1:{back}; fastcgi_keep_conn on; }} }} }}
"""
WRK = """local paths = {%s}
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init() at = id * 17 end
function request() at = at + 1; return wrk.format("GET", paths[at %% #paths + 1]) end
"""


def make_source(imbrex, scratch, photo):
    """The pyramid, from a photograph that is repeated."""
    source, mosaic = scratch / "pyramid.tif", scratch / "mosaic.tif"
    if not source.exists():
        one = numpy.asarray(Image.open(photo))
        times = -(-H // one.shape[0]), -(-W // one.shape[1]), 1
        Image.fromarray(numpy.tile(one, times)[:H, :W]).save(mosaic)
        recipe = "save:tiff,compression=jpeg,pyramid=yes"
        subprocess.run([imbrex, "run", recipe, mosaic, "-o", scratch, "--name", "pyramid{ext}"],
                       check=True)
        mosaic.unlink()
    return source


def tiles():
    """Regions, in no order that a cache of neighbours would like."""
    all_tiles = [(x, y) for y in range(0, H - TILE, TILE) for x in range(0, W, TILE)]
    return [all_tiles[i * 389 % len(all_tiles)] for i in range(len(all_tiles))]


def path_of(server, x, y):
    return f"{server.path}/{x},{y},{TILE},{TILE}/{TILE // 2},/0/default.jpg"


def start_imbrex(imbrex, scratch, _):
    cache = scratch / "cache"
    subprocess.run(["rm", "-rf", cache], check=True)
    return [Contestant([imbrex, "serve", "--listen", "127.0.0.1:{port}", "--admin", "off",
                        "--root", scratch, "--limits-pixels", "300M", "--cache-folder", cache,
                        "--log-file", "off"],
                       "/iiif/3/pyramid.tif")]


def start_iipsrv(_, scratch, source):
    back, port = free_port(), free_port()
    settings = {"FILESYSTEM_PREFIX": f"{source.parent}/", "LOGFILE": "/dev/null", "JPEG_QUALITY": "80"}
    first = Contestant([IIPSRV, "--bind", "127.0.0.1:{port}"], "", settings, back)
    config = scratch / "nginx-tiles.conf"
    config.write_text(NGINX.format(scratch=scratch, port=port, back=back))
    return [Contestant(["nginx", "-c", config], "/?IIIF=pyramid.tif", port=port), first]


def ask(port, paths):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in paths:
        c.request("GET", path)
        r = c.getresponse()
        body = r.read()
        if r.status != 200 or body[:2] != b"\xff\xd8":
            raise RuntimeError(f"{path}: {r.status} {body[:200]}")
    c.close()


def measured(servers, work):
    """Seconds and processor time of something that is done."""
    begin, used = os.times().elapsed, sum(s.processor() for s in servers)
    done = work()
    seconds = os.times().elapsed - begin
    return done, seconds, sum(s.processor() for s in servers) - used


def cold(servers, paths):
    def work():
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            parts = [paths[i::CONNECTIONS] for i in range(CONNECTIONS)]
            list(pool.map(lambda p: ask(servers[0].port, p), parts))
        return len(paths)
    return measured(servers, work)


def warm(servers, paths, scratch, seconds):
    script = scratch / "tiles.lua"
    script.write_text(WRK % ", ".join(f'"{p}"' for p in paths))

    def work():
        got = subprocess.run(["wrk", "-t", "2", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "-s",
                              script, f"http://127.0.0.1:{servers[0].port}"], check=True,
                             capture_output=True, text=True).stdout
        if "Non-2xx" in got:
            raise RuntimeError(got)
        return int(next(line for line in got.splitlines() if "requests in" in line).split()[0])
    return measured(servers, work)


def race(imbrex, scratch, rounds, seconds):
    photo = pathlib.Path(__file__).parents[3] / "samples" / "pictures" / "photo-before.jpg"
    source = make_source(imbrex, scratch, photo)
    starts = {"imbrex": start_imbrex}
    if os.path.exists(IIPSRV):
        starts["iipsrv"] = start_iipsrv
    rows = {}
    for _ in range(rounds):
        for name, start in starts.items():
            servers = start(imbrex, scratch, source)
            try:
                paths = [path_of(servers[0], *t) for t in tiles()[:COLD]]
                for kind, result in (("cold", cold(servers, paths)),
                                     ("warm", warm(servers, paths[:64], scratch, seconds))):
                    rows.setdefault((kind, name), []).append(result)
            finally:
                for s in servers:
                    s.stop()
    print("| tiles | server | per second | ms of processor time per tile |\n|---|---|---|---|")
    for (kind, name), results in sorted(rows.items()):
        rate = statistics.median(n / s for n, s, _ in results)
        cost = statistics.median(cpu / n * 1000 for n, _, cpu in results)
        print(f"| {kind} | {name} | {rate:.0f} | {cost:.2f} |")


race(sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3]), int(sys.argv[4]))
