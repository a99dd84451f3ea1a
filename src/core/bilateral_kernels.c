/* bilateral_kernels.c - the means of bilateral.h; compiled once per CPU variant. */
#include "bilateral.h"

#define PAIR (2 * IBX_LANES) /* samples that are summed up together; rows have room for them */

typedef uint32_t words __attribute__((vector_size(IBX_VECTOR)));

/* 2^t for t <= 0, times 1.0004, as only ratios of weights matter; below -126 next to nothing. The
 * whole part goes to the exponent, the rest, from -0.5 to 0.5, through a parabola that is 1.7e-3
 * off at most. */
IBX_INLINE ibx_floats power_of_two(ibx_floats t) {
    t = ibx_larger(t, (ibx_floats){0} - 126);
    const ibx_floats shifted = t + 12582912.F, f = t - (shifted - 12582912.F);
    const ibx_floats parabola = (f * 0.23842927F + 0.70344879F) * f + 1.00044318F;
    return (ibx_floats)((words)parabola + ((words)shifted << 23));
}

/* Everything in scratch. Rows are `stride` samples apart in all of it. */
typedef struct {
    const float *plane[IBX_MAX_PLANES]; /* copies of the input: colours scaled, then alpha */
    float *weight;                      /* of the pairs of two rows: 2 radius + 1 rows, by dx */
    float *sums; /* a ring of radius + 1 rows for each colour, and for the weights */
    ptrdiff_t stride;
} work;

static const ibx_floats *at(const float *a) {
    return (const ibx_floats *)a;
}

/* Squares of the differences of two vectors in plane i. */
IBX_INLINE ibx_floats square(const work *k, int i, ptrdiff_t here, ptrdiff_t there) {
    const ibx_floats d = *at(k->plane[i] + there) - *at(k->plane[i] + here);
    return d * d;
}

/* Row dx of the weights gets, for n columns from sample `here` on, the weight between it and the
 * sample dx columns away in the row of `there`. */
IBX_INLINE void weigh(const work *k, int colours, float distance, ptrdiff_t here, ptrdiff_t there,
                      float *weight, int n) {
    for (int x = 0; x < n; x += IBX_LANES) {
        ibx_floats t = distance - square(k, 0, here + x, there + x);
        if (colours == 3)
            t -= square(k, 1, here + x, there + x) + square(k, 2, here + x, there + x);
        *(ibx_floats *)(weight + x) = power_of_two(t);
    }
}

/* The weights between the row at `here` and the row dy below: of all pairs that have either end
 * among the n columns. Within one row each pair is there once. */
IBX_INLINE void weigh_rows(const work *k, const ibx_bilateral *b, int colours, ptrdiff_t here,
                           int dy, int n) {
    const int reach = b->reach[dy];
    for (int dx = dy ? -reach : 0; dx <= reach; dx++) {
        const int first = -ibx_max(dx, 0), size = dx < 0 ? -dx : dx;
        const ptrdiff_t there = here + dy * k->stride + dx;
        weigh(k, colours, b->distance[dy][size], here + first, there + first,
              k->weight + (dx + reach) * k->stride + b->radius + first, n + size);
    }
}

/* Adds to n sums the samples of `count` columns from `from` on, the weights of which are `step`
 * samples apart from one column to the next. */
IBX_INLINE void gather(const work *k, int colours, bool alpha, const float *weight, ptrdiff_t step,
                       ptrdiff_t from, int count, float *sums, ptrdiff_t plane, int n) {
    for (int x = 0; x < n; x += PAIR) {
        ibx_floats sum[4][2];
        for (int i = 0; i <= colours; i++)
            for (int j = 0; j < 2; j++) sum[i][j] = at(sums + i * plane + x)[j];
        for (int d = 0; d < count; d++)
            for (int j = 0; j < 2; j++) {
                const ptrdiff_t there = from + x + d + j * IBX_LANES;
                ibx_floats w = at(weight + x + d * step)[j];
                if (alpha) w *= *at(k->plane[colours] + there);
                for (int i = 0; i < colours; i++) sum[i][j] += w * *at(k->plane[i] + there);
                sum[colours][j] += w;
            }
        for (int i = 0; i <= colours; i++)
            for (int j = 0; j < 2; j++)
                *(ibx_floats *)(sums + i * plane + x + j * IBX_LANES) = sum[i][j];
    }
}

/* Adds the pairs between row y of the output, -radius <= y < h, and the rows below it. Row y + r
 * is met for the first time here. */
IBX_INLINE void add_pairs(const work *k, const ibx_bilateral *b, int colours, bool alpha, int y,
                          int h, int n) {
    const int r = b->radius, ring = r + 1;
    const ptrdiff_t s = k->stride, here = (y + r) * s + r, plane = ring * s;
    for (int i = 0; y + r < h && i <= colours; i++)
        memset(k->sums + i * plane + (y + r) % ring * s, 0, (size_t)s * sizeof(float));
    for (int dy = y < 0 ? -y : 0; dy <= r; dy++) {
        const int reach = b->reach[dy], count = 2 * reach + 1;
        if (y < 0 && y + dy >= h) break;
        weigh_rows(k, b, colours, here, dy, n);
        const float *from_here = k->weight + (dy ? 0 : reach * s) + r;
        const float *from_there = k->weight + 2 * reach * s + r - reach;
        if (dy == 0 || y + dy < h)
            gather(k, colours, alpha, from_there, 1 - s, here - reach, dy ? count : reach,
                   k->sums + (y + dy) % ring * s, plane, n);
        if (y >= 0)
            gather(k, colours, alpha, from_here, s, here + dy * s - (dy ? reach : 0),
                   dy ? count : reach + 1, k->sums + y % ring * s, plane, n);
    }
}

/* Sums to means, in samples of the output; of the input where nothing has any weight. */
static void finish(const work *k, const ibx_bilateral *b, int colours, int y, ibx_tile *out) {
    const int r = b->radius;
    const ptrdiff_t plane = (r + 1) * k->stride, here = (y + r) * k->stride + r;
    const float *sum = k->sums + y % (r + 1) * k->stride, *total = sum + colours * plane;
    for (int i = 0; i < colours; i++) {
        const float *restrict own = k->plane[i];
        float *restrict to = out->plane[i] + y * out->stride;
        for (int x = 0; x < out->at.w; x++)
            to[x] = (total[x] > 0 ? sum[i * plane + x] / total[x] : own[here + x]) / b->scale;
    }
}

static ptrdiff_t stride_for(const ibx_bilateral *b, ibx_rect out) {
    return out.w + 2 * b->radius + PAIR;
}

size_t ibx_bilateral_scratch(const ibx_bilateral *b, int planes, ibx_rect out) {
    const int r = b->radius, rows = planes * (out.h + 2 * r) + 2 * r + 1 + (planes + 1) * (r + 1);
    return (size_t)rows * (size_t)stride_for(b, out) * sizeof(float);
}

/* Copies plane p times `scale`, with zeros behind each row. */
static void copy_plane(const ibx_tile *in, int p, float scale, ptrdiff_t stride, float *to) {
    for (int y = 0; y < in->at.h; y++, to += stride) {
        const float *restrict a = ibx_at(in, p, in->at.x, in->at.y + y);
        float *restrict b = to;
        for (int x = 0; x < in->at.w; x++) b[x] = a[x] * scale;
        memset(b + in->at.w, 0, (size_t)(stride - in->at.w) * sizeof(float));
    }
}

void ibx_bilateral_means(const ibx_bilateral *b, int colours, const ibx_tile *in, ibx_tile *out,
                         void *scratch) {
    const int r = b->radius, w = out->at.w, h = out->at.h;
    const bool alpha = in->planes > colours;
    work k = {.stride = stride_for(b, out->at)};
    float *free = scratch;
    for (int p = 0; p < colours; p++, free += k.stride * in->at.h) {
        copy_plane(in, p, b->scale, k.stride, free);
        k.plane[p] = free;
    }
    if (alpha) {
        copy_plane(in, colours, 1, k.stride, free);
        k.plane[colours] = free;
        free += k.stride * in->at.h;
    }
    k.weight = free;
    k.sums = free + (2 * r + 1) * k.stride;
    for (int y = -r; y < h; y++) {
        if (colours == 3 && !alpha)
            add_pairs(&k, b, 3, false, y, h, w);
        else
            add_pairs(&k, b, colours, alpha, y, h, w);
        if (y >= 0) finish(&k, b, colours, y, out);
    }
}
