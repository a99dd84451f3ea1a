"""The pictures that are raced with: photographs of two Debian packages, and what is made of them
once and kept in build/bench."""
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

Image.MAX_IMAGE_PIXELS = None
SMALL = 10000
LARGE = (15360, 17280)
HUGE = 30000


def packaged():
    """The JPEGs of the packages of photographs, without links."""
    found = []
    for package in ("lomiri-wallpapers-16.04", "mate-backgrounds"):
        listing = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True).stdout
        found += [line for line in listing.splitlines() if line.endswith(".jpg")]
    found = [f for f in sorted(found) if not os.path.islink(f)]
    if not found:
        sys.exit("install lomiri-wallpapers-16.04 and mate-backgrounds for pictures")
    return found


def named(start):
    """One of them by the beginning of its name."""
    return next(f for f in packaged() if Path(f).name.startswith(start))


def megapixels(files):
    total = 0
    for name in files:
        with Image.open(name) as image:
            total += image.width * image.height
    return total / 1e6


def photographs(scratch):
    """Those of four megapixels and more, linked into one folder."""
    folder = scratch / "jpeg-input"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in packaged():
        if megapixels([source]) >= 4:
            (folder / Path(source).name).symlink_to(source)
    return sorted(str(path) for path in folder.iterdir())


def as_png(files, scratch):
    """The same as PNG, made once."""
    folder = scratch / "png-input"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / (Path(f).stem + ".png") for f in files]
    for source, path in zip(files, made):
        if not path.exists():
            Image.open(source).convert("RGB").save(path, compress_level=6)
    return [str(path) for path in made]


def small(files, scratch, count=SMALL):
    """Pieces of 200 x 200 pixels from all over the photographs, made once; the same every time."""
    folder = scratch / "small-input"
    if not folder.exists():
        making = scratch / "small-making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        places = random.Random(200)
        for i, source in enumerate(files):
            photo = Image.open(source).convert("RGB")
            for number in range(i, SMALL, len(files)):
                x, y = places.randrange(photo.width - 200), places.randrange(photo.height - 200)
                piece = photo.crop((x, y, x + 200, y + 200))
                piece.save(making / f"{number:05}.jpg", quality=85)
        making.rename(folder)
    return [str(folder / f"{number:05}.jpg") for number in range(count)]


def made_once(path, make):
    """The file, after `make(unfinished path)` if it is not there yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name("making-" + path.name)
        make(unfinished)
        unfinished.rename(path)
    return str(path)


def vips(*words):
    subprocess.run(["vips", *map(str, words)], check=True)


def enlarged(scratch, width, height):
    """The middle of a photograph, enlarged to that size, as a file of libvips; remove it soon."""
    path, source = scratch / "big" / "enlarged.v", named("Wine_by")
    with Image.open(source) as photo:
        scale = max(width / photo.width, height / photo.height)
        part = round(width / scale), round(height / scale)
        corner = (photo.width - part[0]) // 2, (photo.height - part[1]) // 2
    path.parent.mkdir(parents=True, exist_ok=True)
    piece = path.with_name("piece.v")
    vips("crop", source, piece, *corner, *part)
    vips("resize", piece, path, width / part[0], "--vscale", height / part[1])
    piece.unlink()
    return path


def large(scratch):
    """A JPEG of 15,360 x 17,280 pixels (4:2:0, quality 90) and the same as PNG."""
    folder = scratch / "big"
    jpeg, png = folder / "large.jpg", folder / "large.png"
    if not (jpeg.exists() and png.exists()):
        pixels = enlarged(scratch, *LARGE)
        made_once(jpeg, lambda path: vips("copy", pixels, f"{path}[Q=90,subsample-mode=on]"))
        made_once(png, lambda path: vips("copy", pixels, f"{path}[compression=6]"))
        pixels.unlink()
    return str(jpeg), str(png)


def huge(scratch):
    """TIFFs of 30,000 x 30,000 pixels, without compression: tiles of 256 x 256, and strips."""
    folder = scratch / "big"
    tiled, stripped = folder / "tiled.tif", folder / "stripped.tif"
    if not (tiled.exists() and stripped.exists()):
        pixels = enlarged(scratch, HUGE, HUGE)
        tiles = "tile,tile-width=256,tile-height=256"
        made_once(tiled, lambda path: vips("copy", pixels, f"{path}[{tiles}]"))
        made_once(stripped, lambda path: vips("copy", pixels, path))
        pixels.unlink()
    return str(tiled), str(stripped)
