#!/bin/sh
# install.sh - what cmake --install makes works where it is put: the program finds its library and
# its module, and a program of somebody else finds headers and library through pkg-config. So does
# GEGL, where it is installed, the module with our operations, and that the library.
. "$SOURCE/tests/support/cli.sh"
cmake --install "$BUILD" --prefix "$scratch/tree" >"$out" 2>"$err" || fail "install: $(cat "$err")"
png a.png
printf 'P2 3 2 255 0 50 100 150 200 250\n' >a.pgm

IMBREX=$scratch/tree/bin/imbrex
imbrex run resize:8x a.png -o out
is 0
exists out/a.png
imbrex info a.pgm --allow-loader ppm
is 0

gimp_install() {
    HOME=$scratch/home XDG_CONFIG_HOME='' XDG_DATA_HOME='' GIMP2_DIRECTORY=${1:-} \
        "$IMBREX" gimp-install >"$out" 2>"$err"
    status=$?
}

# The plug-in of GIMP, where it is built: it finds its library, and gimp-install finds it.
if [ -x "$BUILD/plug-ins/imbrex/imbrex" ]; then
    plugin=$scratch/tree/lib/gimp/2.0/plug-ins/imbrex
    exists "$plugin/help/en/gimp-help.xml"
    "$plugin/imbrex" --pages pages >"$out" 2>&1 || fail "the plug-in does not start: $(cat "$out")"
    gimp_install
    is 0
    [ "$(readlink -f "$scratch/home/.config/GIMP/2.10/plug-ins/imbrex")" = "$(readlink -f "$plugin")" ] ||
        fail "gimp-install linked something else"
    operations=$scratch/home/.local/share/gegl-0.4/plug-ins/imbrex.so
    [ -e "$(readlink -f "$operations")" ] || fail "gimp-install did not link GEGL's operations"
    gimp_install # once more
    is 0
    rm "$scratch/home/.config/GIMP/2.10/plug-ins/imbrex"
    mkdir "$scratch/home/.config/GIMP/2.10/plug-ins/imbrex"
    gimp_install
    is 2 "is no link"
    gimp_install own # GIMP looks for it in the home folder
    is 0
    exists "$scratch/home/own/plug-ins/imbrex/imbrex"
fi

cat >host.c <<'C'
#include <imbrex.h>
#include <filter.h>
int main(void) {
    static const char *const inputs[] = {"a.png"};
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse("invert/resize:4x", &err);
    const ibx_batch batch = {
        .recipe = recipe, .inputs = inputs, .input_count = 1, .output = "made"};
    ibx_totals totals = {0};
    const bool ok = recipe && ibx_batch_run(&batch, NULL, NULL, &totals, &err);
    ibx_recipe_free(recipe);
    if (!ok) puts(err.text);
    return ok && totals.done == 1 ? 0 : 1;
}
C
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/tree" -name imbrex.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # the flags are words
${CC:-cc} -std=c17 -Wall -Wextra -Werror host.c -o host $(pkg-config --cflags --libs imbrex) \
    -Wl,-rpath,"$(pkg-config --variable=libdir imbrex)" >"$out" 2>&1 || fail "compile: $(cat "$out")"
./host >"$out" 2>&1 || fail "host: $(cat "$out")"
[ "$(size made/a.png)" = 4x3 ] || fail "made/a.png is $(size made/a.png)"

if [ -e "$BUILD/gegl-0.4/imbrex.so" ] && command -v gegl >/dev/null; then
    module=$(find "$scratch/tree" -name imbrex.so)
    HOME=$scratch GEGL_PATH=$(dirname "$module") gegl --list-all >"$out" 2>&1
    grep -qx imbrex:recipe "$out" || fail "GEGL does not load $module: $(cat "$out")"
fi
finish
