/* jpeg_entropy.h - Huffman decoding of JPEG in place of libjpeg's.
 *
 * It is half of the work of decoding a photograph, and three quarters of it if the file is
 * progressive. libjpeg reads bytes and finds markers, and asks an object behind a pointer that
 * everybody may see, jpeg->entropy, for each MCU. These functions put another object there, which
 * does the same to the bit:
 *
 *   - Bits are fetched 8 bytes at a time, and a code and its value are found together without a
 *     branch. libjpeg does so too, but not in progressive scans, nor in the last kilobytes of a
 *     file, which are half of a small one.
 *   - A refining scan corrects each coefficient that is not 0 by a bit, and skips so many that are.
 *     libjpeg looks at one after another, and its processor foresees neither. Here 64 bits for each
 *     block say which are not 0, so that zeros are skipped together, and a bit is added without
 *     asking what it is.
 *
 * Whatever is not as it should be is left to libjpeg, so that damage is found, reported and painted
 * over as ever: data that ends too early or too late, codes that do not exist, values and runs that
 * do not fit, restart markers that are not where they should be. Of the libraries only
 * libjpeg-turbo 2 is known to have this object as it is described in jpeg_bits.h; with others, of
 * which one may come at run time, nothing is replaced. */
#ifndef IBX_CODEC_JPEG_ENTROPY_H
#define IBX_CODEC_JPEG_ENTROPY_H

#include <stdint.h>
#include <stdio.h> /* jpeglib.h needs it first */

#include <jpeglib.h>

/* For a decompressor that was just started and whose source has all of the file that is left at
 * hand: if it has one scan of Huffman codes, its MCUs are decoded here. Where one is not as it
 * should be, libjpeg decodes all before it once more, and goes on. May jump. */
void ibx_jpeg_sequential_take(j_decompress_ptr jpeg);

/* For a decompressor of a progressive image that is about to read the first scan ahead, from a
 * source that has all of every scan at hand. Its coefficients lie from `first` on. `known` has 64
 * bits for each of these blocks, all 0, and is needed until everything is read. Where something is
 * not as it should be the decompressor is suspended; it should be aborted then, and start anew
 * without this. May jump. */
void ibx_jpeg_progressive_take(j_decompress_ptr jpeg, const JBLOCK *first, uint64_t *known);

#endif
