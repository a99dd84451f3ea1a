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

imbrex run --dry-run invert a.png b.png -o out2
is 0
grep -q "out2/a.png" "$out" || fail "the plan names no output"
absent out2
imbrex plan invert a.png
is 0
grep -q 'DIR/a.png' "$out" || fail "plan without -o: $(cat "$out")"
finish
