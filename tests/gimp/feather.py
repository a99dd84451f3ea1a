"""A selection with soft edges, every sample of the layer: with s of a pixel selected, from 0 to 1, its
transparency and light are

    alpha = alpha_before + (alpha_after - alpha_before) * s
    light = light_before + (light_after - light_before) * s * alpha_after / alpha

(where alpha is 0 the light is mixed by s alone). GIMP computes that in linear light and rounds to
the nearest step of the layer's precision. What is not selected is unchanged to the bit."""

import itertools

import cv2
import numpy

import support
from support import Gimp, Xcf, check

PRECISIONS = {100: "8-bit linear", 150: "8-bit", 200: "16-bit linear", 250: "16-bit",
              600: "float linear", 650: "float"}
KINDS = {"RGB": "(gimp-layer-flatten (layer {0}))", "RGBA": "",
         "gray": "(gimp-layer-flatten (layer {0})) (gimp-image-convert-grayscale {0})"}
RECIPE = "invert/rotate:5,expand=no"  # with alpha of its own, where the layer has any
OPAQUE = "invert/blur:2"

g = Gimp()
random = numpy.random.default_rng(3)
smooth = cv2.GaussianBlur(random.random((120, 160, 4)).astype("f4"), (0, 0), 3)
smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
smooth[:30, :90, 3] = 0  # selected in part
cv2.imwrite(str(g.folder / "a.png"), (smooth * 65535).astype("u2"))
g.define(f'(define base (open "{g.folder}/a.png"))')
cases = {f"p{p}{k}": (p, k) for p, k in itertools.product(PRECISIONS, KINDS)}
for name, (precision, kind) in cases.items():
    save = f'(gimp-xcf-save 0 {{0}} (layer {{0}}) "{g.folder}/{name}-{{1}}.xcf" "x")'.format
    run = f'(plug-in-imbrex-recipe 1 {{0}} (layer {{0}}) "{RECIPE if kind == "RGBA" else OPAQUE}")'.format
    convert = f"(gimp-image-convert-precision {name} {precision})" if precision != 250 else ""
    g.define(f"(define {name} (car (gimp-image-duplicate base))) (define all 0)")
    g.do(KINDS[kind].format(name) + convert + save(name, "before")
         + f"(set! all (car (gimp-image-duplicate {name})))" + run("all") + save("all", "all")
         + f"(gimp-image-select-rectangle {name} 2 40 20 90 80) (gimp-selection-feather {name} 20)"
         + run(name) + save(name, "soft"))
g.run()


def decode(v):
    return numpy.where(v <= 0.04045, v / 12.92, ((numpy.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def encode(v):
    return numpy.where(v <= 0.0031308, v * 12.92, 1.055 * numpy.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)


def blend(before, after, share, linear):
    """The formula above."""
    colours = 3 if before.shape[2] > 2 else 1
    light = [v[..., :colours] if linear else decode(v[..., :colours]) for v in (before, after)]
    parts = []
    if before.shape[2] > colours:
        alpha = before[..., colours:] + (after[..., colours:] - before[..., colours:]) * share
        parts.append(alpha)
        part = after[..., colours:] / numpy.where(alpha == 0, 1, alpha)
        share = share * numpy.where(alpha == 0, 1, part)
    mixed = light[0] + (light[1] - light[0]) * share
    return numpy.concatenate([mixed if linear else encode(mixed), *parts], axis=-1)


for name, (precision, kind) in cases.items():
    what = f"{PRECISIONS[precision]} {kind}"
    before, after, got = (next(iter(Xcf(g.folder / f"{name}-{k}.xcf").layers.values()))
                          for k in ("before", "all", "soft"))
    mask = Xcf(g.folder / f"{name}-soft.xcf").channels["Selection Mask"]
    most = numpy.iinfo(got.dtype).max if got.dtype.kind == "u" else 1
    share = mask.astype(float) / most
    outside = (share == 0)[..., 0]
    counts = outside.sum(), (share > 0.99).sum(), ((share > 0.01) & (share < 0.99)).sum()
    check(min(counts) > 100, f"{what}: {counts} pixels are outside, inside and between")
    check((got[outside] == before[outside]).all(), f"{what}: changed outside of the selection")
    want = blend(before.astype(float) / most, after.astype(float) / most, share, precision % 100 == 0)
    difference = numpy.abs(want * most - got).max()
    # GIMP blends in floats: half a step, and what they are apart from the formula.
    allowed = {"u1": 0.505, "u2": 0.55, "f4": 2e-6}[got.dtype.str[1:]]
    check(difference <= allowed, f"{what}: {difference} from the formula")
support.finish(f"{len(cases)} kinds of layers, blended by the formula")
