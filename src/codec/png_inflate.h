/* png_inflate.h - the pixels of a PNG without libpng: inflated by ISA-L, unfiltered by the kernels
 * of png_filter.h. For images of 8 or 16 bits that are not interlaced and need no expansion. */
#ifndef IBX_CODEC_PNG_INFLATE_H
#define IBX_CODEC_PNG_INFLATE_H

#include "codec/png.h"

/* Takes over behind png_read_info, which has just read the header of the first IDAT chunk (its
 * bytes are in r->last). `depth` is 8 or 16. Owned by the reader; jumps without memory. */
ibx_png_inflater *ibx_png_inflater_new(ibx_png_reader *r, int depth);
void ibx_png_inflater_free(ibx_png_inflater *i); /* NULL is allowed */

/* Decodes the next s->rows rows and moves r->done; behind the last row reads the file to its IEND
 * chunk. Jumps at damage. */
void ibx_png_inflater_read(ibx_png_inflater *i, const ibx_strip *s);

/* Behind such a jump, with the same strip: decodes the whole rows that were inflated before it, and
 * moves r->done. Once more, or with a later strip, it does nothing. Does not jump. */
void ibx_png_inflater_rest(ibx_png_inflater *i, const ibx_strip *s);

#endif
