/* vips_levels.h - smaller copies of its first image that a TIFF holds: pyramids.
 *
 * Programs for large images store them halved, again and again, either as the pages behind the
 * first or as its SubIFDs (TIFF technical note 1, which OME-TIFF follows), marked as what they are:
 * NewSubfileType has bit 0 set (TIFF 6.0, page 36). Private to the codec. */
#ifndef IBX_CODEC_VIPS_LEVELS_H
#define IBX_CODEC_VIPS_LEVELS_H

#include "codec/codec.h"

typedef struct {
    int shrink;         /* a power of 2; 0: there is no such level */
    int w, h;           /* the first image's size divided by it, rounded up or down */
    int page, subifd;   /* as libvips counts: a SubIFD of page 0, or a page and -1 */
    uint64_t directory; /* its position in the file */
} ibx_vips_level;

#define IBX_VIPS_LEVELS 20

/* Finds the levels of a TIFF whose first image is w x h pixels large: those with samples of the
 * same kind. Returns how many; *tiled: whether the first image is made of tiles. */
int ibx_vips_levels_find(const ibx_source *source, int w, int h,
                         ibx_vips_level level[IBX_VIPS_LEVELS], bool *tiled);

#endif
