#!/bin/sh
# sh tests/bench/scaling.sh: what an image costs against its size (1 to 400 megapixels), a batch
# against the number of its files (10 to 100,000), its speed against threads, and a blur against its
# sigma (0.5 to 250). Says where a curve is not what it should be; writes build/bench/scaling.json
# and draws the four curves in scaling.svg. About five minutes. In the environment: CURVES (some of
# size files threads sigma) and ROUNDS (3 unless told), of which the best counts.
set -u
cd "$(dirname "$0")/../.." || exit 1
. .ci/steps.sh

need build
install bench || die "without the photographs there is nothing to measure with"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
mkdir -p build/bench
/usr/bin/python3 -B tests/bench/rivals/scaling.py "$PWD/build/imbrex" "$PWD/build/bench" \
    "${ROUNDS:-3}" || die "scaling.py was not finished"
tests/bench/plot build/bench/scaling.json build/bench/scaling.svg ||
    die "no curves were drawn"
say "the curves are drawn in build/bench/scaling.svg"
