"""race.py IMBREX SHARP-FOLDER SCRATCH ROUNDS: runs the same works with imbrex and its rivals, in
turn, and prints a table for each work. Called by rivals.sh, which has installed what there is."""
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

import reference

HERE = Path(__file__).parent
IMBREX, SHARP, SCRATCH, ROUNDS = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
JUDGED = 6  # pictures whose PSNR is computed

WORKS = {
    "blur": "JPEG -> blur, sigma 2 -> JPEG, quality 85",
    "web": "JPEG -> inside 1600 x 1600 -> unsharp, sigma 0.8 -> JPEG, quality 82",
    "thumb": "JPEG -> inside 512 x 512 -> JPEG, quality 80",
    "png": "PNG -> blur, sigma 2 -> PNG",
}

# What each is told. For vips, $1 is one file and $2 the output's path without its suffix.
RECIPES = {
    "blur": "blur:2/save:jpeg,quality=85",
    "web": "resize:1600x1600/unsharp:0.8/save:jpeg,quality=82",
    "thumb": "resize:512x512/save:jpeg,quality=80",
    "png": "blur:2/save:png",
}
VIPS = {
    "blur": 'vips gaussblur "$1" "$2.jpg[Q=85]" 2',
    "web": 'vips thumbnail "$1" "$2.v" 1600 && vips sharpen "$2.v" "$2.jpg[Q=82]" --sigma 0.8'
    ' && rm "$2.v"',
    "thumb": 'vips thumbnail "$1" "$2.jpg[Q=80]" 512',
    "png": 'vips gaussblur "$1" "$2.png" 2',
}
MAGICK = {
    "blur": ["-blur", "0x2", "-quality", "85"],
    "web": ["-resize", "1600x1600", "-unsharp", "0x0.8+0.8+0", "-quality", "82"],
    "thumb": ["-resize", "512x512", "-quality", "80"],
    "png": ["-blur", "0x2"],
}
# These sharpen luminance; the others each channel. They are judged by what they mean to do.
LUMINANCE = {"imbrex", "sharp", "vips"}
MAGICK_JPEG = ["-define", "jpeg:optimize-coding=false", "-sampling-factor", "2x2"]


def run(command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)


def imbrex(work, files, out, threads=2):
    run([IMBREX, "run", RECIPES[work], *files, "-o", out, "--threads", str(threads),
         "--progress", "none"], stderr=subprocess.DEVNULL)


def pairs(files, out):
    """Input and output paths for xargs, NUL-separated."""
    return "".join(f"{f}\0{out}/{Path(f).stem}\0" for f in files).encode()


def vips(work, files, out):
    run(["xargs", "-0", "-P2", "-n2", "sh", "-c", VIPS[work], "sh"], input=pairs(files, out),
        env={**os.environ, "VIPS_CONCURRENCY": "1"})


def sharp(work, files, out):
    run(["node", SHARP / "sharp.mjs", work, out, *files])


def python(script):
    return lambda work, files, out: run(["/usr/bin/python3", HERE / script, work, out, *files])


def magick(program, output_option):
    """mogrify over half of the files each, in two processes of one thread."""

    def works(work, files, out):
        size = {"web": "3200x3200", "thumb": "1024x1024"}.get(work)
        hint = [] if not size else ["-size", size, "-define", f"jpeg:size={size}"]
        jpeg = MAGICK_JPEG if work != "png" else []
        run(["xargs", "-0", "-P2", "-n", str((len(files) + 1) // 2), *program, *hint, *MAGICK[work],
             *jpeg, output_option, out], cwd=Path(files[0]).parent,
            input="\0".join(Path(f).name for f in files).encode(),
            env={**os.environ, "OMP_NUM_THREADS": "1", "MAGICK_THREAD_LIMIT": "1"})

    return works


RIVALS = {
    "imbrex": (imbrex, [IMBREX, "--version"]),
    "sharp": (sharp, ["node", SHARP / "version.mjs"]),
    "vips": (vips, ["vips", "--version"]),
    "OpenCV": (python("opencv.py"),
               ["/usr/bin/python3", "-c", "import cv2; print('OpenCV', cv2.__version__)"]),
    "Pillow": (python("pillow.py"),
               ["/usr/bin/python3", "-c", "import PIL; print('Pillow', PIL.__version__)"]),
    "GraphicsMagick": (magick(["gm", "mogrify"], "-output-directory"), ["gm", "version"]),
    "ImageMagick": (magick(["mogrify-im6"], "-path"), ["mogrify-im6", "-version"]),
}


def installed():
    """Rivals that answer when asked for their version."""
    there = {}
    for name, (works, ask) in RIVALS.items():
        try:
            answer = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            print(f"  {name}: not installed, left out")
            continue
        print(f"  {name}: {answer.splitlines()[0]}")
        there[name] = works
    return there


def photographs():
    """JPEGs of four megapixels and more of the packages of photographs, linked into one folder."""
    found = []
    for package in ("lomiri-wallpapers-16.04", "mate-backgrounds"):
        listing = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True).stdout
        found += [line for line in listing.splitlines() if line.endswith(".jpg")]
    found = [f for f in sorted(found) if not os.path.islink(f) and megapixels([f]) >= 4]
    if not found:
        sys.exit("race.py: install lomiri-wallpapers-16.04 and mate-backgrounds for pictures")
    folder = SCRATCH / "jpeg-input"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in found:
        (folder / Path(source).name).symlink_to(source)
    return [str(folder / Path(source).name) for source in found]


def as_png(files):
    """The same as PNG, made once."""
    folder = SCRATCH / "png-input"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / (Path(f).stem + ".png") for f in files]
    for source, path in zip(files, made):
        if not path.exists():
            Image.open(source).convert("RGB").save(path, compress_level=6)
    return [str(path) for path in made]


def megapixels(files):
    sizes = [Image.open(f).size for f in files]
    return sum(w * h for w, h in sizes) / 1e6


class Result:
    """Seconds and processor seconds of all rounds; bytes and PSNR of one."""

    def __init__(self):
        self.seconds, self.processor, self.bytes, self.psnr = [], [], 0, 0.0

    def time(self, works, work, files):
        out = SCRATCH / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        works(work, files, str(out))
        self.seconds.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return out

    def judge(self, work, files, out, luminance):
        written = {path.stem: path for path in out.iterdir()}
        missing = [f for f in files if Path(f).stem not in written]
        if missing:
            raise RuntimeError(f"no output for {missing}")
        self.bytes = sum(path.stat().st_size for path in written.values())
        meant = reference.web_luma if work == "web" and luminance else getattr(reference, work)
        judged = files[:: max(1, len(files) // JUDGED)][:JUDGED]
        self.psnr = statistics.mean(
            reference.psnr(meant, f, written[Path(f).stem]) for f in judged)


def race(work, files, rivals):
    """Every rival in turn, the first of them another one each round. A first round warms the
    caches and is looked at; those that took more than four times as long as the best in it are
    not in the race after that."""
    results = {name: Result() for name in rivals}
    for name, result in results.items():
        out = result.time(rivals[name], work, files)
        result.judge(work, files, out, name in LUMINANCE)
    best = min(r.seconds[0] for r in results.values())
    names = [name for name, r in results.items() if r.seconds[0] <= 4 * best]
    for name in names:
        results[name].seconds.clear(), results[name].processor.clear()
    for turn in range(ROUNDS):
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            results[name].time(rivals[name], work, files)
    return results


def print_table(work, files, results):
    seconds = {name: statistics.median(r.seconds) for name, r in results.items()}
    best = min((s for name, s in seconds.items() if name != "imbrex"), default=float("nan"))
    amount = megapixels(files)
    print(f"\n{WORKS[work]}: {len(files)} pictures, {amount:.0f} megapixels, "
          f"medians of {ROUNDS} rounds (of one for those far behind)")
    print(f"  {'':15}{'seconds':>8}{'/ best rival':>14}{'MP/s':>7}{'CPU s':>8}{'MB out':>8}"
          f"{'PSNR dB':>9}")
    for name in sorted(seconds, key=seconds.get):
        r = results[name]
        print(f"  {name:15}{seconds[name]:8.2f}{seconds[name] / best:14.2f}"
              f"{amount / seconds[name]:7.0f}{statistics.median(r.processor):8.2f}"
              f"{r.bytes / 1e6:8.1f}{r.psnr:9.2f}")


def threads(files):
    """imbrex on two threads against one, in turn."""
    both = {1: Result(), 2: Result()}
    for _ in range(ROUNDS):
        for count, result in both.items():
            result.time(lambda *a, count=count: imbrex(*a, threads=count), "blur", files)
    one, two = (statistics.median(both[count].seconds) for count in (1, 2))
    print(f"\nimbrex, blur: 1 thread {one:.2f} s, 2 threads {two:.2f} s: {one / two:.2f} times as fast")


def main():
    print("rivals, on two cores, on the same pictures in turn; PSNR against a float reference, of "
          f"{JUDGED} pictures,\nwhat the output format loses included (resizing in linear light):")
    if os.getloadavg()[0] > 0.5:
        print(f"  this machine is busy (load {os.getloadavg()[0]:.1f}): do not trust the times")
    rivals = installed()
    photos = photographs()
    pictures = dict.fromkeys(("blur", "web", "thumb"), photos)
    pictures["png"] = as_png(photos[::3])
    for work in os.environ.get("WORKS", "blur web thumb png").split():
        print_table(work, pictures[work], race(work, pictures[work], rivals))
    threads(photos)
    shutil.rmtree(SCRATCH / "out", ignore_errors=True)


main()
