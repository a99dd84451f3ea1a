"""Every example of every filter: the pixels that GIMP gets are those of the command line, at 8 and 16
bits, gray and colour, with transparency and without. Filters and examples are walked in the list
that imbrex prints for programs."""

import json
import pathlib
import subprocess
import tempfile

import cv2
import numpy

import support
from support import IMBREX, SOURCE, Gimp, Xcf, check

g = Gimp()
filters = json.loads(subprocess.run([IMBREX, "filters", "--json"], check=True,
                                    capture_output=True).stdout)["filters"]


def picture(name, planes, dtype):
    """Soft shapes with hard edges and noise, 150 x 110."""
    random = numpy.random.default_rng(7)
    y, x = numpy.mgrid[0:110, 0:150]
    image = numpy.stack([0.5 + 0.4 * numpy.sin(x / (9 + 4 * p) + y / (13 - 2 * p))
                         + 0.1 * ((x // 20 + y // 15 + p) % 2) for p in range(planes)], axis=-1)
    image += random.normal(0, 0.03, image.shape)
    most = numpy.iinfo(dtype).max
    pixels = (numpy.clip(image, 0, 1) * most).round().astype(dtype)
    cv2.imwrite(str(g.folder / name), pixels[:, :, 0] if planes == 1 else pixels)


def values(filter, example):
    """The arguments of an example, by position and name, as Script-Fu writes them."""
    words = example.partition(":")[2]
    given, quoted, word = [], False, ""
    for c in words + ",":
        if c == '"':
            quoted = not quoted
        elif c == "," and not quoted:
            given.append(word)
            word = ""
        else:
            word += c
    named = {}
    for position, value in enumerate(v for v in given if words):
        key, equals, rest = value.partition("=")
        if equals and key in [p["name"] for p in filter["parameters"]]:
            named[key] = rest
        else:
            named[filter["parameters"][position]["name"]] = value
    arguments = []
    for p in filter["parameters"]:
        value = named.get(p["name"], p["default"])
        if p["type"] in ("float", "int"):
            arguments.append(str(value))
        elif p["type"] == "bool":
            arguments.append("1" if value in ("yes", True) else "0")
        else:
            arguments.append('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"')
    return " ".join(arguments)


def planes_of(pixels, planes):
    """R, G, B or gray, with alpha if there are so many planes: opaque where the file has none."""
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    alpha = pixels[:, :, -1:] if pixels.shape[2] in (2, 4) else None
    colours = pixels[:, :, :3][:, :, ::-1] if pixels.shape[2] >= 3 else pixels[:, :, :1]
    wanted = planes - 1 if planes in (2, 4) else planes
    if wanted != colours.shape[2]:  # OpenCV reads gray with alpha as colours
        colours = numpy.repeat(colours[:, :, :1], wanted, axis=2)
    if planes in (2, 4) and alpha is None:
        alpha = numpy.full_like(colours[:, :, :1], numpy.iinfo(colours.dtype).max)
    return numpy.concatenate([colours, alpha], axis=2) if planes in (2, 4) else colours


PICTURES = (("rgb8.png", 3, numpy.uint8), ("rgba8.png", 4, numpy.uint8),
            ("gray8.png", 1, numpy.uint8), ("rgb16.png", 3, numpy.uint16),
            ("rgba16.png", 4, numpy.uint16), ("gray16.png", 1, numpy.uint16))


def by_command_line(example):
    """The folder with what it makes of all pictures."""
    out = pathlib.Path(tempfile.mkdtemp(dir=g.folder))
    inputs = [g.folder / name for name, *_ in PICTURES]
    subprocess.run([IMBREX, "run", example, *inputs, "-o", out], check=True, cwd=SOURCE,
                   capture_output=True)
    return out


def is_colour(png):
    """By the colour type in its header (PNG 3, 11.2.1): 0 and 4 are gray."""
    return png.read_bytes()[25] not in (0, 4)


cases, refused = [], []
for name, planes, dtype in PICTURES:
    picture(name, planes, dtype)
made = {example: by_command_line(example) for f in filters for example in f["examples"]}
for name, planes, dtype in PICTURES:
    g.define(f'(define base (open "{g.folder}/{name}"))'
             f'(define all (car (gimp-image-new-with-precision 9 9 (car (gimp-image-base-type base))'
             f' (car (gimp-image-get-precision base)))))')
    for f in filters:
        procedure = "plug-in-imbrex-" + f["name"].replace("_", "-")
        for example in f["examples"]:
            arguments = f"RUN-NONINTERACTIVE i (layer i) {values(f, example)}"
            # An image of GIMP is gray or not; what would make it colour is refused.
            if planes == 1 and is_colour(made[example] / name):
                g.refuse("this is gray", f"(let ((i base)) ({procedure} {arguments}))")
                refused.append((name, example))
                continue
            # A new layer would be converted to the profile of the image that it goes to.
            g.do(f'(let* ((i (car (gimp-image-duplicate base))))'
                 f' ({procedure} {arguments})'
                 f' (gimp-image-set-color-profile i 0 #())'
                 f' (let ((l (car (gimp-layer-new-from-drawable (layer i) all))))'
                 f' (gimp-image-insert-layer all l 0 -1) (gimp-item-set-name l "{len(cases)}"))'
                 f' (gimp-image-delete i))')
            cases.append((name, example))
    g.do(f'(gimp-xcf-save 0 all (layer all) "{g.folder}/{name}.xcf" "x")'
         '(gimp-image-delete all) (gimp-image-delete base)')
g.run()

layers = {name: Xcf(g.folder / f"{name}.xcf").layers for name, *_ in PICTURES}
for number, (name, example) in enumerate(cases):
    got = layers[name].get(str(number))
    if check(got is not None, f"{example} of {name}: no result"):
        want = cv2.imread(str(made[example] / name), cv2.IMREAD_UNCHANGED)
        want = planes_of(want, got.shape[2])
        same = want.shape == got.shape and want.dtype == got.dtype and (want == got).all()
        check(same, f"{example} of {name}: other pixels, {got.shape} and {want.shape}, "
              f"{(want != got).mean() if want.shape == got.shape else ''}")
support.finish(f"{len(filters)} filters, {len(cases)} results: the pixels of the command line; "
               f"{len(refused)} refused")
