#!/bin/sh
# interrupt.sh - the first signal finishes what is in flight, the second drops it; no partial file,
# no litter; status 130 or 143.
. "$SOURCE/tests/support/cli.sh"
png in/000.png 1400 1000
for i in 1 2 3 4 5 6 7 8 9; do
    for k in 0 1 2 3 4 5 6 7 8 9; do cp in/000.png "in/$i$k.png"; done
done

# begin OUTPUT: starts a run in the background and waits until it has written something.
begin() {
    "$IMBREX" run 'invert/invert/invert/invert' in -o "$1" --progress none --report report \
        >/dev/null 2>"$err" </dev/null &
    pid=$!
    tries=0
    while [ $tries -lt 300 ]; do
        [ -n "$(ls "$1" 2>/dev/null)" ] && return
        tries=$((tries + 1))
        sleep 0.1
    done
    fail "nothing was written in 30 s"
}

# Everything under a final name is complete, and nothing else is there.
whole() {
    find "$1" -type f ! -name '*.png' | grep . && fail "$1: litter"
    find "$1" -name '.*' -type f | grep . && fail "$1: hidden litter"
    for file in "$1"/*.png; do
        tail -c 8 "$file" | grep -q IEND || fail "$file is not complete"
    done
}

for signal in INT TERM; do
    begin "once-$signal"
    # A shell without job control starts background jobs with SIGINT ignored; the program must
    # leave it so, and then only SIGTERM stops it.
    if [ "$signal" = INT ]; then
        python3 - "$IMBREX" <<'PYTHON' || fail "Ctrl-C once"
import os, signal, subprocess, sys, time
def default(): signal.signal(signal.SIGINT, signal.SIG_DFL)
for times in (1, 2):
    out = "ctrl-c-%d" % times
    p = subprocess.Popen([sys.argv[1], "run", "invert/invert/invert/invert", "in", "-o", out,
                          "--progress", "none"], stderr=subprocess.PIPE, preexec_fn=default)
    for _ in range(600):
        time.sleep(0.05)
        if os.path.isdir(out) and any(n.endswith(".png") and n[0] != "." for n in os.listdir(out)):
            break
    p.send_signal(signal.SIGINT)
    if times == 2:
        time.sleep(0.02)
        p.send_signal(signal.SIGINT)
    text = p.communicate(timeout=60)[1].decode()
    done = [n for n in os.listdir(out) if not n.startswith(".")]
    assert p.returncode == 130, (times, p.returncode, text)
    assert "interrupted" in text, text
    assert 0 < len(done) < 91, len(done)
    assert len(done) == len(os.listdir(out)), os.listdir(out)
    print("Ctrl-C x %d: %d of 91 images done, status 130" % (times, len(done)))
PYTHON
        kill -INT "$pid" 2>/dev/null # ignored
        kill -TERM "$pid"
    else
        kill -TERM "$pid"
    fi
    wait "$pid"
    status=$?
    is 143 "interrupted: "
    whole "once-$signal"
    python3 - "once-$signal" <<'PYTHON' || fail "the report of an interrupted run"
import json, os, sys
lines = [json.loads(l) for l in open("report")]
done = {os.path.basename(l["outputs"][0]["path"]) for l in lines if l["status"] == "done"}
assert done == set(os.listdir(sys.argv[1])), (done, os.listdir(sys.argv[1]))
assert lines[-1]["status"] == "summary" and lines[-1]["done"] == len(done) < 91
PYTHON
done
whole ctrl-c-1
whole ctrl-c-2

# What was interrupted goes on with skip.
imbrex run 'invert/invert/invert/invert' in -o ctrl-c-1 --if-exists skip
is 0
[ "$(find ctrl-c-1 -type f | wc -l)" -eq 91 ] || fail "skip does not complete an interrupted run"
finish
