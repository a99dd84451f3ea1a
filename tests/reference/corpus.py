"""A folder of real or broken files through the program, every picture checked by another decoder.

usage: corpus.py IMBREX formats|bad FOLDER SCRATCH

formats: all files become PNG in one batch. What came out is compared with the same file decoded by
         Pillow, else ImageMagick, else the libvips program: turned upright, converted to sRGB.
         What did not come out must have a sentence that names the file and a reason. Files that
         need a loader that is not safe are then run again with it allowed.
bad:     every file on its own, strictly and with damage accepted, under limits of time and memory;
         then all in one batch. No signal, no other exit status than 0 and 1.

Prints a table by folder and what deserves a look; exit status 1 if a rule is broken.
"""
import collections
import concurrent.futures
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageCms, ImageOps

Image.MAX_IMAGE_PIXELS = None
NOT_PICTURES = (".md", ".icc", ".icm")
LOADERS = ("jxl", "svg", "pdf", "ppm", "rad", "openexr", "magick", "fits", "mat")
MEMORY_MB = 512  # --memory; a process may hold its libraries beside it
PROCESS_MB = 900
SECONDS = 20
MEAN, BLOCK = 1.5, 10.0  # of 255: over the picture; over the worst 8 x 8 block

def files(folder):
    found = [os.path.join(d, f) for d, _, names in os.walk(folder) for f in names]
    return sorted(f for f in found if not f.endswith(NOT_PICTURES))


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Run:
    """The program's status (negative: a signal, None: too slow), seconds, peak MB, last words."""

    def __init__(self, imbrex, arguments, limit):
        begin = time.monotonic()
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen([imbrex, "run", "", "--progress", "none"] + arguments,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=words, preexec_fn=no_core)
            pid, slow = 0, False
            while not pid:
                time.sleep(0.002)
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if not pid and not slow and time.monotonic() - begin > limit:
                    process.kill()
                    slow = True
            process.returncode = os.waitstatus_to_exitcode(status)
            words.seek(0)
            self.words = words.read().decode("utf-8", "replace")
        self.status = None if slow else process.returncode
        self.seconds = time.monotonic() - begin
        self.megabytes = usage.ru_maxrss / 1024


def report(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {r["input"]: r for r in rows if r["status"] != "summary"}


# ---- the other decoder ----------------------------------------------------------------------------

def to_srgb(image):
    """RGBA of 8 bits in sRGB, by the picture's own profile."""
    profile = image.info.get("icc_profile")
    alpha = None
    if image.mode in ("P", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("I", "I;16", "I;16B", "I;16L"):
        wide = np.asarray(image).astype(np.float64)
        image = Image.fromarray(np.clip(np.floor(wide / 257 + 0.5), 0, 255).astype(np.uint8), "L")
    if image.mode in ("LA", "RGBA"):
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    if image.mode == "1":
        image = image.convert("L")
    if profile and image.mode in ("L", "RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"),
                                              renderingIntent=1, outputMode="RGB", flags=0x2000)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, lab, ImageCms.createProfile("sRGB"),
                                          outputMode="RGB")
    image = image.convert("RGB")
    if alpha:
        image.putalpha(alpha)
    return image.convert("RGBA")


def pixels(path):
    image = Image.open(path)
    image.seek(0)
    image.load()
    return np.asarray(to_srgb(ImageOps.exif_transpose(image)), dtype=np.float64)


def by_pillow(path, scratch):
    return pixels(path)


def by_program(command, path, scratch):
    out = os.path.join(scratch, "other%d.png" % os.getpid())
    alone = dict(os.environ, OMP_NUM_THREADS="1", VIPS_CONCURRENCY="1")
    subprocess.run([a.format(path=path, out=out) for a in command], check=True, env=alone,
                   timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return pixels(out)


def by_magick(path, scratch):
    return by_program(["convert-im6", path + "[0]", "-auto-orient", "{out}"], path, scratch)


def by_vips(path, scratch):
    light = path.endswith((".exr", ".hdr"))
    return by_program(["vips", "colourspace", path, "{out}", "srgb"] if light
                      else ["vips", "autorot", path, "{out}"], path, scratch)


DECODERS = {"Pillow": by_pillow, "ImageMagick": by_magick, "libvips": by_vips}


def differences(ours, theirs):
    """Mean and worst block of the difference of colours times alpha, and of alpha, of 255."""
    if ours.shape != theirs.shape:
        return None
    both = []
    for image in (ours, theirs):
        alpha = image[:, :, 3:] / 255
        both.append(np.concatenate([image[:, :, :3] * alpha, image[:, :, 3:]], axis=2))
    off = np.abs(both[0] - both[1]).mean(axis=2)
    h, w = off.shape
    padded = np.pad(off, ((0, -h % 8), (0, -w % 8)), mode="edge")
    blocks = padded.reshape((h + 7) // 8, 8, (w + 7) // 8, 8).mean(axis=(1, 3))
    return off.mean(), blocks.max()


def confirm(path, written, scratch):
    """The decoder that gives the same picture and True; or how they all differ and False."""
    ours = pixels(written)
    tried = []
    for name, decode in DECODERS.items():
        try:
            theirs = decode(path, scratch)
        except Exception:  # a decoder that cannot read the file has no say
            continue
        off = differences(ours, theirs)
        if off and off[0] <= MEAN and off[1] <= BLOCK:
            return name, True
        tried.append("%s: %s" % (name, "mean %.2f, worst block %.1f of 255" % off if off else
                                 "%d x %d pixels" % theirs.shape[1::-1]))
    return "; ".join(tried) or "nothing else reads it", False


# ---- the two commands -------------------------------------------------------------------------------

def sentence(row):
    return (row.get("error") or {}).get("text", "")


def has_sentence(row, path, words):
    """A reason of two words or more, and standard error has it with the file's name."""
    text = sentence(row)
    return len(text.split()) >= 2 and any(
        path in line and text in line for line in words.split("\n"))


class Table:
    def __init__(self, columns):
        self.columns = columns
        self.rows = collections.defaultdict(collections.Counter)

    def add(self, folder, column):
        self.rows[folder][column] += 1

    def print(self):
        width = max(map(len, self.rows), default=0)
        print(" " * width, *("%14s" % c for c in self.columns))
        total = collections.Counter()
        for folder in sorted(self.rows):
            print(folder.ljust(width), *("%14s" % (self.rows[folder][c] or "") for c in self.columns))
            total.update(self.rows[folder])
        print("all".ljust(width), *("%14s" % (total[c] or "") for c in self.columns))


def batch(imbrex, paths, scratch, name, more=()):
    listing = os.path.join(scratch, name + ".list")
    with open(listing, "wb") as out:
        out.write(b"".join(os.fsencode(p) + b"\0" for p in paths))
    lines = os.path.join(scratch, name + ".jsonl")
    done = Run(imbrex, ["--files-from", listing, "-0", "-o", os.path.join(scratch, name),
                        "--format", "png", "--name", "{n}{ext}", "--metadata", "none",
                        "--report", lines, "--memory", "%dM" % MEMORY_MB, *more], 600)
    return done, report(lines)


def complain(done, statuses):
    if done.status not in statuses:
        return ["the batch ended with status %s: %s" % (done.status, done.words[-300:])]
    if done.megabytes > PROCESS_MB:
        return ["the batch took %d MB" % done.megabytes]
    return []


def judge_one(path, row, words, scratch):
    """The column of a file, and what there is to say about it."""
    if not row:
        return "WRONG", "the report has no line for it"
    if row["status"] != "done":
        return ("refused" if has_sentence(row, path, words) else "WRONG"), sentence(row)
    name, same = confirm(path, row["outputs"][0]["path"], scratch)
    return (name, "") if same else ("WRONG", "differs. " + name)


def judge(folder, rows, words, paths, scratch):
    """Prints the table and the refusals; returns sentences about what is wrong."""
    table = Table(list(DECODERS) + ["refused", "WRONG"])
    wrong, refused = [], []
    with concurrent.futures.ProcessPoolExecutor() as pool:
        verdicts = pool.map(judge_one, paths, map(rows.get, paths), [words] * len(paths),
                            [scratch] * len(paths))
    for path, (column, what) in zip(paths, verdicts):
        short = os.path.relpath(path, folder)
        table.add(short.split(os.sep)[0], column)
        if column in ("WRONG", "refused"):
            (wrong if column == "WRONG" else refused).append("%s: %s" % (short, what))
    table.print()
    print("\nRefused:", *refused, sep="\n  ")
    return wrong


def formats(imbrex, folder, scratch):
    paths = files(folder)
    done, rows = batch(imbrex, paths, scratch, "formats")
    print("%d files, %.1f s, %d MB; columns name the decoder that confirms the picture." %
          (len(paths), done.seconds, done.megabytes))
    wrong = judge(folder, rows, done.words, paths, scratch) + complain(done, [1])

    blocked = [p for p in paths if "--allow-loader" in sentence(rows.get(p, {}))]
    allow = [word for name in LOADERS for word in ("--allow-loader", name)]
    done, rows = batch(imbrex, blocked, scratch, "allowed", allow)
    print("\nThe %d that need a loader, allowed:" % len(blocked))
    return wrong + judge(folder, rows, done.words, blocked, scratch) + complain(done, [0, 1])


def alone(imbrex, path, scratch, damage):
    """One broken file. The column it belongs to, and what is wrong or None."""
    lines = os.path.join(scratch, "one.jsonl")
    if os.path.exists(lines):
        os.remove(lines)
    done = Run(imbrex, [path, "-o", os.path.join(scratch, "one"), "--format", "png",
                        "--if-exists", "overwrite", "--report", lines, "--on-damage", damage,
                        "--memory", "%dM" % MEMORY_MB], SECONDS)
    row = report(lines).get(path)
    what = None
    if done.status not in (0, 1):
        what = "status %s: %s" % (done.status, done.words[-300:])
    elif done.seconds > SECONDS / 2:
        what = "%.1f s" % done.seconds
    elif done.megabytes > PROCESS_MB:
        what = "%d MB" % done.megabytes
    elif not row or (row["status"] == "done") != (done.status == 0):
        what = "the report does not say what happened: %s" % row
    elif done.status == 1 and not has_sentence(row, path, done.words):
        what = "no sentence: %s" % sentence(row)
    column = "WRONG" if what else "refused" if done.status else "a picture"
    return column, what, done, row


def bad(imbrex, folder, scratch):
    wrong, slowest, largest = [], (0, ""), (0, "")
    paths = files(folder)
    for damage in ("fail", "accept"):
        table = Table(["a picture", "refused", "WRONG"])
        for path in paths:
            short = os.path.relpath(path, folder)
            column, what, done, row = alone(imbrex, path, scratch, damage)
            table.add(short.split(os.sep)[0], column)
            slowest = max(slowest, (done.seconds, short))
            largest = max(largest, (done.megabytes, short))
            if what:
                wrong.append("%s (--on-damage %s): %s" % (short, damage, what))
        print("--on-damage %s" % damage)
        table.print()
    print("slowest: %.2f s, %s; largest: %d MB, %s" % (slowest + largest))
    done, rows = batch(imbrex, paths, scratch, "bad")
    print("all in one batch: %.1f s, %d MB, %d files" % (done.seconds, done.megabytes, len(rows)))
    if len(rows) != len(paths):
        wrong.append("the batch reports %d files of %d" % (len(rows), len(paths)))
    return wrong + complain(done, [1])


def main():
    imbrex, mode, folder, scratch = sys.argv[1:]
    wrong = {"formats": formats, "bad": bad}[mode](imbrex, os.path.abspath(folder), scratch)
    if wrong:
        print("\n%d WRONG:" % len(wrong), *wrong, sep="\n  ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
