#!/bin/sh
# cli.sh - sourced by the tests of the command line: a scratch folder, pictures, expectations.
# The environment names the program (IMBREX), as CTest sets it.
set -u
export LC_ALL=C
: "${IMBREX:?is the program under test}"
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$scratch/work" && cd "$scratch/work" || exit 1
out=$scratch/out
err=$scratch/err
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

finish() {
    [ "$failures" -eq 0 ] || { echo "$failures expectations failed"; exit 1; }
    exit 0
}

# imbrex ARGUMENT...: the program; its output goes to the files $out and $err, its status to $status.
imbrex() {
    "$IMBREX" "$@" >"$out" 2>"$err" </dev/null
    status=$?
}

# is STATUS [WORDS]: the status of the last imbrex, and words that its standard error must hold.
is() {
    [ "$status" -eq "$1" ] || fail "status $status, not $1, with: $(cat "$err")"
    [ $# -lt 2 ] || grep -qF -- "$2" "$err" || fail "\"$2\" is not in: $(cat "$err")"
}

# says LINE: standard error is exactly this line.
says() {
    [ "$(cat "$err")" = "$1" ] || fail "\"$1\" expected, but: $(cat "$err")"
}

# exists FILE..., absent FILE...
exists() {
    for name in "$@"; do [ -s "$name" ] || fail "there is no $name"; done
}
absent() {
    for name in "$@"; do [ ! -e "$name" ] || fail "there is a $name"; done
}

# png FILE [W H]: writes a picture; folders are made. Python's own modules are enough for that.
png() {
    python3 - "$1" "${2:-16}" "${3:-12}" <<'PYTHON'
import os, struct, sys, zlib
path, w, h = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
folder = os.path.dirname(path)
if folder: os.makedirs(folder, exist_ok=True)
rows = b"".join(b"\0" + bytes((x * 5 + y * 3 + c * 40) % 256 for x in range(w) for c in range(3))
                for y in range(h))
def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))
with open(path, "wb") as out:
    out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
              chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
}

# size FILE: "WxH" of a PNG.
size() {
    python3 -c 'import struct, sys
d = open(sys.argv[1], "rb").read(24)
print("%dx%d" % struct.unpack(">II", d[16:24]) if d[:4] == b"\x89PNG" else "no PNG")' "$1"
}

