#!/bin/sh
# bands.sh - large images are compressed in bands by all threads: the same bytes as by one, and what
# other programs read.
. "$SOURCE/tests/support/cli.sh"

# same RECIPE INPUT: one thread, which writes strips, and two, which press bands.
same() {
    imbrex run "$1" "$2" -o one --threads 1 --if-exists overwrite
    is 0
    imbrex run "$1" "$2" -o two --threads 2 --if-exists overwrite
    is 0
    for file in one/*; do
        cmp "$file" "two/${file#one/}" || fail "$1: ${file#one/} differs between one thread and two"
    done
}

png small.png 61 53
same 'resize:9001x8003,kernel=nearest,fit=fill/save:jpeg,quality=100,subsampling=444' small.png
/usr/bin/python3 - two/small.jpg small.png <<'PYTHON' || fail "not the picture that it was made from"
import sys
from PIL import Image
import numpy
Image.MAX_IMAGE_PIXELS = None
data = open(sys.argv[1], "rb").read()
markers = sum(data.count(bytes([0xFF, 0xD0 + i])) for i in range(8))
made = Image.open(sys.argv[1]).convert("RGB")
want = Image.open(sys.argv[2]).convert("RGB").resize(made.size, Image.NEAREST)
part = (4000, 3900, 5000, 4100)
a, b = (numpy.asarray(image.crop(part)).astype(int) for image in (made, want))
error = abs(a - b).mean()
print(f"{markers} restart markers, {error:.2f} from the original")
sys.exit(0 if markers == 8003 // 32 and error < 1 else 1)
PYTHON
cp two/small.jpg large.jpg
same blur:2 large.jpg
same 'grayscale/save:jpeg' large.jpg
rm -r one two
same 'crop:2503x1901/blur:1/save:png' large.jpg
same 'crop:2503x1901/grayscale/save:png,depth=16' large.jpg
finish
