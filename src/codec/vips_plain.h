/* vips_plain.h - reads the rows of TIFF files that hold them as they are, past libvips.
 *
 * Where nothing is compressed, libvips copies each sample three times before we do. Large files are
 * often of that kind, and then there is no other work worth mentioning. Private to the codec. */
#ifndef IBX_CODEC_VIPS_PLAIN_H
#define IBX_CODEC_VIPS_PLAIN_H

#include "codec/codec.h"

/* Where the samples of an image of a file stand: in pieces, which are strips or tiles. */
typedef struct {
    int w, h;         /* of the image */
    int piece_w;      /* pixels, those over the image's edge included; strips: w */
    int piece_h;      /* the last strip may have fewer rows */
    int across;       /* pieces side by side */
    size_t pixel;     /* bytes */
    uint64_t *offset; /* of each piece, from left to right, then down */
    uint8_t *rows;    /* tiles: room for some rows of one; strips: NULL */
    int asked;        /* rows of pieces that the system has been told to fetch */
} ibx_vips_plain;

/* Finds the pieces of an image of a TIFF (0: the first, else the position of its directory) that
 * has this header and samples of this type. False, without a reason, if there is anything about it
 * that needs libvips: compression, planes apart, other kinds of samples or colours, pieces that are
 * not complete. */
bool ibx_vips_plain_open(ibx_vips_plain *plain, const ibx_source *source, uint64_t directory,
                         const ibx_head *head, ibx_sample sample);
void ibx_vips_plain_close(ibx_vips_plain *plain); /* a zeroed one is allowed */

/* Memory that it holds. */
size_t ibx_vips_plain_bytes(const ibx_vips_plain *plain);

/* Reads w columns from x on of the rows of a strip. */
bool ibx_vips_plain_read(ibx_vips_plain *plain, const ibx_source *source, const ibx_strip *strip,
                         int x, int w, ibx_error *err);

#endif
