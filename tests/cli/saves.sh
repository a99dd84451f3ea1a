#!/bin/sh
# saves.sh - what is saved on the way is what the recipe up to there makes, also where a stage only
# moves samples and hands them to several readers.
. "$SOURCE/tests/support/cli.sh"

# equal FILE RECIPE: the recipe by itself gives the file.
equal() {
    imbrex run "$2" photo.png -o alone --if-exists overwrite
    is 0
    cmp "$1" alone/photo.png || fail "$1 is not $2"
}

png photo.png 321 203
imbrex run 'median:3/save:png,name=a.png/save:png,name=b.png/blur:1/rotate:90/save:png,name=c.png' \
    photo.png -o all
is 0
equal all/a.png median:3
equal all/b.png median:3
equal all/c.png median:3/blur:1/rotate:90
finish
