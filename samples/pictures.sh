#!/bin/sh
# sh samples/pictures.sh: makes the pictures of the README again, with build/imbrex, from a
# photograph of the package lomiri-wallpapers-16.04 and from charts. The photograph is "seeding" by
# Clemens Engelhardt, CC0 1.0. The timeline is that of a run over eight of the package's
# photographs; on a busy machine it shows that.
set -eu
cd "$(dirname "$0")/.."
photo=$(dpkg -L lomiri-wallpapers-16.04 | grep seeding)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build/charts "$folder" 1200

# make NAME RECIPE INPUT
make() {
    build/imbrex run "$2/save:jpeg,quality=80,name=\"$1{ext}\"" "$3" -o samples/pictures \
        --if-exists overwrite --progress none --metadata none
}
look=$(sed '/^#/d; /^resize/d; /^save/d' samples/recipes/web.ibx | paste -sd/)

make photo-before 'resize:420x420' "$photo"
make photo-after "resize:420x420/$look" "$photo"
make edges-nearest 'resize:25%,kernel=nearest/resize:420x,kernel=nearest' "$folder/edges.png"
make edges-lanczos3 'resize:25%/resize:420x,kernel=nearest' "$folder/edges.png"

# shellcheck disable=SC2046 # the package's file names have no blanks
build/imbrex run 'resize:1600x1600/unsharp:0.8' --quality 82 -o "$folder/web" -j 2 \
    $(dpkg -L lomiri-wallpapers-16.04 | grep '\.jpg$' | head -8) \
    --progress none --trace "$folder/trace.json"
python3 samples/timeline.py "$folder/trace.json" samples/pictures/timeline.svg
