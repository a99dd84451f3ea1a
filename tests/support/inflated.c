/* inflated.c - see inflated.h. */
#include "inflated.h"
#include <zlib.h>

size_t inflated(const uint8_t *stream, size_t size, uint8_t *to, size_t room) {
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)stream,
                  .avail_in = (uInt)size,
                  .next_out = to,
                  .avail_out = (uInt)room};
    if (inflateInit2(&z, -15) != Z_OK) return room;
    const int status = inflate(&z, Z_FINISH);
    const size_t got = z.total_out;
    const uInt left = z.avail_in;
    inflateEnd(&z);
    return status == Z_STREAM_END && left == 0 ? got : room;
}
