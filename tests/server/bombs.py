"""Images that are small to send and large to make, and images that are broken: each costs a refusal
that says which limit it was, never a worker, and the next request finds everything free. (T01, T02,
T03, T17 of the attack list.)"""

import json
import pathlib
import re
import struct
import subprocess
import tempfile
import time
import zlib

import support
from support import DATA, IMBREX, check

MB = 1 << 20
work = pathlib.Path(tempfile.mkdtemp())
root = work / "root"
root.mkdir()
RECIPE = "resize:64x"
TRANSLUCENT = ("gradient:red-blue", "-alpha", "set", "-channel", "A", "-evaluate", "set", "50%")
LARGE = (("webp", TRANSLUCENT), ("png", (*TRANSLUCENT, "-interlace", "PNG")), ("tiff", TRANSLUCENT))


# ---- making them -------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w, h, pixels, *more):
    head = struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(*m) for m in more) +
            chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def zeros(megabytes):
    """So many zeros, deflated: a thousandth of it."""
    z = zlib.compressobj(9)
    return b"".join(z.compress(bytes(MB)) for _ in range(megabytes)) + z.flush()


def converted(*words):
    """What ImageMagick writes."""
    return subprocess.run(["convert", *words], check=True, capture_output=True).stdout


def jpeg_of(w, h):
    """A JPEG whose frame header says another size than it has."""
    data = bytearray(converted("-size", "16x16", "xc:red", "jpg:-"))
    at = data.index(b"\xff\xc0")
    data[at + 5:at + 9] = struct.pack(">HH", h, w)
    return bytes(data)


def gif(w, h, frames, frame_w=1, frame_h=1):
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, frame_w, frame_h) + b"\x00\x02\x02\x44\x01\x00"
    return (b"GIF89a" + struct.pack("<HH", w, h) + b"\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff" +
            frames * frame + b"\x3b")


def webp(w, h):
    def field(n):
        return struct.pack("<I", n - 1)[:3]
    extended = b"VP8X" + struct.pack("<II", 10, 0) + field(w) + field(h)
    lossless = b"\x2f" + struct.pack("<I", (w - 1 & 0x3fff) | (h - 1 & 0x3fff) << 14) + bytes(11)
    body = b"WEBP" + extended + b"VP8L" + struct.pack("<I", len(lossless)) + lossless
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(w, h, folders=1):
    """Grey, of one strip that is not there; the folder is repeated, one pointing to the next."""
    tags = [(256, 4, w), (257, 4, h), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8),
            (277, 3, 1), (278, 4, h), (279, 4, w * h & 0xffffffff)]
    size = 2 + 12 * len(tags) + 4
    body = struct.pack("<H", len(tags))
    body += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    nexts = [16 + i * size for i in range(1, folders)] + [0]
    return (b"II*\x00" + struct.pack("<I", 16) + bytes(8) +
            b"".join(body + struct.pack("<I", at) for at in nexts))


def heif(name, w, h):
    """A real one, whose size (the box `ispe`) is another one now; None without test images."""
    path = DATA / "formats" / name
    if not path.exists():
        return None
    data = path.read_bytes()
    at = data.index(b"ispe")
    return data[:at + 8] + struct.pack(">II", w, h) + data[at + 16:]


def repeated(count):
    """A progressive JPEG whose last scan comes again and again; the standard forbids it."""
    data = converted("-size", "3000x3000", "xc:gray", "-colorspace", "Gray", "-interlace", "JPEG",
                     "jpg:-")
    last = data.rindex(b"\xff\xda")
    return data[:-2] + count * data[last:-2] + data[-2:]


def bits(text):
    """A text of 0 and 1 as entropy-coded data."""
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")


def scans(side):
    """A progressive JPEG (ITU T.81 annex G) of 883 scans, as many as the standard allows for one
    component: each coefficient by itself and bit by bit, all of them 0."""
    def marker(code, data):
        return b"\xff" + bytes([code]) + struct.pack(">H", len(data) + 2) + data

    def scan(first, last, high, low, data):
        return marker(0xda, bytes([1, 1, 0, first, last, high << 4 | low])) + data
    blocks = ((side + 7) // 8) ** 2
    one_code = bytes([1] + 15 * [0])
    data = (b"\xff\xd8" + marker(0xdb, bytes([0] + 64 * [1])) +
            marker(0xc2, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0])) +
            marker(0xc4, b"\x00" + one_code + b"\x00" + b"\x10" + one_code + b"\xe0") +
            scan(0, 0, 0, 0, bits("0" * blocks)))
    ends = bits(("0" + 14 * "1") * (blocks // 32767 + 1)) # runs of 32767 blocks without more
    for k in range(1, 64):
        data += scan(k, k, 0, 13, ends)
        data += b"".join(scan(k, k, low + 1, low, ends) for low in range(12, -1, -1))
    return data + b"\xff\xd9"


# ---- asking ------------------------------------------------------------------------------------

def peak(s):
    """Megabytes that the largest worker ever had."""
    most = 0
    for pid in s.children():
        try:
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        most = max([most, *[int(l.split()[1]) for l in text.splitlines() if l.startswith("VmHWM")]])
    return most / 1024


def plain(name, said):
    """What a library says stands in brackets behind words of ours, and tells nothing of the inside."""
    cause = re.search(r"\(([^()]*)\)$", said)
    check(not cause or not re.search(r"/|0x|[0-9]{5}", cause[1]), f"{name}: {said}")
    check(not re.search(r"Security limit|exceeds|Allocat", said.split(" (")[0]), f"{name}: {said}")


def ask(s, name, data):
    """By POST and by file: the status of both, the slower of both times, and the problem. What takes
    about as long as is allowed may be made in one way and be stopped in the other."""
    (root / name).write_bytes(data)
    got = []
    for send in (lambda: s.post(f"/v1/process/{RECIPE}", data),
                 lambda: s.get(f"/v1/-/{RECIPE}/file/{name}")):
        begin = time.monotonic()
        status, headers, body = send()
        got.append((status, time.monotonic() - begin, headers, body))
    check(len({g[0] for g in got} - {504}) <= 1, f"{name}: {got[0][0]} by POST, {got[1][0]} by file")
    status, _, headers, body = got[0]
    said = json.loads(body).get("detail", "") if "json" in headers["content-type"] else ""
    plain(name, said)
    return status, max(g[1] for g in got), said


def is_free(s, name):
    """The light lane and the heavy one have nothing left, and a picture is made as before."""
    check(s.get(f"/v1/-/{RECIPE}/file/honest.png")[0] == 200, f"after {name}: served")
    for lane in ("light", "heavy"):
        check(s.metric("jobs_in_progress", lane=lane) == 0, f"after {name}: {lane} is free")


def headers_only(s):
    """T01: refused by what the header says, before a pixel is decoded."""
    bombs = {"h.png": png(60000, 60000, zeros(1)), "h.jpg": jpeg_of(64250, 64250),
             "h.gif": gif(65535, 32767, 1, 65535, 32767), "h.webp": webp(16384, 16384),
             "h2.webp": webp(60000, 60000), "h.tif": tiff(60000, 60000),
             "h.avif": heif("avif/white_1x1.avif", 40000, 40000),
             "h.heic": heif("heic/heif__L_8__128x128.heif", 40000, 40000)}
    before, slowest = peak(s), ("", 0)
    for name, data in bombs.items():
        if data is None:
            continue
        status, took, said = ask(s, name, data)
        print(f"  {name} of {len(data)} bytes: {status} in {took * 1e3:.1f} ms, \"{said}\"")
        check(status in (413, 422), f"{name}: {status}")
        check(status == 422 or "limit" in said or "allowed" in said, f"{name}: {said}")
        slowest = max(slowest, (name, took), key=lambda x: x[1])
        is_free(s, name)
    grown = peak(s) - before
    print(f"  slowest {slowest[0]}: {slowest[1] * 1e3:.0f} ms; a worker grew by {grown:.1f} MB")
    check(slowest[1] < 1, f"{slowest[0]} took {slowest[1]:.2f} s")
    check(grown < 20 or support.SANITIZED, f"a header made a worker grow by {grown:.0f} MB")


def bodies(s):
    """T02: what grows while it is read. Some of it is harmless, as nothing makes use of it."""
    bomb = zeros(400)
    small = zlib.compress(bytes(16 * 17))
    bombs = {"ztxt.png": png(16, 16, small, (b"zTXt", b"Comment\0\0" + bomb)),
             "itxt.png": png(16, 16, small, (b"iTXt", b"C\0\x01\0\0\0" + bomb)),
             "iccp.png": png(16, 16, small, (b"iCCP", b"sRGB\0\0" + bomb)),
             "idat.png": png(16, 16, bomb),
             "large.png": png(9000, 9000, zlib.compress(bytes(9000 * 9001), 9)),
             "folders.tif": tiff(16, 16, 100000), "frames.gif": gif(1, 1, 100000),
             "frames2.gif": gif(3000, 3000, 100000, 3000, 3000)}
    before = peak(s)
    for name, data in bombs.items():
        status, took, said = ask(s, name, data)
        print(f"  {name} of {len(data)} bytes: {status} in {took * 1e3:.0f} ms, \"{said}\"")
        check(status in (200, 413, 422, 504), f"{name}: {status}")
        check(took < 3 or support.SANITIZED, f"{name} took {took:.1f} s")
        is_free(s, name)
    grown = peak(s) - before
    print(f"  the largest worker grew by {grown:.0f} MB")
    check(grown < 300 or support.SANITIZED, f"a worker grew by {grown:.0f} MB")


def many_scans(s):
    """T03: ten thousand scans of one JPEG are stopped by a limit, and cost nobody else anything."""
    for name, data in (("repeated.jpg", repeated(10000)), ("scans.jpg", scans(8000))):
        status, took, said = ask(s, name, data)
        print(f"  {name} of {len(data)} bytes: {status} in {took * 1e3:.0f} ms, \"{said}\"")
        check(status in (413, 422, 504), f"{name}: {status}")
        check(took < 5, f"{name} took {took:.1f} s, above the deadline of 3 s")
        end = time.monotonic() + 5
        while s.metric("workers", state="idle") < 1 and time.monotonic() < end:
            time.sleep(0.02)
        is_free(s, name)


def operations(s):
    """T17: recipes that ask for too much, or for nothing sensible."""
    too_much = {"/".join(["invert"] * 1000): 400, "blur:1e9": 400, "blur:nan": 400, "blur:inf": 400,
                "blur:1e-400": 400, "resize:0x0": 400, "resize:-1x": 400, "resize:2147483648x": 400,
                "resize:65000x65000,fit=fill": 413, "resize:16385x,grow=yes": 413,
                "resize:16384x16384,fit=fill,grow=yes": 413}
    for recipe, expected in too_much.items():
        status, _, body = s.get(f"/v1/-/{recipe}/file/honest.png")
        check(status == expected, f"{recipe[:40]} is {status}: {body[:300]}")
        said = json.loads(body)
        check(expected == 413 or "step" in said or "the recipe has" in said["detail"],
              f"{recipe[:40]}: it says where: {said}")
    print(f"  {len(too_much)} recipes refused")


def broken(s):
    """All broken images that others have collected: a picture or a refusal, and no dead worker."""
    count = {}
    for path in sorted((DATA / "bad").rglob("*.*")):
        status, _, body = s.post(f"/v1/process/{RECIPE}", path.read_bytes())
        count[status] = count.get(status, 0) + 1
        check(status in (200, 413, 415, 422, 504), f"{path.name} is {status}: {body[:300]}")
        check(str(DATA).encode() not in body, f"{path.name}: tells of files: {body[:300]}")
        if status == 422:
            plain(path.name, json.loads(body)["detail"])
    print(f"  broken images: {count}")
    is_free(s, "broken images")


def formats(s):
    """What the command line makes of a file, the server makes too: the same bytes, or a refusal.
    PNG of each, as some formats can only be read."""
    files, out = work / "formats", work / "out"
    files.mkdir()
    for number, path in enumerate(sorted((DATA / "formats").rglob("*.*"))):
        (files / f"{number:04}-{path.name}").write_bytes(path.read_bytes())
    names = sorted(files.iterdir())
    recipe = f"{RECIPE}/save:png"
    subprocess.run([IMBREX, "run", recipe, *names, "-o", out, "--progress", "none",
                    "--max-pixels", "100M"], capture_output=True)
    made = {p.name[:4]: p for p in out.rglob("*.*")}
    count = {"same": 0, "refused": 0, "heic": 0}
    for path in names:
        status, _, body = s.post(f"/v1/process/{recipe}", path.read_bytes())
        want = made.get(path.name[:4])
        good = status == 200 and body == want.read_bytes() if want else status in (413, 415, 422)
        check(good, f"{path.name}: {status}, by the command line {want}: {body[:300]}")
        count["same" if want else "refused"] += 1
        count["heic"] += bool(want) and path.suffix == ".heic"
    print(f"  formats: {count}: the same bytes as by the command line, refused by both")
    check(count["same"] > 100 and count["heic"] > 0, "most are images, HEIC among them")


def large(s):
    """Honest images of more than the 100 MB from which on libvips would take a file on disk, which no
    worker may make. A sanitizer's build has no filter that would kill it, and no such time."""
    for name, words in () if support.SANITIZED else LARGE:
        (root / f"large.{name}").write_bytes(converted("-size", "6000x5000", *words, f"{name}:-"))
        status, _, body = s.get(f"/v1/-/{RECIPE}/file/large.{name}")
        check(status == 200, f"{name}: {status}, {body[:300]}")


with support.server("--root", root, "--limits-deadline", "3s", "--limits-cpu", "4s") as s:
    (root / "honest.png").write_bytes(png(8, 8, zlib.compress(bytes(72))))
    is_free(s, "nothing")
    for test in (headers_only, bodies, many_scans, operations):
        test(s)
        print(f"{test.__name__}: good")
    check(s.crashes() == 0, f"{s.crashes():.0f} workers crashed")

with support.server("--root", root) as s:
    if (DATA / "bad").is_dir():
        broken(s)
        formats(s)
    large(s)
    check(s.crashes() == 0, f"{s.crashes():.0f} workers crashed")
    check(s.stop() == 0, "it ends well")
