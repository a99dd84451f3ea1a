/* png_huffman.h - Huffman codes as DEFLATE has them (RFC 1951, 3.2.2). Private to the PNG codec. */
#ifndef IBX_CODEC_PNG_HUFFMAN_H
#define IBX_CODEC_PNG_HUFFMAN_H

#include <stdint.h>

/* Symbols of the largest code, and bits of the longest one that DEFLATE allows. */
enum { IBX_HUFFMAN_SYMBOLS = 288, IBX_HUFFMAN_LONGEST = 15 };

/* Lengths in bits, 1 to `most`, of a code for n symbols that come up so often, less than 2^18 times
 * each; 0 for those that never do. Two or more do, and no more than 2^most. The code is complete;
 * it is the best one wherever no length would be above `most`. Of two symbols that come up equally
 * often the first has the code that is no shorter. */
void ibx_huffman_lengths(const uint32_t *count, int n, int most, uint8_t *length);

/* The codes of these lengths, first bit lowest, as they are written into a stream. */
void ibx_huffman_codes(const uint8_t *length, int n, uint16_t *code);

#endif
