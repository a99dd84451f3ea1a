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

/* Sorting networks, for radius r = 1, 2, 3: two rows of medians, one below the other. */
enum { IBX_NETWORK_RADIUS = 3, IBX_NETWORK_ROWS = 24 };
typedef struct {
    int r, n;         /* radius, and samples in a row of medians */
    int step;         /* samples from one column of the window to the next */
    ptrdiff_t stride; /* of the source, in samples */
    ptrdiff_t room;   /* samples in a row of scratch: n + 2 r step and a pad at least */
    void *scratch;    /* IBX_NETWORK_ROWS rows */
} ibx_network;

/* The first window of the upper row begins at `a`. A row b[i] that is NULL is not computed, and the
 * row of the source that it alone needs is not read. Which of the two a row is must follow from its
 * place in the image: of samples that compare as equal (0 and -0) it decides which one is taken. */
void ibx_network_bytes(const ibx_network *network, const uint8_t *a, uint8_t *const b[2]);
void ibx_network_floats(const ibx_network *network, const float *a, float *const b[2]);

/* A block of w x h medians of radius r; `scratch` is aligned to 64 bytes. Below `a` and `b` are the
 * first samples of source and result. */
typedef struct {
    int w, h, r;
    ptrdiff_t a_stride, b_stride; /* in samples */
    void *scratch;
} ibx_median_block;

/* Bytes by counts of levels. */
size_t ibx_levels_scratch(int r);
void ibx_levels(const ibx_median_block *block, const uint8_t *a, uint8_t *b);

/* Any samples by a sliding histogram of ranks. */
size_t ibx_slide_scratch(int r, int w, int h);
void ibx_slide(const ibx_median_block *block, const float *a, float *b);

/* Takes `size` bytes, rounded up to cache lines, from the memory at `base`, of which *used are
 * taken already. Without a base it only counts, and what it returns means nothing. */
static inline void *ibx_carve(char *base, size_t *used, size_t size) {
    void *p = (void *)((uintptr_t)base + *used);
    *used += (size + 63) / 64 * 64;
    return p;
}

#endif
