#!/bin/sh
# sh tests/bench/rivals.sh [ROUNDS]: the same work with imbrex and with every rival that can be
# installed, on two cores and on the same pictures in turn, as tables; then imbrex on one thread
# and on two, and over slow files. About ten minutes with the 3 rounds that it does unless told.
# WORKS="blur web thumb png" in the environment picks some of the works.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

rounds=${1:-3}
scratch=build/bench
need build
install bench || say "going on with the rivals that are here"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF

# sharp comes from npm, into the build folder.
fetch_sharp() {
    cp tests/bench/rivals/package.json tests/bench/rivals/*.mjs "$scratch/sharp" &&
        npm install --prefix "$scratch/sharp" --no-audit --no-fund
}
mkdir -p "$scratch/sharp"
command -v npm >/dev/null || install npm
command -v npm >/dev/null && { step "fetch sharp" fetch_sharp || say "going on without sharp"; }

taskset -c 0,1 /usr/bin/python3 -B tests/bench/rivals/race.py "$PWD/build/imbrex" \
    "$PWD/$scratch/sharp" "$PWD/$scratch" "$rounds" || die "the race was not finished"
sh tests/bench/slow_io.sh
