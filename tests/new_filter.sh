#!/bin/sh
# new_filter.sh: a new filter is one new file. Copies the example under a new name into a copy of
# the checkout, builds that, and finds the filter in the list, in its help, in a run, and among the
# operations of GEGL where that is installed.
set -eu
cd "${SOURCE:-$(dirname "$0")/..}"
checkout=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R CMakeLists.txt filters src samples "$folder"
cd "$folder"

fail() {
    echo "new_filter: $*"
    exit 1
}

sed 's/\binvert\b/another_negative/g' filters/invert.c >filters/another_negative.c
cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DIMBREX_TESTS=OFF >log 2>&1 &&
    cmake --build build -j 2 >>log 2>&1 || {
    tail -n 30 log
    fail "the copy with one filter more does not build"
}

build/imbrex filters >list || fail "no list of filters"
grep -qw another_negative list || fail "the new filter is not in the list of filters"
build/imbrex filters another_negative >help || fail "the new filter has no help"
grep -q 'Turn the image into its negative' help || fail "its help lacks its summary"
grep -qw amount help || fail "its help lacks its parameter"

build/charts charts 120
build/imbrex run another_negative:0.75 charts -o new --progress none >log 2>&1 || {
    cat log
    fail "a run of the new filter failed"
}
build/imbrex run invert:0.75 charts -o old --progress none >log 2>&1
[ "$(find new -type f | wc -l)" -gt 0 ] || fail "the run wrote nothing"
diff -r new old || fail "the copy of the example does not do what the example does"
cmp -s charts/patches.png new/patches.png && fail "the run changed nothing"

# The plug-in, where there is GIMP: what all procedures of the list must be is what this one must be.
if [ -x build/plug-ins/imbrex/imbrex ]; then
    IMBREX=build/imbrex SOURCE=. /usr/bin/python3 "$checkout/tests/gimp/procedures.py" >log 2>&1 || {
        [ $? -eq 77 ] || fail "the new filter in GIMP: $(cat log)"
    }
    grep -q plug-in-imbrex-another-negative build/plug-ins/imbrex/help/en/gimp-help.xml ||
        fail "the new filter has no page of help in GIMP"
fi

if [ -e build/gegl-0.4/imbrex.so ] && command -v gegl >/dev/null && command -v compare >/dev/null; then
    HOME=$folder GEGL_PATH=$(pkg-config --variable=pluginsdir gegl-0.4):$folder/build/gegl-0.4
    export HOME GEGL_PATH
    gegl --list-all | grep -qx imbrex:another_negative || fail "GEGL has no operation of that name"
    gegl charts/patches.png -- imbrex:another_negative amount=0.75 \
        gegl:png-save path=gegl.png bitdepth=8
    compare -metric AE gegl.png new/patches.png null: >log 2>&1 ||
        fail "GEGL makes other pixels of it: $(cat log)"
fi
echo "new_filter: one file added, found in the list, in its help, in a run, in GIMP and in GEGL"
