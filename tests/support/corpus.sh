#!/bin/sh
# corpus.sh - sourced by the tests over the corpus of real files (IMBREX_DATA).
data=${IMBREX_DATA:-$SOURCE/../shared/data}

# corpus FOLDER: runs tests/reference/corpus.py over a folder of the data; skipped without it.
corpus() {
    if [ ! -d "$data/$1" ]; then
        echo "skipped: no $data/$1; set IMBREX_DATA to the folder of test pictures"
        exit 77
    fi
    if ! /usr/bin/python3 -c 'import numpy, PIL.ImageCms' 2>/dev/null; then
        echo "skipped: needs numpy and Pillow (python3-numpy, python3-pil)"
        exit 77
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 1' HUP INT TERM
    /usr/bin/python3 "$SOURCE/tests/reference/corpus.py" "$IMBREX" "$1" "$data/$1" "$scratch"
}
