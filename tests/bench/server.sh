#!/bin/sh
# sh tests/bench/server.sh: imbrex serve beside a small server around sharp, ipx, and nginx with its
# image_filter, on two cores, on the same pictures in turn, as tables; about ten minutes.
#
# In the environment: ROUNDS, 5 unless told, and SECONDS_EACH, 10.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=build/bench/server
. tests/bench/server/begin.sh

fetch_rivals() {
    cp tests/bench/server/package.json tests/bench/server/sharp.mjs "$scratch" &&
        npm install --prefix "$scratch" --no-audit --no-fund
}
command -v npm >/dev/null || install npm
command -v npm >/dev/null && { step "fetch sharp and ipx" fetch_rivals || say "going on without"; }
race race.py "${ROUNDS:-5}" "${SECONDS_EACH:-10}"
