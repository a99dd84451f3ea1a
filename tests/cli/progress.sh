#!/bin/sh
# progress.sh - a changing line on a terminal, plain lines elsewhere, nothing if so asked.
. "$SOURCE/tests/support/cli.sh"
command -v script >/dev/null || { echo "script (package bsdutils) is missing"; exit 77; }
png in/00.png 1400 1000
for i in 1 2 3 4 5 6; do
    for k in 0 1 2 3 4 5 6 7 8 9; do cp in/00.png "in/$i$k.png"; done
done
cat >go.sh <<'SHELL'
stty cols 60 2>/dev/null
"$IMBREX" run invert/invert/invert/invert in -o "$1" -j1 --progress "$2"
SHELL
export IMBREX
TERM=xterm script -qec "sh go.sh tty auto" screen </dev/null >/dev/null || fail "on a terminal"
python3 - <<'PYTHON' || fail "the changing line"
import re
screen = open("screen", "rb").read().decode()
parts = re.findall(r"\r\x1b\[K([^\r\n\x1b]+)", screen)
assert parts, repr(screen)
for p in parts[:-1]:
    assert len(p) < 60, p
    assert re.match(r"\d+ of 61 images, \d+ %, \d+\.\d MP/s", p), p
assert re.search(r"\d:\d\d left", screen), repr(screen)
# the last thing in place of the line is the summary
assert re.search(r"\r\x1b\[K61 done, 0 failed, 0 skipped in", screen), repr(screen[-300:])
PYTHON
TERM=dumb script -qec "sh go.sh dumb auto" screen </dev/null >/dev/null
if grep -q "$(printf '\033')" screen; then fail "a dumb terminal was sent an escape sequence"; fi
TERM=xterm script -qec "sh go.sh none none" screen </dev/null >/dev/null
grep -q 'of 61 images' screen && fail "--progress none shows progress"
grep -q '61 done' screen || fail "no summary"

# Elsewhere: whole lines every 5 seconds, so none in a short run.
imbrex run invert in -o plain --progress plain
is 0 "61 done, 0 failed, 0 skipped"
if grep -q "$(printf '[\r\033]')" "$err"; then fail "control characters in a file"; fi
imbrex run invert in -o plain2
is 0 "61 done, 0 failed, 0 skipped"
[ "$(wc -l <"$err")" -eq 3 ] || fail "three lines of summary expected: $(cat "$err")"
finish
