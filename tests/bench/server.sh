#!/bin/sh
# sh tests/bench/server.sh: imbrex serve beside a small server around sharp, ipx, and nginx with its
# image_filter, on two cores, on the same pictures in turn, as tables; about ten minutes.
#
# In the environment: ROUNDS, 5 unless told, and SECONDS_EACH, 10.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

scratch=build/bench/server
need build
install bench server-bench || say "going on with the rivals that are here"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
fetch_rivals() {
    cp tests/bench/server/package.json tests/bench/server/sharp.mjs "$scratch" &&
        npm install --prefix "$scratch" --no-audit --no-fund
}
mkdir -p "$scratch"
command -v npm >/dev/null || install npm
command -v npm >/dev/null && { step "fetch sharp and ipx" fetch_rivals || say "going on without"; }
taskset -c 0,1 /usr/bin/python3 -B tests/bench/server/race.py "$PWD/build/imbrex" "$PWD/$scratch" \
    "${ROUNDS:-5}" "${SECONDS_EACH:-10}" || die "the race was not finished"
