#!/bin/sh
# sh tests/bench/rivals.sh: the same work with imbrex and with every rival that can be installed, on
# two cores and on the same pictures in turn, as tables, with what is aimed at; about half an hour.
# Everything is stored in build/bench/results.json too, and drawn in results.svg. Outputs are checked
# after every round. A round that warms the caches comes first and does not count, but for rivals
# that are far behind the best rival in it: it is their only one, and marked (*).
#
# In the environment:
#   WORKS     parts, by default all: thumb web encoded blur png webp sizes small small-encoded (whole
#             batches), big (one large image), kernels (filters alone), slow (slow files)
#   ROUNDS    3 unless told, of which the median counts (kernels: the best)
#   PICTURES  at most so many pictures in a batch, to try it out
#   BIG, KERNELS  only those of big and kernels whose names hold one of these words
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

works=${WORKS:-thumb web encoded blur png webp sizes small small-encoded big kernels slow}
rounds=${ROUNDS:-3}
scratch=build/bench
rivals=tests/bench/rivals
need build
install bench || say "going on with the rivals that are here"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF

# sharp comes from npm, into the build folder.
fetch_sharp() {
    cp $rivals/package.json $rivals/*.mjs "$scratch/sharp" &&
        npm install --prefix "$scratch/sharp" --no-audit --no-fund
}
mkdir -p "$scratch/sharp"
command -v npm >/dev/null || install npm
command -v npm >/dev/null && { step "fetch sharp" fetch_sharp || say "going on without sharp"; }

# compile NAME ARGUMENT...: a helper of the benchmark, into the scratch folder.
compile() {
    name=$1
    shift
    step "compile $name" cc -O2 -Wall -Wextra -Werror -Isrc "$rivals/$name.c" \
        -o "$scratch/$name" "$@" || die "$name does not compile, as shown"
}
compile floor -fopenmp -ljpeg -ldeflate -lisal
compile kernels -Lbuild -limbrex "-Wl,-rpath,$PWD/build"

# on_two_cores SCRIPT ARGUMENT...
on_two_cores() {
    script=$rivals/$1
    shift
    taskset -c 0,1 /usr/bin/python3 -B "$script" "$@" || die "$script was not finished"
}

batches=
for work in $works; do
    case $work in
    big | kernels | slow) ;;
    thumb | web | encoded | blur | png | webp | sizes | small | small-encoded) batches="$batches $work" ;;
    *) die "there is no work $work; the head of this script names them" ;;
    esac
done
[ -z "$batches" ] ||
    WORKS=$batches on_two_cores race.py "$PWD/build/imbrex" "$PWD/$scratch" "$rounds"
for work in $works; do
    case $work in
    big) on_two_cores big.py "$PWD/build/imbrex" "$PWD/$scratch" "$rounds" ;;
    kernels) on_two_cores kernels.py "$PWD/$scratch" "$rounds" ;;
    slow) sh tests/bench/slow_io.sh || die "slow files take longer than they should, or failed" ;;
    esac
done
[ -e "$scratch/results.json" ] || exit 0
tests/bench/plot "$scratch/results.json" "$scratch/results.svg" || die "no chart was drawn"
say "the chart of all that was measured so far: $scratch/results.svg"
