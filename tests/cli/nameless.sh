#!/bin/sh
# nameless.sh - outputs have no name before they are complete; where that cannot be they have a
# temporary one. strace stands in for systems that refuse.
. "$SOURCE/tests/support/cli.sh"
png in/a.png
png in/b.png 64 48
touch -d '2020-01-02 03:04:05 UTC' in/*.png
imbrex run invert in -o first --keep-mtime
is 0 "2 done"

# refused WORDS: the same files and times if calls fail as these words say.
refused() {
    rm -rf out
    strace -f -qq -o trace "$@" "$IMBREX" run invert in -o out --keep-mtime >"$out" 2>"$err" </dev/null
    status=$?
    is 0 "2 done"
    grep -q INJECTED trace || fail "$*: nothing was refused"
    diff -rq first out || fail "$*: other files"
    [ -z "$(find out -type f -newermt 2020-01-03)" ] || fail "$*: other times"
    [ "$(find out -type f | wc -l)" -eq 2 ] || fail "$*: litter: $(find out)"
}
if command -v strace >/dev/null && strace -qq -o trace true 2>/dev/null; then
    refused -e inject=linkat:error=ENOENT:when=1+2 # only the way by /proc
    refused -e inject=linkat:error=EPERM           # neither
else
    echo "without strace nothing is refused"
fi
finish
