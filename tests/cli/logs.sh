#!/bin/sh
# logs.sh - a report or timeline never takes the place of what a run reads or makes; files are
# emptied for one only when the command is right.
. "$SOURCE/tests/support/cli.sh"
png in/a.png
png in/b.png
echo invert >recipe
printf 'in/a.png\nin/b.png\n' >list
printf 'LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n' >table.cube
ln -s in/a.png link.png
ln in/b.png second.png
mkdir keep && cp in/*.png recipe list table.cube keep

# refused FILE WORDS ARGUMENT...: as --report and as --trace, with nothing changed or made.
refused() {
    log=$1
    words=$2
    shift 2
    for option in --report --trace; do
        imbrex run "$@" "$option" "$log"
        is 2 "$words"
    done
    absent out
    for name in keep/*; do
        now=${name#keep/}
        [ -e "in/$now" ] && now=in/$now
        cmp -s "$name" "$now" || fail "$now has changed: $*"
    done
}
input='is one of the inputs and cannot be the log of the batch'
refused in/a.png "in/a.png $input" invert in/a.png -o out
refused in/a.png "$input" invert in -o out
refused ./in/../in/b.png "$input" invert in -o out
refused link.png "$input" invert in -o out
refused second.png "$input" invert in -o out
refused in/b.png "$input" invert in --in-place
refused in/b.png "$input" invert --files-from list -o out
refused recipe 'recipe is read for this batch' -f recipe in -o out
refused list 'list is read for this batch' invert --files-from list -o out
refused table.cube 'table.cube is read for this batch' lut3d:table.cube in -o out
refused in/a.png "$input" invert in -o out --dry-run

"$IMBREX" run 'invert/save:png' - -o out --report in/a.png <in/a.png >"$out" 2>"$err"
status=$?
is 2 "$input"
cmp -s in/a.png keep/a.png || fail "what stood behind standard input is gone"
"$IMBREX" run invert in/a.png -o - --trace piped >piped 2>"$err"
status=$?
is 2 'the image goes to piped'

# Two logs in one file, which is there or not.
echo old >there
ln -s there link
for pair in 'new ./new' 'there there' 'there link' 'in/../new new'; do
    imbrex run invert in -o out --report "${pair% *}" --trace "${pair#* }"
    is 2 'two logs would be written to'
done
absent out new
[ "$(cat there)" = old ] || fail "a log was emptied by a wrong command"
imbrex run invert in -o out --report /dev/null --trace /dev/null
is 0
rm -r out

# Outputs: their names, and what exists under them.
mkdir out
for log in out/a.png out/../out/a.png; do
    imbrex run invert in -o out --report "$log"
    is 2 'in/a.png would be written to a.png, where the log of the batch goes'
    absent out/a.png
done
cp in/a.png out
imbrex run invert in -o out --if-exists overwrite --trace out/a.png
is 2 'where the log of the batch goes'
cmp -s in/a.png out/a.png || fail "an output was emptied"
imbrex run invert in -o out --if-exists overwrite --name '{stem}-{w}{ext}' --report out/a-16.png
is 1 'the log of the batch goes to out/a-16.png'
grep -q '"status":"summary"' out/a-16.png || fail "an output took the place of the log"
exists out/b-16.png

# Any other file is written anew, one beside the inputs and one in the output folder too.
echo old >in/notes
imbrex run invert in -o new --report in/notes --trace there
is 0
grep -q '"status":"summary"' in/notes || fail "no report: $(cat in/notes)"
grep -q process_name there || fail "no timeline"
mkdir -p logs
imbrex run invert in -o logs --report logs/report.json
is 0
exists logs/report.json logs/a.png logs/b.png

# What a log said of an earlier run does not stay where no image was found.
imbrex run invert gone.png -o elsewhere --report in/notes
is 3
[ "$(wc -l <in/notes)" -eq 1 ] || fail "a report of an earlier run: $(cat in/notes)"
finish
