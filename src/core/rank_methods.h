/* rank_methods.h - the methods behind ibx_median in rank.h, one file each. */
#ifndef IBX_CORE_RANK_METHODS_H
#define IBX_CORE_RANK_METHODS_H

#include "vector.h"

#define ibx_network_bytes IBX_OWN(ibx_network_bytes, IBX_VARIANT)
#define ibx_network_floats IBX_OWN(ibx_network_floats, IBX_VARIANT)
#define ibx_levels_scratch IBX_OWN(ibx_levels_scratch, IBX_VARIANT)
#define ibx_levels IBX_OWN(ibx_levels, IBX_VARIANT)
#define ibx_slide_scratch IBX_OWN(ibx_slide_scratch, IBX_VARIANT)
#define ibx_slide IBX_OWN(ibx_slide, IBX_VARIANT)

/* Samples behind each row of the source that vectors may read, and behind each row of results that
 * they may write: whatever lies there, it changes no result. */
enum { IBX_MEDIAN_PAD = 96 };

/* Largest blocks of results for the methods that take blocks. */
enum { IBX_MEDIAN_W = 512, IBX_MEDIAN_H = 64 };

/* Sorting networks, for radius r = 1, 2, 3: a row of n medians from the 2r + 1 rows at `a`. */
enum { IBX_NETWORK_RADIUS = 3 };
void ibx_network_bytes(int r, const uint8_t *a, ptrdiff_t stride, uint8_t *b, int n);
void ibx_network_floats(int r, const float *a, ptrdiff_t stride, float *b, int n);

/* A block of w x h medians of radius r; `a` and `b` are the first samples of source and result,
 * `scratch` is aligned to 64 bytes. */
typedef struct {
    int w, h, r;
    ptrdiff_t a_stride, b_stride; /* in samples */
    float *b;
    void *scratch;
} ibx_median_block;

/* Bytes to q / 255 by counts of levels. */
size_t ibx_levels_scratch(int r);
void ibx_levels(const ibx_median_block *block, const uint8_t *a);

/* Any samples by a sliding histogram of ranks. */
size_t ibx_slide_scratch(int r, int w, int h);
void ibx_slide(const ibx_median_block *block, const float *a);

/* Takes `size` bytes, rounded up to cache lines, from the memory at `base`, of which *used are
 * taken already. Without a base it only counts, and returns NULL. */
static inline void *ibx_carve(char *base, size_t *used, size_t size) {
    char *p = base ? base + *used : NULL;
    *used += (size + 63) / 64 * 64;
    return p;
}

#endif
