#!/bin/sh
# collisions.sh - two inputs of one output are an error before anything is written; an output is
# never an input unless asked.
. "$SOURCE/tests/support/cli.sh"
mkdir -p in/x in/y
png in/x/a.png
png in/y/a.png
cp in/x/a.png in/x/a.PNG

imbrex run invert in/x in/y -o out
is 2 "in/x/a.png and in/y/a.png would both be written to a.png"
absent out
imbrex run invert in -o out --format png
is 2 "in/x/a.PNG and in/x/a.png would both be written to x/a.png"
absent out
imbrex run invert in/x/a.png in/x/a.png -o out
is 2 "in/x/a.png was given twice"
imbrex run save/invert/save in/y -o out --name '{stem}{ext}'
is 2 "save steps 1 and 2"
imbrex plan invert in/x in/y -o out
is 2 "would both be written to"
imbrex plan invert in -o out --name 'one.png'
is 2 "would both be written to one.png"
[ "$(grep -c '^collision: .*would both be written to one.png' "$out")" -eq 2 ] || fail "plan: $(cat "$out")"
imbrex run invert in/x in/y -o out --name '{n}-{stem}{ext}'
is 0
exists out/1-a.PNG out/2-a.png out/3-a.png

# Two outputs of one image whose names differ only by sizes that turn out the same.
imbrex run save/invert/save in/y/a.png -o same
[ "$status" -ne 0 ] || fail "one output went over the other"
[ "$(find same -type f 2>/dev/null | wc -l)" -ne 1 ] || fail "one of two outputs was written"

imbrex plan save/invert/save in/y/a.png -o other
is 1
grep -q 'error    two outputs would be named other/a-16x12.png' "$out" || fail "plan: $(cat "$out")"

# Inputs are safe, whatever way leads to them.
before=$(cksum <in/y/a.png)
ln -s in/y alias
for output in in/y ./in/../in/y alias; do
    imbrex run invert in/y/a.png -o "$output" --if-exists overwrite
    [ "$status" -ne 0 ] || fail "$output: the input was overwritten"
    [ "$(cksum <in/y/a.png)" = "$before" ] || fail "$output: the input has changed"
done
imbrex run invert in/y/a.png --in-place
is 0
[ "$(cksum <in/y/a.png)" != "$before" ] || fail "--in-place did nothing"
imbrex run invert in --in-place
is 0
imbrex run invert in/x/a.png in/y/a.png --in-place
is 2 "--in-place takes one folder"
[ "$(find in -type f | wc -l)" -eq 3 ] || fail "litter: $(find in)"
finish
