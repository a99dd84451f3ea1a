#!/bin/sh
# sh tests/run.sh [--clang | --sanitize | --tsan] [--quick]: installs what is missing, builds the
# program and its tests below build-test/, and runs them. Its last lines are CTest's summary.
#
#   (nothing)    gcc, everything
#   --clang      clang and its OpenMP, everything but what tests the sources rather than the
#                program, or starts GIMP
#   --sanitize   AddressSanitizer and UndefinedBehaviorSanitizer
#   --tsan       ThreadSanitizer: clang, libomp, and Archer, which tells it what OpenMP does
#   --quick      leaves out what takes minutes
#
# Tests on real files read IMBREX_DATA, ../shared/data unless set, and say so if it is missing.
set -u
cd "$(dirname "$0")/.." || exit 1
. .ci/steps.sh

mode=gcc
leave_out='^$'
for word; do
    case $word in
    --clang | --sanitize | --tsan) mode=${word#--} ;;
    --quick) leave_out='slow' ;;
    *) die "there is no option $word; give --clang, --sanitize, --tsan, --quick or nothing" ;;
    esac
done

IMBREX_DATA=${IMBREX_DATA:-$(dirname "$PWD")/shared/data}
export IMBREX_DATA
[ -d "$IMBREX_DATA" ] ||
    say "no test images at $IMBREX_DATA (IMBREX_DATA): the tests that need them are skipped"

# Tests of the sources run once, as do those in a real GIMP; sanitizers are spared what is only about time or numbers.
[ "$mode" = gcc ] || leave_out="$leave_out|sources|desktop"
case $mode in sanitize | tsan) leave_out="$leave_out|plain" ;; esac
folder=build-test/$mode
case $mode in
gcc)
    need build gimp test
    build "$folder" -DCMAKE_C_COMPILER=gcc
    ;;
clang)
    need build gimp test clang
    build "$folder" -DCMAKE_C_COMPILER=clang
    ;;
sanitize)
    need build gimp test
    build "$folder" -DCMAKE_C_COMPILER=gcc -DIMBREX_SANITIZE=address
    export ASAN_OPTIONS="detect_stack_use_after_return=1"
    export UBSAN_OPTIONS="print_stacktrace=1"
    export LSAN_OPTIONS="suppressions=$PWD/tests/sanitize/leaks.supp:print_suppressions=0"
    ;;
tsan)
    need build gimp test clang
    archer=$(find "$(dirname "$(readlink -f "$(command -v clang)")")/../lib" -name libarcher.so)
    [ -n "$archer" ] || die "clang has no libarcher.so beside it; install libomp-dev"
    build "$folder" -DCMAKE_C_COMPILER=clang -DIMBREX_SANITIZE=thread
    export OMP_TOOL_LIBRARIES="$archer"
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1:suppressions=$PWD/tests/sanitize/threads.supp"
    ;;
esac

# What tests and the programs that they start leave there goes with it.
TMPDIR=$(mktemp -d) || die "there is no room for temporary files"
export TMPDIR
trap 'rm -rf "$log" "$TMPDIR"' EXIT

ctest --test-dir "$folder" --parallel "$(nproc)" --output-on-failure --no-tests=error \
    --timeout 900 --label-exclude "$leave_out"
