"""The spatial filters through the program, against scipy and OpenCV.

usage: spatial.py IMBREX FOLDER PHOTOGRAPH

A 16-bit chart and an 8-bit chart are written as PNG into FOLDER, run through recipes, read back
and compared; and the photograph as JPEG, whose luma and chroma are blurred each by itself. Prints one line per recipe; exit status 1 if one is worse than its bound.
"""
import os
import subprocess
import sys

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage


def chart(h, w, top):
    """Ramps, noise, stripes, hard edges and dots, full range, as whole numbers up to `top`."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:h, 0:w]
    image = np.stack([x / w, y / h, (x + y) / (w + h)], axis=2)
    image[: h // 2, w // 2 :] = rng.random((h // 2, w - w // 2, 3))
    image[h // 2 :, w // 2 :] = ((x % (7 + y // 40)) == 0)[h // 2 :, w // 2 :, None]
    image[h // 4 : h // 3, w // 8 : w // 3] = (1, 0, 1)
    image[::16, ::16] = 1 - image[::16, ::16]
    return np.round(image * top)


def psnr(a, b):
    error = np.mean((a - b) ** 2)
    return 200 if error == 0 else -10 * np.log10(error)


class Runner:
    def __init__(self, program, folder):
        self.program, self.folder, self.failures, self.number = program, folder, 0, 0
        for depth in (8, 16):
            top = 2**depth - 1
            cv2.imwrite(self.path(depth), chart(413, 597, top).astype(f"uint{depth}"))

    def path(self, depth):
        return os.path.join(self.folder, f"chart{depth}.png")

    def both(self, recipe, path, top):
        """The picture before and after the recipe, as floats from 0 to 1."""
        self.number += 1
        out = os.path.join(self.folder, f"out{self.number}")
        done = subprocess.run([self.program, "run", recipe, path, "-o", out, "--progress", "none"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{recipe}: {done.stderr}")
        after = os.path.join(out, os.path.basename(path))
        return [cv2.imread(p, cv2.IMREAD_UNCHANGED) / top for p in (path, after)]

    def judge(self, what, got, want, least):
        value = psnr(got, want)
        good = value >= least
        self.failures += not good
        print(f"{'ok  ' if good else 'BAD '} {what}: {value:.1f} dB, at least {least}")

    def check(self, recipe, depth, reference, least):
        before, after = self.both(recipe, self.path(depth), 2.0**depth - 1)
        self.judge(f"{recipe} ({depth} bit)", after, np.clip(reference(before), 0, 1), least)


def gauss(sigma):
    return lambda a: ndimage.gaussian_filter(a, (sigma, sigma, 0), mode="nearest", truncate=6)


def unsharp(sigma, amount):
    def apply(a):
        luma = a @ np.array([0.114, 0.587, 0.299])  # BT.601; OpenCV's order is blue, green, red
        return a + amount * (luma - ndimage.gaussian_filter(luma, sigma, mode="nearest", truncate=6))[..., None]
    return apply


def median(radius):
    side = 2 * radius + 1
    return lambda a: np.stack([ndimage.median_filter(a[..., i], side, mode="nearest") for i in range(3)], axis=2)


def box(radius):
    return lambda a: ndimage.uniform_filter(a, (2 * radius + 1, 2 * radius + 1, 1), mode="nearest")


def bilateral(sigma_s, sigma_r):
    radius = max(1, int(1.5 * sigma_s + 0.5))
    def apply(a):
        h, w, _ = a.shape
        padded = np.pad(a, ((radius, radius), (radius, radius), (0, 0)), mode="edge")
        total, weights = np.zeros_like(a), np.zeros((h, w, 1))
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                if dx * dx + dy * dy > radius * radius:
                    continue
                there = padded[radius + dy : radius + dy + h, radius + dx : radius + dx + w]
                weight = np.exp(-(dx * dx + dy * dy) / (2 * sigma_s**2)
                                - ((there - a) ** 2).sum(2, keepdims=True) / (2 * sigma_r**2))
                total += weight * there
                weights += weight
        return total / weights
    return apply


def opencv_median(radius):
    return lambda a: cv2.medianBlur(np.round(a * 255).astype(np.uint8), 2 * radius + 1) / 255.0


def check_components(run, photograph):
    """From JPEG to JPEG, chroma as it was or halved, against a blur of the RGB that OpenCV sees."""
    names = {"444": 0, "422": 1, "420": 2}
    path = os.path.join(run.folder, "components.jpg")
    for of, to in (("444", "444"), ("444", "420"), ("422", "422"), ("422", "420"), ("420", "420")):
        Image.open(photograph).convert("RGB").save(path, quality=95, subsampling=names[of])
        before, after = run.both(f"blur:2/save:jpeg,quality=100,subsampling={to}", path, 255)
        run.judge(f"blur:2 of luma and chroma, {of} to {to}", after, gauss(2)(before), 50)


def main():
    run = Runner(sys.argv[1], sys.argv[2])
    for sigma in (0.5, 1, 2, 5, 5.5, 8, 10, 20, 50, 120, 250):
        for depth in (8, 16):  # large ones read bytes by a way of their own
            run.check(f"blur:{sigma}", depth, gauss(sigma), 55 if depth == 8 else 60)
    for sigma, amount in ((0.8, 0.6), (2, 1.5), (20, 0.3)):
        run.check(f"unsharp:{sigma},amount={amount}", 16, unsharp(sigma, amount), 50)
    for radius in (1, 4, 32, 33, 100):
        run.check(f"box_blur:{radius}", 16, box(radius), 90)
    for radius in (1, 2, 3, 8):
        run.check(f"median:{radius}", 16, median(radius), 200)
    for radius in (1, 2, 3, 7, 15, 40):
        run.check(f"median:{radius}", 8, opencv_median(radius), 200)
    run.check("bilateral:3,sigma_r=0.1", 16, bilateral(3, 0.1), 80)
    check_components(run, sys.argv[3])
    sys.exit(1 if run.failures else 0)


if __name__ == "__main__":
    main()
