#!/bin/sh
# startup.sh - the program starts in under 15 ms, and JPEG and PNG never load libvips.
. "$SOURCE/tests/support/cli.sh"
png in/a.png 24 16
imbrex run 'save:jpeg' in/a.png -o in
is 0

# The loader's own log tells what is mapped; WebP shows that it would tell of libvips.
LD_DEBUG=files LD_DEBUG_OUTPUT=$scratch/plain imbrex run '' in/a.png in/a.jpg -o out --name '{n}{ext}'
is 0
exists out/1.png out/2.jpg
LD_DEBUG=files LD_DEBUG_OUTPUT=$scratch/webp imbrex run 'save:webp' in/a.png -o out
is 0
grep -q 'libjpeg' "$scratch"/plain.* || fail "the log of the loader does not tell of libjpeg"
grep -q 'libvips' "$scratch"/webp.* || fail "the log of the loader does not tell of libvips"
if grep -qE 'libvips|imbrex-vips' "$scratch"/plain.*; then
    fail "a run over JPEG and PNG has loaded libvips"
fi

# Sanitizers have a start of their own, which is not ours to judge.
if grep -q '^IMBREX_SANITIZE:STRING=.' "${BUILD:?}/CMakeCache.txt"; then finish; fi
cat >time.py <<'PYTHON'
import statistics, subprocess, sys, time
def once(arguments):
    begin = time.perf_counter()
    subprocess.run([sys.argv[1]] + arguments, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000
version = statistics.median(once(["--version"]) for _ in range(20))
images = statistics.median(once(["run", "", "in/a.png", "in/a.jpg", "-o", "out", "--name", "{n}{ext}",
                                 "--progress", "none", "--if-exists", "overwrite"])
                           for _ in range(20))
print("median of 20: --version %.1f ms, a run over one PNG and one JPEG %.1f ms" % (version, images))
sys.exit(version >= 15)
PYTHON
python3 time.py "$IMBREX" 2>"$err" || fail "--version takes 15 ms or more"
finish
