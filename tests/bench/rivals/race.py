"""race.py IMBREX SCRATCH ROUNDS: runs the works of works.py with imbrex and its rivals, in turn,
prints a table for each and stores them in SCRATCH/results.json. Called by rivals.sh, which has
installed and compiled what there is. WORKS in the environment picks some of them; PICTURES=N takes
only so many pictures, to try it out."""
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contestants
import pictures
import reference
import results as records
import verdict
from works import WORKS

IMBREX, SCRATCH, ROUNDS = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
SHARP, FLOOR, RECORDS = SCRATCH / "sharp", SCRATCH / "floor", SCRATCH / "results.json"
OUT = SCRATCH / "out"
# These sharpen luminance; the others each channel. They are judged by what they mean to do.
LUMINANCE = ("imbrex", "sharp", "vips")
FAR_BEHIND = 2.5  # times the best: one round is enough


def new_folder():
    """For outputs. Those of earlier runs are on the disk by then, and stay until the work is over,
    thousands of small ones until all works are: ext4 takes many times as long to make files for
    minutes after as many have been removed."""
    OUT.mkdir(parents=True, exist_ok=True)
    os.sync()
    return Path(tempfile.mkdtemp(dir=OUT))


class Result:
    """Seconds and processor seconds of all rounds; bytes, PSNR and SSIM of one."""

    def __init__(self):
        self.seconds, self.processor = [], []
        self.bytes, self.psnr, self.ssim = 0, 0.0, 0.0

    def time(self, works, work, files):
        out = new_folder()
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        works(work, files, str(out))
        self.seconds.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return out

    def judge(self, work, files, out, name):
        """Every file must have outputs; some of them are compared with the reference."""
        self.bytes = sum(path.stat().st_size for path in out.iterdir())
        made = outputs(files, out)
        meant = reference.meant(WORKS[work].reference, name.startswith(LUMINANCE))
        pairs = [(f, path) for f in some(files, WORKS[work].judged) for path in made[f]]
        marks = [reference.marks(meant, f, path) for f, path in pairs]
        self.psnr, self.ssim = (statistics.mean(column) for column in zip(*marks))

    def summary(self):
        return {"seconds": statistics.median(self.seconds),
                "processor": statistics.median(self.processor), "rounds": len(self.seconds),
                "bytes": self.bytes, "psnr": self.psnr, "ssim": self.ssim}


def some(files, count):
    """So many of them at most, from all over the list."""
    return files[:: max(1, len(files) // count)][:count]


def outputs(files, out):
    """file -> its outputs: named as it is, or with more words behind a hyphen."""
    by_stem = {}
    for path in sorted(out.iterdir()):
        by_stem.setdefault(path.stem, []).append(path)
    for stem in list(by_stem):
        head, hyphen, _ = stem.rpartition("-")
        if hyphen:
            by_stem.setdefault(head, []).extend(by_stem[stem])
    missing = [f for f in files if Path(f).stem not in by_stem]
    if missing:
        raise RuntimeError(f"no output for {missing}")
    return {f: by_stem[Path(f).stem] for f in files}


def floor(work, files, out):
    """Processor seconds that the codecs alone need: for the inputs, and for imbrex's outputs."""
    decode, encode, number = WORKS[work].floor
    made = [str(path) for paths in outputs(files, out).values() for path in paths]
    return sum(float(subprocess.run([FLOOR, *map(str, words)], check=True, capture_output=True,
                                    text=True).stdout)
               for words in ([decode, 0, *files], [encode, number, *made]))


def first_round(work, files, entrants):
    """Warms the caches, and is looked at."""
    found = {name: Result() for name in entrants}
    for name, result in found.items():
        result.judge(work, files, result.time(entrants[name], work, files), name)
    return found


def race(work, files, entrants):
    """Every rival in turn, the first of them another one each round; those that were far behind
    in the first round are not in the race after that. Gives the summaries and the floor."""
    found = first_round(work, files, entrants)
    best = min(r.seconds[0] for r in found.values())
    names = [n for n, r in found.items() if n == "imbrex" or r.seconds[0] <= FAR_BEHIND * best]
    for name in names:
        found[name].seconds.clear(), found[name].processor.clear()
    floors = []
    for turn in range(ROUNDS):
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            out = found[name].time(entrants[name], work, files)
            if name == "imbrex" and WORKS[work].floor:
                floors.append(floor(work, files, out))
    return ({name: r.summary() for name, r in found.items()},
            statistics.median(floors) if floors else None)


def finest_psnr(work, files, imbrex):
    """Of the same recipe at JPEG's best quality, sampled as before, so that the same code runs."""
    out = new_folder()
    judged = some(files, WORKS[work].judged)
    recipe = re.sub("quality=[0-9]+", "quality=100,subsampling=420", WORKS[work].recipe)
    imbrex(work, judged, str(out), recipe=recipe)
    meant = reference.meant(WORKS[work].reference, True)
    made = outputs(judged, out)
    return statistics.mean(reference.marks(meant, f, made[f][0])[0] for f in judged)


def print_table(title, entry):
    found = entry["results"]
    best = found.get(entry["best"], {}).get("seconds", float("nan"))
    amount = entry["megapixels"]
    print(f"\n{title}: {entry['pictures']} pictures, {amount:.0f} megapixels, "
          f"medians of {ROUNDS} rounds (of one for those far behind)")
    print(f"  {'':21}{'seconds':>8}{'/ best rival':>14}{'MP/s':>7}{'CPU s':>8}{'/ floor':>9}"
          f"{'MB out':>8}{'PSNR dB':>9}{'SSIM':>8}")
    for name in sorted(found, key=lambda n: found[n]["seconds"]):
        r = found[name]
        share = f"{r['processor'] / entry['floor']:9.2f}" if entry["floor"] else f"{'':9}"
        print(f"  {name:21}{r['seconds']:8.2f}{r['seconds'] / best:14.2f}"
              f"{amount / r['seconds']:7.0f}{r['processor']:8.2f}{share}"
              f"{r['bytes'] / 1e6:8.1f}{r['psnr']:9.2f}{r['ssim']:8.4f}")
    if entry["floor"]:
        print(f"  the codecs alone: {entry['floor']:.2f} CPU s")
    for v in entry["verdicts"]:
        print(verdict.sentence(v))


def measure(work, files, there):
    found, alone = race(work, files, contestants.entrants(work, there, SHARP))
    finest = None
    if WORKS[work].quality == "finest":
        finest = finest_psnr(work, files, there["imbrex"][0])
    if WORKS[work].input != "small":
        shutil.rmtree(OUT)
    entry = {"title": WORKS[work].title, "pictures": len(files),
             "megapixels": pictures.megapixels(files), "best": verdict.best_rival(found),
             "floor": alone, "finest": finest, "results": found,
             "verdicts": verdict.verdicts(work, found, alone, finest)}
    print_table(WORKS[work].title, entry)
    records.store(RECORDS, "works", work, entry)
    return entry


def threads(files, imbrex):
    """imbrex on two threads against one, in turn."""
    both = {1: Result(), 2: Result()}
    for _ in range(ROUNDS):
        for count, result in both.items():
            result.time(lambda *a, count=count: imbrex(*a, threads=count), "blur", files)
    one, two = (statistics.median(both[count].seconds) for count in (1, 2))
    print(f"\nimbrex, blur: 1 thread {one:.2f} s, 2 threads {two:.2f} s: "
          f"{one / two:.2f} times as fast")


def inputs(work, photos):
    if WORKS[work].input == "png":
        return pictures.as_png(photos[::3], SCRATCH)
    return pictures.small(photos, SCRATCH) if WORKS[work].input == "small" else photos


def print_summary(entries):
    print("\nall works: what is asked, and whether it is so")
    for work, entry in entries.items():
        for v in entry["verdicts"]:
            print(f"  {work:6}{verdict.sentence(v)}")


def main():
    print("rivals, on two cores, on the same pictures in turn; PSNR and SSIM against a float "
          "reference (resizing\nin linear light), of some of the pictures, what the output format "
          "loses included:")
    records.warn_if_busy()
    there = contestants.installed(IMBREX, SHARP)
    records.versions(RECORDS, {name: version for name, (_, version) in there.items()})
    photos, most = pictures.photographs(SCRATCH), int(os.environ.get("PICTURES", "0")) or None
    wanted = [w for w in os.environ.get("WORKS", " ".join(WORKS)).split() if w in WORKS]
    entries = {work: measure(work, inputs(work, photos)[:most], there) for work in wanted}
    if "blur" in wanted:
        threads(photos[:most], there["imbrex"][0])
    print_summary(entries)
    shutil.rmtree(OUT, ignore_errors=True)


main()
