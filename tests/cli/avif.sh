#!/bin/sh
# avif.sh - AVIF by another decoder than the one that it is read with: libavif's. What is kept
# exactly is exact, colours and orientation are as they say, and nothing is in the file unasked.
. "$SOURCE/tests/support/cli.sh"
command -v avifdec >/dev/null || { echo "no avifdec (libavif-bin)"; exit 77; }

# decoded FILE: its pixels are decoded.png, and what avifdec says of it is the file `said`.
decoded() {
    avifdec --png-compress 0 "$1" decoded.png >said || fail "avifdec: $1"
}

# tells NAME VALUE: so does avifdec.
tells() {
    grep -q "^ \* $1 *: $2" said || fail "$1 is not $2: $(grep "$1" said)"
}

# like FILE PSNR: so many dB at least; inf: the same pixels.
like() {
    compare -metric PSNR decoded.png "$1" null: 2>compared
    awk -v least="$2" '{ exit !($1 == "inf" || ($1 == 0 && least == "inf") || $1 + 0 >= least) }' \
        compared || fail "$1: PSNR $(cat compared), not $2"
}

mkdir in
convert -size 61x47 gradient:red-blue \( -size 61x47 plasma:fractal -seed 1 \) -evaluate-sequence \
    mean -depth 8 png24:in/colour.png
convert in/colour.png \( -size 61x47 gradient: \) -alpha off -compose CopyOpacity -composite \
    png32:in/alpha.png
convert in/colour.png -colorspace Gray png:in/gray.png
for name in colour alpha gray; do
    imbrex run save:avif,lossless=yes,effort=0 "in/$name.png" -o exact
    is 0
    decoded "exact/$name.avif"
    case $name in
    alpha) # hidden colours may differ
        convert decoded.png -background white -flatten decoded.png
        convert in/alpha.png -background white -flatten flat.png
        like flat.png 60
        tells Alpha 'Not premultiplied'
        ;;
    *) like "in/$name.png" inf ;;
    esac
    tells 'Color Primaries' 1
    tells 'Transfer Char.' 13
    tells 'ICC Profile' Absent
    tells 'Exif Metadata' Absent
    tells 'XMP Metadata' Absent
done
tells Format YUV400

imbrex run save:avif,quality=80,effort=2 in/colour.png -o close
is 0
decoded close/colour.avif
like in/colour.png 33
tells Format YUV420

# A profile, but nothing that was not asked for.
convert in/colour.png -quality 95 in/photo.jpg
exiftool -q -overwrite_original -Artist=Somebody -Orientation#=6 in/photo.jpg || fail exiftool
imbrex run icc:to=p3/save:avif,effort=0 in/photo.jpg -o none --metadata none
is 0
decoded none/photo.avif
tells 'ICC Profile' Present
tells 'Exif Metadata' Absent
tells Resolution 47x61

# Pixels left as they are, to be turned by who shows them.
imbrex run orient:ignore/save:avif,effort=0 in/photo.jpg -o kept
is 0
decoded kept/photo.avif
grep -q 'irot' said || fail "nothing says how to turn it: $(cat said)"
finish
