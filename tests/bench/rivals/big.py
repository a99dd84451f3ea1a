"""big.py IMBREX SCRATCH ROUNDS: one image of hundreds of megapixels by imbrex, vips and sharp, in
turn: seconds, and the most memory that each process held. Called by rivals.sh. BIG in the
environment picks those works whose names hold one of its words."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import contestants
import pictures
import results as records
import rounds
import verdict

IMBREX, SCRATCH, ROUNDS = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
SHARP, OUT = SCRATCH / "sharp" / "big.mjs", SCRATCH / "big-out"
TWO = {**os.environ, "VIPS_CONCURRENCY": "2"}
SIDE, SMALL_SIDE = pictures.HUGE, pictures.HUGE // 10


@dataclass(frozen=True)
class Big:
    title: str
    source: str  # a function below
    suffix: str
    recipe: str
    size: tuple  # that must come out
    memory: int  # most megabytes
    target: float = 0  # at most this part of the best rival's time; 0: nobody is raced with
    against: tuple = ()  # the rivals that the target means; empty: all
    options: tuple = ()  # of imbrex
    vips: dict = field(default_factory=dict)  # name: operation, options of the output, the rest
    sharp: str = ""  # work of big.mjs


def tiff_resize(kind):
    return Big(title=f"TIFF in {kind}, 30,000 x 30,000 -> 10 % -> TIFF", source=kind,
               suffix=".tif", recipe="resize:10%/save:tiff,compression=none",
               size=(SMALL_SIDE, SMALL_SIDE), memory=300, target=0.8, sharp="resize",
               vips={"vips resize": ("resize", "", "0.1"),
                     "vips thumbnail": ("thumbnail", "", str(SMALL_SIDE))})


def tiff_rotate(kind):
    return Big(title=f"TIFF in {kind}, 30,000 x 30,000 -> rotate by 90 -> TIFF, --memory 512M",
               source=kind, suffix=".tif", recipe="rotate:90/save:tiff,compression=none",
               size=(SIDE, SIDE), memory=600, options=("--memory", "512M"))


WORKS = {
    "jpeg": Big(title="JPEG, 15,360 x 17,280 -> blur, sigma 8 -> JPEG, quality 85", source="jpeg",
                suffix=".jpg", recipe="blur:8/save:jpeg,quality=85", size=pictures.LARGE,
                memory=120, target=0.40, against=("vips",),
                vips={"vips": ("gaussblur", "[Q=85]", "8")}, sharp="jpeg"),
    "png": Big(title="PNG, 15,360 x 17,280 -> blur, sigma 8 -> PNG", source="png", suffix=".png",
               recipe="blur:8/save:png", size=pictures.LARGE, memory=200, target=0.40,
               against=("vips",), vips={"vips": ("gaussblur", "", "8")}, sharp="png"),
    "resize-tiles": tiff_resize("tiles"),
    "resize-strips": tiff_resize("strips"),
    "rotate-tiles": tiff_rotate("tiles"),
    "rotate-strips": tiff_rotate("strips"),
}


def source_of(work):
    """The path of the picture, which is made if it is not there."""
    at = {"jpeg": (pictures.large, 0), "png": (pictures.large, 1),
          "tiles": (pictures.huge, 0), "strips": (pictures.huge, 1)}
    make, number = at[WORKS[work].source]
    return make(SCRATCH)[number]


def commands(work, source):
    """Contestant -> command; and the file that it writes is made from `output`."""
    big, stem = WORKS[work], Path(source).stem
    out = OUT / (stem + big.suffix)
    found = {"imbrex": [IMBREX, "run", big.recipe, source, "-o", OUT, "--threads", "2",
                        "--progress", "none", *big.options]}
    for name, (operation, options, *rest) in big.vips.items():
        found[name] = ["vips", operation, source, f"{out}{options}", *rest]
    if big.sharp and contestants.has_sharp(SHARP.parent):
        found["sharp"] = ["node", SHARP, big.sharp, source, out]
    return {name: [str(word) for word in words] for name, words in found.items()}, out


def own_megabytes(pid):
    """Memory that a process holds now and that is no part of a file; 0 when it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0


def run(command):
    """What a process took: seconds, processor seconds, and most megabytes: all that it held at
    a time, mapped files included, as wait4 tells for this child alone; and of those its own, as
    looked at a hundred times a second."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    began, own, ended = time.perf_counter(), 0, 0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, env=TWO, stdout=subprocess.DEVNULL, stderr=said)
        while not ended:
            time.sleep(0.01)
            own = max(own, own_megabytes(process.pid))
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read()}")
    return {"seconds": seconds, "processor": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss * 1024 / 1e6, "own": own}


def check_size(name, path, size):
    got = tuple(int(subprocess.run(["vipsheader", "-f", side, path], check=True,
                                   capture_output=True).stdout) for side in ("width", "height"))
    if got != size:
        sys.exit(f"big.py: {name} did not do what was asked: {path} is of {got}, not {size}")


def race(work, source):
    """Every contestant in turn; imbrex once, where there is no rival. One whose output is missing
    or of another size ends the race. Gives medians of times, and the most of memory."""
    big, (todo, out) = WORKS[work], commands(work, source)

    def once(name):
        row = run(todo[name])
        check_size(name, out, big.size)
        return row

    rows = rounds.race(list(todo), once, ROUNDS, big.against) if big.target else {
        name: [once(name)] for name in todo}
    return {name: {**rounds.medians(of), **{key: max(row[key] for row in of)
                                            for key in ("memory", "own")}}
            for name, of in rows.items()}


def verdicts(work, found):
    big, mine = WORKS[work], found["imbrex"]
    kept = [verdict.verdict("megabytes", mine["memory"], big.memory, True)]
    rival = verdict.best_rival(found, big.against)
    if big.target and rival:
        ratio = mine["seconds"] / found[rival]["seconds"]
        kept.insert(0, verdict.verdict(f"time, of that of {rival}", ratio, big.target, True))
    return kept


def measure(work):
    found = race(work, source_of(work))
    print(f"\n{WORKS[work].title}: medians of {ROUNDS} rounds, (*) of one")
    print(f"  {'':16}{'seconds':>8}{'CPU s':>11}{'MB held':>9}{'its own':>9}")
    for name in sorted(found, key=lambda n: found[n]["seconds"]):
        r = found[name]
        print(f"  {name:16}{r['seconds']:8.2f}{rounds.mark(r)}{r['processor']:8.2f}"
              f"{r['memory']:9.0f}{r['own']:9.0f}")
    kept = verdicts(work, found)
    for v in kept:
        print(verdict.sentence(v))
    records.store(SCRATCH / "results.json", "big", work,
                  {"title": WORKS[work].title, "results": found, "verdicts": kept})


def main():
    print("\none big image, two threads, nothing else at work")
    records.warn_if_busy()
    words = os.environ.get("BIG", "").split()
    for work in WORKS:
        if not words or any(word in work for word in words):
            measure(work)
    shutil.rmtree(OUT, ignore_errors=True)


main()
