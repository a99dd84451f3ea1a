/* png_deflate.h - filtered rows to IDAT chunks, by ISA-L.
 *
 * Bounded: a block of input, a block of output, whatever the size of the image. Private to the
 * PNG codec. */
#ifndef IBX_CODEC_PNG_DEFLATE_H
#define IBX_CODEC_PNG_DEFLATE_H

#include "codec/stream.h"

typedef struct ibx_png_deflater ibx_png_deflater;

/* Starts a zlib stream in IDAT chunks. `level` is ISA-L's, 1 to 3. NULL without memory. */
ibx_png_deflater *ibx_png_deflater_new(ibx_sink *sink, int level);
void ibx_png_deflater_free(ibx_png_deflater *d); /* NULL is allowed */
size_t ibx_png_deflater_bytes(void);

/* Appends bytes to the stream; `last` ends it. False if the sink fails. */
bool ibx_png_deflate(ibx_png_deflater *d, const uint8_t *data, size_t size, bool last,
                     ibx_error *err);

/* Writes a chunk; type and data begin 8 bytes behind `chunk`, with room for 4 more at the end. */
bool ibx_png_put_chunk(ibx_sink *sink, uint8_t *chunk, const char type[4], uint32_t size,
                       ibx_error *err);

#endif
