"""tiles - the IIIF Image API 3.0 and Deep Zoom as viewers see them: a picture of squares is asked for
region by region, and the tiles of every level are put together again."""

import io
import json
import pathlib
import random
import tempfile
import xml.etree.ElementTree

import numpy
import support
from PIL import Image

SQUARE, COUNT = 64, 10  # pixels of a side, squares in a row
WIDE, HIGH = 1127, 613  # of the picture for Deep Zoom: no side divides well


def squares():
    """Colours that JPEG and linear light leave alone, as each square has but one."""
    dice = random.Random(5)
    return numpy.array([[[dice.randrange(256) for _ in range(3)] for _ in range(COUNT)]
                        for _ in range(COUNT)], numpy.uint8)


def smooth(w, h):
    y, x = numpy.mgrid[0:h, 0:w]
    return numpy.stack([x * 255 / w, y * 255 / h, 127 + 127 * numpy.sin(x * y / 900)], 2)


def pixels(body):
    return numpy.asarray(Image.open(io.BytesIO(body)))


def get(s, path, want=200):
    status, headers, body = s.get(path)
    support.check(status == want, f"{path}: {status}, not {want}: {body[:200]}")
    return headers, body


def iiif(s, rest):
    headers, body = get(s, "/iiif/3/sub%2Fsquares.png/" + rest)
    return headers, pixels(body)


def near(got, colour, tolerance=3):
    """Are the inner pixels of that colour?"""
    inner = got[got.shape[0] // 4:-got.shape[0] // 4, got.shape[1] // 4:-got.shape[1] // 4]
    return numpy.abs(inner.astype(int) - colour).max() <= tolerance


def check_regions(s, colours):
    whole = SQUARE * COUNT
    for column, row in ((0, 0), (9, 9), (3, 7)):
        x, y, colour = column * SQUARE, row * SQUARE, colours[row][column].astype(int)
        for region in (f"{x},{y},{SQUARE},{SQUARE}",
                       f"pct:{column * 10},{row * 10},10,10"):
            headers, got = iiif(s, f"{region}/max/0/default.png")
            support.check(got.shape == (SQUARE, SQUARE, 3) and near(got, colour, 0), region)
            support.check(f"/{x},{y},{SQUARE},{SQUARE}/max/0/default.png>;rel=\"canonical\""
                          in headers["link"], f"canonical form of {region}: {headers['link']}")
        _, got = iiif(s, f"{x},{y},{SQUARE},{SQUARE}/^200,/0/default.png")
        support.check(got.shape == (200, 200, 3) and near(got, colour), f"{region}, enlarged")
    _, got = iiif(s, f"{whole - 10},{whole - 20},500,500/max/0/default.png")
    support.check(got.shape == (20, 10, 3), f"cut at the edge: {got.shape}")


def check_turns(s, colours):
    """Where the square of the upper left corner goes."""
    corner = colours[0][0].astype(int)
    for rotation, where in (("0", (0, 0)), ("90", (0, -1)), ("180", (-1, -1)), ("270", (-1, 0)),
                            ("!0", (0, -1)), ("!90", (-1, -1)), ("!180", (-1, 0))):
        _, got = iiif(s, f"full/max/{rotation}/default.png")
        row, column = (i if i == 0 else got.shape[0] - SQUARE for i in where)
        part = got[row:row + SQUARE, column:column + SQUARE]
        support.check(near(part, corner, 0), f"rotation {rotation}")
    _, got = iiif(s, "full/100,100/45/default.png")
    support.check(got.shape == (142, 142, 4) and got[0, 0, 3] == 0,
                  f"the corners are transparent: {got.shape}")
    _, got = iiif(s, "full/100,100/45/default.jpg")
    support.check(got.shape == (142, 142, 3) and got[0, 0].min() > 250, "..white in a JPEG")


def check_qualities(s):
    _, got = iiif(s, "full/100,/0/gray.png")
    support.check(got.ndim == 2 and len(numpy.unique(got)) > 10, f"gray: {got.shape}")
    _, got = iiif(s, "full/100,/0/bitonal.png")
    support.check(set(numpy.unique(got)) == {0, 255}, f"bitonal: {numpy.unique(got)}")
    for suffix, kind in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"), ("tif", "TIFF"),
                         ("gif", "GIF")):
        _, body = get(s, f"/iiif/3/sub%2Fsquares.png/full/50,/0/color.{suffix}")
        support.check(Image.open(io.BytesIO(body)).format == kind, f"{suffix} is {kind}")


def check_info(s):
    headers, _ = get(s, "/iiif/3/sub%2Fsquares.png", 303)
    support.check(headers["location"].endswith("/iiif/3/sub%2Fsquares.png/info.json"),
                  headers["location"])
    headers, body = get(s, "/iiif/3/sub%2Fsquares.png/info.json")
    info = json.loads(body)
    support.check(info["id"] == f"http://127.0.0.1:{s.port}/iiif/3/sub%2Fsquares.png", info["id"])
    support.check((info["width"], info["height"]) == (640, 640), "width and height")
    support.check(headers["access-control-allow-origin"] == "*", "other sites may read it")
    support.check(headers["content-type"].startswith("application/ld+json"), "media type")
    for size in info["sizes"]:
        _, got = iiif(s, f"full/{size['width']},{size['height']}/0/default.jpg")
        support.check(got.shape[:2] == (size["height"], size["width"]), f"{size}")


def check_refusals(s):
    one = "/iiif/3/sub%2Fsquares.png/"
    for path, status in ((one + "full/max/0/default.jp2", 400), (one + "full/641,/0/default.jpg", 400),
                         (one + "640,0,1,1/max/0/default.jpg", 400),
                         (one + "full/max/0/none.jpg", 400), (one + "[;%5E/max/0/default.jpg", 400),
                         ("/iiif/3/sub/squares.png/full/max/0/default.jpg", 404),
                         ("/iiif/3/none.png/full/max/0/default.jpg", 404),
                         ("/iiif/3/none.png/info.json", 404), ("/dz/none.dzi", 404),
                         ("/dz/smooth.png_files/12/0_0.png", 404),
                         ("/dz/smooth.png_files/11/9_0.png", 404)):
        get(s, path, status)


def level_of_tiles(s, level, w, h, size, overlap):
    """The tiles of a level put together, each checked against its neighbours' overlap."""
    whole = numpy.full((h, w, 3), -1)
    for row in range(-(-h // size)):
        for column in range(-(-w // size)):
            _, body = get(s, f"/dz/smooth.png_files/{level}/{column}_{row}.png")
            tile = pixels(body).astype(int)
            x, y = max(column * size - overlap, 0), max(row * size - overlap, 0)
            at = whole[y:y + tile.shape[0], x:x + tile.shape[1]]
            support.check(((at == -1) | (at == tile)).all(), f"level {level}: a seam at {x},{y}")
            at[:] = tile
    return whole


def check_deepzoom(s):
    _, body = get(s, "/dz/smooth.png.dzi")
    image = xml.etree.ElementTree.fromstring(body)
    size, overlap = int(image.get("TileSize")), int(image.get("Overlap"))
    shape = [int(image[0].get(side)) for side in ("Width", "Height")]
    support.check(shape == [WIDE, HIGH], f"the descriptor says {shape}")
    last = (max(shape) - 1).bit_length()
    for level in range(last + 1):
        w, h = (-(-side // 2 ** (last - level)) for side in shape)
        _, body = get(s, f"/v1/-/resize:{w}x{h},fit=fill/save:png/file/smooth.png")
        got = level_of_tiles(s, level, w, h, size, overlap)
        support.check((got == pixels(body)).all(), f"the tiles of level {level} are the level")


def main():
    colours = squares()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "sub").mkdir()
        large = colours.repeat(SQUARE, 0).repeat(SQUARE, 1)
        Image.fromarray(large).save(root / "sub" / "squares.png")
        Image.fromarray(smooth(WIDE, HIGH).astype(numpy.uint8)).save(root / "smooth.png")
        with support.server("--root", root) as s:
            check_info(s)
            check_regions(s, colours)
            check_turns(s, colours)
            check_qualities(s)
            check_refusals(s)
            check_deepzoom(s)
    print("regions, sizes, turns and tiles are where they should be")


main()
