#!/bin/sh
# memory.sh - memory is bounded by rings and by the budget, not by images: a picture of 400
# megapixels, the same turned, and a thousand files. Not under sanitizers, which have their own
# idea of memory.
. "$SOURCE/tests/support/cli.sh"

# peak COMMAND...: runs it and prints the most megabytes that it had in memory.
peak() {
    /usr/bin/python3 -c '
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024 if code == 0 else 999999)
' "$@"
}

# below LIMIT WHAT COMMAND...
below() {
    limit=$1 what=$2
    shift 2
    most=$(peak "$@")
    echo "$what: $most MB, limit $limit MB"
    [ "$most" -le "$limit" ] || fail "$what took $most MB, more than $limit MB"
}

png small.png 400 400
below 200 "enlarging to 20000 x 20000" \
    "$IMBREX" run 'resize:20000x20000,kernel=nearest/save:jpeg,quality=60' small.png -o large
below 200 "20000 x 20000 through blur:2" "$IMBREX" run blur:2 large/small.jpg -o blurred
below 300 "20000 x 20000 turned in 256 MB" \
    "$IMBREX" run rotate:90 large/small.jpg -o turned --memory 256M
below 300 "12000 x 12000 turned, as TIFF in 256 MB" \
    "$IMBREX" run crop:12000x12000/rotate:90/save:tiff,compression=lzw large/small.jpg -o tiff \
    --memory 256M
rm -r large blurred turned tiff

# A thousand photographs peak no higher than ten (but for their names, and the noise of an
# allocator). What ten take depends on how their work happens to overlap, so the most of some runs.
imbrex run 'resize:1200x800,fit=fill/save:jpeg' small.png -o photo
mkdir ten thousand
for i in $(seq 10); do ln photo/small.jpg "ten/$i.jpg"; done
for i in $(seq 1000); do ln photo/small.jpg "thousand/$i.jpg"; done
ten=0
for i in $(seq 10); do
    most=$(peak "$IMBREX" run blur:1 ten -o "ten-out-$i")
    [ "$most" -le "$ten" ] || ten=$most
done
below $((ten * 11 / 10 + 1)) "1000 photographs, of which ten take $ten MB" \
    "$IMBREX" run blur:1 thousand -o thousand-out

# A batch that waits for memory stays within it, whatever the allocator would like to keep. What
# counts is what only this process can give back: no library code, no mapped file. 6 MB are for
# the program itself.
mkdir sizes
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    imbrex run "resize:$((1400 + i * 150))x$((2800 - i * 150)),fill/save:jpeg,progressive=yes" small.png \
        -o sizes --name "$i.jpg"
    ln "sizes/$i.jpg" "sizes/$i-again.jpg"
done
most=$(/usr/bin/python3 - "$IMBREX" <<'PYTHON'
import re, subprocess, sys, time
most, run = 0, subprocess.Popen([sys.argv[1], "run", "rotate:90/save:webp,effort=0", "sizes", "-o",
                                 "capped", "--memory", "96M", "--progress", "none"],
                                stderr=subprocess.DEVNULL)
while run.poll() is None:
    with open("/proc/%d/status" % run.pid) as status:
        held = re.search(r"RssAnon:\s+(\d+)", status.read())
    most = max(most, int(held.group(1)) // 1024 if held else 0)
    time.sleep(0.005)
print(most if run.returncode == 0 else 999999)
PYTHON
)
echo "24 photographs in 96 MB: $most MB"
[ "$most" -le 102 ] || fail "24 photographs took $most MB, more than 102 MB"
finish
