#!/bin/sh
# sh tests/bench/gimp.sh: a blur of a layer of 24 megapixels in GIMP, by imbrex and by GIMP's own, in
# turn on two cores: called from a script, and in windows, from OK until the canvas shows the result;
# and how fast previews follow. Ten minutes.
#
# In the environment: ROUNDS, 3 of the script and 5 in windows unless told.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

need build gimp test
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
export IMBREX=$PWD/build/imbrex SOURCE=$PWD BUILD=$PWD/build PYTHONPATH=tests/gimp
for part in blur window; do
    taskset -c 0,1 /usr/bin/python3 -B "tests/bench/gimp/$part.py" ||
        die "the blurs were not finished"
done
