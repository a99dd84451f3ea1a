#!/bin/sh
# sh tests/bench/slow_io.sh: 200 pictures, with 30 ms of waiting for every file that is read and for
# every file that is finished, as on a slow disk or a share. Waiting and computing must overlap: the
# run may take 1.15 times the larger of the two, not their sum. Needs build/imbrex.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

count=200
ms=30
recipe=${1:-blur:2/save:jpeg,quality=85}
folder=$PWD/build/bench/slow
photos=$(dpkg -L lomiri-wallpapers-16.04 mate-backgrounds 2>/dev/null | grep '\.jpg$')
[ -n "$photos" ] || die "install lomiri-wallpapers-16.04 and mate-backgrounds for pictures"
[ -x build/imbrex ] || die "build/imbrex is missing; run sh samples/run.sh first"

rm -rf "$folder"
mkdir -p "$folder/in"
made=0
while [ "$made" -lt "$count" ]; do
    for photo in $photos; do
        [ -L "$photo" ] && continue
        made=$((made + 1))
        [ "$made" -le "$count" ] && cp "$photo" "$folder/in/$made.jpg"
    done
done
cc -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC tests/bench/slow_io.c \
    -o "$folder/slow_io.so" -ldl || die "the slow disk does not compile"

# timed NAME [VARIABLE=VALUE]...: runs the batch and sets NAME to its milliseconds.
timed() {
    name=$1
    shift
    rm -rf "$folder/out"
    begun=$(date +%s%N)
    env "$@" build/imbrex run "$recipe" "$folder/in" -o "$folder/out" --progress none \
        >"$folder/log" 2>&1 || {
        tail -n 20 "$folder/log"
        die "the batch failed, as shown above"
    }
    eval "$name=$((($(date +%s%N) - begun) / 1000000))"
}

timed warm SLOW_IO_MS=0
timed computing SLOW_IO_MS=0
timed total LD_PRELOAD="$folder/slow_io.so" SLOW_IO_FOLDER="$folder/in" SLOW_IO_MS=$ms \
    SLOW_IO_LOG="$folder/counts"
read -r opened renamed <"$folder/counts"
waiting=$(((opened + renamed) * ms))
larger=$((computing > waiting ? computing : waiting))
rm -rf "$folder"

say "slow files: $opened opened and $renamed finished, each $ms ms later"
say "  computing $computing ms, waiting $waiting ms, both together $total ms:" \
    "$((total * 100 / larger)) % of the larger"
[ "$opened" -ge "$count" ] && [ "$renamed" -ge "$count" ] ||
    die "files were read or finished in a way that slow_io.c does not slow down; add it there"
[ $((total * 100)) -le $((larger * 115)) ] || die "more than 115 %: waiting and computing add up"
