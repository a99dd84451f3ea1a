"""opencv.py WORK OUT <FILES: the works of works.py by OpenCV, in two processes of one thread."""
import sys
from multiprocessing import Pool
from pathlib import Path

import cv2

from works import SIDES


def fit(image, side):
    height, width = image.shape[:2]
    scale = min(side / width, side / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def write(path, image, *options):
    """OpenCV only returns whether it could."""
    if not cv2.imwrite(path, image, options):
        raise OSError(f"{path} was not written")


def jpeg(path, image, quality):
    write(f"{path}.jpg", image, cv2.IMWRITE_JPEG_QUALITY, quality)


def blur(source, path):
    jpeg(path, cv2.GaussianBlur(cv2.imread(source), (0, 0), 2), 85)


def web(source, path):
    image = fit(cv2.imread(source), 1600)
    jpeg(path, cv2.addWeighted(image, 1.8, cv2.GaussianBlur(image, (0, 0), 0.8), -0.8, 0), 82)


def thumb(source, path):
    jpeg(path, fit(cv2.imread(source, cv2.IMREAD_REDUCED_COLOR_2), 512), 80)


def webp(source, path):
    image = fit(cv2.imread(source), 1600)
    write(f"{path}.webp", image, cv2.IMWRITE_WEBP_QUALITY, 80)


def sizes(source, path):
    """Each from the one before."""
    image = cv2.imread(source)
    for side in SIDES:
        image = fit(image, side)
        jpeg(f"{path}-{side}", image, 80)


def small(source, path):
    jpeg(path, fit(cv2.imread(source), 100), 80)


def png(source, path):
    write(f"{path}.png", cv2.GaussianBlur(cv2.imread(source), (0, 0), 2))


def one_thread():
    cv2.setNumThreads(1)


if __name__ == "__main__":
    work, out, files = globals()[sys.argv[1]], sys.argv[2], sys.stdin.read().splitlines()
    with Pool(2, one_thread) as pool:
        pool.starmap(work, [(name, f"{out}/{Path(name).stem}") for name in files],
                     chunksize=max(1, len(files) // 100))
