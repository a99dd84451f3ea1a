#!/bin/sh
# names.sh - file names with blanks, newlines, control characters, leading dashes, any bytes; trees;
# templates; lists of names.
. "$SOURCE/tests/support/cli.sh"
newline='
'
odd="two words.png"
line="new${newline}line.png"
escape=$(printf 'red\033[31m.png')
latin=$(printf 'caf\351.png')
mkdir -p "in/sub dir/deep"
png "in/$odd"
cp "in/$odd" "in/-dash.png"
cp "in/$odd" "in/$line"
cp "in/$odd" "in/$escape"
cp "in/$odd" "in/$latin"
cp "in/$odd" "in/sub dir/grün.png"
cp "in/$odd" "in/sub dir/deep/100%s.PNG"
cp "in/$odd" "in/.hidden.png"
echo text >"in/notes.txt"

# A tree in, the same tree out; nothing else.
imbrex run invert in -o out --report report
is 0
(cd in && find . -name '*.[pP][nN][gG]' ! -name '.*' | sort) >want
(cd out && find . -type f | sort) >got
cmp -s want got || fail "trees differ: $(diff want got)"
python3 - <<'PYTHON' || fail "the report does not give back the names"
import json, os
lines = [json.loads(l) for l in open("report", encoding="utf-8")]
outputs = {os.fsencode(o["path"]) for l in lines[:-1] for o in l["outputs"]}
assert outputs == {os.path.join(d, f) for d, _, n in os.walk(b"out") for f in n}, outputs
PYTHON

# Names of files on the command line.
(cd in && "$IMBREX" run invert -o ../o2 -- -dash.png "$odd" "$line") >log 2>&1 || fail "--: $(cat log)"
exists "o2/-dash.png" "o2/$odd" "o2/$line"
(cd in && "$IMBREX" run invert ./-dash.png -o ../o3) >log 2>&1 || fail "./-: $(cat log)"
exists "o3/-dash.png"

# Sentences about them cannot command a terminal and stay on one line.
echo "no image" >"in/bad$escape"
imbrex run invert in -o o4
is 1 'in/badred\x1b[31m.png: '
if grep -q "$(printf '\033')" "$err"; then fail "an escape sequence reached standard error"; fi
rm "in/bad$escape"
imbrex plan invert in
is 0
grep -qF 'red\x1b[31m.png' "$out" || fail "plan: no safe name"
imbrex info "in/$escape"
grep -qF 'red\x1b[31m.png: ' "$out" || fail "info: no safe name"

# Lists.
find in -name '*.png' ! -name '.*' -print0 >list0
imbrex run invert --files-from list0 -0 -o o5
is 0
[ "$(find o5 -type f -printf x | wc -c)" -eq "$(tr -cd '\0' <list0 | wc -c)" ] || fail "files-from -0: $(ls o5)"
imbrex run invert --files-from list0 -o o6
is 3 "zero bytes"
printf 'in/two words.png\n\nin/-dash.png' >list
imbrex run invert --files-from list -o o6
is 0
exists "o6/two words.png" "o6/-dash.png"
printf 'in/two words.png\n' | "$IMBREX" run invert --files-from - -o o7 2>"$err" || fail "list from a pipe"
exists "o7/two words.png"
: >empty
imbrex run invert --files-from empty -o o8
is 3 "empty names no input"

# Globs, and an output inside the input.
imbrex run invert in -o in/web --include '*.png' --exclude 'sub dir'
is 0
[ "$(find in/web -type f -printf x | wc -c)" -eq 5 ] || fail "globs: $(find in/web)"
imbrex run invert in -o in/web --if-exists overwrite
is 0
absent in/web/web
rm -r in/web

# Templates.
imbrex run invert "in/sub dir" -o o9 --name '{dir}{n:3}-{w}x{h}-{stem}{ext}'
is 0
exists "o9/deep/001-16x12-100%s.PNG" "o9/002-16x12-grün.png"
imbrex run 'save:name="a/{stem}{ext}"/invert/save:name="b/{stem}{ext}"' "in/$odd" -o o10
is 0
exists "o10/a/$odd" "o10/b/$odd"
imbrex run invert "in/$odd" -o o11 --name '../{stem}{ext}'
is 2 "not a file below the output directory"
absent "$odd" o11
imbrex plan invert "in/$odd" -o o12/
grep -qF "o12/$odd" "$out" || fail "a slash behind the folder shows: $(cat "$out")"
[ -z "$(find . -name '.*imbrex*' -o -name '*.tmp' -o -name '*.part')" ] || fail "litter: $(find . -name '.*')"
finish
