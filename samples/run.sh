#!/bin/sh
# sh samples/run.sh [DIR]: installs what is missing, builds imbrex into build/, and runs the recipe
# samples/recipes/web.ibx over the pictures in DIR, or without DIR over the photographs of a
# Debian package. The results go to samples/out/. Safe to run again.
set -u

[ $# -le 1 ] || {
    echo "run.sh: one folder at most; usage: sh samples/run.sh [DIR]" >&2
    exit 2
}
if [ $# -eq 1 ]; then
    pictures=$(cd "$1" 2>/dev/null && pwd) || {
        echo "run.sh: $1 is not a folder that can be opened; name one with pictures in it" >&2
        exit 2
    }
fi
cd "$(dirname "$0")/.." || exit 1
. .ci/steps.sh

# The photographs' folder, or nothing.
photographs() {
    install photos >&2 || return
    dpkg -L lomiri-wallpapers-16.04 2>/dev/null | grep '\.jpg$' | sed 's|/[^/]*$||' | sort -u
}

began=$(now)
need build
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF

if [ $# -eq 0 ]; then
    pictures=$(photographs)
    if [ -z "$pictures" ]; then
        say "no photographs here and none to be had (is there a network?): making charts instead"
        pictures=build/pictures
        step "make charts in $pictures" build/charts "$pictures" || die "is the disk full?"
    fi
fi

say "run build/imbrex run -f samples/recipes/web.ibx $pictures -o samples/out:"
OMP_WAIT_POLICY=passive build/imbrex run -f samples/recipes/web.ibx "$pictures" -o samples/out \
    --if-exists overwrite
status=$?
case $status in
0) ;;
1) die "some pictures failed, as told above; the others are in samples/out" ;;
3) die "there is no picture in $pictures; name a folder that has some" ;;
*) die "imbrex could not do it, as told above (exit status $status)" ;;
esac
say "look at samples/out: $(find samples/out -type f | wc -l) pictures; all this took $(($(now) - began)) s"
