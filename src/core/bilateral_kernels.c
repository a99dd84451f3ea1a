/* bilateral_kernels.c - the means of bilateral.h; compiled once per CPU variant.
 *
 * A row of samples is folded: its columns are dealt out in as many runs as a vector has lanes, and
 * vector x holds sample x of every run, with `radius` samples more at both ends. So a neighbour is
 * a whole vector away, where along the row it would be part of two, and half of those reads would
 * cross a cache line. */
#include "bilateral.h"
#include "core/transpose.h"

enum {
    LANES = IBX_LANES,
    PAIR = 2,   /* vectors that are summed up together; rows have room for them */
    WEIGHTS = 4 /* vectors of weights that are made together, as each waits for itself long */
};

typedef uint32_t words __attribute__((vector_size(IBX_VECTOR)));

#define EACH for (int j = 0; j < count; j++)

/* 2^t for t <= 0, times 1.0004, as only ratios of weights matter; below -110 next to nothing, and
 * still so much that its products with samples are no subnormal numbers, which take twice the time.
 * The whole part goes to the exponent, the rest, from -0.5 to 0.5, through a parabola that is
 * 1.7e-3 off at most. */
IBX_INLINE void powers_of_two(ibx_floats *t, int count) {
    ibx_floats shifted[WEIGHTS], f[WEIGHTS];
    EACH t[j] = ibx_larger(t[j], (ibx_floats){0} - 110);
    EACH shifted[j] = t[j] + 12582912.F;
    EACH f[j] = t[j] - (shifted[j] - 12582912.F);
    EACH t[j] = f[j] * 0.23842927F;
    EACH t[j] += 0.70344879F;
    EACH t[j] *= f[j];
    EACH t[j] += 1.00044318F;
    EACH t[j] = (ibx_floats)((words)t[j] + ((words)shifted[j] << 23));
}

/* Everything in scratch. Rows are `stride` vectors apart in all of it; of the output they have
 * `n`. */
typedef struct {
    ibx_floats *plane[IBX_MAX_PLANES]; /* copies of the input: colours scaled, then alpha */
    ibx_floats *weight;                /* of the pairs of two rows: 2 radius + 1 rows, by dx */
    ibx_floats *sums; /* a ring of radius + 1 rows for each colour, and for the weights */
    float *row;       /* one that is not folded */
    ptrdiff_t stride;
    int n;
} work;

IBX_INLINE ibx_floats difference(const work *k, int plane, ptrdiff_t here, ptrdiff_t there) {
    return k->plane[plane][there] - k->plane[plane][here];
}

/* The weights between `count` vectors at `here` and as many at `there`. */
IBX_INLINE void weigh_vectors(const work *k, int colours, float distance, ptrdiff_t here,
                              ptrdiff_t there, ibx_floats *weight, int count) {
    ibx_floats t[WEIGHTS], d[WEIGHTS], e[WEIGHTS];
    EACH d[j] = difference(k, 0, here + j, there + j);
    EACH t[j] = distance - d[j] * d[j];
    if (colours == 3) {
        EACH d[j] = difference(k, 1, here + j, there + j);
        EACH e[j] = difference(k, 2, here + j, there + j);
        EACH d[j] *= d[j];
        EACH e[j] *= e[j];
        EACH d[j] += e[j];
        EACH t[j] -= d[j];
    }
    powers_of_two(t, count);
    EACH weight[j] = t[j];
}

/* Row dx of the weights gets, for n vectors from `here` on, the weights between them and those dx
 * columns away in the row of `there`. */
IBX_INLINE void weigh(const work *k, int colours, float distance, ptrdiff_t here, ptrdiff_t there,
                      ibx_floats *weight, int n) {
    int x = 0;
    for (; x + WEIGHTS <= n; x += WEIGHTS)
        weigh_vectors(k, colours, distance, here + x, there + x, weight + x, WEIGHTS);
    for (; x < n; x++) weigh_vectors(k, colours, distance, here + x, there + x, weight + x, 1);
}

/* The weights between the row at `here` and the row dy below: of all pairs that have either end
 * among the n vectors. Within one row each pair is there once. */
IBX_INLINE void weigh_rows(const work *k, const ibx_bilateral *b, int colours, ptrdiff_t here,
                           int dy) {
    const int reach = b->reach[dy];
    for (int dx = dy ? -reach : 0; dx <= reach; dx++) {
        const int first = -ibx_max(dx, 0), size = dx < 0 ? -dx : dx;
        const ptrdiff_t there = here + dy * k->stride + dx;
        weigh(k, colours, b->distance[dy][size], here + first, there + first,
              k->weight + (dx + reach) * k->stride + b->radius + first, k->n + size);
    }
}

/* Adds to n vectors of sums the samples of `count` columns from `from` on, the weights of which are
 * `step` vectors apart from one column to the next. */
IBX_INLINE void gather(const work *k, int colours, bool alpha, const ibx_floats *weight,
                       ptrdiff_t step, ptrdiff_t from, int count, ibx_floats *sums,
                       ptrdiff_t plane) {
    for (int x = 0; x < k->n; x += PAIR) {
        ibx_floats sum[4][PAIR];
        for (int i = 0; i <= colours; i++)
            for (int j = 0; j < PAIR; j++) sum[i][j] = sums[i * plane + x + j];
        for (int d = 0; d < count; d++)
            for (int j = 0; j < PAIR; j++) {
                const ptrdiff_t there = from + x + d + j;
                ibx_floats w = weight[x + d * step + j];
                if (alpha) w *= k->plane[colours][there];
                for (int i = 0; i < colours; i++) sum[i][j] += w * k->plane[i][there];
                sum[colours][j] += w;
            }
        for (int i = 0; i <= colours; i++)
            for (int j = 0; j < PAIR; j++) sums[i * plane + x + j] = sum[i][j];
    }
}

/* Adds the pairs between row y of the output, -radius <= y < h, and the rows below it. Row y + r
 * is met for the first time here. */
IBX_INLINE void add_pairs(const work *k, const ibx_bilateral *b, int colours, bool alpha, int y,
                          int h) {
    const int r = b->radius, ring = r + 1;
    const ptrdiff_t s = k->stride, here = (y + r) * s + r, plane = ring * s;
    for (int i = 0; y + r < h && i <= colours; i++)
        memset(k->sums + i * plane + (y + r) % ring * s, 0, (size_t)s * sizeof(ibx_floats));
    for (int dy = y < 0 ? -y : 0; dy <= r; dy++) {
        const int reach = b->reach[dy], count = 2 * reach + 1;
        if (y < 0 && y + dy >= h) break;
        weigh_rows(k, b, colours, here, dy);
        const ibx_floats *from_here = k->weight + (dy ? 0 : reach * s) + r;
        const ibx_floats *from_there = k->weight + 2 * reach * s + r - reach;
        if (dy == 0 || y + dy < h)
            gather(k, colours, alpha, from_there, 1 - s, here - reach, dy ? count : reach,
                   k->sums + (y + dy) % ring * s, plane);
        if (y >= 0)
            gather(k, colours, alpha, from_here, s, here + dy * s - (dy ? reach : 0),
                   dy ? count : reach + 1, k->sums + y % ring * s, plane);
    }
}

/* The same with loops of known length, which take half the time, and with a copy of `work`, of
 * which the compiler knows that no store of vectors changes it. */
static void add_any_pairs(work k, const ibx_bilateral *b, int colours, bool alpha, int y, int h) {
    if (colours == 3 && alpha)
        add_pairs(&k, b, 3, true, y, h);
    else if (colours == 3)
        add_pairs(&k, b, 3, false, y, h);
    else if (alpha)
        add_pairs(&k, b, 1, true, y, h);
    else
        add_pairs(&k, b, 1, false, y, h);
}

/* Sums to means, in samples of the output; of the input where nothing has any weight. The weights
 * of the row are not needed any more. */
static void finish(const work *k, const ibx_bilateral *b, int colours, int y, ibx_tile *out) {
    const int r = b->radius;
    const ptrdiff_t plane = (r + 1) * k->stride, here = (y + r) * k->stride + r;
    const ibx_floats *sum = k->sums + y % (r + 1) * k->stride, *total = sum + colours * plane;
    for (int i = 0; i < colours; i++, sum += plane) {
        const ibx_floats *own = k->plane[i] + here;
        ibx_floats *mean = k->weight;
        for (int x = 0; x < k->n; x++)
            mean[x] = ibx_choose(total[x] > 0, sum[x] / total[x], own[x]) / b->scale;
        ibx_transpose((const float *)mean, LANES, k->n, LANES, k->row, k->n);
        memcpy(out->plane[i] + y * out->stride, k->row, (size_t)out->at.w * sizeof(float));
    }
}

static int vectors_for(ibx_rect out) {
    return (out.w + LANES - 1) / LANES;
}

static ptrdiff_t stride_for(const ibx_bilateral *b, ibx_rect out) {
    return vectors_for(out) + 2 * b->radius + PAIR;
}

size_t ibx_bilateral_scratch(const ibx_bilateral *b, int planes, ibx_rect out) {
    const int r = b->radius, sums = (planes + 1) * (r + 1), weights = 2 * r + 1;
    const int rows = planes * (out.h + 2 * r) + weights + sums + 1;
    return (size_t)rows * (size_t)stride_for(b, out) * sizeof(ibx_floats);
}

/* Copies plane p times `scale` to `to` and folds its rows, with zeros behind each. What follows is
 * free. */
static ibx_floats *copy_plane(work *k, const ibx_tile *in, int p, int radius, float scale,
                              ibx_floats *to) {
    const int folded = k->n + 2 * radius;
    k->plane[p] = to;
    memset(k->row, 0, (size_t)k->stride * sizeof(ibx_floats));
    for (int y = 0; y < in->at.h; y++, to += k->stride) {
        const float *restrict from = ibx_at(in, p, in->at.x, in->at.y + y);
        float *restrict row = k->row;
        for (int x = 0; x < in->at.w; x++) row[x] = from[x] * scale;
        ibx_transpose(row, k->n, LANES, folded, (float *)to, LANES);
        memset(to + folded, 0, PAIR * sizeof(ibx_floats));
    }
    return to;
}

void ibx_bilateral_means(const ibx_bilateral *b, int colours, const ibx_tile *in, ibx_tile *out,
                         void *scratch) {
    const int r = b->radius, h = out->at.h;
    const bool alpha = in->planes > colours;
    work k = {.stride = stride_for(b, out->at), .n = vectors_for(out->at)};
    ibx_floats *free = scratch;
    k.row = (float *)free;
    free += k.stride;
    for (int p = 0; p < colours; p++) free = copy_plane(&k, in, p, r, b->scale, free);
    if (alpha) free = copy_plane(&k, in, colours, r, 1, free);
    k.weight = free;
    k.sums = free + (2 * r + 1) * k.stride;
    for (int y = -r; y < h; y++) {
        add_any_pairs(k, b, colours, alpha, y, h);
        if (y >= 0) finish(&k, b, colours, y, out);
    }
}
