#!/bin/sh
# pipes.sh - standard input and output: only the image, only once, the same bytes as with files.
. "$SOURCE/tests/support/cli.sh"
png a.png 80 60
imbrex run invert a.png -o files
is 0
"$IMBREX" run invert - -o - <a.png >piped.png 2>"$err" || fail "pipe: $(cat "$err")"
cmp -s files/a.png piped.png || fail "the pipe gives other bytes than files"
[ ! -s "$err" ] || fail "a pipe that works says: $(cat "$err")"
# shellcheck disable=SC2002 # a pipe is what is tested
cat a.png | "$IMBREX" run invert - -o - | cat >piped.png
cmp -s files/a.png piped.png || fail "real pipes give other bytes than files"
"$IMBREX" run invert a.png -o - 2>"$err" >one.png || fail "file to pipe: $(cat "$err")"
cmp -s files/a.png one.png || fail "file to pipe"
"$IMBREX" run invert - -o folder --name 'b.png' <a.png 2>"$err" || fail "pipe to folder: $(cat "$err")"
cmp -s files/a.png folder/b.png || fail "pipe to folder"
"$IMBREX" run invert - -o - --progress plain <a.png >piped.png 2>/dev/null
cmp -s files/a.png piped.png || fail "messages and image are mixed"

# The recipe or the list from standard input.
echo invert | "$IMBREX" run -f - a.png -o recipe 2>"$err" || fail "-f -: $(cat "$err")"
cmp -s files/a.png recipe/a.png || fail "-f -"
printf '# a comment\ninvert\ninvert\n' >twice.ibx
imbrex run -f twice.ibx a.png -o recipe2
is 0
printf 'invrt' >wrong.ibx
imbrex run -f wrong.ibx a.png -o recipe3
is 2 "wrong.ibx: "

# Two images do not fit into one pipe, nor do two outputs.
cp a.png b.png
imbrex run invert a.png b.png -o -
is 2
[ ! -s "$out" ] || fail "something was written for two images"
imbrex run save/invert/save a.png -o -
is 2
[ ! -s "$out" ] || fail "something was written for two outputs"

# Nothing, garbage, a reader that goes away.
"$IMBREX" run invert - -o - </dev/null >"$out" 2>"$err"
status=$?
is 1
[ ! -s "$out" ] || fail "nothing became something"
png large.png 1500 1000
"$IMBREX" run invert/save:tiff,compression=none large.png -o - 2>"$err" | head -c 10 >/dev/null
grep -q "standard output cannot be written: Broken pipe" "$err" || fail "closed pipe: $(cat "$err")"
grep -qi "signal" "$err" && fail "a closed pipe kills: $(cat "$err")"
finish
