/* jpeg_scans.h - what of a progressive JPEG an image can do without that is reduced or blurred.
 *
 * A progressive JPEG (ITU-T T.81, annex G) comes in scans. The first ones give coefficients without
 * their last bits, and each refinement adds one of these. The refinements of luma's AC coefficients
 * are half of a usual file and half of the time that it takes to decode it, and say little:
 *
 *   scan                      what it gives                  share of a photograph's bytes
 *   0,1,2: 0-0, bit 1 up      DC of all components           12 %
 *   0: 1-5 and 6-63, bit 2 up AC of luma                     15 %
 *   1, 2: 1-63, bit 1 up      AC of chroma                   5 %
 *   0: 1-63, bit 1            refinement of luma             17 %  may be left out
 *   0,1,2: 0-0, bit 0         refinement of DC               3 %
 *   1, 2: 1-63, bit 0         refinements of chroma          8 %
 *   0: 1-63, bit 0            refinement of luma             37 %  may be left out
 *
 * Without bits below bit n a coefficient is nearer to 0 than it should be, by up to (2^n - 1) steps
 * of its quantizer. A reduction averages most of that away, but not that the finest texture gets
 * weaker, and with it its mean in linear light. So a refinement is left out where
 *
 *   (2^n - 1) x quantizer <= IBX_JPEG_COARSE x reduction,  IBX_JPEG_COARSE_LEAST <= reduction,
 *   (2^n - 1) x quantizer <= IBX_JPEG_COARSE_MOST,
 *
 * and where no later scan needs its bits. The quantizer is the mean of those of the first five AC
 * coefficients, which are what is left after a reduction. Photographs, reduced by 4 to 64, then
 * differ by 50 dB or more from what they would be, and charts of lines one pixel wide by 38. A blur
 * counts as a reduction that averages less than it does (`averages` in filter.h): photographs
 * differ by 54 dB or more then.
 *
 * DC and chroma are always decoded in full: they cost little, and the eye (and sRGB, where a colour
 * is dark in one channel) sees their errors first. So are scans that give the first bits of
 * coefficients, without which texture would not get weaker but vanish.
 *
 * Whether scans can be left out is found by looking at the file's markers, from its beginning to
 * its end. Whatever is unusual there (see ibx_jpeg_scans_find) is a reason to decode everything, so
 * that damage is found by libjpeg, as ever. Damage within the data of a scan that is left out is
 * not seen; the result has none of it either. */
#ifndef IBX_CODEC_JPEG_SCANS_H
#define IBX_CODEC_JPEG_SCANS_H

#include "codec/stream.h"
#include <stdio.h> /* jpeglib.h needs it first */

#include <jpeglib.h>

/* The reduction from which on anything is left out; the error of a coefficient that is accepted for
 * each unit of it, and whatever it is. */
enum { IBX_JPEG_COARSE_LEAST = 4, IBX_JPEG_COARSE_MOST = 12 };
#define IBX_JPEG_COARSE 1.5

/* Files with more scans or bytes than these are decoded in full. */
enum { IBX_JPEG_MOST_SCANS = 64, IBX_JPEG_MOST_BYTES = 64 << 20 };

/* A scan: from its marker to the next marker that is not part of it. */
typedef struct {
    uint64_t from, to; /* bytes of the file */
    int least;         /* the reduction from which on it may be left out; INT_MAX: never */
} ibx_jpeg_scan;

typedef struct {
    ibx_jpeg_scan scan[IBX_JPEG_MOST_SCANS];
    int count;
} ibx_jpeg_scans;

/* Finds the scans of a file whose header libjpeg has read, up to `data`, where the data of the
 * first scan start. Returns the least reduction from which on any may be left out; 0: never. That
 * is so where the file
 *   - is not progressive with Huffman codes, or neither gray nor YCbCr,
 *   - comes from a source whose bytes cannot be looked at in advance, or others, or is too large,
 *   - has no end of image, or bytes or markers between its segments that do not belong there,
 *   - gives bits of a coefficient out of turn, twice or not at all. */
int ibx_jpeg_scans_find(ibx_jpeg_scans *scans, const struct jpeg_decompress_struct *jpeg,
                        uint64_t data, const ibx_source *source);

/* Leaves those in the list that are not needed for this reduction. */
void ibx_jpeg_scans_drop(ibx_jpeg_scans *scans, int reduction);

#endif
