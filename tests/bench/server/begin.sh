# begin.sh: what server.sh and tiles.sh have in common, read by both (.) in the checkout: the program,
# the rivals that Debian has, and how a race is run. $scratch is a folder for it.
. .ci/steps.sh

need build
install bench server-bench || say "going on with the rivals that are here"
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF
mkdir -p "$scratch"

# race FILE ROUNDS SECONDS: on two cores.
race() {
    taskset -c 0,1 /usr/bin/python3 -B "tests/bench/server/$1" "$PWD/build/imbrex" "$PWD/$scratch" \
        "$2" "$3" || die "the race was not finished"
}
