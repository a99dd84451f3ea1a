#!/bin/sh
# sh tests/bench/server/replay.sh [MINUTES]: fifteen minutes of mixed requests to one server: does its
# memory's floor stay flat, does it lose a descriptor or a process?
set -u
cd "$(dirname "$0")/../../.." || exit 1
. .ci/steps.sh

need build
install bench || die "the photographs are missing"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
mkdir -p build/bench/server
/usr/bin/python3 -B tests/bench/server/replay.py "$PWD/build/imbrex" "$PWD/build/bench/server" \
    "${1:-15}"
