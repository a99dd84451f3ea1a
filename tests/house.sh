#!/bin/sh
# house.sh: the rules of the house that a program can check, over every file of the project.
#
#   - functions of 60 lines at most, filters of 150, other C files of 500, headers of 500, tests of
#     700; every line of C at most 100 columns
#   - no word that says that something is unfinished; no address of the outside world in a script
#   - names: everything that leaves a file of the library begins with ibx_
#   - text files end with a newline and have neither tabs (Makefile rules aside) nor blanks at the
#     end of lines; the top level holds what it should
set -u
cd "${SOURCE:-$(dirname "$0")/..}" || exit 1
report=$(mktemp) || exit 1
trap 'rm -f "$report"' EXIT

# rule SENTENCE: reports the lines of standard input, if there are any.
rule() {
    broken=$(cat)
    [ -z "$broken" ] || printf '%s\n%s\n' "$1" "$broken" >>"$report"
}

git rev-parse --git-dir >/dev/null 2>&1 || {
    echo "house: the files of the project are those that git knows; this copy is without git"
    exit 77
}

# Files of the project with these endings, new ones that are not ignored included.
files() {
    git ls-files --cached --others --exclude-standard -- "$@" |
        while read -r file; do [ -e "$file" ] && printf '%s\n' "$file"; done
}

sources=$(files '*.c' '*.h')
pages=$(files '*.md' '*.ibx')
scripts=$(files '*.sh' '.ci/*' '*CMakeLists.txt' '*.py' '*.mjs')

for file in $sources; do
    case $file in
    filters/*) most=150 ;;
    tests/*) most=700 ;;
    *) most=500 ;;
    esac
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most" ] || echo "$file: $lines lines, $most allowed"
done | rule "These files are too long; split them by concept:"

# clang-format puts the name of a function into column 1 and its closing brace too.
for file in $sources; do
    awk -v file="$file" '
        /^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^[A-Za-z_].*\) \{$|^[[:space:]].*\) \{$/ && !open && name != "" { open = NR }
        /^\}/ {
            if (open && NR - open >= 60) print file ":" open ": " name ": " NR - open + 1 " lines"
            open = 0; name = ""
        }' "$file"
done | rule "These functions have more than 60 lines; split them:"

# shellcheck disable=SC2086 # lists of files without blanks in their names
{
    grep -nE '.{101,}' $sources | rule "Lines of more than 100 columns:"
    grep -nwE 'T[O]DO|F[I]XME|X[X]X|H[A]CK|[s]tub|[s]tubbed|not [y]et implemented' \
        $sources $scripts $pages | rule "Words for something unfinished; finish it:"
    grep -nE 'h[t]tps?://' $scripts | grep -vE '127\.0\.0\.1|localhost' |
        rule "Addresses in scripts; name a package instead:"
    grep -nE '(^|[^a-zA-Z._])/(home|root|work|Users)/' $sources $scripts $pages |
        rule "Absolute paths of somebody's machine:"
    grep -nE '[[:blank:]]+$' $sources $scripts | rule "Blanks at the end of a line:"
    grep -n "$(printf '\t')" $sources $scripts | rule "Tabs:"
}

for file in $sources $scripts $pages; do
    [ -z "$(tail -c 1 "$file")" ] || echo "$file"
done | rule "Files without a newline at their end:"

files '*' | sed 's|/.*||' | sort -u |
    grep -vxE 'src|filters|tests|samples|CMakeLists\.txt|README\.md|LICENSE|CHANGELOG\.md|\..*' |
    rule "Not in the agreed layout of the top level:"

for file in samples/run.sh tests/run.sh .ci/run; do
    [ -x "$file" ] || echo "$file"
done | rule "Missing or not executable:"

# Every global symbol of the library and of its module.
for library in "${BUILD:-build}"/libimbrex.so "${BUILD:-build}"/imbrex-vips.so; do
    [ -e "$library" ] || continue
    nm -D --defined-only "$library" | awk '{ print $3 }' | grep -vE '^(ibx_|IBX_|_init$|_fini$)' |
        sed "s|^|${library##*/}: |"
done | rule "Global names that do not begin with ibx_:"

if [ -s "$report" ]; then
    cat "$report"
    exit 1
fi
echo "house: $(printf '%s\n' "$sources" | wc -l) C files keep the rules"
