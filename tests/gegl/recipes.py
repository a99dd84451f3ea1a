"""imbrex:recipe: chains give the pixels of the command line whatever the threads; what it cannot do
it refuses with a sentence, and lets the image through. And what belongs to an image: its place, its
colour space, linear light."""

import support
from support import cv2, check, difference, gegl, imbrex, np, picture, pixels, work

CHAINS = ("exposure:0.5/unsharp:0.8", "blur:12/median:2/unsharp:3", "equalize/blur:3/clahe",
          "flip", "rotate:180/grayscale", "blur:60", "", "crop:100x100/pad:301x203")
rgb, gray = picture("rgb", 3, 8), picture("gray", 1, 16)


def compare(chain, source, threads, number):
    folder = imbrex(chain, [source], f"cli-{number}") if chain else source.parent
    output = work / f"{number}.png"
    said = gegl(source, ["imbrex:recipe", f"recipe={chain}"], output, threads)
    why = difference(output, folder / source.name)
    check(why is None, f"{chain} of {source.name}, {threads} threads: {why} {said}")


support.in_parallel(compare, [(chain, source, threads, f"{i}-{source.stem}-{threads}")
                              for i, chain in enumerate(CHAINS)
                              for source, threads in ((rgb, 1), (rgb, 2), (gray, 3))])

# ---- refusals ----
for recipe, sentence in (
        ("blur:2/unsherp", 'there is no filter "unsherp"; did you mean unsharp?'),
        ("blur:900", "sigma is 900, but must be 0.1 to 250 px"),
        ("blur:2/resize:50%", "the recipe makes an image of 151 x 102 pixels of one of 301 x 203"),
        ("rotate:90", "an operation cannot change the size"),
        ("blur/save:png", "an image in memory cannot be saved to a file"),
        ("lut3d:\"there is no such file\"", "there is no such file")):
    output = work / "refused.png"
    said = gegl(rgb, ["imbrex:recipe", f"recipe={recipe}"], output)
    check("imbrex:recipe: " in said and sentence in said, f"{recipe}: {said!r}")
    check(said.count("imbrex:recipe: ") == 1, f"{recipe}: not said once: {said!r}")
    why = difference(output, rgb)
    check(why is None, f"{recipe}: the image did not go through: {why}")
    output.unlink(missing_ok=True)

# An image without an end, which only becomes one behind the operation.
output = work / "endless.png"
said = gegl(rgb, ["gegl:checkerboard", "imbrex:blur", "gegl:crop", "width=40", "height=30"], output)
check("the image has no end: cut a part out of it first" in said, f"endless: {said!r}")
check(pixels(output).shape[:2] == (30, 40), "endless: nothing came through")

# ---- place ----
# An image that does not begin at the origin is filtered as if it did.
cut, moved = work / "cut.png", work / "moved.png"
cv2.imwrite(str(cut), pixels(rgb)[50:150, 100:250])
window = ["gegl:crop", "x=100", "y=50", "width=150", "height=100"]
for chain in ("blur:30", "equalize/unsharp", "clahe"):
    said = gegl(rgb, [*window, "imbrex:recipe", f"recipe={chain}"], moved)
    folder = imbrex(chain, [cut], "place", ["--if-exists", "overwrite"])
    why = difference(moved, folder / "cut.png")
    check(why is None, f"{chain} of a part: {why} {said}")

# ---- colours ----
# In another space the samples are what they are; only a step that says so converts them.
adobe = imbrex("icc:adobergb", [rgb], "adobe") / "rgb.png"
kept, output = imbrex("icc:keep/blur:2", [adobe], "kept") / "rgb.png", work / "adobe.png"
said = gegl(adobe, ["imbrex:blur", "sigma=2"], output)
why = difference(output, kept)
check(why is None, f"blur in AdobeRGB: {why} {said}")
said = gegl(adobe, ["imbrex:recipe", "recipe=icc/blur:2"], output)
managed = imbrex("icc/blur:2", [adobe], "managed") / "rgb.png"
off = np.abs(pixels(output).astype(int) - pixels(managed)).max()
check(off <= 1, f"icc/blur in AdobeRGB: samples differ by {off} {said}")

# Pixels in linear light, of 8 bits or of floats, come out as the encoded ones.
wanted = imbrex("blur:2", [gray], "linear") / "gray.png"
for kind in ("Y float", "Y' double", "YaA float"):
    said = gegl(gray, ["gegl:convert-format", f"format={kind}", "imbrex:blur", "sigma=2",
                       "gegl:convert-format", "format=Y' u16"], output)
    off = np.abs(pixels(output).astype(int) - pixels(wanted)).max()
    check(off <= 1, f"blur of {kind}: samples differ by {off} {said}")

support.end(f"{len(CHAINS)} chains")
