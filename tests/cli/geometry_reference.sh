#!/bin/sh
# geometry_reference.sh: resize, thumb, crop, rotate, flip, orient and pad of the program against
# Pillow, OpenCV, SciPy and libvips on the same pictures.
#
# Pillow resamples planes of float without rounding between its passes, so equal definitions differ
# by the rounding to 8 bits only. It cuts kernels off at the image's edge where imbrex repeats the
# edge, so the margin that this reaches is not compared.
set -eu
PYTHON=/usr/bin/python3
$PYTHON -c 'import PIL, cv2, numpy, scipy' 2>/dev/null || {
    echo "geometry_reference: needs python3 with Pillow, OpenCV, NumPy and SciPy; skipped"
    exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export IMBREX
FOLDER=$folder $PYTHON - <<'PYTHON'
import os, shutil, subprocess, sys
import cv2, numpy as np, scipy.ndimage as ndi
from PIL import Image, ImageOps

imbrex, folder = os.environ["IMBREX"], os.environ["FOLDER"]
failures = 0

def chart(w, h):
    """Zone plate, colour ramps and hard edges: every frequency and every sign."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    plate = np.cos((x * x + y * y) * np.pi / (2 * max(w, h)))
    r = 127.5 + 127.5 * plate
    g = 255 * x / (w - 1) * (0.6 + 0.4 * ((x // 16 + y // 16) % 2))
    b = 255 * ((x // 7 + y // 11) % 2)
    return np.rint(np.stack([r, g, b], -1)).astype(np.uint8)

def run(recipe, name):
    """The recipe on folder/name, as an array."""
    out = os.path.join(folder, "out")
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([imbrex, "run", recipe, os.path.join(folder, name), "-o", out,
                           "--format", "png", "--progress", "none"],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"imbrex run {recipe} {name}: {done.stdout}{done.stderr}")
    file = [os.path.join(d, f) for d, _, fs in os.walk(out) for f in fs][0]
    return np.asarray(Image.open(file))

def check(what, got, want, most, margin=0):
    """Largest difference in levels, away from the margin."""
    global failures
    if got.shape != want.shape:
        print(f"FAILED {what}: {got.shape} is not {want.shape}")
        failures += 1
        return
    d = np.abs(got.astype(float) - want.astype(float))
    if margin:
        d = d[margin:-margin, margin:-margin]
    ok = d.size and d.max() <= most
    print(f"{'ok    ' if ok else 'FAILED'} {what}: largest difference {d.max():.3f}, at most {most}")
    failures += not ok

def psnr(what, got, want, least, margin=0):
    global failures
    ok = got.shape == want.shape
    value = 0.0
    if ok:
        d = got.astype(float) - want.astype(float)
        if margin:
            d = d[margin:-margin, margin:-margin]
        value = 10 * np.log10(255 ** 2 / max((d ** 2).mean(), 1e-9))
        ok = value >= least
    print(f"{'ok    ' if ok else 'FAILED'} {what}: {value:.1f} dB, at least {least}")
    failures += not ok

def planes(image, f):
    return np.stack([f(image[..., p].astype(np.float32)) for p in range(image.shape[2])], -1)

def pillow(image, w, h, kernel, box=None):
    return planes(image, lambda v: np.asarray(Image.fromarray(v).resize((w, h), kernel, box=box)))

def clip(v):
    return np.clip(v, 0, 255)

def decode(v):
    v = v / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)

def encode(v):
    v = np.clip(v, 0, 1)
    return 255 * np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055)

image = chart(617, 411)
Image.fromarray(image).save(os.path.join(folder, "chart.png"))

# resize
KERNELS = {"lanczos3": Image.LANCZOS, "catrom": Image.BICUBIC, "linear": Image.BILINEAR,
           "nearest": Image.NEAREST}
for kernel, theirs in KERNELS.items():
    for w, h in ((191, 127), (1234, 822), (617, 100), (130, 411)):
        got = run(f"resize:{w}x{h},fill,kernel={kernel},light=encoded", "chart.png")
        check(f"resize {w}x{h} {kernel}, Pillow", got, clip(pillow(image, w, h, theirs)), 0.51, 8)
# By 5 and more, means of blocks come first. A zone plate has what they let alias, and nothing is as
# full of it: Pillow with blocks of its own (reducing_gap=3) comes to 43, 46 and 55 dB.
for w, h, least in ((100, 67, 42), (61, 41, 36), (30, 20, 52)):
    got = run(f"resize:{w}x{h},fill,light=encoded", "chart.png")
    exact = clip(pillow(image, w, h, Image.LANCZOS))
    psnr(f"resize {w}x{h} after blocks, Pillow without", got, exact, least, 2)
for w, h in ((191, 127), (100, 300), (13, 411)):
    got = run(f"resize:{w}x{h},fill,kernel=box,light=encoded", "chart.png")
    area = cv2.resize(image.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA)
    check(f"resize {w}x{h} box, OpenCV INTER_AREA", got, area, 0.52)
linear = pillow(decode(image), 191, 127, Image.LANCZOS)
check("resize 191x127 in linear light, Pillow", run("resize:191x127,fill", "chart.png"),
      encode(linear), 0.6, 4)
if shutil.which("vips"):
    small = os.path.join(folder, "vips.png")
    subprocess.run(["vips", "resize", os.path.join(folder, "chart.png"), small, "0.3"], check=True)
    theirs = np.asarray(Image.open(small))
    got = run(f"resize:{theirs.shape[1]}x{theirs.shape[0]},fill,light=encoded", "chart.png")
    # libvips shrinks by boxes first and computes with integers.
    psnr("resize to 30 %, libvips", got, theirs, 30, 4)

# thumb: Pillow takes a box in fractions of pixels too
side = 411 * 200 / 150
box = ((617 - side) / 2, 0, (617 + side) / 2, 411)
check("thumb 200x150, Pillow with a box", run("thumb:200x150,light=encoded", "chart.png"),
      clip(pillow(image, 200, 150, Image.LANCZOS, box)), 0.51, 4)

# exact moves
picture = Image.fromarray(image)
MOVES = {"rotate:90": Image.ROTATE_270, "rotate:180": Image.ROTATE_180,
         "rotate:270": Image.ROTATE_90, "flip": Image.FLIP_LEFT_RIGHT,
         "flip:vertical": Image.FLIP_TOP_BOTTOM, "flip:transpose": Image.TRANSPOSE,
         "flip:transverse": Image.TRANSVERSE}
for recipe, method in MOVES.items():
    check(f"{recipe}, Pillow", run(recipe, "chart.png"), np.asarray(picture.transpose(method)), 0)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = f"orientation{orientation}.jpg"
    picture.crop((0, 0, 96, 64)).save(os.path.join(folder, name), exif=exif, quality=95,
                                      subsampling=0)
    stored = Image.open(os.path.join(folder, name))
    want = np.asarray(ImageOps.exif_transpose(stored))
    # Two JPEG decoders may round differently.
    check(f"EXIF orientation {orientation}, Pillow", run("orient", name), want, 2)
    check(f"orient:ignore of orientation {orientation}", run("orient:ignore", name),
          np.asarray(stored), 2)
check("crop 100x50, Pillow", run("crop:100x50,10,20,gravity=north-west", "chart.png"),
      np.asarray(picture.crop((10, 20, 110, 70))), 0)
check("pad with colour, Pillow", run("pad:left=5,top=6,right=7,bottom=8,background=#123456",
                                     "chart.png"),
      np.asarray(ImageOps.expand(picture, (5, 6, 7, 8), (0x12, 0x34, 0x56))), 0)
rows, columns = np.arange(-6, 411 + 500), np.arange(-900, 617 + 7)
for extend, index in (("copy", lambda i, n: np.clip(i, 0, n - 1)),
                      ("mirror", lambda i, n: np.minimum(i % (2 * n), 2 * n - 1 - i % (2 * n))),
                      ("repeat", lambda i, n: i % n)):
    check(f"pad extend={extend}, NumPy",
          run(f"pad:left=900,top=6,right=7,bottom=500,extend={extend}", "chart.png"),
          image[index(rows, 411)][:, index(columns, 617)], 0)

# rotation by any angle
for angle in (17, -40, 123.4):
    got = run(f"rotate:{angle},white,expand=no,kernel=linear", "chart.png")
    a = np.deg2rad(angle)
    y, x = np.mgrid[0:411, 0:617].astype(float)
    dx, dy = x - 308, y - 205
    v, u = np.cos(a) * dy - np.sin(a) * dx + 205, np.cos(a) * dx + np.sin(a) * dy + 308
    inside = (u > 0) & (u < 616) & (v > 0) & (v < 410)
    want = planes(image, lambda p: ndi.map_coordinates(p, [v, u], order=1, mode="nearest"))
    got = np.where(inside[..., None], got, want)
    check(f"rotate by {angle} linear, SciPy", got, want, 0.51)
smooth = cv2.GaussianBlur(image, (0, 0), 3)
Image.fromarray(smooth).save(os.path.join(folder, "smooth.png"))
got = run("rotate:17,white,expand=no", "smooth.png")
matrix = cv2.getRotationMatrix2D((308, 205), -17, 1)
want = cv2.warpAffine(smooth.astype(np.float32), matrix, (617, 411), flags=cv2.INTER_CUBIC,
                      borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255))
inside = ndi.binary_erosion(cv2.warpAffine(np.ones((411, 617), np.uint8), matrix, (617, 411)), iterations=4)
# OpenCV places samples on a grid of 1/32 pixel and uses another cubic (-0.75).
psnr("rotate by 17 catrom, OpenCV", got[inside][None], clip(want)[inside][None], 40)

print("geometry_reference:", "all agree" if not failures else f"{failures} differ")
sys.exit(failures != 0)
PYTHON
