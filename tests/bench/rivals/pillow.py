"""pillow.py WORK OUT <FILES: the works of works.py by Pillow, in two processes."""
import sys
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageFilter

from works import SIDES


def inside(source, side):
    """The decoder is told the size, and may reduce as it decodes."""
    image = Image.open(source)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def blur(source, path):
    Image.open(source).filter(ImageFilter.GaussianBlur(2)).save(f"{path}.jpg", quality=85)


def web(source, path):
    sharpen = ImageFilter.UnsharpMask(radius=0.8, percent=80, threshold=0)
    inside(source, 1600).filter(sharpen).save(f"{path}.jpg", quality=82)


def thumb(source, path):
    inside(source, 512).save(f"{path}.jpg", quality=80)


def webp(source, path):
    inside(source, 1600).save(f"{path}.webp", quality=80)


def sizes(source, path):
    """Each from the one before."""
    image = Image.open(source)
    for side in SIDES:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image.save(f"{path}-{side}.jpg", quality=80)


def small(source, path):
    inside(source, 100).save(f"{path}.jpg", quality=80)


def png(source, path):
    Image.open(source).filter(ImageFilter.GaussianBlur(2)).save(f"{path}.png")


if __name__ == "__main__":
    work, out, files = globals()[sys.argv[1]], sys.argv[2], sys.stdin.read().splitlines()
    with Pool(2) as pool:
        pool.starmap(work, [(name, f"{out}/{Path(name).stem}") for name in files],
                     chunksize=max(1, len(files) // 100))
