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
from functools import partial
from pathlib import Path

import contestants
import outputs
import pictures
import reference
import results as records
import rounds
import verdict
from works import WORKS

IMBREX, SCRATCH, ROUNDS = sys.argv[1], Path(sys.argv[2]).resolve(), int(sys.argv[3])
SHARP, FLOOR, RECORDS = SCRATCH / "sharp", SCRATCH / "floor", SCRATCH / "results.json"
OUT = SCRATCH / "out"
# These sharpen luminance; the others each channel. They are judged by what they mean to do.
LUMINANCE = ("imbrex", "sharp", "vips")


def new_folder():
    """For outputs. Those of earlier runs are on the disk by then, and stay until the work is over,
    thousands of small ones until all works are: ext4 takes many times as long to make files for
    minutes after as many have been removed."""
    OUT.mkdir(parents=True, exist_ok=True)
    os.sync()
    return Path(tempfile.mkdtemp(dir=OUT))


def timed(works, work, files):
    """The seconds and processor seconds that a contestant takes, and the folder of its outputs."""
    out = new_folder()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    works(work, files, str(out))
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": used}, out


def some(files, count):
    """So many of them at most, from all over the list."""
    return files[:: max(1, len(files) // count)][:count]


def judge(work, made, name):
    """Bytes of all outputs; PSNR and SSIM of some of them against the reference."""
    meant = reference.meant(WORKS[work].reference, name.startswith(LUMINANCE))
    judged = some(list(made), WORKS[work].judged)
    marks = [reference.marks(meant, f, path) for f in judged for path in made[f]]
    psnr, ssim = (statistics.mean(column) for column in zip(*marks))
    return {"bytes": sum(path.stat().st_size for paths in made.values() for path in paths),
            "psnr": psnr, "ssim": ssim}


def codecs(work, made):
    """Processor seconds that the codecs alone need: for the inputs, and for imbrex's outputs."""
    decode, encode, number = WORKS[work].floor
    outs = [path for paths in made.values() for path in paths]
    return [float(subprocess.run([FLOOR, *map(str, words)], check=True, capture_output=True,
                                 text=True).stdout)
            for words in ([decode, 0, *made], [encode, number, *outs])]


def race(work, files, entrants, floors):
    """The summaries of all. Every round's outputs are checked, those of the first one judged.
    `floors`: the codecs' times by the rivals' name of the work, each after a round of imbrex;
    filled here unless a work that is the same but for imbrex's options has done so."""
    judged, runs = {}, floors.setdefault(contestants.own(work), [])
    wanted = WORKS[work].floor and not runs

    def run(name):
        row, out = timed(entrants[name], work, files)
        try:
            made = outputs.checked(work, files, out)
        except (RuntimeError, OSError) as error:
            sys.exit(f"race.py: {work}: {name} did not do what was asked: {error}")
        if name not in judged:
            judged[name] = judge(work, made, name)
        if name == "imbrex" and wanted:
            runs.append(codecs(work, made))
        return row

    rows = rounds.race(list(entrants), run, ROUNDS, WORKS[work].against)
    return {name: {**rounds.medians(rows[name]), **judged[name]} for name in rows}


def finest_psnr(work, files, imbrex):
    """Of the same recipe at JPEG's best quality, sampled as before, so that the same code runs."""
    out = new_folder()
    judged = some(files, WORKS[work].judged)
    recipe = re.sub("quality=[0-9]+", "quality=100,subsampling=420", WORKS[work].recipe)
    imbrex(work, judged, str(out), recipe=recipe)
    meant = reference.meant(WORKS[work].reference, True)
    made = outputs.checked(work, judged, out)
    return statistics.mean(reference.marks(meant, f, made[f][0])[0] for f in judged)


def print_table(title, entry):
    found = entry["results"]
    best = found.get(entry["best"], {}).get("seconds", float("nan"))
    amount = entry["megapixels"]
    print(f"\n{title}: {entry['pictures']} pictures, {amount:.0f} megapixels, "
          f"medians of {ROUNDS} rounds, (*) of one")
    print(f"  {'':21}{'seconds':>8}{'/ best rival':>17}{'MP/s':>7}{'CPU s':>8}{'/ floor':>9}"
          f"{'MB out':>8}{'PSNR dB':>9}{'SSIM':>8}")
    for name in sorted(found, key=lambda n: found[n]["seconds"]):
        r = found[name]
        share = f"{r['processor'] / entry['floor']:9.2f}" if entry["floor"] else f"{'':9}"
        print(f"  {name:21}{r['seconds']:8.2f}{rounds.mark(r)}{r['seconds'] / best:14.2f}"
              f"{amount / r['seconds']:7.0f}{r['processor']:8.2f}{share}"
              f"{r['bytes'] / 1e6:8.1f}{r['psnr']:9.2f}{r['ssim']:8.4f}")
    if entry["floor"]:
        print(f"  the codecs alone: {entry['floor']:.2f} CPU s, each part at its least (all "
              f"runs: {', '.join(f'{seconds:.2f}' for seconds in entry['floor_runs'])})")
    for v in entry["verdicts"]:
        print(verdict.sentence(v))


def measure(work, files, there, floors):
    found = race(work, files, contestants.entrants(work, there, SHARP), floors)
    runs = floors[contestants.own(work)]
    alone = sum(map(min, zip(*runs))) or None
    finest = None
    if WORKS[work].quality == "finest":
        finest = finest_psnr(work, files, there["imbrex"][0])
    if WORKS[work].input != "small":
        shutil.rmtree(OUT)
    entry = {"title": WORKS[work].title, "pictures": len(files),
             "megapixels": pictures.megapixels(files), "best": verdict.best_rival(found),
             "floor": alone, "floor_runs": [sum(run) for run in runs], "finest": finest,
             "results": found, "verdicts": verdict.verdicts(work, found, alone, finest)}
    print_table(WORKS[work].title, entry)
    records.store(RECORDS, "works", work, entry)
    return entry


def threads(files, imbrex):
    """imbrex on two threads against one, in turn."""
    def run(count):
        return timed(partial(imbrex, threads=count), "blur", files)[0]

    rows = rounds.race([1, 2], run, ROUNDS, against=(1, 2))
    one, two = (rounds.medians(rows[count])["seconds"] for count in (1, 2))
    print(f"\nimbrex, blur: 1 thread {one:.2f} s, 2 threads {two:.2f} s: "
          f"{one / two:.2f} times as fast")


def inputs(work, photos):
    if WORKS[work].input == "png":
        return pictures.as_png(photos[::3], SCRATCH)
    return pictures.small(photos, SCRATCH) if WORKS[work].input == "small" else photos


def quality(result):
    return f"{result['psnr']:.1f} dB, {result['ssim']:.4f}, {result['bytes'] / 1e6:.2f} MB"


def print_row(work, entry):
    found = entry["results"]
    mine, sharp = found["imbrex"], found.get("sharp")
    name = verdict.best_rival(found, WORKS[work].against)
    if name:
        rival = found[name]
        kept = verdict.not_below_sharp(found)
        print(f"| {entry['title']} | {mine['seconds']:.2f} s | {name} {rival['seconds']:.2f} s"
              f"{rounds.mark(rival).rstrip()} | {mine['seconds'] / rival['seconds']:.2f} "
              f"| {WORKS[work].target:.2f} | {quality(mine)} | {quality(rival)} "
              f"| {quality(sharp) if sharp else 'not there'} "
              f"| {'yes' if all(v['ok'] for v in kept) else 'NO' if kept else ''} |")


def print_summary(entries):
    print("\nall works: what is asked, and whether it is so")
    for work, entry in entries.items():
        for v in entry["verdicts"]:
            print(f"  {work:13}{verdict.sentence(v)}")
    print("\nas a table; quality: PSNR of all channels, SSIM of luma, size of all outputs; (*) one "
          "round\n\n"
          "| work | imbrex | rival | ratio | asked | imbrex's quality | the rival's | sharp's "
          "| not below sharp's |\n|---|---|---|---|---|---|---|---|---|")
    for work, entry in entries.items():
        print_row(work, entry)


def main():
    print("rivals, on two cores, on the same pictures in turn; PSNR and SSIM against a float "
          "reference (resizing\nin linear light), of some of the pictures, what the output format "
          "loses included:")
    records.warn_if_busy()
    there = contestants.installed(IMBREX, SHARP)
    records.versions(RECORDS, {name: version for name, (_, version) in there.items()})
    photos, most = pictures.photographs(SCRATCH), int(os.environ.get("PICTURES", "0")) or None
    wanted = [w for w in os.environ.get("WORKS", " ".join(WORKS)).split() if w in WORKS]
    floors = {}
    entries = {work: measure(work, inputs(work, photos)[:most], there, floors) for work in wanted}
    if "blur" in wanted:
        threads(photos[:most], there["imbrex"][0])
    print_summary(entries)
    shutil.rmtree(OUT, ignore_errors=True)


main()
