/* png_band.h - a band of rows to a piece of a PNG's compressed data.
 *
 * The rows of an image are cut into bands whose height follows from the length of a row alone.
 * Each is filtered and compressed without a look at any other, so bands can be done in any order
 * and at the same time, each with an ibx_png_press of its own; the bytes are the same. The writer
 * puts the pieces together: a zlib header, the pieces, and the checksum of all
 * (adler32_combine). Private to the PNG codec.
 *
 * What `compression` means:
 *
 *   fast      ISA-L, or runs alone (png_runs.h) where they are shorter.
 *   default   runs alone for bands like photographs, sharp or blurred, where they come close to the
 *             best that DEFLATE can do; ISA-L where it finds a little more; libdeflate for bands in
 *             which much repeats, like drawings, text and smooth gradients, where their files would
 *             be up to twice as large.
 *   small     libdeflate at a level that takes fifty times as long as ISA-L, and more, or runs
 *             alone where even that is longer.
 *
 * The rows of a band have either all the filter of the smallest differences, which suits
 * photographs, or none, which suits what repeats; samples of the band are compressed both ways to
 * find out.
 */
#ifndef IBX_CODEC_PNG_BAND_H
#define IBX_CODEC_PNG_BAND_H

#include "codec/codec.h"

/* What all bands of an image have in common. */
typedef struct {
    int h;              /* rows of the image */
    int rows;           /* of a band, a power of 2; the last one may have fewer */
    bool wide;          /* samples of 16 bits, which PNG stores big-endian */
    size_t pixel;       /* bytes of one */
    size_t row_bytes;   /* without the filter's type */
    int compression;    /* IBX_PNG_FAST.. of core/format.h */
    ibx_lender *lender; /* of room for bands; NULL: the heap */
} ibx_png_layout;

ibx_png_layout ibx_png_layout_of(const ibx_save_job *job);

/* Room for one band at a time. */
typedef struct ibx_png_press ibx_png_press;
ibx_png_press *ibx_png_press_new(const ibx_png_layout *layout); /* NULL without memory */
void ibx_png_press_free(ibx_png_press *p);                      /* NULL is allowed */
size_t ibx_png_press_bytes(const ibx_png_layout *layout);

/* A compressed band. It belongs to the press and lasts until the next band. */
typedef struct {
    uint8_t *data; /* with IBX_PNG_MARGIN bytes of room in front of and behind its `size` */
    size_t size;
    uint32_t adler;     /* of the filtered bytes */
    size_t adler_bytes; /* how many they were */
    bool first, last;   /* of the image */
} ibx_png_piece;

enum { IBX_PNG_MARGIN = 16 };

/* Filters and compresses one band: the rows from a multiple of layout.rows to the next, or to the
 * end of the image. */
bool ibx_png_press_band(ibx_png_press *p, const ibx_strip *band, ibx_error *err);

/* The band that was compressed last. */
ibx_png_piece ibx_png_press_piece(const ibx_png_press *p);

#endif
