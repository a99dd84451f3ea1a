"""opencv.py WORK OUT FILE...: the works of race.py by OpenCV, in two processes of one thread."""
import sys
from multiprocessing import Pool
from pathlib import Path

import cv2


def fit(image, side):
    height, width = image.shape[:2]
    scale = min(side / width, side / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def blur(source, out):
    image = cv2.GaussianBlur(cv2.imread(source), (0, 0), 2)
    cv2.imwrite(f"{out}/{Path(source).stem}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])


def web(source, out):
    image = fit(cv2.imread(source), 1600)
    image = cv2.addWeighted(image, 1.8, cv2.GaussianBlur(image, (0, 0), 0.8), -0.8, 0)
    cv2.imwrite(f"{out}/{Path(source).stem}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])


def thumb(source, out):
    image = fit(cv2.imread(source, cv2.IMREAD_REDUCED_COLOR_2), 512)
    cv2.imwrite(f"{out}/{Path(source).stem}.jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])


def png(source, out):
    image = cv2.GaussianBlur(cv2.imread(source), (0, 0), 2)
    cv2.imwrite(f"{out}/{Path(source).stem}.png", image)


def one_thread():
    cv2.setNumThreads(1)


if __name__ == "__main__":
    work, out = globals()[sys.argv[1]], sys.argv[2]
    with Pool(2, one_thread) as pool:
        pool.starmap(work, [(name, out) for name in sys.argv[3:]], chunksize=1)
