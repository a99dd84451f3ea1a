"""iiif_peer - what others make of our IIIF Image API 3.0: a public parser takes every info.json for one
of level 2, every request that we serve for one that it allows, and writes canonical forms as we do; a
canonical form leads to the same bytes and is its own. The parser comes from npm; without it this cannot
be run. (tiles.py has the sizes, viewer.py another client.)"""

import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import urllib.parse

import numpy
import support
from PIL import Image
from support import check

PACKAGE = "@iiif/parser@2.2.10"
SIZES = ((1127, 613), (640, 640), (300, 200), (1, 1), (17, 1200))
NAMES = ("plain.png", "sub/with space & 100%.png", "Grüße.png", "b;c=[d].png", "ten.png")

SCRIPT = """
import { readFileSync } from 'node:fs';
import { getImageServiceLevel, imageServiceRequestToString, imageServiceSupportsRequest,
  isImageService, parseImageServiceRequest } from '@iiif/parser/image-3';

const complaints = [];
const differ = (what, ours, theirs) =>
  JSON.stringify(ours) === JSON.stringify(theirs) || complaints.push({ what, ours, theirs });
let count = 0;
for (const { info, images } of JSON.parse(readFileSync(0))) {
  differ(`${info.id} is a service`, true, isImageService(info));
  differ(`level of ${info.id}`, 2, getImageServiceLevel(info));
  for (const { path, canonical } of images) {
    const request = parseImageServiceRequest(info.id + '/' + path, 'iiif/3');
    const said = imageServiceSupportsRequest(info, request);
    differ(`${path} is allowed`, [true], said);
    const form = parseImageServiceRequest(info.id + '/' + canonical, 'iiif/3');
    differ(`${canonical} written again`, info.id + '/' + canonical, imageServiceRequestToString(form, info));
    count++;
  }
}
console.log(JSON.stringify({ count, complaints }));
"""


def install(folder):
    if not shutil.which("npm") or not shutil.which("node"):
        support.skip("there is no npm")
    got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", PACKAGE],
                         cwd=folder, check=False, timeout=300)
    if got.returncode != 0:
        support.skip("npm cannot get the parser")
    (folder / "compare.mjs").write_text(SCRIPT)


def requests(w, h, rng):
    """What the specification knows, and some by chance; parts of paths."""
    x, y = rng.randrange(w), rng.randrange(h)
    across, down = rng.randrange(1, w - x + 1), rng.randrange(1, h - y + 1)
    regions = ["full", "square", f"{x},{y},{across},{down}", f"{x},{y},{w},{h}", "pct:0,0,100,100",
               "pct:25,25,50,50", f"0,0,{w},{h}"]
    for region in regions:
        # None that is by chance the whole picture's: of it, the parser would say "max".
        for size in ("max", "^max", f"{min(w, across, h, down)},", "pct:100", "pct:50", "^310,190",
                     "^!310,310", "^pct:150", f"^{2 * w},", f"^,{2 * h}", "1,1"):
            yield f"{region}/{size}/0/default.jpg"
    for rotation in ("90", "180", "270", "!0", "!90", "360", "0.0", "22.5"):
        yield f"full/max/{rotation}/default.png"
    for last in ("color.jpg", "gray.png", "bitonal.png", "default.webp", "default.tif"):
        yield f"full/max/0/{last}"


def canonical_of(headers, base):
    return headers["link"].partition(f"<{base}/")[2].partition(">")[0]


def ask(s, name, w, h, rng):
    """info.json of a picture, and what requests for it gave."""
    base = "/iiif/3/" + urllib.parse.quote(name, safe="")
    status, _, body = s.get(base + "/info.json")
    check(status == 200, f"{base}: {status}")
    images = []
    for path in requests(w, h, rng):
        status, headers, image = s.get(f"{base}/{path}")
        if status == 400:
            continue  # as one that enlarges without "^"
        check(status == 200, f"{base}/{path}: {status} {image[:200]}")
        link = canonical_of(headers, base)
        _, same, again = s.get(f"{base}/{link}")
        check(again == image and canonical_of(same, base) == link, f"{path} is not {link}")
        images.append({"path": path, "canonical": link})
    return {"info": json.loads(body), "images": images}


def compare(folder, asked):
    done = subprocess.run(["node", "compare.mjs"], cwd=folder, input=json.dumps(asked), text=True,
                          capture_output=True)
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def main():
    rng = random.Random(3)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        install(folder)
        root = folder / "root"
        (root / "sub").mkdir(parents=True)
        with support.server("--root", root, "--auth-unsigned-ok", "yes", "--limits-output-side", 1500,
                            "--limits-output-pixels", "1500K") as s:
            asked = []
            for name, (w, h) in zip(NAMES, SIZES):
                Image.fromarray(numpy.full((h, w, 3), 99, numpy.uint8)).save(root / name)
                asked.append(ask(s, name, w, h, rng))
        said = compare(folder, asked)
        # It does look: a document that does not announce enlarging is noticed.
        for one in asked:
            one["info"]["extraFeatures"].remove("sizeUpscaling")
        broken = compare(folder, asked)
    for complaint in said["complaints"]:
        print(complaint)
    check(said["count"] > 100, f"{said['count']} requests")
    check(not said["complaints"], f"{len(said['complaints'])} of {said['count']} differ")
    check(broken["complaints"], "the parser accepts what is not announced")
    print(f"{len(asked)} documents and {said['count']} requests: others see them as we do")


main()
