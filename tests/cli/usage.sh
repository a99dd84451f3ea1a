#!/bin/sh
# usage.sh - what wrong command lines are told, sentence by sentence, and with which status.
. "$SOURCE/tests/support/cli.sh"
png a.png

# try STATUS SENTENCE ARGUMENT...
try() {
    want=$1 sentence=$2
    shift 2
    imbrex "$@"
    is "$want"
    says "$sentence"
}
run="RECIPE INPUT... -o DIR"
try 2 'imbrex: no command "rum"; did you mean run?' rum
try 2 'imbrex: no command "qqqqqq"; "imbrex help" lists all' qqqqqq
try 2 "imbrex: a command comes first: imbrex run 'invert' INPUT... -o DIR" invert
try 2 "imbrex: run: a recipe and an input are needed: imbrex run $run" run
try 2 "imbrex: run: an input is needed: imbrex run $run" run invert
try 2 'imbrex: run: where to write? Give -o DIR, or -o - for standard output' run invert a.png
try 2 'imbrex: run: unknown option --qualty; did you mean --quality?' run --qualty=3 invert a.png
try 2 'imbrex: run: unknown option --wxyzwxyz; "imbrex run --help" lists all' run --wxyzwxyz
try 2 'imbrex: run: unknown option -x; "imbrex run --help" lists all' run -x
try 2 'imbrex: run: --json is no option of this command; "imbrex run --help" lists all' run --json
try 2 'imbrex: run: --quality needs a value: N' run --quality
try 2 'imbrex: run: --quality is "900", but must be a whole number from 1 to 100' run --quality 900
try 2 'imbrex: run: --quality is "8x", but must be a whole number from 1 to 100' run --quality=8x
try 2 'imbrex: run: -j is "1.5", but must be a whole number from 1 to 1024' run -j1.5
try 2 'imbrex: run: --memory is "12", but must be a number from 16M to 1T' run --memory 12
try 2 'imbrex: run: --memory is "2Q", but must be a number from 16M to 1T' run --memory 2Q
try 2 'imbrex: run: --max-pixels is "-1", but must be a number from 1 to 1000T' run --max-pixels=-1
try 2 'imbrex: run: --if-exists is "overwite", but must be fail, overwrite, skip or newer; did you mean overwrite?' run --if-exists overwite
try 2 'imbrex: run: --dry-run takes no value' run --dry-run=yes
try 2 'imbrex: run: -o is empty' run -o ''
try 2 'imbrex: run: "-" (standard input) can be given only once' run invert - - -o out
try 2 'imbrex: run: -0 is about the names of --files-from, which is not given' run invert a.png -0 -o out
try 2 'imbrex: run: only one of image, report and timeline can go to standard output' run invert a.png -o - --report -
try 2 'imbrex: run: only one of image, report and timeline can go to standard output' run invert a.png -o out --report - --trace -
try 2 'imbrex: plan: --trace is no option of this command; "imbrex plan --help" lists all' plan --trace t invert a.png
try 2 'imbrex: completion: there are completions for bash, zsh and fish, not for "csh"' completion csh
try 2 'imbrex: filters: no filter "invrt"; did you mean invert?' filters invrt
try 2 'imbrex: info: a file is needed: imbrex info FILE...' info
try 3 'imbrex: gone: No such file or directory' run invert gone -o out
try 3 'imbrex: gone.txt: No such file or directory' run invert --files-from gone.txt -o out
try 3 'imbrex: no image in . that the patterns let pass' run --include '*.tif' invert . -o out
absent out

# The recipe is read before anything else; a slip gets its neighbour, a mix-up a hint.
imbrex run invrt gone -o out
is 2 "did you mean invert?"
imbrex run . a.png -o out
is 2 "the recipe comes first, then the inputs"
imbrex run lut3d:looks/warm.cube a.png -o out
is 2 "a name with \"/\" in it needs quotes"
imbrex run icc:file,file=p/q.icc a.png -o out
is 2 "a name with \"/\" in it needs quotes"
imbrex run lut3d:warm.cube a.png -o out
says "imbrex: run: step 1, lut3d: cannot open warm.cube: No such file or directory"
imbrex run a.png a.png -o out
is 2 "a recipe in a file is read with -f"
imbrex run -f gone.ibx a.png -o out
is 2 "gone.ibx: No such file"
imbrex run invert a.png -o out --format jpgg
is 2 "did you mean"
imbrex run invert a.png -o out --name '{stm}'
is 2 'did you mean "{stem}"?'
absent out

# Pages: on standard output, within 80 columns, status 0; without a command the same on the other.
for page in "--help" "-h" "help" "run --help" "help run" "plan -h" "info --help" "filters"; do
    # shellcheck disable=SC2086 # a page is several words
    imbrex $page
    is 0
    if [ ! -s "$out" ] || [ -s "$err" ]; then fail "$page prints to the wrong stream"; fi
    [ "$(wc -L <"$out")" -le 80 ] || fail "$page is too wide"
done
imbrex
is 2 "Commands"
imbrex --version
grep -qxE 'imbrex [0-9]+\.[0-9]+\.[0-9]+' "$out" || fail "version: $(cat "$out")"
imbrex --help
[ "$(wc -l <"$out")" -le 26 ] || fail "the first page has $(wc -l <"$out") lines"
example=$(sed -n "s/^  imbrex run '\(.*\)' photos.*/\1/p" "$out")
imbrex plan "$example" a.png
is 0

# Every filter and format has a page, its words in it are wrapped, and the options of run are all
# described in help and manual.
"$IMBREX" filters --json >table.json || fail "filters --json"
names=$(python3 -c 'import json
t = json.load(open("table.json"))
assert len(t["filters"]) > 5 and len(t["formats"]) > 1
for x in t["filters"] + t["formats"]: print(x["name"])') || fail "the table is no JSON"
for name in $names; do
    imbrex filters "$name"
    is 0
    grep -q "^Parameters\|^Examples" "$out" || fail "$name: an empty page"
    # examples and synopses are one line however long they are
    grep -v "imbrex run" "$out" | awk 'length > 80 { exit 1 }' || fail "$name: a page that is too wide"
    grep -q "\`$name\`\|### $name\|save:$name" markdown 2>/dev/null || "$IMBREX" filters --markdown >markdown
    grep -q "^### \(save:\)\{0,1\}$name\$" markdown || fail "$name is not in the reference"
done
# No front-end spells the name of a filter or format.
for name in $names; do
    if grep -nE "^[^*]*\"$name\"" "$SOURCE"/src/cli/*.[ch] "$SOURCE"/src/describe/*.[ch]; then
        fail "a front-end knows $name"
    fi
done
# Plans call every pass by a name, its own or its filter's.
python3 -c 'import json
for f in json.load(open("table.json"))["filters"]: print(*f["examples"], sep="\n")' >examples
[ "$(wc -l <examples)" -gt 40 ] || fail "there are too few examples"
while read -r example; do
    (cd "$SOURCE" && "$IMBREX" plan "$example" samples/pictures/photo-before.jpg) >plan || fail "no plan of $example"
    if grep '^  stage.*(null)' plan; then fail "$example has a pass without a name"; fi
done <examples
"$IMBREX" man >page.1 || fail "man"
if command -v groff >/dev/null; then
    groff -man -Tascii -ww page.1 >/dev/null 2>warnings
    [ ! -s warnings ] || fail "the manual page: $(head -3 warnings)"
fi
"$IMBREX" run --help | grep -o -- '--[a-z-]*' | sort -u | while read -r option; do
    sed 's/\\-/-/g' page.1 | grep -qF -- "$option" || echo "$option"
done >missing
[ ! -s missing ] || fail "not in the manual page: $(cat missing)"

# A full disk on standard output is an error.
if [ -w /dev/full ]; then
    "$IMBREX" filters >/dev/full 2>"$err"
    status=$?
    is 4 "No space left"
fi
finish
