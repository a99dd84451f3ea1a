/* rank.h - a tool for filters: the exact median of a window, for any values and any radius.
 *
 * A median selects one of the samples, so that every exact method gives the same bits, and each
 * plane of a tile takes the method that is fastest for it:
 *   - radius 1 to 3: sorting networks on vectors, of bytes if all samples lie on the 8-bit grid.
 *     What neighbouring windows share is sorted once, and thrown away where it can be no median
 *     (Adams, Fast median filters using separable sorting networks, 2021);
 *   - 8-bit samples: for each level t, how many samples of the window are at least t? Counts need
 *     a few byte operations per sample, and only the levels between the smallest and the largest
 *     median of a block are tried, which are few where the radius is large;
 *   - other samples: a sliding histogram over the ranks of the samples in a block (Huang, Yang and
 *     Tang, A fast two-dimensional median filtering algorithm, 1979), with counts of 64 and 4096
 *     ranks to find the median quickly. */
#ifndef IBX_RANK_H
#define IBX_RANK_H

#include "vector.h"

#define ibx_median_scratch IBX_OWN(ibx_median_scratch, IBX_VARIANT)
#define ibx_median IBX_OWN(ibx_median, IBX_VARIANT)
#define ibx_median_pixels IBX_OWN(ibx_median_pixels, IBX_VARIANT)

enum { IBX_MEDIAN_RADIUS = 100 }; /* the largest */

/* Bytes that the functions below need for an output of out.w x out.h samples. For a filter's
 * `scratch`. */
size_t ibx_median_scratch(int radius, ibx_rect out);

/* Every sample of every plane of `out` becomes the median of the (2 radius + 1) squared samples
 * around it: the one in the middle of their order (any of them, where some are NaN). in->at is
 * out->at grown by `radius` on all sides; `scratch` is aligned to 64 bytes. For a filter's
 * `kernel`. */
void ibx_median(int radius, const ibx_tile *in, ibx_tile *out, void *scratch);

/* The same with pixels of 8-bit samples. For the `move` of a filter with IBX_BYTES. */
void ibx_median_pixels(int radius, const ibx_region *in, const ibx_region *out, void *scratch);

#endif
