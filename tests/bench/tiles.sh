#!/bin/sh
# sh tests/bench/tiles.sh: tiles of a large picture by imbrex serve and by iipsrv, on two cores, in turn,
# as a table; two minutes.
#
# In the environment: ROUNDS, 3 unless told, and SECONDS_EACH, 5.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

scratch=build/bench/tiles
need build
install bench server-bench || say "going on without the rival"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
mkdir -p "$scratch"
taskset -c 0,1 /usr/bin/python3 -B tests/bench/server/tiles.py "$PWD/build/imbrex" "$scratch" \
    "${ROUNDS:-3}" "${SECONDS_EACH:-5}" || die "the race was not finished"
