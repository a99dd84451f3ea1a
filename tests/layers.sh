#!/bin/sh
# layers.sh: dependencies point down only.
#
#   - a file of a layer includes its own layer and lower ones: core, codec, engine, describe, cli
#   - a filter includes the headers for filter authors (filter.h and the tools beside it in src/),
#     and nothing else of ours; so do these headers
#   - a front-end writes the name of no filter: it walks the table
#   - every header compiles alone, with gcc and with clang where it is installed
set -u
cd "${SOURCE:-$(dirname "$0")/..}" || exit 1
failures=0
fail() {
    printf '%s\n' "$*"
    failures=$((failures + 1))
}

# included FILE...: the headers of ours that these files include, as "FILE HEADER".
included() {
    grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"[^"]+"' "$@" |
        sed -E 's/:[^"]*"/ /; s/"$//'
}

# The height of a layer; headers directly in src/ are the ground that all stand on.
height() {
    case $1 in
    core/*) echo 1 ;;
    codec/*) echo 2 ;;
    engine/*) echo 3 ;;
    describe/*) echo 4 ;;
    cli/* | server/* | gegl/* | gimp/*) echo 5 ;;
    */*) echo 9 ;;
    *) echo 0 ;;
    esac
}

check_layers() {
    for file in src/*.h src/*/*.[ch] src/*/*/*.[ch]; do
        [ -e "$file" ] || continue
        own=$(height "${file#src/}")
        for header in $(included "$file" | sed 's/^[^ ]* //'); do
            # Made by the build: the list of filters.
            [ "$header" = filters.inc ] && continue
            [ -e "src/$header" ] || fail "$file includes \"$header\", which is not below src/"
            [ "$(height "$header")" -le "$own" ] ||
                fail "$file includes \"$header\" of a higher layer"
        done
    done
}

# What filter authors read: every header directly in src/ but the front-ends' one.
check_filters() {
    tools=$(for file in src/*.h; do echo "$file"; done | grep -vx 'src/imbrex\.h')
    # shellcheck disable=SC2086 # names without blanks
    for pair in $(included filters/*.c $tools | tr ' ' '>'); do
        header=${pair#*>}
        case $header in
        imbrex.h | */*)
            fail "${pair%>*} includes \"$header\"; filters and their tools may not"
            ;;
        *) [ -e "src/$header" ] || fail "${pair%>*} includes \"$header\", which is not in src/" ;;
        esac
    done
}

check_front_ends() {
    names=$(for file in filters/*.c; do basename "$file" .c; done | paste -sd '|')
    for folder in src/describe src/cli src/server src/gegl src/gimp; do
        [ -d "$folder" ] || continue
        found=$(grep -rnE "\"($names)\"" "$folder") && fail "a front-end names a filter: $found"
    done
}

# library NAME...: the flags for these packages; nothing, and false, if one is missing. What their
# headers do is not ours to mend.
library() {
    library_flags=$(pkg-config --cflags "$@" 2>/dev/null) || return
    printf '%s\n' "$library_flags" | sed 's/-I/-isystem /g'
}

check_headers() {
    flags=$(library vips lcms2 libexif libsoup-3.0) || fail "a library that is always needed is missing"
    windows=$(library gimpui-2.0 gegl-0.4) || windows=
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || continue
        for header in src/*.h src/*/*.h src/*/*/*.h; do
            more=
            case $header in # where there is no libgimp or GEGL, what needs it is not built either
            src/gimp/* | src/gegl/*)
                more=$windows
                [ -n "$more" ] || continue
                ;;
            esac
            # shellcheck disable=SC2086 # flags are words
            printf '#include "%s"\n' "${header#src/}" |
                $compiler -x c -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only \
                    -Isrc $flags $more - || fail "$header does not compile alone with $compiler"
        done
    done
}

check_layers
check_filters
check_front_ends
check_headers
[ "$failures" -eq 0 ] && echo "layers: all includes point down, every header compiles alone"
[ "$failures" -eq 0 ]
