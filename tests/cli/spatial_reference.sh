#!/bin/sh
# The spatial filters, through the program and PNG files, against scipy and OpenCV.
set -eu
python=/usr/bin/python3
if ! "$python" -c 'import cv2, numpy, PIL, scipy' 2>/dev/null; then
    echo "skipped: needs OpenCV, Pillow and scipy for $python (python3-opencv, python3-pil, python3-scipy)"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" "$SOURCE/tests/reference/spatial.py" "$IMBREX" "$folder" \
    "$SOURCE/samples/pictures/photo-before.jpg"
