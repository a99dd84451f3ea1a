#!/bin/sh
# sh tests/bench/tiles.sh: tiles of a large picture by imbrex serve and by iipsrv, on two cores, in turn,
# as a table; two minutes.
#
# In the environment: ROUNDS, 3 unless told, and SECONDS_EACH, 5.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=build/bench/tiles
. tests/bench/server/begin.sh

race tiles.py "${ROUNDS:-3}" "${SECONDS_EACH:-5}"
