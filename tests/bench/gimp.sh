#!/bin/sh
# sh tests/bench/gimp.sh: a blur of a layer of 24 megapixels in GIMP, by imbrex and by GIMP's own, in
# turn on two cores; half a minute.
#
# In the environment: ROUNDS, 3 unless told.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

need build gimp test
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
IMBREX=$PWD/build/imbrex SOURCE=$PWD BUILD=$PWD/build PYTHONPATH=tests/gimp taskset -c 0,1 \
    /usr/bin/python3 -B tests/bench/gimp/blur.py || die "the blurs were not finished"
