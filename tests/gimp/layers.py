"""What is around the pixels: selection, locks, masks, groups, precision, colour space, size."""

import subprocess

import cv2
import numpy

import support
from support import IMBREX, Gimp, Xcf, check

g = Gimp()
random = numpy.random.default_rng(3)
smooth = cv2.GaussianBlur(random.random((120, 160, 4)).astype("f4"), (0, 0), 3)
smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
cv2.imwrite(str(g.folder / "a8.png"), (smooth[:, :, :3] * 255).astype("u1"))
cv2.imwrite(str(g.folder / "a16.png"), (smooth * 65535).astype("u2"))

g.define(f'(define a8 (open "{g.folder}/a8.png")) (define a16 (open "{g.folder}/a16.png"))'
         '(define (copy of) (car (gimp-image-duplicate of)))')
number = 0


def keep(image):
    """Saves an image under the name that is returned."""
    global number
    number += 1
    g.do(f'(gimp-xcf-save 0 {image} (layer {image}) "{g.folder}/{number}.xcf" "x")')
    return f"{g.folder}/{number}.xcf"


def only(path):
    layers = Xcf(path).layers
    return next(iter(layers.values()))


def by_command_line(recipe, name="a8.png"):
    subprocess.run([IMBREX, "run", recipe, g.folder / name, "-o", g.folder / "cli", "--if-exists",
                    "overwrite"], check=True, capture_output=True)
    out = cv2.imread(str(g.folder / "cli" / name), cv2.IMREAD_UNCHANGED)
    return out[:, :, [2, 1, 0, 3][:out.shape[2]]]


recipe = '(plug-in-imbrex-recipe RUN-NONINTERACTIVE {0} (layer {0}) "{1}")'.format
plain8, plain16 = keep("a8"), keep("a16")

# Selections: hard, feathered, off the layer, with steps that look at the whole image.
kept = {}
for name, of, text in (("local", "a16", "blur:4"), ("looks", "a8", "equalize"),
                       ("chain", "a8", "blur:30/unsharp:2"), ("moves", "a8", "flip")):
    g.define(f"(define {name} (copy {of}))")
    g.do(f"(gimp-image-select-rectangle {name} 2 70 30 41 50)" + recipe(name, text))
    kept[name] = keep(name), of, text
g.define("(define soft (copy a16)) (define small (copy a8)) (define off (copy a8))")
g.do("(gimp-image-select-rectangle soft 2 60 40 60 40) (gimp-selection-feather soft 10)"
     + recipe("soft", "invert"))
soft = keep("soft")
g.do("(gimp-layer-set-offsets (layer off) 100 0) (gimp-image-select-rectangle off 2 0 0 50 50)"
     + recipe("off", "invert"))
off = keep("off")

# Precision: what a layer has, stays.
precisions = {100: "8 linear", 200: "16 linear", 300: "32 linear", 350: "32", 500: "half linear",
              550: "half", 600: "float linear", 650: "float"}
exact = {}
for precision in precisions:
    name = f"p{precision}"
    g.define(f"(define {name} (copy a16))")
    g.do(f"(gimp-image-convert-precision {name} {precision})")
    before = keep(name)
    g.do(recipe(name, "flip/flip:vertical"))
    turned = keep(name)
    g.do(recipe(name, "invert"))
    exact[precision] = before, turned, keep(name)

# Alpha lock, mask, group, and a mask as the drawable.
g.define("(define locked (copy a16)) (define masked (copy a8)) (define grouped (copy a8))"
         "(define mask 0) (define inner 0)")
g.do("(gimp-layer-set-lock-alpha (layer locked) TRUE)" + recipe("locked", "blur:5"))
locked = keep("locked")
g.do("(gimp-image-select-rectangle masked 2 0 0 80 120)"
     "(set! mask (car (gimp-layer-create-mask (layer masked) ADD-MASK-SELECTION)))"
     "(gimp-layer-add-mask (layer masked) mask) (gimp-selection-none masked)"
     "(gimp-layer-set-edit-mask (car (gimp-image-get-active-layer masked)) FALSE)"
     + recipe("masked", "invert"))
masked = keep("masked")
g.ask("mask before", "(cadr (gimp-drawable-get-pixel mask 10 10))")
g.do('(plug-in-imbrex-recipe RUN-NONINTERACTIVE masked mask "invert:0.25")')
g.ask("mask after", "(cadr (gimp-drawable-get-pixel mask 10 10))")
g.do("(let ((group (car (gimp-layer-group-new grouped))))"
     " (set! inner (layer grouped)) (gimp-image-insert-layer grouped group 0 0)"
     " (gimp-image-reorder-item grouped inner group 0))"
     '(plug-in-imbrex-recipe RUN-NONINTERACTIVE grouped inner "invert")')
g.ask("group", "(cadr (gimp-drawable-get-pixel inner 20 20))")
g.ask("group before", "(cadr (gimp-drawable-get-pixel (layer a8) 20 20))")

# Size: of the image if its layer is all of it, else of the layer, about its centre.
g.define("(define whole (copy a8)) (define part (copy a8)) (define second 0)")
g.do("(gimp-image-select-rectangle whole 2 0 0 10 10)" + recipe("whole", "resize:50%"))
g.ask("whole", "(car (gimp-image-width whole))")
whole = keep("whole")
g.do('(set! second (car (gimp-layer-new part 40 20 RGBA-IMAGE "second" 100 28)))'
     "(gimp-image-insert-layer part second 0 0) (gimp-layer-set-offsets second 50 30)"
     '(plug-in-imbrex-recipe RUN-NONINTERACTIVE part second "resize:50%")')
g.ask("part", "(car (gimp-image-width part)) \" \" (car (gimp-drawable-width second)) \" \""
      " (gimp-drawable-offsets second)")

# A cut stays in its place, whatever is in front of it; all else is about the centre.
PLACES = {"crop:10x20,gravity=north-west": "10x20 (10 20)", "crop:10x20,x=20,y=3": "10x20 (65 43)",
          "blur:3/crop:10x20,gravity=south-east": "10x20 (80 60)",
          "flip/crop:10x20,gravity=north-west": "10x20 (10 20)",
          "resize:50%/crop:10x20,gravity=north-west": "10x20 (30 35)",
          "rotate:90/crop:10x20,gravity=north-west": "10x20 (20 10)",
          "thumb:40x40": "40x40 (30 30)",
          "resize:160x60,fill,kernel=nearest": "160x60 (-30 20)", "pad:left=20,top=10": "100x70 (-10 10)",
          "crop:40x40,gravity=west/resize:200%": "80x80 (-10 10)"}
g.define('(define (place recipe) (let* ((img (copy a8))'
         ' (l (car (gimp-layer-new img 80 60 RGBA-IMAGE "third" 100 28))))'
         ' (gimp-image-insert-layer img l 0 0) (gimp-layer-set-offsets l 10 20)'
         ' (plug-in-imbrex-recipe RUN-NONINTERACTIVE img l recipe)'
         ' (string-append (number->string (car (gimp-drawable-width l))) "x"'
         ' (number->string (car (gimp-drawable-height l))) " ("'
         ' (number->string (car (gimp-drawable-offsets l))) " "'
         ' (number->string (cadr (gimp-drawable-offsets l))) ")")))')
for text in PLACES:
    g.ask(f"place of {text}", f'(place "{text}")')

# What lies over a layer that is the whole image stays on it when that is cut or padded. Where it is
# scaled only the layer changes, so that nothing is lost. The box of a channel, and the sizes.
OVER = {"crop:100x80,gravity=south-east": "(1 80 50 90 60) 100x80 100x80",
        "pad:left=10,top=20": "(1 150 110 160 120) 170x140 170x140",
        "resize:50%": "(1 140 90 150 100) 160x120 80x60"}
g.define('(define (over recipe) (let* ((img (copy a8)) (l (layer img)) (saved 0))'
         ' (gimp-image-select-rectangle img 2 140 90 10 10)'
         ' (set! saved (car (gimp-selection-save img))) (gimp-selection-none img)'
         ' (plug-in-imbrex-recipe RUN-NONINTERACTIVE img l recipe)'
         ' (gimp-image-select-item img 2 saved)'
         ' (let ((box (gimp-selection-bounds img)) (side number->string)) (string-append "("'
         ' (side (car box)) " " (side (cadr box)) " " (side (caddr box)) " "'
         ' (side (cadddr box)) " " (side (list-ref box 4)) ") "'
         ' (side (car (gimp-image-width img))) "x" (side (car (gimp-image-height img))) " "'
         ' (side (car (gimp-drawable-width l))) "x" (side (car (gimp-drawable-height l)))))))')
for text in OVER:
    g.ask(f"over {text}", f'(over "{text}")')

# A colour space stays, unless the recipe changes it: then the image has the new one.
g.define("(define wide (copy a8))")
g.do(recipe("wide", "icc:p3"))
wide = keep("wide")
g.ask("wide profile", "(car (gimp-image-get-color-profile wide))")
g.do(recipe("wide", "invert"))
in_wide = keep("wide")
g.do(recipe("wide", "icc"))
g.ask("narrow profile", "(car (gimp-image-get-color-profile wide))")

# Linear precision has a curve of its own, which a new space would not be encoded by.
g.define("(define linear (copy a8))")
g.do(recipe("linear", "icc:p3") + "(gimp-image-convert-precision linear 600)")
linear = keep("linear")
g.refuse("linear precision", recipe("linear", "icc:adobergb"))
g.do(recipe("linear", "icc:keep/flip/flip"))
kept_linear = keep("linear")
answers = g.run()

a8, a16 = only(plain8), only(plain16)
for name, (path, of, text) in kept.items():
    got, want = only(path), by_command_line(text, f"{of}.png")
    inside = numpy.zeros(got.shape[:2], bool)
    inside[30:80, 70:111] = True
    before = a8 if of == "a8" else a16
    check((got[~inside] == before[~inside]).all(), f"{text}: changed outside of the selection")
    check((got[inside] == want[inside]).all(), f"{text}: other pixels inside of the selection")
got, want = only(soft).astype(float), 65535 - a16.astype(float)
share = (got - a16) / numpy.where(want == a16, 1, want - a16)
middle = share[60, 20:160, 0]
check(((middle > 0.02) & (middle < 0.98)).sum() > 10, "a feathered selection is not blended")
check(abs(middle[70] - 1) < 0.02 and abs(middle[0]) < 0.02, "a feathered selection is misplaced")
check((only(off) == a8).all(), "a selection off the layer changed it")
for precision, (before, turned, inverted) in exact.items():
    name = precisions[precision]
    before, turned, inverted = only(before), only(turned), only(inverted)
    check(turned.dtype == before.dtype, f"{name}: became {turned.dtype}")
    # 32-bit integers go through floats, of 24 bits, and those of linear ones are encoded besides.
    difference = numpy.abs(turned.astype(float) - before[::-1, ::-1].astype(float)).max()
    allowed = 2 ** 13 if before.dtype == "u4" else 1e-6 if before.dtype == "f4" else 0
    check(difference <= allowed, f"{name}: turning it changed samples by {difference}")
    check((inverted[..., 3] == turned[..., 3]).all(), f"{name}: transparency changed")
    check((inverted[..., :3] != turned[..., :3]).any(), f"{name}: nothing was inverted")
check((only(locked)[..., 3] == a16[..., 3]).all(), "locked alpha changed")
check((only(locked)[..., :3] != a16[..., :3]).any(), "with locked alpha nothing was done")
check((only(masked) == 255 - a8).all(), "a layer with a mask is not changed as a whole")
check(answers["mask before"] == "#(255)", f"the mask changed: {answers['mask before']}")
check(answers["mask after"] != "#(255)", "a mask as the drawable was not changed")
pair = [[int(v) for v in answers[k].strip("#()").split()] for k in ("group before", "group")]
check(pair[0][:3] == [255 - v for v in pair[1][:3]], f"a layer in a group: {pair}")
check(answers["whole"] == "80", f"the image did not become smaller: {answers['whole']}")
check((only(whole) == by_command_line("resize:50%")).all(), "a selection cut a resized layer")
check(answers["part"] == "160 20 (60 35)", f"image, layer and place: {answers['part']}")
for text, place in PLACES.items():
    got = answers[f"place of {text}"]
    check(got == place, f"{text}: {got}, not {place}")
for text, there in OVER.items():
    got = answers[f"over {text}"]
    check(got == there, f"{text}: a channel, the image and the layer are {got}, not {there}")
check((only(wide) == by_command_line("icc:p3")).all(), "icc:p3 made other pixels")
check(answers["wide profile"] != "0", "the image has not got the new colour profile")
check((only(in_wide) == 255 - only(wide)).all(), "invert left the image's own colour space")
check(answers["narrow profile"] == "0", "the image did not become sRGB")
check(numpy.abs(only(linear) - only(kept_linear)).max() < 1e-5, "icc:keep changed linear values")
support.finish("layers: selection, precision, locks, masks, groups, size, colour space")
