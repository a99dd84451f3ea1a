#!/bin/sh
# startup.sh - starting is quick, loads no libvips for JPEG and PNG, and sets OpenMP to wait without
# spinning before it is loaded.
. "$SOURCE/tests/support/cli.sh"
png a.png
python3 - "$IMBREX" <<'PYTHON' || fail "imbrex --version takes too long"
import subprocess, sys, time
best = 1e9
for _ in range(20):
    begin = time.perf_counter()
    subprocess.run([sys.argv[1], "--version"], stdout=subprocess.DEVNULL, check=True)
    best = min(best, time.perf_counter() - begin)
print("imbrex --version: %.1f ms" % (best * 1e3))
sanitized = b"__asan_init" in open(sys.argv[1], "rb").read() or b"__tsan_init" in open(sys.argv[1], "rb").read()
assert best < 0.015 or sanitized
PYTHON

LD_DEBUG=files "$IMBREX" run invert a.png -o loaded >/dev/null 2>"$err"
exists loaded/a.png
grep -q "libimbrex" "$err" || fail "the list of loaded files is empty"
if grep -q "libvips\|imbrex-vips" "$err"; then fail "libvips is loaded for a PNG"; fi

# The runtime itself says what it read.
unset OMP_WAIT_POLICY
OMP_DISPLAY_ENV=TRUE "$IMBREX" run invert a.png -o - >/dev/null 2>"$err"
grep "WAIT_POLICY" "$err" | tail -1 | grep -qi passive || fail "wait policy: $(cat "$err")"
OMP_WAIT_POLICY=active OMP_DISPLAY_ENV=TRUE "$IMBREX" run invert a.png -o - >/dev/null 2>"$err"
grep "WAIT_POLICY" "$err" | grep -qi passive && fail "the user's wait policy is overruled"

# Under its own name, not that of the link in /proc through which it started itself.
png wait.png 3000 2000
"$IMBREX" run 'invert/invert' wait.png -o named -j1 --progress none 2>"$err" &
pid=$!
name=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    name=$(cat "/proc/$pid/comm" 2>/dev/null)
    [ "$name" = imbrex ] && break
    sleep 0.01
done
[ "$name" = imbrex ] || fail "the process is called $name"
wait "$pid" || fail "run: $(cat "$err")"
finish
