#!/bin/sh
# errors.sh - single images that fail: one line each, the others are done, status 1.
. "$SOURCE/tests/support/cli.sh"
mkdir in
png in/a.png
png in/z.png 64 48
echo "no image at all" >in/text.png
: >in/empty.png
head -c 600 in/z.png >in/cut.png
ln -s nowhere in/dangling.png
png big.png 300 200

imbrex run invert in -o out --report report
is 1 "in/text.png: "
is 1 "in/empty.png: "
is 1 "in/cut.png: "
is 1 "in/dangling.png: "
is 1 "2 done, 4 failed, 0 skipped"
[ "$(grep -c '^imbrex: in/' "$err")" -eq 4 ] || fail "one line for each failure: $(cat "$err")"
exists out/a.png out/z.png
[ "$(find out -type f | wc -l)" -eq 2 ] || fail "leftovers: $(find out)"
python3 - <<'PYTHON' || fail "report"
import json
lines = [json.loads(l) for l in open("report")]
failed = {l["input"]: l["error"] for l in lines if l["status"] == "failed"}
assert set(failed) == {"in/text.png", "in/empty.png", "in/cut.png", "in/dangling.png"}, failed
assert all(e["text"] and e["code"] in ("format", "io") for e in failed.values()), failed
assert not any("in/" in e["text"] for e in failed.values()), failed
assert lines[-1]["done"] == 2 and lines[-1]["failed"] == 4, lines[-1]
PYTHON

# An input that is not there is one of them, as long as there are others.
imbrex run invert gone.png in/a.png -o o1
is 1 "gone.png: cannot be read: No such file or directory"
is 1 "1 done, 1 failed"
exists o1/a.png

# What a filter says about an image is told with its step, once.
imbrex run invert/crop:10x10,1000 in/a.png -o o8
says "imbrex: in/a.png: step 2 (crop): 10x10 pixels at 1003,1 lie outside of the image of 16x12; change x, y or gravity
0 done, 1 failed, 0 skipped in $(sed -n 's/.* in //p' "$err")"

# What the plan lets pass has room in the run.
imbrex run resize:6000x3000,fill,kernel=nearest big.png -o wide
for memory in 16M 20M 24M 28M; do
    rm -rf o6
    imbrex plan rotate:33 wide/big.png -o o6 --memory $memory
    planned=$status
    imbrex run rotate:33 wide/big.png -o o6 --memory $memory
    [ "$status" -eq "$planned" ] || fail "--memory $memory: plan $planned, run $status: $(cat "$err")"
done

# Limits and damage, by choice.
imbrex run invert big.png -o o2 --max-pixels 50k
is 1 "big.png: "
absent o2/big.png
imbrex run invert big.png -o o2 --max-pixels 60k
is 0
imbrex run invert in/cut.png -o o3 --on-damage accept
is 0 "warning: in/cut.png: "
exists o3/cut.png

# Stop at the first failure: with one thread nothing behind it is begun.
imbrex run invert in/empty.png in/a.png in/z.png -o o4 --on-error stop -j1 --report report
is 1
python3 - <<'PYTHON' || fail "--on-error stop: $(cat report)"
import json
s = json.loads(open("report").readlines()[-1])
assert s["failed"] == 1 and s["done"] < 2, s
PYTHON

# The output.
: >file
for output in file file/below; do
    imbrex run invert in/a.png -o "$output"
    [ "$status" -ne 0 ] || fail "$output: status 0"
    grep -q "$output" "$err" || fail "$output is not named: $(cat "$err")"
    [ ! -s file ] || fail "a file was taken for a folder"
done
imbrex run invert in/a.png -o o5 --report none/report
is 4 "none/report"
absent o5
if [ -w /dev/full ]; then
    "$IMBREX" run invert in/a.png -o - >/dev/full 2>"$err" </dev/null
    status=$?
    is 4
fi
finish
