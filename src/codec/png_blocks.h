/* png_blocks.h - the blocks of a DEFLATE stream (RFC 1951), without the bytes that they stand for.
 * Private to the PNG codec. */
#ifndef IBX_CODEC_PNG_BLOCKS_H
#define IBX_CODEC_PNG_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the first bit of the last block of a stream and the bit behind it; bit i is bit i % 8,
 * counted from the lowest, of byte i / 8. False if the stream is damaged. */
bool ibx_deflate_last_block(const uint8_t *stream, size_t size, size_t *first, size_t *end);

#endif
