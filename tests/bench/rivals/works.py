"""The works that race.py times: what each program is told, and what is aimed at."""
from dataclasses import dataclass, field, replace

SIDES = (2400, 1600, 1200, 800, 600, 400, 240, 120)
SIZES = "/".join(f"resize:{side}x{side}/save:jpeg,quality=80" for side in SIDES)

# A shell over files "$@": each becomes $OUT/its name without suffix.
EACH = 'for f; do n=${f##*/}; n=$OUT/${n%%.*}; %s; done'
PNG_LEVEL = 2  # of ISA-L, behind `save:png` with its default


@dataclass(frozen=True)
class Work:
    title: str
    recipe: str
    target: float  # at most this part of the best rival's time
    vips: str  # for sh
    magick: tuple = ()  # options of mogrify; empty: not in this race
    hint: str = ""  # size that ImageMagick and GraphicsMagick may tell the JPEG decoder
    against: tuple = ()  # the rivals that the target means; empty: all
    input: str = "jpeg"  # or png, small: a folder of pictures.py
    suffix: str = ".jpg"
    sides: tuple = ()  # the longest of each output; empty: one output as large as its input
    reference: str = ""  # a function of reference.py; "": that of a resize
    judged: int = 6  # pictures whose quality is computed
    per_process: int = 4  # files that a process of vips is given at once
    floor: tuple = ()  # the codecs' calls of floor.c: decode, encode, and its number
    quality: str = ""  # what is asked beside sharp's quality: see verdict.py
    variants: dict = field(default_factory=dict)  # further ways of sharp: name, its function
    same: str = ""  # the work that this one is for the rivals; empty: itself


WEB = Work(
    title="JPEG -> inside 1600 x 1600 -> unsharp, sigma 0.8 -> JPEG, quality 82",
    recipe="resize:1600x1600/unsharp:0.8/save:jpeg,quality=82",
    target=0.50,
    vips=EACH % ('vips thumbnail "$f" "$n.v" 1600 &&'
                 ' vips sharpen "$n.v" "$n.jpg[Q=82]" --sigma 0.8 && rm "$n.v"'),
    magick=("-resize", "1600x1600", "-unsharp", "0x0.8+0.8+0", "-quality", "82"),
    hint="3200x3200",
    sides=(1600,),
    reference="web",
    floor=("jpeg-decode", "jpeg-encode", 82),
)

SMALL = Work(
    title="JPEGs of 200 x 200 -> inside 100 x 100 -> JPEG, quality 80",
    recipe="resize:100x100/save:jpeg,quality=80",
    target=0.50,
    vips='vipsthumbnail "$@" --size 100 -o "$OUT/%s.jpg[Q=80]"',
    magick=("-resize", "100x100", "-quality", "80"),
    input="small",
    sides=(100,),
    judged=100,
    per_process=250,
)

WORKS = {
    "thumb": Work(
        title="JPEG -> inside 512 x 512 -> JPEG, quality 80",
        recipe="resize:512x512/save:jpeg,quality=80",
        target=0.60,
        vips='vipsthumbnail "$@" --size 512 -o "$OUT/%s.jpg[Q=80]"',
        magick=("-resize", "512x512", "-quality", "80"),
        hint="1024x1024",
        sides=(512,),
        floor=("jpeg-decode", "jpeg-encode", 80),
        ),
    "web": WEB,
    # In encoded values, as all rivals compute.
    "encoded": replace(WEB, title=f"{WEB.title}, with light=encoded", same="web",
                       recipe="resize:1600x1600,light=encoded/unsharp:0.8/save:jpeg,quality=82"),
    "blur": Work(
        title="JPEG -> blur, sigma 2 -> JPEG, quality 85",
        recipe="blur:2/save:jpeg,quality=85",
        target=0.50,
        vips=EACH % 'vips gaussblur "$f" "$n.jpg[Q=85]" 2',
        magick=("-blur", "0x2", "-quality", "85"),
        reference="blur",
        judged=3,
        floor=("jpeg-decode", "jpeg-encode", 85),
        quality="finest",
    ),
    "png": Work(
        title="PNG -> blur, sigma 2 -> PNG",
        recipe="blur:2/save:png",
        target=0.50,
        vips=EACH % 'vips gaussblur "$f" "$n.png" 2',
        magick=("-blur", "0x2"),
        input="png",
        suffix=".png",
        reference="blur",
        judged=3,
        floor=("png-inflate", "png-deflate", PNG_LEVEL),
        quality="bytes",
    ),
    "webp": Work(
        title="JPEG -> inside 1600 x 1600 -> WebP, quality 80",
        recipe="resize:1600x1600/save:webp,quality=80",
        target=1.0,
        vips='vipsthumbnail "$@" --size 1600 -o "$OUT/%s.webp[Q=80]"',
        magick=("-resize", "1600x1600", "-quality", "80", "-format", "webp"),
        hint="3200x3200",
        suffix=".webp",
        sides=(1600,),
    ),
    "sizes": Work(
        title=f"JPEG -> 8 JPEGs, quality 80, inside {', '.join(map(str, SIDES))}",
        recipe=SIZES,
        target=0.35,
        vips=f'for s in {" ".join(map(str, SIDES))}; do'
             ' vipsthumbnail "$@" --size $s -o "$OUT/%s-$s.jpg[Q=80]"; done',
        sides=SIDES,
        against=("sharp", "sharp, clones"),  # eight outputs from one input
        judged=2,
        variants={"sharp, clones": "clones", "sharp, decoded once": "raw"},
    ),
    "small": SMALL,
    "small-encoded": replace(SMALL, title=f"{SMALL.title}, with light=encoded", same="small",
                             recipe="resize:100x100,light=encoded/save:jpeg,quality=80"),
}
