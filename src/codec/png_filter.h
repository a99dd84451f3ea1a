/* png_filter.h - the five row filters of PNG (W3C PNG, section 9), both ways.
 *
 * A filter predicts every byte from the one to the left (one pixel before), above, and above to
 * the left, and stores the difference modulo 256. Private to the PNG codec.
 *
 * The loops are in png_filter_kernels.c and png_unfilter_kernels.c, compiled for the baseline CPU
 * and for x86-64-v3; both give the same bytes, and the functions without a suffix pick. */
#ifndef IBX_CODEC_PNG_FILTER_H
#define IBX_CODEC_PNG_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that ibx_png_unfilter may read (never write) behind the end of a row. */
enum { IBX_PNG_SLACK = 32 };

/* Turns filtered rows back. Each is a byte of type and n bytes in `lines`, one behind another.
 * Writes rows of n bytes into `to`, `stride` bytes apart; that may be where they are: lines + 1 and
 * a stride of 1 + n. Elsewhere n must be IBX_PNG_SLACK or more. `above` is the row above the first
 * one, turned back already; zeros for the first row of all. `pixel` is the size of a pixel in
 * bytes: 1, 2, 3, 4, 6 or 8. Returns how many rows were turned back: all, or those in front of one
 * whose type is no filter. Four rows of type Paeth take the time of one, or of two on CPUs without
 * AVX2, where a pixel has up to 4 bytes. */
int ibx_png_unfilter(const uint8_t *lines, int rows, const uint8_t *above, size_t n, size_t pixel,
                     uint8_t *to, size_t stride);

/* Filters a row of n bytes, one pixel or more, with the filter whose differences have the smallest
 * sum of magnitudes, as the standard recommends (12.7). Without a row above, NULL, those two are
 * compared that do not look at it. Writes the type and n bytes into `line`. */
void ibx_png_filter(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                    uint8_t *line);

/* The same for one CPU variant; that for v3 exists where the build has it. */
#define IBX_PNG_VARIANT(variant)                                                                   \
    int ibx_png_unfilter_##variant(const uint8_t *lines, int rows, const uint8_t *above, size_t n, \
                                   size_t pixel, uint8_t *to, size_t stride);                      \
    void ibx_png_filter_##variant(const uint8_t *row, const uint8_t *above, size_t n,              \
                                  size_t pixel, uint8_t *line);
IBX_PNG_VARIANT(baseline)
IBX_PNG_VARIANT(v3)

#endif
