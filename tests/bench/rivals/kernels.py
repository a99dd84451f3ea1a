"""kernels.py SCRATCH ROUNDS: filters alone, on one thread, from 8-bit RGB in memory to 8-bit RGB in
memory: imbrex against OpenCV and sharp, in turn, the best of all rounds of each. Called by
rivals.sh, which compiles kernels.c. KERNELS in the environment picks those whose names hold one
of its words."""
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import contestants
import pictures
import results as records
import verdict

SCRATCH, ROUNDS = Path(sys.argv[1]).resolve(), int(sys.argv[2])
RAW = SCRATCH / "kernels.rgb"
SLOW = 2.0  # seconds, after which one round more is enough


def gaussian(sigma):
    return lambda image, to: cv2.GaussianBlur(image, (0, 0), sigma, dst=to)


def median(side):
    return lambda image, to: cv2.medianBlur(image, side, dst=to)


def turn(image, to):
    height, width = image.shape[:2]
    return cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE, dst=to.reshape(width, height, 3))


def bilateral(image, to):
    return cv2.bilateralFilter(image, 0, 25.5, 3, dst=to)


SAME = 99.0  # decibels: every byte

# Name: recipe of imbrex, rival (a function of OpenCV, or sharp by the same name), how many times as
# fast as it imbrex is to be, and how many decibels alike both results must be: some less than they
# are, and more than where either had done nothing, or resized in other light. sharp sharpens L of
# Lab rather than luma, and turns and saturates in LCh.
KERNELS = {
    "gaussian 1": ("blur:1", gaussian(1), 1.0, 60),
    "gaussian 2": ("blur:2", gaussian(2), 1.1, 60),
    "gaussian 5": ("blur:5", gaussian(5), 1.2, 60),
    "gaussian 10": ("blur:10", gaussian(10), 6, 60),
    "gaussian 50": ("blur:50", gaussian(50), 10, 50),
    "lanczos 31 %": ("resize:31%,light=encoded", "sharp", 1.15, 54),
    "lanczos 10 %": ("resize:10%,light=encoded", "sharp", 1.0, 52),
    "linear 31 %": ("resize:31%", "sharp", 10, 54),
    "rotate 90": ("rotate:90", turn, 2.5, SAME),
    "unsharp": ("unsharp:1", "sharp", 10, 44),
    "saturation": ("saturation:1.3", "sharp", 5, 40),
    "hue": ("hue:30", "sharp", 5, 36),
    "median 5x5": ("median:2", median(5), 1.0, SAME),
    "median 7x7": ("median:3", median(7), 8, SAME),
    "median 15x15": ("median:7", median(15), 1.5, SAME),
    "bilateral": ("bilateral:3,sigma_r=0.1", bilateral, 1.5, 46),
}
UNPACK = ("unpack, pack", "invert/invert", 900)  # of our own, in megapixels per second


class Worker:
    """A process that answers a line by seconds, width and height."""

    def __init__(self, *command):
        self.suffix = "sharp" if command[0] == "node" else "imbrex"
        self.process = subprocess.Popen([str(word) for word in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 3:
            sys.exit(f"kernels.py: no answer to {line}")
        return float(answer[0]), int(answer[1]), int(answer[2])

    def time(self, line):
        return self.ask(line)[0]

    def picture(self, line):
        """What comes out, as an array."""
        _, width, height = self.ask("!" + line)
        return np.fromfile(f"{RAW}.{self.suffix}", np.uint8).reshape(height, width, 3)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class OpenCV:
    """The same for functions of OpenCV, which write into an array that is there."""

    def __init__(self, image):
        cv2.setNumThreads(1)
        self.image, self.to = image, np.zeros_like(image)

    def time(self, function):
        begun = time.perf_counter()
        function(self.image, self.to)
        return time.perf_counter() - begun

    def picture(self, function):
        return function(self.image, self.to).copy()

    def end(self):
        self.image = self.to = None


def decibels(a, b):
    """How much alike two results of one size are."""
    error = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
    return SAME if error == 0 else min(SAME - 1, 10 * math.log10(255**2 / error))


def compared(name, mine, rival, least):
    """Their decibels. Ends the program if one of them cannot have done what the other did."""
    if mine.shape != rival.shape:
        sys.exit(f"kernels.py: {name}: {mine.shape} came out, and {rival.shape} of the rival")
    alike = decibels(mine, rival)
    if alike < least:
        sys.exit(f"kernels.py: {name}: {alike:.1f} dB alike; {least} are the least that is usual")
    return alike


def duel(mine, recipe, rival, work):
    """Best seconds of both, in turn."""
    best = [mine.time(recipe), rival.time(work)]
    for _ in range(ROUNDS - 1 if max(best) < SLOW else 1 if ROUNDS > 1 else 0):
        best = [min(best[0], mine.time(recipe)), min(best[1], rival.time(work))]
    return best


def print_line(name, entry, megapixels):
    v = entry["verdict"]
    rival = f"{megapixels / entry['rival_seconds']:8.0f}" if entry["rival"] else f"{'':8}"
    alike = f"{entry['alike']:8.1f}" if entry["rival"] else f"{'':8}"
    print(f"  {name:14}{megapixels / entry['seconds']:8.0f}{rival} {entry['rival']:7}"
          f"{v['value']:9.2f}{v['limit']:8.2f}  {'yes' if v['ok'] else 'NO ':4}{alike}")


def measure(name, mine, rivals, megapixels):
    recipe, work, wanted, least = KERNELS[name]
    rival, ask = ("sharp", name) if work == "sharp" else ("OpenCV", work)
    if rival not in rivals:
        return
    alike = compared(name, mine.picture(recipe), rivals[rival].picture(ask), least)
    seconds, rival_seconds = duel(mine, recipe, rivals[rival], ask)
    entry = {"recipe": recipe, "rival": rival, "seconds": seconds, "megapixels": megapixels,
             "rival_seconds": rival_seconds, "alike": alike,
             "verdict": verdict.verdict(f"speed, of that of {rival}", rival_seconds / seconds,
                                        wanted, False)}
    print_line(name, entry, megapixels)
    records.store(SCRATCH / "results.json", "kernels", name, entry)


def measure_unpack(mine, megapixels):
    name, recipe, wanted = UNPACK
    seconds = min(mine.time(recipe) for _ in range(2 * ROUNDS + 1))
    entry = {"recipe": recipe, "rival": "", "seconds": seconds, "megapixels": megapixels,
             "verdict": verdict.verdict("MP/s", megapixels / seconds, wanted, False)}
    print_line(name, entry, megapixels)
    records.store(SCRATCH / "results.json", "kernels", name, entry)


def main():
    with Image.open(pictures.named("seeding_by")) as photo:
        image = np.ascontiguousarray(photo.convert("RGB"))
    height, width = image.shape[:2]
    image.tofile(RAW)
    megapixels = width * height / 1e6
    print(f"\nfilters alone, one thread, {megapixels:.1f} megapixels of 8-bit RGB in memory, best "
          f"of {ROUNDS} rounds in turn;\nalike: PSNR between the two results "
          f"(unpack, pack: {UNPACK[1]}, all conversions and next to no filter)")
    records.warn_if_busy()
    print(f"  {'':14}{'MP/s':>8}{'rival':>8} {'':7}{'ratio':>9}{'asked':>8}{'':6}{'alike dB':>8}")
    mine = Worker(SCRATCH / "kernels", RAW, width, height)
    rivals = {"OpenCV": OpenCV(image)}
    if contestants.has_sharp(SCRATCH / "sharp"):
        rivals["sharp"] = Worker("node", SCRATCH / "sharp" / "kernels.mjs", RAW, width, height)
    words = os.environ.get("KERNELS", "").split()
    for name in KERNELS:
        if not words or any(word in name for word in words):
            measure(name, mine, rivals, megapixels)
    if not words or any(word in UNPACK[0] for word in words):
        measure_unpack(mine, megapixels)
    for worker in (mine, *rivals.values()):
        worker.end()
    for path in SCRATCH.glob("kernels.rgb*"):
        path.unlink()


main()
