/* png_deflate.h - bytes to a stretch of a DEFLATE stream that stands on its own.
 *
 * A stretch refers to nothing in front of it, so stretches can be made in any order and at the
 * same time. All but the last end with an empty stored block, which brings the stream to a whole
 * byte (zlib's SYNC_FLUSH): put one behind the other they are one stream.
 *
 * Private to the PNG codec. */
#ifndef IBX_CODEC_PNG_DEFLATE_H
#define IBX_CODEC_PNG_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ibx_deflater ibx_deflater;

/* The effort is libdeflate's level (1..12), or 0 for ISA-L: five times faster than level 1 and not
 * much larger where little repeats, or -1 for runs of one byte alone (png_runs.h): faster than
 * ISA-L, and smaller than level 1 in filtered photographs. */
enum { IBX_DEFLATE_RUNS = -1, IBX_DEFLATE_ISAL = 0 };

/* Tables for one stretch at a time; those of libdeflate are made on first need. NULL without
 * memory. */
ibx_deflater *ibx_deflater_new(void);
void ibx_deflater_free(ibx_deflater *d); /* NULL is allowed */
size_t ibx_deflater_bytes(int effort);   /* memory that efforts up to this may take */

/* Room that compressing `size` bytes may need. */
size_t ibx_deflate_bound(size_t size);

/* Compresses 1 to 1 GB into `out`, which has ibx_deflate_bound(size) bytes of room. `last` ends
 * the stream. Returns the number of bytes; 0 without memory. The same input gives the same bytes.
 * Another level of libdeflate than at the call before takes new tables. */
size_t ibx_deflate(ibx_deflater *d, int effort, const uint8_t *data, size_t size, bool last,
                   uint8_t *out);

#endif
