"""Damaged images by the hundred: bits flipped, pieces cut out, doubled and cut off, the same in
every run. A picture or a refusal, never a dead worker. (T04 of the attack list.) IMBREX_LONG=1: ten
thousand of each format, which takes some ten minutes. IMBREX_SEED: other damage. With
AddressSanitizer every access of ours is looked at."""

import concurrent.futures
import os
import random
import subprocess
import tempfile
import time
import zlib

import support
from support import DATA, check

SECONDS = 12 if support.SANITIZED else 40
MANY = 10000  # of each format, in a long run
SEED = os.environ.get("IMBREX_SEED", "imbrex")
RECIPES = ("resize:64x", "rotate:90/save:png", "blur:2/save:webp", "thumb:40x40")


def made(format, *words):
    with tempfile.NamedTemporaryFile(suffix="." + format) as out:
        subprocess.run(["convert", "-seed", "1", "-size", "70x50", "plasma:red-blue", *words, out.name],
                       check=True, capture_output=True)
        return out.read()


def seeds():
    """Small files of each format: our own, and those of other programs where they are."""
    small = {"jpg": [made("jpg"), made("jpg", "-interlace", "JPEG", "-set", "comment", "x")],
             "png": [made("png"), made("png", "-interlace", "PNG", "-colors", "16")],
             "gif": [made("gif")],
             "webp": [made("webp"), made("webp", "-define", "webp:lossless=true")],
             "tif": [made("tif", "-compress", "LZW"), made("tif", "-compress", "JPEG")],
             "bmp": [made("bmp")]}
    for path in sorted((DATA / "formats").rglob("*.*")):
        kind = path.suffix[1:].lower()
        if kind in ("avif", "heic", "heif", "webp", "tif", "jpg", "png", "gif") \
                and path.stat().st_size < 20000 and len(small.setdefault(kind, [])) < 8:
            small[kind].append(path.read_bytes())
    return small


def damage(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        # Heads are where formats are complicated.
        at = rng.randrange(min(len(data), 400) if rng.random() < 0.6 else len(data))
        kind = rng.randrange(6)
        if kind < 2:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff))
        elif kind == 3:
            data[at:at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"))
        elif kind == 4:
            data[at:at] = data[at:at + rng.randrange(1, 64)]
        else:
            del data[at:at + rng.randrange(1, 64)]
        data = data or bytearray(1)
    return bytes(data[:rng.randrange(1, len(data) + 1)] if rng.random() < 0.2 else data)


def with_sums(data):
    """A PNG whose chunks have the checksums of what is in them now, else nothing behind is read."""
    out, at = data[:8], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        body = data[at + 4:at + 8 + size]
        out += data[at:at + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        at += 12 + size
    return out + data[at:]


def cases(small):
    """Format, number, bytes; without end."""
    number = 0
    while True:
        for kind, files in small.items():
            rng = random.Random(f"{SEED} {kind} {number}")
            data = damage(rng.choice(files), rng)
            if kind == "png" and rng.random() < 0.8:
                data = with_sums(data)
            yield kind, number, data, rng.choice(RECIPES)
        number += 1


def ask(s, case):
    kind, number, data, recipe = case
    status, _, body = s.post(f"/v1/process/{recipe}", data)
    check(status in (200, 400, 413, 415, 422, 504), f"{kind} {number} {recipe}: {status} {body}")
    return kind, status


with support.server("--log-file", "off", "--limits-deadline", "5s") as s:
    count, slowest = {}, 0
    supply = cases(seeds())
    end = time.monotonic() + SECONDS

    def is_over():
        if not support.LONG:
            return time.monotonic() >= end
        return count and min(sum(by.values()) for by in count.values()) >= MANY
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        while not is_over():
            for kind, status in pool.map(lambda c: ask(s, c), [next(supply) for _ in range(100)]):
                count.setdefault(kind, {}).setdefault(status, 0)
                count[kind][status] += 1
            check(s.crashes() == 0, f"a worker crashed: {s.said()[-2000:]}")
    for kind, by in sorted(count.items()):
        print(f"  {kind}: {sum(by.values())} files, {dict(sorted(by.items()))}")
    fewest = min(sum(by.values()) for by in count.values())
    print(f"{sum(sum(by.values()) for by in count.values())} damaged files, no worker died")
    check(fewest >= (20 if support.SANITIZED else 100), f"only {fewest} of a format")
    both = [kind for kind, by in count.items() if 200 in by and 422 in by]
    check(len(both) >= 5, f"some can be read, others cannot: {both}")
    check(s.stop() == 0, "it ends well")
