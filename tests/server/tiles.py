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


def web(place, scheme="http"):
    return f"{scheme}://{place}"


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


def check_sizes(s):
    """Chapter 4.2 of the specification, for a region of 640 x 320."""
    region = "0,0,640,320/"
    for size, want in (("max", (640, 320)), ("320,", (320, 160)), (",80", (160, 80)),
                       ("pct:25", (160, 80)), ("100,90", (100, 90)), ("!100,100", (100, 50)),
                       ("!900,900", (640, 320)), ("^800,", (800, 400)), ("^,400", (800, 400)),
                       ("^pct:150", (960, 480)), ("^!800,800", (800, 400)), ("^100,90", (100, 90)),
                       ("%5E800,", (800, 400)), ("pct:12.5", (80, 40))):
        _, got = iiif(s, f"{region}{size}/0/default.png")
        support.check(got.shape[1::-1] == want, f"{size}: {got.shape}")
    for size in ("641,", ",321", "pct:101", "0,", "^0,", "pct:0", "!0,10", "800,400", ",", "1,1,1", "x,",
                 "-1,", "^", "pct:", "!10,"):
        get(s, f"/iiif/3/sub%2Fsquares.png/{region}{size}/0/default.png", 400)
    for rotation in ("-1", "361", "!361", "a", "!", "90a"):
        get(s, f"/iiif/3/sub%2Fsquares.png/{region}max/{rotation}/default.png", 400)


def check_tiles(s):
    """Every tile that info.json announces, for every scale factor, is there and has its size."""
    _, body = get(s, "/iiif/3/smooth.png/info.json")
    info = json.loads(body)
    for name, value in (("@context", web("iiif.io/api/image/3/context.json")),
                        ("type", "ImageService3"), ("protocol", web("iiif.io/api/image")),
                        ("profile", "level2"), ("width", WIDE), ("height", HIGH)):
        support.check(info[name] == value, f"{name}: {info.get(name)}")
    for tile in info["tiles"]:
        side = tile["width"]
        for factor in tile["scaleFactors"]:
            step = side * factor
            for x in range(0, WIDE, step):
                for y in range(0, HIGH, step):
                    w, h = min(step, WIDE - x), min(step, HIGH - y)
                    want = -(-w // factor), -(-h // factor)
                    _, body = get(s, f"/iiif/3/smooth.png/{x},{y},{w},{h}/{want[0]},{want[1]}/0/"
                                     "default.jpg")
                    got = Image.open(io.BytesIO(body)).size
                    support.check(got == want, f"tile {x},{y} of 1/{factor}: {got}, not {want}")


def check_headers(s):
    """Media types by what is accepted, pages of other origins, conditional requests, HEAD, and the
    address behind a proxy."""
    info, image = "/iiif/3/smooth.png/info.json", "/iiif/3/smooth.png/full/100,/0/default.jpg"
    for accept, want in (("application/json", "application/json"), ("*/*", "application/ld+json"),
                         ("application/ld+json", "application/ld+json"),
                         ("application/ld+json, application/json;q=0.5", "application/ld+json")):
        _, headers, _ = s.get(info, headers={"Accept": accept})
        support.check(headers["content-type"].split(";")[0] == want, f"{accept}: {headers}")
        support.check("accept" in headers["vary"].lower(), "caches know that it varies")
    for path, want in ((info, 200), (image, 200), ("/iiif/3/smooth.png", 303),
                       ("/iiif/3/smooth.png/full/0,/0/default.jpg", 400),
                       ("/iiif/3/none.png/info.json", 404), ("/dz/smooth.png.dzi", 200),
                       ("/dz/smooth.png_files/9/0_0.jpg", 200)):
        status, headers, _ = s.get(path, headers={"Origin": web("viewer.example", "https")})
        support.check(status == want, f"{path}: {status}")
        support.check(headers.get("access-control-allow-origin") == "*", f"{path}: {headers}")
    asked = {"Origin": web("viewer.example", "https"), "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "accept"}
    status, headers, _ = s.request("OPTIONS", info, headers=asked)
    support.check(status in (200, 204) and headers["access-control-allow-origin"] == "*"
                  and "get" in headers["access-control-allow-methods"].lower(), f"preflight: {headers}")
    _, headers, body = s.get(image)
    profile = web("iiif.io/api/image/3/level2.json")
    support.check(f'<{profile}>;rel="profile"' in headers["link"], "profile")
    status, again, nothing = s.get(image, headers={"If-None-Match": headers["etag"]})
    support.check((status, nothing) == (304, b""), f"the client has it: {status}")
    status, head, nothing = s.request("HEAD", image)
    support.check((status, nothing) == (200, b"")
                  and int(head["content-length"]) == len(body), f"HEAD: {head}")
    _, _, text = s.get(info, headers={"Host": "img.example", "X-Forwarded-Proto": "https"})
    own = web("img.example/iiif/3/smooth.png", "https")
    support.check(json.loads(text)["id"] == own, "id")
    _, headers, _ = s.get(image, headers={"Host": "img.example", "X-Forwarded-Proto": "https"})
    support.check(f'</iiif/3/smooth.png/full/100,54/0/default.jpg>;rel="canonical"' in headers["link"],
                  f"canonical form: {headers['link']}")


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
        with support.server("--root", root, "--auth-unsigned-ok", "yes") as s:
            check_info(s)
            check_regions(s, colours)
            check_turns(s, colours)
            check_qualities(s)
            check_sizes(s)
            check_tiles(s)
            check_headers(s)
            check_refusals(s)
            check_deepzoom(s)
    print("regions, sizes, turns and tiles are where they should be")


main()
