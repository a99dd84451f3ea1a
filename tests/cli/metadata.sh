#!/bin/sh
# metadata.sh - what the policies let through, into every format that holds EXIF, and back out of
# TIFF. ExifTool writes the input and reads the outputs; Pillow reads them, too, and writes a TIFF.
. "$SOURCE/tests/support/cli.sh"
command -v exiftool >/dev/null || { echo "no exiftool (libimage-exiftool-perl)"; exit 77; }
PYTHON=/usr/bin/python3
$PYTHON -c 'import PIL' 2>/dev/null || { echo "no Pillow (python3-pil)"; exit 77; }

NOTES='-ExposureTime -FNumber -ISO -DateTimeOriginal -UserComment -LensModel -ExposureCompensation'
TEXTS='-ImageDescription -Make -Model -Software -ModifyDate'
RIGHTS='-Artist -Copyright'
PLACE='-GPSLatitudeRef -GPSLatitude -GPSLongitudeRef -GPSLongitude -GPSAltitude'

# look FILE: what its EXIF has is in the file $scratch/is from then on.
look() {
    file=$1
    exiftool -q -n -s -EXIF:all --XMP:all "$file" >"$scratch/is" || fail "exiftool: $file"
}

# tags DUMP TAG...: the lines of those tags.
tags() {
    dump=$1
    shift
    for tag in "$@"; do grep "^${tag#-}  *: " "$dump"; done
}

# kept TAG...: the file has them as the input has; gone TAG...: they are not there.
kept() {
    tags "$scratch/is" "$@" >"$scratch/these"
    tags "$scratch/given" "$@" >"$scratch/those"
    [ "$(wc -l <"$scratch/those")" -eq $# ] || fail "the input lacks some of $*"
    cmp -s "$scratch/these" "$scratch/those" ||
        fail "$file: $(diff "$scratch/those" "$scratch/these")"
}
gone() {
    [ -z "$(tags "$scratch/is" "$@")" ] || fail "$file: $(tags "$scratch/is" "$@")"
}

# photo: a JPEG with all of that, big-endian, which is not the order of what libtiff writes here.
photo() {
    mkdir -p in
    png plain.png 300 200
    imbrex run save:jpeg,name=photo.jpg plain.png -o in
    is 0
    exiftool -q -overwrite_original -ExifByteOrder=MM -ImageDescription='A hill' -Make=ABC \
        -Model=M1 -Software=Firmware -ModifyDate='2021:01:02 03:04:05' -Artist='Ann Example' \
        -Copyright='Ann 2020' -ExposureTime=1/125 -FNumber=2.8 -ISO=200 -LensModel='L 50' \
        -DateTimeOriginal='2020:01:02 03:04:05' -UserComment=hello -ExposureCompensation=-1.3 \
        -GPSLatitude=51.5 -GPSLatitudeRef=N -GPSLongitude=1.25 -GPSLongitudeRef=W \
        -GPSAltitude=33 -InteropIndex=R98 in/photo.jpg || fail "exiftool"
    look in/photo.jpg
    mv "$scratch/is" "$scratch/given"
}

# policies RECIPE FILE: the file that the recipe makes under each policy, seen by ExifTool.
# shellcheck disable=SC2086
policies() {
    for policy in keep no-gps copyright none; do
        imbrex run "$1" in/photo.jpg -o "out-$policy" --metadata $policy --if-exists overwrite
        is 0
        look "out-$policy/$2"
        case $policy in
        keep) kept $RIGHTS $TEXTS $NOTES $PLACE ;;
        no-gps) kept $RIGHTS $TEXTS $NOTES && gone $PLACE ;;
        copyright) kept $RIGHTS && gone $TEXTS $NOTES $PLACE ;;
        none) gone $RIGHTS $TEXTS $NOTES $PLACE ;;
        esac
    done
}

photo
policies save:webp photo.webp
policies save:webp,lossless=yes photo.webp
policies save:png photo.png
policies save:tiff photo.tif
policies save:tiff,compression=jpeg photo.tif
policies save:tiff,tiled=yes,compression=lzw photo.tif
policies save:tiff,pyramid=yes photo.tif

# WebP has exactly what the policy leaves.
[ -z "$(exiftool -EXIF:all out-none/photo.webp)" ] || fail "none: EXIF in WebP"
[ "$(exiftool -EXIF:all out-copyright/photo.webp | wc -l)" -eq 2 ] ||
    fail "copyright: more than two tags in WebP"
for name in out-*/photo.webp; do
    exiftool -validate "$name" | grep -q ': OK$' || fail "$name: $(exiftool -validate "$name")"
done

# Pillow reads BigTIFF, too, where ExifTool knows no names in directories of EXIF.
imbrex run save:tiff,bigtiff=yes,name=big.tif/save:tiff,compression=zstd,name=zstd.tif \
    in/photo.jpg -o pillow --metadata keep
is 0
$PYTHON - <<'PYTHON' || fail "Pillow sees it otherwise"
import glob
from PIL import Image
def exif(path):
    e = Image.open(path).getexif()
    first = {tag: e[tag] for tag in (0x10E, 0x10F, 0x110, 0x131, 0x132, 0x13B, 0x8298)}
    photo = {tag: v for tag, v in e.get_ifd(0x8769).items() if not isinstance(v, dict)}
    gps = dict(e.get_ifd(0x8825))
    return first, {**photo, 0xA005: None}, gps
given = exif("in/photo.jpg")
assert len(given[1]) > 6 and len(given[2]) > 4
for path in ["pillow/big.tif", "pillow/zstd.tif", "out-keep/photo.tif", "out-keep/photo.webp"]:
    assert exif(path) == given, (path, exif(path), given)
    Image.open(path).load()
e = Image.open("in/photo.jpg").getexif()
Image.open("plain.png").save("in/pillow.tif", exif=e)
PYTHON

# Out of TIFF: of ours, of ExifTool's and of Pillow's.
cp pillow/big.tif in/big.tif
cp out-keep/photo.tif in/ours.tif
cp out-none/photo.tif in/tool.tif
exiftool -q -overwrite_original -tagsFromFile in/photo.jpg -EXIF:all in/tool.tif || fail "exiftool"
for name in ours tool big pillow; do
    recipe=
    for format in jpeg png webp avif tiff; do
        recipe=$recipe${recipe:+/}save:$format,name=$name.$format
    done
    imbrex run "$recipe" "in/$name.tif" -o from --metadata keep
    is 0
    for format in jpeg png webp avif tiff; do
        look "from/$name.$format"
        # shellcheck disable=SC2086
        kept $RIGHTS $TEXTS $NOTES $PLACE
    done
done
finish
