#!/bin/sh
# trace.sh - the timeline of --trace holds every piece of work in its place, the accounts of --stats
# add up to the summary, and neither changes a byte of the outputs.
. "$SOURCE/tests/support/cli.sh"
png in/a.png 700 900
png in/b.png 900 500
png in/c.png 300 400
recipe='blur:2/save:png,name="{stem}-blurred{ext}"/autolevels/resize:50%/save:jpeg,name="{stem}.jpg"'
imbrex run "$recipe" in -o out -j 2 --trace trace.json --stats --report report
is 0 'step 3, autolevels'
is 0 'decode png'
imbrex run "$recipe" in -o plain -j 2
is 0
diff -r out plain >/dev/null || fail "a timeline changes the outputs"
grep -q stats report && ! grep -qF 'step 1' "$err" || fail "accounts that nobody asked for"

cat >timeline.py <<'PYTHON'
import collections, json

def load(path):
    """The events of a timeline, after checks that hold for every one."""
    events = json.load(open(path, encoding="utf-8"))
    assert all(e["pid"] == 1 for e in events)
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    spans = [e for e in events if e["ph"] == "X"]
    assert {e["tid"] for e in spans} <= set(names) and names[0] == "files", names
    assert all(names[t] == "compute %d" % t for t in names if t)
    assert all(e["ts"] >= 0 and e["dur"] >= 0 for e in spans)
    for row in names:
        check_nesting([e for e in spans if e["tid"] == row])
    return events, spans

def check_nesting(spans):
    """Two spans of a thread are disjoint or one inside the other."""
    open_until = []
    for e in sorted(spans, key=lambda e: (e["ts"], -e["dur"])):
        while open_until and open_until[-1] <= e["ts"]: open_until.pop()
        end = e["ts"] + e["dur"]
        assert not open_until or end <= open_until[-1], e
        open_until.append(end)

def by_file(spans):
    """file -> category -> spans, in the order of time."""
    files = collections.defaultdict(lambda: collections.defaultdict(list))
    for e in sorted(spans, key=lambda e: e["ts"]):
        if e["cat"] != "wait": files[e["args"]["file"]][e["cat"]].append(e)
    return files

def memory(events):
    return [e["args"]["bytes"] for e in events if e["ph"] == "C"]
PYTHON
cat >check.py <<'PYTHON'
import json
from timeline import *
events, spans = load("trace.json")
summary = json.loads(open("report").readlines()[-1])
stats, ms = summary["stats"], summary["ms"]

# Every file: all kinds of work, every strip once, in order.
files = by_file(spans)
assert sorted(files) == ["in/a.png", "in/b.png", "in/c.png"]
for file, work in files.items():
    assert set(work) == {"read", "open", "image", "decode", "filter", "encode", "write", "commit"}
    for kind in ("decode", "filter", "encode"):
        for name in {e["name"] for e in work[kind]}:
            strips = sorted(e["args"]["strip"] for e in work[kind] if e["name"] == name)
            assert strips == list(range(len(strips))), (file, name, strips)
    assert {e["name"] for e in work["encode"]} == {"encode 1", "encode 2"}
    assert {"filter 1", "filter 2"} <= {e["name"] for e in work["filter"]}
    assert len(work["commit"]) == 2 and len(work["image"]) == 1
    end = lambda e: e["ts"] + e["dur"]
    image = work["image"][0]
    assert image["name"] == file[3:] and image["tid"] > 0
    assert end(work["read"][0]) <= work["open"][0]["ts"]
    assert end(work["open"][0]) <= image["ts"]
    for e in work["decode"] + work["filter"] + work["encode"]:
        assert image["ts"] <= e["ts"] and end(e) <= end(image) and e["tid"] > 0
    assert all(e["tid"] == 0 for e in work["read"] + work["write"] + work["commit"])
    assert all(e["ts"] >= end(image) for e in work["commit"])
assert max(e["ts"] + e["dur"] for e in spans) <= summary["seconds"] * 1e6 + 1e5

# The budget: what the counter shows is what the accounts say, and all of it is given back.
assert max(memory(events)) == stats["memory"]["used"] <= stats["memory"]["budget"]
assert memory(events)[-1] == 0 and stats["memory"]["peak"] > 1 << 20

# The accounts add up to the summary.
def seconds(*kinds):
    return sum(a["seconds"] for a in stats["accounts"] if a["kind"] in kinds)
def near(a, b): return abs(a - b) <= 0.001 + 0.01 * b
assert near(seconds("decode"), ms["decode"] / 1e3), (stats, ms)
assert near(seconds("encode"), ms["encode"] / 1e3), (stats, ms)
filtering = seconds("load", "light", "look", "step", "store", "pack")
assert near(filtering, ms["filter"] / 1e3), (filtering, ms)
assert 0 < sum(a["seconds"] for a in stats["accounts"]) <= stats["cpu"]
assert stats["threads"] == 2 and 0 <= stats["waiting"] <= 2 * summary["seconds"]

# Every account has its share of the pixels.
steps = {(a["kind"], a.get("step"), a["name"]) for a in stats["accounts"] if "pass" in a}
assert steps == {("step", 1, "blur"), ("look", 3, "autolevels"), ("step", 3, "autolevels"),
                 ("step", 4, "resize")}, steps
pixels = summary["pixels"] / 1e6
for a in stats["accounts"]:
    if a["kind"] == "decode" or (a["kind"] in ("look", "step") and a["step"] < 4):
        assert abs(a["megapixels"] - pixels) < 1e-5, a
encoded = {a["name"]: a["megapixels"] for a in stats["accounts"] if a["kind"] == "encode"}
assert abs(encoded["png"] - pixels) < 1e-5 and abs(encoded["jpeg"] - pixels / 4) < 1e-5, encoded
PYTHON
python3 check.py || fail "timeline and accounts: $(cat report)"

# The picture of it has a row for every thread and a colour for every kind of work.
python3 "$SOURCE/samples/timeline.py" trace.json trace.svg || fail "timeline.py"
python3 -c 'from timeline import *
import xml.etree.ElementTree as tree
parts = list(tree.parse("trace.svg").iter())
texts = {p.text for p in parts if p.tag.endswith("text")}
rows = {e["args"]["name"] for e in load("trace.json")[0] if e["name"] == "thread_name"}
assert rows | {"memory", "decode", "filter", "encode", "read", "write"} <= texts, texts
fills = {p.get("fill") for p in parts if p.tag.endswith("path")}
assert len(fills - {None}) >= 9, fills' || fail "the picture of a timeline"

# A long batch: pages of spans are handed on while it runs, and none is lost.
png small/0.png 8 8
for i in 1 2 3 4 5 6 7 8 9; do
    for k in 0 1 2 3 4 5 6 7 8 9; do
        for n in 0 1 2; do cp small/0.png "small/$i$k$n.png"; done
    done
done
imbrex run invert small -o many --trace -
is 0
mv "$out" trace.json
python3 -c 'from timeline import *
events, spans = load("trace.json")
assert len(by_file(spans)) == 271 and len(memory(events)) == 3 * 271
assert all(len(w[k]) == 1 for w in by_file(spans).values() for k in ("decode", "image", "commit"))' ||
    fail "a long timeline"

# A large file is read in parts, where there is not much memory.
python3 -c 'import os, struct, sys, zlib
def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
rows = b"".join(b"\0" + os.urandom(6000) for y in range(1700))
open("large.png", "wb").write(b"\x89PNG\r\n\x1a\n" +
    chunk(b"IHDR", struct.pack(">IIBBBBB", 2000, 1700, 8, 2, 0, 0, 0)) +
    chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))'
imbrex run 'crop:100x1700' large.png -o large --memory 512M --trace trace.json
is 0
python3 -c 'from timeline import *
work = by_file(load("trace.json")[1])["large.png"]
assert len(work["read"]) > 1, work["read"]' || fail "the parts of a large file"

# Threads that wait for a slow file are seen to wait.
(sleep 1; cat in/a.png) | "$IMBREX" run 'invert/save:png' - -o - -j 2 --stats --report report \
    >/dev/null 2>&1
python3 -c 'import json
stats = json.loads(open("report").readlines()[-1])["stats"]
assert 1 < stats["waiting"], stats' || fail "waiting for standard input"

# A reader of standard output that is slow is seen too: it is written to, nothing is renamed. One
# thread is told of in the singular.
"$IMBREX" run 'save:png' in/a.png -o - --trace trace.json -j 1 --stats 2>"$err" >a.png
grep -q '^1 thread for .* it waited' "$err" || fail "one thread: $(cat "$err")"
"$IMBREX" run 'save:tiff,compression=none' in/a.png -o - --trace trace.json | (sleep 1; cat >/dev/null)
python3 -c 'from timeline import *
work = by_file(load("trace.json")[1])["in/a.png"]
times = {k: sum(e["dur"] for e in work[k]) / 1e6 for k in ("write", "commit")}
assert times["write"] > 0.5 > 0.1 > times["commit"], times' || fail "a slow reader of standard output"

# What stands in front of a cut is told of the pixels that the cut needs, not of the whole image; a
# look at the image is at all of it, whatever is cut behind it.
cat >cut.py <<'PYTHON'
import json
accounts = json.loads(open("report").readlines()[-1])["stats"]["accounts"]
def pixels(*kinds): return [round(a["megapixels"] * 1e6) for a in accounts if a["kind"] in kinds]
PYTHON
for recipe in rotate:90/crop:100x100 flip:h/crop:100x100 grayscale/crop:100x100; do
    imbrex run "$recipe" in/a.png -o cut --if-exists overwrite --stats --report report
    python3 -c 'from cut import *
assert pixels("load", "step") and max(pixels("load", "step")) <= 2 * 100 * 100, accounts' ||
        fail "accounts in front of a cut: $recipe"
done
imbrex run blur:2/crop:100x100 in/a.png -o cut --if-exists overwrite --stats --report report
python3 -c 'from cut import *
assert all(100 * 100 <= n <= 150 * 150 for n in pixels("load", "light")), accounts' ||
    fail "accounts of a blur in front of a cut"
imbrex run autolevels/crop:100x100 in/a.png -o cut --if-exists overwrite --stats --report report
python3 -c 'from cut import *
assert pixels("look") == [700 * 900] and max(pixels("step")) <= 2 * 100 * 100, accounts' ||
    fail "accounts of a look"

# Files whose header says that they are refused have an account with a name.
imbrex run invert in/b.png in/c.png -o refused --max-pixels 200K --stats --report report
is 1 'headers and plans of refused files '
python3 -c 'import json
accounts = json.loads(open("report").readlines()[-1])["stats"]["accounts"]
assert [a["name"] for a in accounts if a["kind"] == "open"] == ["png", "refused files"], accounts' ||
    fail "the account of refused files"

# Ctrl-C: the timeline is complete JSON, and says what was done.
cp in/a.png in/0.png
for i in 1 2 3 4 5 6 7 8 9; do
    for k in 0 1 2 3 4 5; do cp in/0.png "in/$i$k.png"; done
done
cat >interrupt.py <<'PYTHON'
import os, signal, subprocess, sys, time
from timeline import *
def default(): signal.signal(signal.SIGINT, signal.SIG_DFL)
for times in (1, 2):
    out = "ctrl-c-%d" % times
    p = subprocess.Popen([sys.argv[1], "run", "invert/invert/invert/invert", "in", "-o", out, "--trace",
                          "trace.json", "--stats"], stderr=subprocess.PIPE, preexec_fn=default)
    for _ in range(200):
        if os.path.isdir(out) and os.listdir(out): break
        time.sleep(0.02)
    for _ in range(times): p.send_signal(signal.SIGINT)
    said = p.communicate()[1].decode()
    assert p.returncode == 130 and "all else" in said, (p.returncode, said)
    events, spans = load("trace.json")
    done = {os.path.basename(f) for f, work in by_file(spans).items() if work["commit"]}
    assert done == set(os.listdir(out)) and len(done) < 58, (done, os.listdir(out))
    assert memory(events)[-1] == 0
PYTHON
python3 interrupt.py "$IMBREX" || fail "the timeline of an interrupted run"

# Where nothing is done it is empty but whole; where it cannot be written that is said.
imbrex run invert gone.png -o elsewhere --trace trace.json
is 3
python3 -c 'from timeline import *
import json
assert [e["name"] for e in json.load(open("trace.json"))] == ["process_name"]' || fail "no timeline"
imbrex run invert in/a.png -o elsewhere --trace no/such/folder.json
is 4 'the timeline no/such/folder.json'
absent elsewhere
if [ -w /dev/full ]; then
    imbrex run invert in/a.png -o elsewhere --trace /dev/full
    is 4 'the timeline /dev/full'
    exists elsewhere/a.png
fi
finish
