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

# The folder appears when all of it is there.
draw_charts() {
    build/charts "$1.new" && mv "$1.new" "$1"
}

began=$(now)
need build
build build -DCMAKE_BUILD_TYPE=Release -DIMBREX_TESTS=OFF

if [ $# -eq 1 ]; then
    what="the pictures in $1"
    set -- "$pictures"
else
    install photos 2>/dev/null
    # shellcheck disable=SC2046 # the package's file names have no blanks
    set -- $(dpkg -L lomiri-wallpapers-16.04 2>/dev/null | grep '\.jpg$')
    what="the photographs of the package lomiri-wallpapers-16.04"
fi
if [ $# -eq 0 ]; then
    say "no photographs here and none to be had (is there a network?): making charts instead"
    what="charts"
    set -- build/chart-pictures
    [ -d "$1" ] || step "draw charts into $1" draw_charts "$1" || die "is the disk full?"
fi

say "run samples/recipes/web.ibx over $what:"
build/imbrex run -f samples/recipes/web.ibx "$@" -o samples/out --if-exists overwrite
status=$?
case $status in
0) ;;
1) die "some pictures failed, as told above; the others are in samples/out" ;;
3) die "no image file in $what; name a folder that has some" ;;
*) die "imbrex could not do it, as told above (exit status $status)" ;;
esac
say "look at samples/out: $(find samples/out -type f | wc -l) pictures; all this took $(($(now) - began)) s"
