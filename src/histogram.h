/* histogram.h - tools for filters that look at the tones of the whole image first. */
#ifndef IBX_HISTOGRAM_H
#define IBX_HISTOGRAM_H

#include "filter.h"

/* Counts of the values 0 to 1 in steps of 1 / IBX_TONES, by channel: values of 8 bits fall on every
 * 16th bin, exactly. An accumulator for `scan`. */
enum { IBX_TONES = 4080 };
typedef struct {
    uint64_t bin[3][IBX_TONES + 1];
} ibx_histogram;

/* The bin of a value; what lies outside of 0..1 is clipped. */
static inline int ibx_tone(float v) {
    return (int)(ibx_clamp(v, 0, 1) * IBX_TONES + 0.5f);
}

/* A filter's `acc_size` and `merge`, if its accumulator is an ibx_histogram. */
size_t ibx_histogram_size(const ibx_call *c);
void ibx_histogram_merge(const ibx_call *c, void *into, const void *from);

/* The curve that equalizes a histogram of n bins: for each the share of samples up to it, after
 * what lies above `clip` times the mean was cut off and spread evenly over all bins, the remainder
 * at even distances; so no slope is above about `clip`. The straight line for no samples. */
void ibx_histogram_equalize(const uint32_t *bin, int n, double clip, float *curve);

/* Luma (Rec. ITU-R BT.709 weights on encoded values) of n pixels from (x, y) on. */
static inline void ibx_luma_row(const ibx_call *c, const ibx_tile *in, int x, int y, int n,
                                float *restrict v) {
    const float *restrict r = ibx_at(in, 0, x, y);
    if (c->in.model == IBX_GRAY) {
        memcpy(v, r, (size_t)n * sizeof *v);
        return;
    }
    const float *restrict g = ibx_at(in, 1, x, y), *restrict b = ibx_at(in, 2, x, y);
    for (int i = 0; i < n; i++) v[i] = 0.2126f * r[i] + 0.7152f * g[i] + 0.0722f * b[i];
}

#endif
