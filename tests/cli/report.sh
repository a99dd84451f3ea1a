#!/bin/sh
# report.sh - the lines of --report are JSON that says what the files say; so are info and the
# table of filters.
. "$SOURCE/tests/support/cli.sh"
mkdir in
png in/a.png 40 30
png in/b.png 10 20
imbrex run 'save:png,name="full/{stem}{ext}"/invert/save:jpeg,name="{stem}.jpg"' in -o web --report report
is 0
cat >check.py <<'PYTHON'
import json, os
lines = [json.loads(l) for l in open("report", encoding="utf-8")]
images, summary = lines[:-1], lines[-1]
assert sorted(i["input"] for i in images) == ["in/a.png", "in/b.png"]
for i in images:
    assert i["status"] == "done" and "error" not in i
    assert i["bytes"] == os.path.getsize(i["input"])
    assert (i["w"], i["h"]) == {"in/a.png": (40, 30), "in/b.png": (10, 20)}[i["input"]]
    assert len(i["outputs"]) == 2
    for o in i["outputs"]:
        assert o["bytes"] == os.path.getsize(o["path"]) > 0, o
        assert (o["w"], o["h"]) == (i["w"], i["h"])
        assert o["format"] == {".png": "png", ".jpg": "jpeg"}[os.path.splitext(o["path"])[1]]
    assert set(i["ms"]) == {"read", "decode", "filter", "encode", "write"}
    assert all(v >= 0 for v in i["ms"].values())
assert summary["status"] == "summary" and summary["listed"] == summary["done"] == 2
assert summary["failed"] == summary["skipped"] == 0
assert summary["pixels"] == 40 * 30 + 10 * 20
assert summary["bytes_in"] == sum(i["bytes"] for i in images)
assert summary["bytes_out"] == sum(o["bytes"] for i in images for o in i["outputs"])
for part in summary["ms"]:
    assert abs(summary["ms"][part] - sum(i["ms"][part] for i in images)) < 0.1, part
assert summary["seconds"] > 0
PYTHON
python3 check.py || fail "report: $(cat report)"

# The recipe of the summary is one that gives the same files.
recipe=$(python3 -c 'import json; print(json.loads(open("report").readlines()[-1])["recipe"])')
imbrex run "$recipe" in -o again
is 0
diff -r web again >/dev/null || fail "the recipe of the report makes other files: $recipe"

# On standard output, line by line.
imbrex run invert in -o o2 --report -
is 0
[ "$(wc -l <"$out")" -eq 3 ] || fail "three lines expected"

imbrex info in --json
is 0
python3 -c 'import json, sys
lines = [json.loads(l) for l in sys.stdin]
assert [(l["input"], l["w"], l["h"]) for l in lines] == [("in/a.png", 40, 30), ("in/b.png", 10, 20)]
assert all(l["format"] == "png" and l["bits"] == 8 and not l["alpha"] for l in lines)' \
    <"$out" || fail "info --json: $(cat "$out")"
imbrex info in/a.png
is 0
grep -qF 'in/a.png: png, 40 x 30 (0.0 MP), RGB, 8 bits' "$out" || fail "info: $(cat "$out")"
echo junk >in/junk.png
imbrex info in
is 1 "in/junk.png: "
[ "$(wc -l <"$out")" -eq 2 ] || fail "info stops at a bad file"

# A report that cannot be written is an error, and the images are done all the same.
rm in/junk.png
if [ -w /dev/full ]; then
    imbrex run invert in -o o3 --report /dev/full
    is 4 "the report /dev/full"
    exists o3/a.png o3/b.png
fi
finish
