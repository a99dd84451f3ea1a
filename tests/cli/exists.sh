#!/bin/sh
# exists.sh - what --if-exists and --keep-mtime do with files that are there, and with their times.
. "$SOURCE/tests/support/cli.sh"
png a.png
png b.png 20 20
touch -d '2020-01-02 03:04:05 UTC' a.png b.png
imbrex run invert a.png -o out
is 0
first=$(cksum <out/a.png)

imbrex run 'invert:0.5' a.png b.png -o out
is 1 "out/a.png"
is 1 "1 done, 1 failed, 0 skipped"
[ "$(cksum <out/a.png)" = "$first" ] || fail "fail changed the file"
imbrex run 'invert:0.5' a.png -o out --if-exists skip --report report
is 0 "0 done, 0 failed, 1 skipped"
grep -q '"status":"skipped"' report || fail "no skip in the report: $(cat report)"
[ "$(cksum <out/a.png)" = "$first" ] || fail "skip changed the file"
imbrex run 'invert:0.5' a.png -o out --if-exists newer
is 0 "0 done, 0 failed, 1 skipped"
touch -d '2010-01-01 UTC' out/a.png
imbrex run 'invert:0.5' a.png -o out --if-exists newer
is 0 "1 done, 0 failed, 0 skipped"
second=$(cksum <out/a.png)
[ "$second" != "$first" ] || fail "newer did not write"
imbrex run invert a.png -o out --if-exists=overwrite
is 0
[ "$(cksum <out/a.png)" = "$first" ] || fail "overwrite did not write the same bytes again"

[ "$(stat -c %Y out/a.png)" -ne "$(stat -c %Y a.png)" ] || fail "times are kept unasked"
imbrex run invert a.png -o out --if-exists overwrite --keep-mtime
is 0
[ "$(stat -c %Y out/a.png)" -eq "$(stat -c %Y a.png)" ] || fail "--keep-mtime"
imbrex run invert a.png -o out --if-exists newer --keep-mtime
is 0 "0 done, 0 failed, 1 skipped"

# A file that is replaced keeps its permissions; a new one gets those of the umask.
chmod 640 a.png out/a.png
imbrex run invert a.png -o out --if-exists overwrite
is 0
[ "$(stat -c %a out/a.png)" -eq 640 ] || fail "mode $(stat -c %a out/a.png) in place of 640"
cp -p a.png in_place.png
imbrex run invert in_place.png --in-place
[ "$(stat -c %a in_place.png)" -eq 640 ] || fail "--in-place: mode $(stat -c %a in_place.png)"
(umask 022 && "$IMBREX" run invert a.png -o fresh) 2>"$err" || fail "$(cat "$err")"
[ "$(stat -c %a fresh/a.png)" -eq 644 ] || fail "new file: mode $(stat -c %a fresh/a.png)"

imbrex run --dry-run invert a.png b.png -o out2
is 0
grep -q "out2/a.png" "$out" || fail "the plan names no output"
absent out2
imbrex plan invert a.png
is 0
grep -q 'DIR/a.png' "$out" || fail "plan without -o: $(cat "$out")"

# The plan counts what run would refuse, and ends with its status.
imbrex plan invert a.png b.png -o fresh
is 1
grep -q '2 images, 1 of them with errors' "$out" || fail "plan: $(cat "$out")"
imbrex run --dry-run invert a.png b.png -o out --if-exists skip
is 0
grep -q 'out/a.png (exists: skipped)' "$out" || fail "plan: $(cat "$out")"
imbrex plan save/resize:50%/save a.png -o out3
is 0
imbrex run save/resize:50%/save a.png -o out3
rm out3/a-8x6.png
imbrex plan save/resize:50%/save a.png -o out3 --if-exists skip
is 0
grep -q 'out3/a-16x12.png (replaces a file)' "$out" || fail "plan: $(cat "$out")"
grep -q 'out3/a-8x6.png$' "$out" || fail "plan: $(cat "$out")"
finish
