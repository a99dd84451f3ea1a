"""viewer - OpenSeadragon shows large pictures through both protocols for tiles, at the right place and
without seams; one of 265 megapixels as a JPEG and as a TIFF with smaller copies. IMBREX_LONG=1: also a
photograph of that size, made by libvips. The viewer comes from npm; without it this cannot be run."""

import functools
import http.server
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import numpy
import support
import webdriver
from PIL import Image

PACKAGE = "openseadragon@6.1.1"
WIDE, HIGH = 3001, 1999  # pixels of the picture
SMALL = (960, 1080)  # of one that is enlarged
TIMES = 16
PICTURES = pathlib.Path(os.environ["BUILD"], "ui")

PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body { margin: 0 } #viewer { width: 1000px; height: 667px; background: #fff }</style>
<div id="viewer"></div><script src="openseadragon.min.js"></script>
<p id="status"></p><script>
window.viewer = OpenSeadragon({id: 'viewer', showNavigationControl: false, drawer: 'canvas',
  animationTime: 0, immediateRender: false, blendTime: 0, crossOriginPolicy: 'Anonymous',
  tileSources: decodeURIComponent(location.hash.slice(1))});
viewer.addHandler('open-failed', e => document.querySelector('#status').textContent = e.message);
</script>
"""
LOADED = """
const item = window.viewer && viewer.world.getItemAt(0);
return Boolean(item && item.getFullyLoaded());
"""
ZOOM = """
viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(arguments[0]), null, true);
viewer.viewport.panTo(viewer.viewport.imageToViewportCoordinates(arguments[1], arguments[2]), true);
"""
DRAWN = "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SETTLED = "return viewer.world.getItemAt(0).getFullyLoaded()"


def smooth(w, h):
    """Nothing but gradients: a seam, or a tile in the wrong place, stands out."""
    y, x = numpy.mgrid[0:h, 0:w]
    wave = numpy.sin(10 * x / w) * numpy.cos(7 * y / h)
    return numpy.stack([x * 255 / w, y * 255 / h, 127 + 100 * wave], 2).astype(numpy.uint8)


def wanted(picture, zoom, x, y, w, h):
    """What a screen of w x h shows of the picture around x, y at that zoom."""
    left, top = x - w / 2 / zoom, y - h / 2 / zoom
    box = (left, top, left + w / zoom, top + h / zoom)
    return numpy.asarray(Image.fromarray(picture).resize((w, h), Image.BILINEAR, box=box)).astype(int)


def shot_of(b, zoom, x, y, name):
    """What the viewer shows of the picture around x, y at that zoom."""
    b.run(ZOOM, zoom, x, y)
    b.run(DRAWN)  # or the viewer does not know what it will need
    b.wait("tiles", SETTLED, seconds=120)
    b.run(DRAWN)
    b.picture(PICTURES / name)
    shot = numpy.asarray(Image.open(io.BytesIO((PICTURES / name).read_bytes())).convert("RGB"))
    return shot[:660, :1000].astype(int)


def compare(b, picture, zoom, x, y, name, times):
    """The picture may be so many times smaller than the one that is served."""
    shot = shot_of(b, zoom, x, y, name)
    target = wanted(picture, zoom * times, x / times, y / times, 1000, 667)[:660]
    inside = numpy.abs(shot - target)
    support.check(inside.max() <= 8 and inside.mean() < 1,
                  f"{name}: off by {inside.max()} at most, {inside.mean():.2f} on average")


def compare_photograph(b, picture, zoom, x, y, name, _):
    """In blocks of 5 x 5, as what is finer depends on the level that the viewer takes and on how the
    browser makes it fit."""
    shot = shot_of(b, zoom, x, y, name).astype(numpy.uint8)
    w, h = round(1000 / zoom), round(667 / zoom)
    part = picture[round(y - h / 2):, round(x - w / 2):][:h, :w]
    target = numpy.asarray(Image.fromarray(part).resize((1000, 667), Image.BOX))[:660]
    seen, real = (numpy.asarray(Image.fromarray(i).reduce(5)).astype(float) for i in (shot, target))
    off, alike = numpy.abs(seen - real).mean(), numpy.corrcoef(seen.ravel(), real.ravel())[0, 1]
    print(f"  {name}: off by {off:.2f} on average, correlation {alike:.4f}", flush=True)
    support.check(off < 5 and alike > 0.98, f"{name}: off by {off:.2f}, correlation {alike:.4f}")


def get_viewer(folder):
    if not shutil.which("npm"):
        support.skip("there is no npm")
    got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", PACKAGE],
                         cwd=folder, check=False, timeout=300)
    if got.returncode != 0:
        support.skip("npm cannot get the viewer")
    built = folder / "node_modules" / "openseadragon" / "build" / "openseadragon"
    site = folder / "site"
    site.mkdir()
    shutil.copy(built / "openseadragon.min.js", site)
    (site / "index.html").write_text(PAGE)
    return site


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder):
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def show(b, site, s, picture, source, name, views, times=1, judge=compare):
    b.open("about:blank")
    b.open(f"http://127.0.0.1:{site.server_port}/#http://127.0.0.1:{s.port}{source}")
    b.wait(f"the tiles of {source}", LOADED, seconds=120)
    for zoom, x, y in views:
        judge(b, picture, zoom, x, y, f"{name}-{zoom}-{x}.png", times)
    complaints = b.complaints()
    support.check(not complaints, f"the console is empty: {complaints}")


def enlarge(folder):
    """A picture of 265 megapixels from a small one, in two formats."""
    small = smooth(*SMALL)
    Image.fromarray(small).save(folder / "small.png")
    w, h = (side * TIMES for side in SMALL)
    recipe = (f"resize:{w}x{h},fit=fill,kernel=linear/save:jpeg,quality=90"
              "/save:tiff,compression=jpeg,pyramid=yes")
    subprocess.run([support.IMBREX, "run", recipe, folder / "small.png", "-o", folder,
                    "--name", "huge{ext}"], check=True, capture_output=True, timeout=600)
    return small


def large(b, site, root):
    picture = smooth(WIDE, HIGH)
    Image.fromarray(picture).save(root / "large.png")
    views = ((0.4, 1500, 1000), (1.0, 1530, 1020), (1.0, 700, 1600))
    with support.server("--root", root, "--auth-unsigned-ok", "yes") as s:
        show(b, site, s, picture, "/dz/large.png.dzi", "deepzoom", views)
        show(b, site, s, picture, "/iiif/3/large.png/info.json", "iiif", views)


def photograph(root):
    """The largest photograph of Debian's packages, mirrored at its edges until it is as large; as libvips
    writes it."""
    sys.path.insert(0, str(support.SOURCE / "tests" / "bench" / "rivals"))
    import pictures
    from PIL import ImageFile
    Image.MAX_IMAGE_PIXELS = None
    best = max(pictures.packaged(), key=lambda path: numpy.prod(Image.open(path).size))
    one = numpy.asarray(Image.open(best).convert("RGB"))
    w, h = (side * TIMES for side in SMALL)
    picture = numpy.pad(one, ((0, h - one.shape[0]), (0, w - one.shape[1]), (0, 0)), "symmetric")
    ImageFile.MAXBLOCK = picture.size // 4
    Image.fromarray(picture).save(root / "huge.jpg", quality=90)
    subprocess.run(["vips", "tiffsave", root / "huge.jpg", root / "huge.tif", "--pyramid", "--tile",
                    "--tile-width", "256", "--tile-height", "256", "--compression", "jpeg", "--Q", "90"],
                   check=True)
    return picture


# A JPEG without levels is decoded down to the last row of every tile: a viewer, which asks for many at
# a time and never twice, needs patience of the server.
PATIENCE = ("--limits-queue-ms", "2min", "--limits-queue-heavy", "64", "--limits-deadline", "2min",
            "--limits-cpu", "2min")
VIEWS = ((0.08, 7600, 8700), (0.3, 3000, 14000), (1.0, 14200, 9000))


def huge(b, site, root, picture, what, times, judge):
    for kind, more in (("tif", ()), ("jpg", PATIENCE)):
        with support.server("--root", root, "--auth-unsigned-ok", "yes", "--limits-pixels", "300M",
                            *more) as s:
            show(b, site, s, picture, f"/dz/huge.{kind}.dzi", f"{what}-{kind}-deepzoom", VIEWS, times,
                 judge)
            show(b, site, s, picture, f"/iiif/3/huge.{kind}/info.json", f"{what}-{kind}-iiif", VIEWS,
                 times, judge)


def main():
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        site = serve(get_viewer(folder))
        root = folder / "root"
        root.mkdir()
        with webdriver.browser() as b:
            large(b, site, root)
            huge(b, site, root, enlarge(root), "huge", TIMES, compare)
            if support.LONG:
                huge(b, site, root, photograph(root), "photo", 1, compare_photograph)
        site.shutdown()
    print("both protocols show the pictures where they should be")


main()
