/* vips_tiff.h - what a TIFF says about itself that libvips does not tell, by libtiff. Private to
 * the codec. Complaints are not heard: libvips has them, too. */
#ifndef IBX_CODEC_VIPS_TIFF_H
#define IBX_CODEC_VIPS_TIFF_H

#include "codec/stream.h"
#include <tiffio.h>

/* A file, which must stay, and where libtiff stands in it: zeros but for the source. */
typedef struct {
    const ibx_source *source;
    uint64_t at;
} ibx_tiff_place;

/* Reads the directory of the first image. The place must stay. NULL if that fails; TIFFClose. */
TIFF *ibx_tiff_open(ibx_tiff_place *place);

/* More strips or tiles than that libtiff is not asked for. */
#define IBX_TIFF_PIECES (1 << 20)

/* The value of a tag that libtiff has as 16 bits, or its default, or 0. */
int ibx_tiff_short(TIFF *tiff, uint32_t tag);

/* The same of 32 bits; INT_MAX if it is more. */
int ibx_tiff_long(TIFF *tiff, uint32_t tag);

#endif
