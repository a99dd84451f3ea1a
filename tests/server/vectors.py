"""SVG can name files and other servers, and grow while it is read. As the server comes it takes
none; where its loader is allowed, nothing but the file itself is read. (T13 of the attack list.)"""

import io
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import urllib.parse

import numpy
from PIL import Image

import support
from support import DATA, SOURCE, check

work = pathlib.Path(tempfile.mkdtemp())
subprocess.run(["convert", "-size", "80x80", "xc:#ff0000", work / "red.png"], check=True)
(work / "words.txt").write_text("MMMMMMMM")
listener = socket.create_server(("127.0.0.1", 0))
connections = []


def listen():
    while True:
        connections.append(listener.accept()[0])


# The names of SVG and of XInclude, as the page's icon has the first.
SPACE = re.search('xmlns="([^"]+)"', (SOURCE / "src/server/ui/icon.svg").read_text())[1]
INCLUDE = SPACE.replace("2000/svg", "2001/XInclude")


def svg(inside, head=""):
    return (f'<?xml version="1.0"?>{head}<svg xmlns="{SPACE}" width="80" height="80">'
            f'{inside}</svg>').encode()


web = f"http://127.0.0.1:{listener.getsockname()[1]}/red.png"
red = f"file://{urllib.parse.quote(str(work))}/red.png"
words = f"file://{urllib.parse.quote(str(work))}/words.txt"
laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
SQUARE = '<rect width="80" height="80" fill="#00ff00"/>'
ATTACKS = {
    "entity of a file": svg(SQUARE + '<text y="60" font-size="60" fill="red">&x;</text>',
                            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{words}">]>'),
    "entity of a server": svg(SQUARE + "<text>&x;</text>", f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{web}">]>'),
    "doctype of a server": svg(SQUARE, f'<!DOCTYPE svg SYSTEM "{web}">'),
    "image of a file": svg(SQUARE + f'<image width="80" height="80" href="{red}"/>'),
    "image by name": svg(SQUARE + '<image width="80" height="80" href="red.png"/>'),
    "image of a server": svg(SQUARE + f'<image width="80" height="80" href="{web}"/>'),
    "style of a server": svg(f'<style>@import url("{web}");</style>' + SQUARE),
    "style of a file": svg(SQUARE, f'<?xml-stylesheet href="{red}" type="text/css"?>'),
    "use of a file": svg(SQUARE + f'<use href="{red}#a"/>'),
    "script": svg(SQUARE + f'<script>fetch("{web}")</script>'),
    "include": svg(SQUARE + f'<xi:include xmlns:xi="{INCLUDE}" parse="text" '
                   f'href="{words}"/>'),
    "billion laughs": svg("<text>&l11;</text>", f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]>'),
    "a large region": svg('<filter id="f" x="-9e6" y="-9e6" width="9e7" height="9e7"><feTurbulence '
                          'baseFrequency="9" numOctaves="99"/></filter>'
                          '<rect width="80" height="80" filter="url(#f)"/>'),
    "a large canvas": svg(SQUARE).replace(b'width="80"', b'width="900000"', 1),
}


def by_default(s):
    for name, data in ATTACKS.items():
        status, _, body = s.post("/v1/process/save:png", data)
        check(status in (415, 422), f"{name} is {status}: {body[:200]}")
    honest = s.post("/v1/process/save:png", svg(SQUARE))
    check(honest[0] in (415, 422), f"an honest one, too: {honest[0]}")
    print(f"  {len(ATTACKS) + 1} pictures refused")


def allowed(s):
    honest = s.post("/v1/process/save:png", svg(SQUARE))
    check(honest[0] == 200, f"an honest one is made: {honest[0]} {honest[2][:300]}")
    count = {}
    for name, data in ATTACKS.items():
        status, _, body = s.post("/v1/process/save:png", data)
        count[status] = count.get(status, 0) + 1
        check(status in (200, 413, 422, 504), f"{name} is {status}: {body[:300]}")
        if status == 200 and "large" not in name and "laughs" not in name:
            pixels = numpy.asarray(Image.open(io.BytesIO(body)).convert("RGB")).reshape(-1, 3)
            reds = int((pixels[:, 0] > 128).sum())
            check(reds == 0, f"{name}: {reds} pixels of what it must not read")
        check(s.post("/v1/process/save:png", svg(SQUARE))[2] == honest[2], f"behind {name}: served")
    for path in sorted((DATA / "bad" / "librsvg").glob("*.svg*")):
        status, _, body = s.post("/v1/process/resize:64x/save:png", path.read_bytes())
        count[status] = count.get(status, 0) + 1
        check(status in (200, 413, 422, 504), f"{path.name} is {status}: {body[:300]}")
    print(f"  {count}, {len(connections)} connections, {s.crashes():.0f} dead workers")


threading.Thread(target=listen, daemon=True).start()
with support.server() as s:
    by_default(s)
    check(s.stop() == 0, "it ends well")
with support.server("--worker-allow-loaders", "svg", "--limits-deadline", "3s") as s:
    allowed(s)
    check(not connections, f"{len(connections)} connections to a server that a picture names")
    check(s.crashes() == 0, f"{s.crashes():.0f} workers crashed")
    check(s.stop() == 0, "it ends well")
