"""pillow.py WORK OUT FILE...: the works of race.py by Pillow, in two processes."""
import sys
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageFilter


def blur(source, out):
    image = Image.open(source)
    image.filter(ImageFilter.GaussianBlur(2)).save(out / f"{source.stem}.jpg", quality=85)


def web(source, out):
    image = Image.open(source)
    image.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
    sharper = image.filter(ImageFilter.UnsharpMask(radius=0.8, percent=80, threshold=0))
    sharper.save(out / f"{source.stem}.jpg", quality=82)


def thumb(source, out):
    image = Image.open(source)
    image.thumbnail((512, 512), Image.Resampling.LANCZOS)
    image.save(out / f"{source.stem}.jpg", quality=80)


def png(source, out):
    image = Image.open(source)
    image.filter(ImageFilter.GaussianBlur(2)).save(out / f"{source.stem}.png")


if __name__ == "__main__":
    work, out = globals()[sys.argv[1]], Path(sys.argv[2])
    with Pool(2) as pool:
        pool.starmap(work, [(Path(name), out) for name in sys.argv[3:]], chunksize=1)
