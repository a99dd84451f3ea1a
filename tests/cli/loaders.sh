#!/bin/sh
# loaders.sh - what libvips marks as unsafe stays closed in every command, unless it is allowed.
. "$SOURCE/tests/support/cli.sh"
printf 'P2 3 2 255 0 50 100 150 200 250\n' >a.pgm

imbrex info a.pgm
is 1 "a.pgm: is a PGM image"
is 1 "--allow-loader ppm"
imbrex info a.pgm --allow-loader ppm
is 0
grep -q '^a.pgm: .*3 x 2.*gray' "$out" || fail "info: $(cat "$out")"

imbrex run invert a.pgm -o out --format png
is 1 "--allow-loader ppm"
absent out/a.png
imbrex run invert a.pgm -o out --format png --allow-loader ppm
is 0
exists out/a.png

for command in "info a.pgm" "run invert a.pgm -o out" "plan invert a.pgm -o out"; do
  imbrex $command --allow-loader pmp
  is 2 'there is no loader "pmp"; did you mean "ppm"?'
  imbrex $command --allow-loader ppm --allow-loader nothing-like-it
  is 2 'there is no loader "nothing-like-it"; this libvips has '
done
finish
