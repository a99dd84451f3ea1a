#!/bin/sh
# small.sh - many small files, which are opened and run in one task each, and among them those for
# which that is not the way: many pixels in few bytes, no image, outputs that exist.
. "$SOURCE/tests/support/cli.sh"
png in/000.png 24 18
for i in $(seq 1 70); do cp in/000.png "in/$(printf %03d "$i").png"; done
png in/wide.png 2000 1500
[ "$(wc -c <in/wide.png)" -lt 65536 ] || fail "in/wide.png is not small"
echo "no image at all" >in/text.png

# The same for any number of threads, and where the budget has no room for small ones at once.
for words in -j1 -j2 -j3 "-j2 --memory 64M" "-j2 --on-error continue"; do
    rm -rf out
    # shellcheck disable=SC2086
    imbrex run invert in -o out $words
    is 1 "72 done, 1 failed"
    [ "$(find out -name '*.png' | wc -l)" -eq 72 ] || fail "$words: $(ls out | wc -l) outputs"
    [ -z "$(find out -name '.*.part')" ] || fail "$words: leftovers"
    for i in out/0*.png; do cmp -s out/000.png "$i" || fail "$words: $i is not like the others"; done
    [ -d first ] || cp -r out first
    diff -rq first out || fail "$words: other bytes"
done

# Headers that are alike, and pixels that are not: what a filter learns of one is not for the next.
png plain.png 200 150
imbrex run brightness:-0.4 plain.png -o alone --name dark.png
imbrex run brightness:0.1,contrast=-0.6 plain.png -o alone --name pale.png
mkdir alike
for i in $(seq 20); do
    ln -s ../alone/dark.png "alike/$i-dark.png" && ln -s ../alone/pale.png "alike/$i-pale.png"
done
for recipe in autolevels equalize/blur:1 thumb:50x50,crop=attention resize:12x9; do
    rm -rf expected out
    imbrex run "$recipe" alone -o expected
    imbrex run "$recipe" alike -o out -j2
    is 0 "40 done"
    for i in out/*; do
        cmp -s "expected/${i##*-}" "$i" || fail "$recipe: $i is not as it is alone"
    done
done

# What exists is told apart by names alone, before anything is read.
rm -rf in/text.png out
cp -r first out
rm out/01*.png
echo old >out/020.png
imbrex run invert in -o out --if-exists skip
is 0 "10 done, 0 failed, 62 skipped"
[ "$(cat out/020.png)" = old ] || fail "--if-exists skip: written"
imbrex run invert in -o out --if-exists overwrite
is 0 "72 done, 0 failed, 0 skipped"
diff -rq first out || fail "--if-exists overwrite: other bytes"
imbrex run invert in -o in --if-exists overwrite
is 1 "is one of the inputs"
finish
