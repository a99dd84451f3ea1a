/* median.c - the median of a square, exact for any values and any radius.
 *
 * A median selects one of the samples, so that every exact method gives the same bits, and each
 * plane of a tile takes the method that is fastest for it:
 *   - radius 1 and 2: a sorting network on vectors, of bytes if all samples lie on the 8-bit grid;
 *   - 8-bit samples: for each level t, how many samples of the window are at least t? Counts need
 *     a few byte operations per sample, and only the levels between the smallest and the largest
 *     median of a block are tried, which are few where the radius is large;
 *   - other samples: networks up to radius 3, then a sliding histogram over the ranks of the
 *     samples in the block (Huang, Yang and Tang, A fast two-dimensional median filtering
 *     algorithm, 1979), with counts of 64 and 4096 ranks to find the median quickly. */
#include "filter.h"

#define BLOCK_W 512 /* largest blocks of output */
#define BLOCK_H 64
#define PAD 96 /* samples that vectors may read and write behind a row */

typedef struct {
    int radius;
} params;

static const ibx_param PARAMS[] = {
    IBX_INT(params, radius, 1, 100, 1, "px",
            "Half the side of the square, which has 2 x radius + 1 pixels."),
    IBX_END};

static int radius(const ibx_call *c) {
    return ((const params *)c->params)->radius;
}

/* Width of the blocks: small, to span few levels, but not small against the window. */
static int block_width(int r) {
    return r < 12 ? 128 : r < 32 ? 256 : BLOCK_W;
}

/* ---- sorting networks ------------------------------------------------------------------------ */

#ifdef __AVX2__
#define VECTOR 32
#else
#define VECTOR 16
#endif
#define INLINE static inline __attribute__((always_inline))

typedef uint8_t bytes __attribute__((vector_size(VECTOR), aligned(1), may_alias));
typedef float floats __attribute__((vector_size(VECTOR), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(VECTOR)));

/* Instrumented builds are not unrolled: compiling them would take minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define UNROLL
#elif !defined(__clang__)
#define UNROLL _Pragma("GCC unroll 64")
#elif __has_feature(address_sanitizer)
#define UNROLL
#else
#define UNROLL _Pragma("clang loop unroll(full)")
#endif

/* a < b ? a : b and a < b ? b : a, in the form that each compiler turns into one instruction. */
#ifdef __clang__
INLINE void order_bytes(bytes *lo, bytes *hi) {
    const bytes a = *lo, b = *hi;
    *lo = __builtin_elementwise_min(a, b);
    *hi = __builtin_elementwise_max(a, b);
}
INLINE void order_floats(floats *lo, floats *hi) {
    const floats a = *lo, b = *hi;
    const ints less = a < b;
    *lo = (floats)(((ints)a & less) | ((ints)b & ~less));
    *hi = (floats)(((ints)b & less) | ((ints)a & ~less));
}
#else
#define ORDER(vec, lanes)                                                                          \
    INLINE void order_##vec(vec *lo, vec *hi) {                                                    \
        const vec a = *lo, b = *hi;                                                                \
        vec least, most;                                                                           \
        _Pragma("GCC unroll 1") for (int i = 0; i < (lanes); i++) least[i] =                       \
            a[i] < b[i] ? a[i] : b[i];                                                             \
        _Pragma("GCC unroll 1") for (int i = 0; i < (lanes); i++) most[i] =                        \
            a[i] < b[i] ? b[i] : a[i];                                                             \
        *lo = least;                                                                               \
        *hi = most;                                                                                \
    }
ORDER(bytes, VECTOR)
ORDER(floats, VECTOR / 4)
#endif

/* Can the entry of rank i in its column, then of rank j in its row of a k x k matrix be the median?
 * Not if more than half of all must lie above it, or below. */
INLINE bool candidate(int i, int j, int k) {
    return (i + 1) * (j + 1) <= (k * k + 1) / 2 && (k - i) * (k - j) <= (k * k + 1) / 2;
}

/* Medians of k x k windows, for a vector of windows whose first sample is at a. Columns are sorted,
 * then rows; of the candidates that are left, just over half are taken, their smallest and largest
 * dropped, one more taken, and so on. k is constant: everything unrolls into straight-line code,
 * and what nobody needs is never computed. */
#define NETWORK(vec, sample)                                                                       \
    INLINE void sort_##vec(vec *a, int step, int n) {                                              \
        UNROLL for (int end = n - 1; end > 0; end--) {                                             \
            UNROLL for (int i = 0; i < end; i++) order_##vec(a + i * step, a + (i + 1) * step);    \
        }                                                                                          \
    }                                                                                              \
    INLINE vec median_##vec(const sample *a, ptrdiff_t stride, int k) {                            \
        vec m[49], c[32];                                                                          \
        int n = 0;                                                                                 \
        UNROLL for (int i = 0; i < k * k; i++) m[i] = *(const vec *)(a + i / k * stride + i % k);  \
        UNROLL for (int j = 0; j < k; j++) sort_##vec(m + j, k, k);                                \
        UNROLL for (int i = 0; i < k; i++) sort_##vec(m + i * k, 1, k);                            \
        UNROLL for (int i = 0; i < k * k; i++) if (candidate(i / k, i % k, k)) c[n++] = m[i];      \
        const int last = n / 2 + 1;                                                                \
        UNROLL for (int s = 0; s < n / 2; s++) {                                                   \
            UNROLL for (int i = s + 1; i <= last; i++) order_##vec(c + s, c + i);                  \
            UNROLL for (int i = s + 1; i < last; i++) order_##vec(c + i, c + last);                \
            if (last + 1 + s < n) c[last] = c[last + 1 + s];                                       \
        }                                                                                          \
        return c[n / 2];                                                                           \
    }                                                                                              \
    /* A row of n windows, rounded up to vectors. */                                               \
    static void row_##vec(const sample *a, ptrdiff_t stride, int r, sample *b, int n) {            \
        const int lanes = VECTOR / (int)sizeof(sample);                                            \
        for (int x = 0; r == 1 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 3);                                      \
        for (int x = 0; r == 2 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 5);                                      \
        for (int x = 0; r == 3 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 7);                                      \
    }
NETWORK(bytes, uint8_t)
NETWORK(floats, float)

/* ---- 8-bit samples: counts by level ------------------------------------------------------------
 */

typedef uint8_t halves __attribute__((vector_size(VECTOR / 2), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(VECTOR), aligned(2), may_alias));
typedef uint8_t quarters __attribute__((vector_size(VECTOR / 4), aligned(1), may_alias));

INLINE bool is_zero(words v) {
    uint64_t part[VECTOR / 8], any = 0;
    memcpy(part, &v, sizeof v);
    for (int i = 0; i < VECTOR / 8; i++) any |= part[i];
    return any == 0;
}

/* One vector of samples to bytes; returns the bits in which q * (1/255) differs from a sample. */
INLINE ints step_to_bytes(const float *a, uint8_t *b) {
    const floats v = *(const floats *)a;
    const ints inside = (ints)v & (v > 0) & (v <= 1);
    const ints q = __builtin_convertvector((floats)inside * 255.F + 0.5F, ints);
    *(quarters *)b = __builtin_convertvector(q, quarters);
    return (ints)(__builtin_convertvector(q, floats) * (1 / 255.F)) ^ (ints)v;
}

/* Brings plane p to bytes, and repeats the last of a row PAD times, if all its samples are
 * q * (1/255) to the last bit. */
static bool to_bytes(const ibx_tile *in, int p, uint8_t *b, ptrdiff_t stride) {
    const int lanes = VECTOR / 4, n = in->at.w;
    for (int y = 0; y < in->at.h; y++, b += stride) {
        const float *a = ibx_at(in, p, in->at.x, in->at.y + y);
        float rest[VECTOR / 4] = {0};
        ints wrong = {0};
        int x = 0;
        for (; x + lanes <= n; x += lanes) wrong |= step_to_bytes(a + x, b + x);
        memcpy(rest, a + x, (size_t)(n - x) * sizeof *a);
        wrong |= step_to_bytes(rest, b + x);
        if (!is_zero((words)wrong)) return false;
        memset(b + n, b[n - 1], PAD);
    }
    return true;
}

/* Bytes to floats. */
static void to_floats(const uint8_t *restrict a, float *restrict b, int n) {
    for (int x = 0; x < n; x++) b[x] = (float)a[x] * (1 / 255.F);
}

#define COLUMNS (VECTOR / 2) /* that are counted together, */
#define BAND 16              /* and rows */
#define COUNT_STRIDE (BLOCK_W + PAD)

/* A block of w x h medians of radius r. `src` is the first sample of its source. */
typedef struct {
    const uint8_t *src;
    ptrdiff_t stride;
    int w, h, r;
    uint16_t *out;       /* BLOCK_H rows of BLOCK_W levels */
    uint8_t *count;      /* BLOCK_H + 2r rows of COUNT_STRIDE */
    uint8_t *odd, *even; /* rows of the source's width and a PAD */
} block;

/* Part of a block: x from x0 to x1, multiples of COLUMNS; y from y0, a multiple of BAND, to y1. */
typedef struct {
    int x0, x1, y0, y1;
} area;

/* The row of counts of samples >= level among the 2r + 1 from x on: sums of 1, 2, 4, .. samples by
 * doubling, and of them those that make up 2r + 1. Rounds n windows up to whole vectors. */
static void count_along(const uint8_t *src, int r, int n, int level, uint8_t *count, uint8_t *a,
                        uint8_t *b) {
    const int side = 2 * r + 1;
    int length = n + side - 1, offset = 1;
    for (int x = 0; x < length; x += VECTOR)
        *(bytes *)(a + x) = (bytes)(*(const bytes *)(src + x) >= (uint8_t)level) & 1;
    for (int x = 0; x < n; x += VECTOR) *(bytes *)(count + x) = *(const bytes *)(a + x);
    for (int p = 1; 2 * p <= side; p *= 2) {
        length -= p;
        for (int x = 0; x < length; x += VECTOR)
            *(bytes *)(b + x) = *(const bytes *)(a + x) + *(const bytes *)(a + x + p);
        uint8_t *swap = a;
        a = b;
        b = swap;
        if (!(side & (2 * p))) continue;
        for (int x = 0; x < n; x += VECTOR)
            *(bytes *)(count + x) += *(const bytes *)(a + x + offset);
        offset += 2 * p;
    }
}

INLINE words widen(const uint8_t *a) {
    return __builtin_convertvector(*(const halves *)a, words);
}

/* Adds `gain` to the medians in `a` that are at least `level` (or that are not, for above =
 * false). Returns the area that they lie in. */
static area try_level(const block *k, area a, int level, int gain, bool above) {
    const int side = 2 * k->r + 1;
    const words zero = {0}, half = zero + (uint16_t)(side * side / 2);
    const words flip = zero + (uint16_t)(above ? 0 : 0xffff), step = zero + (uint16_t)gain;
    area hit = {a.x1, a.x0, a.y1, a.y0};
    for (int y = a.y0; y < a.y1 + side - 1; y++)
        count_along(k->src + y * k->stride + a.x0, k->r, a.x1 - a.x0, level,
                    k->count + (ptrdiff_t)y * COUNT_STRIDE + a.x0, k->odd, k->even);
    for (int x = a.x0; x < a.x1; x += COLUMNS) {
        const uint8_t *count = k->count + (ptrdiff_t)a.y0 * COUNT_STRIDE + x;
        words sum = {0};
        for (int y = 1; y < side; y++, count += COUNT_STRIDE) sum += widen(count);
        for (int y = a.y0; y < a.y1; y += BAND) {
            const int end = ibx_min(y + BAND, a.y1);
            words any = {0};
            for (int i = y; i < end; i++, count += COUNT_STRIDE) {
                sum += widen(count);
                const words is = (words)(sum > half) ^ flip;
                *(words *)(k->out + (ptrdiff_t)i * BLOCK_W + x) += is & step;
                any |= is;
                sum -= widen(count - (ptrdiff_t)(side - 1) * COUNT_STRIDE);
            }
            if (is_zero(any)) continue;
            hit = (area){ibx_min(hit.x0, x), ibx_max(hit.x1, x + COLUMNS), ibx_min(hit.y0, y),
                         ibx_max(hit.y1, end)};
        }
    }
    return hit;
}

/* All medians start at the level in the middle of the block's samples. They rise level by level as
 * long as any does, and fall as long as any does. Levels without samples are skipped, and so are
 * the parts of the block where nothing moves any more. */
static void medians_by_level(const block *k) {
    int seen[256] = {0}, start = 0, last, next;
    const int w = k->w + 2 * k->r, h = k->h + 2 * k->r;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) seen[k->src[y * k->stride + x]]++;
    for (int sum = seen[0]; sum <= w * h / 2; sum += seen[start]) start++;
    for (int i = 0; i < k->h * BLOCK_W; i++) k->out[i] = (uint16_t)start;
    const area all = {0, (k->w + COLUMNS - 1) / COLUMNS * COLUMNS, 0, k->h};
    area a = all;
    last = start;
    for (int level = start + 1; level < 256 && a.x0 < a.x1; level++)
        if (seen[level]) {
            a = try_level(k, a, level, level - last, true);
            last = level;
        }
    a = all;
    for (int level = start; level > 0 && a.x0 < a.x1; level = next) {
        for (next = level - 1; next > 0 && !seen[next];) next--;
        a = try_level(k, a, level, next - level, false);
    }
}

/* ---- any samples: ranks and a sliding histogram
 * -------------------------------------------------- */

/* Keys that sort as the floats do, and back. */
static uint32_t to_key(uint32_t bits) {
    return bits >> 31 ? ~bits : bits | 0x80000000U;
}

static uint32_t from_key(uint32_t key) {
    return key >> 31 ? key & 0x7fffffffU : ~key;
}

typedef struct {
    uint32_t key, place;
} item;

/* Radix sort by key, three times 11 bits; returns whichever of the arrays has the result. */
static item *sort_items(item *a, item *spare, int n) {
    for (int shift = 0; shift < 33; shift += 11) {
        int start[2049] = {0};
        for (int i = 0; i < n; i++) start[(a[i].key >> shift & 2047) + 1]++;
        for (int i = 0; i < 2048; i++) start[i + 1] += start[i];
        for (int i = 0; i < n; i++) spare[start[a[i].key >> shift & 2047]++] = a[i];
        item *swap = a;
        a = spare;
        spare = swap;
    }
    return a;
}

/* How many samples of the window have a rank, one of 64 ranks, one of 4096. */
typedef struct {
    uint16_t *one, *few, *many;
} counts;

static void change(counts *c, const uint32_t *rank, ptrdiff_t step, int n, int by) {
    for (int i = 0; i < n; i++, rank += step) {
        c->one[*rank] = (uint16_t)(c->one[*rank] + by);
        c->few[*rank >> 6] = (uint16_t)(c->few[*rank >> 6] + by);
        c->many[*rank >> 12] = (uint16_t)(c->many[*rank >> 12] + by);
    }
}

static uint32_t middle(const counts *c, int half) {
    uint32_t i = 0;
    for (; half >= c->many[i]; i++) half -= c->many[i];
    for (i <<= 6; half >= c->few[i]; i++) half -= c->few[i];
    for (i <<= 6; half >= c->one[i]; i++) half -= c->one[i];
    return i;
}

/* The window goes along one row to the right, the next to the left. `ranks` has rows of n. */
static void slide(counts *c, const uint32_t *ranks, int n, const uint32_t *values, int r,
                  ibx_rect at, const ibx_tile *out, int p) {
    const int side = 2 * r + 1, half = side * side / 2;
    for (int y = 0; y < side; y++) change(c, ranks + (ptrdiff_t)y * n, 1, side, 1);
    for (int y = 0, x = 0; y < at.h; y++) {
        const int forward = y % 2 ? -1 : 1, end = y % 2 ? 0 : at.w - 1;
        const uint32_t *row = ranks + (ptrdiff_t)y * n;
        for (;; x += forward) {
            const uint32_t bits = values[middle(c, half)];
            memcpy(ibx_at(out, p, at.x + x, at.y + y), &bits, sizeof bits);
            if (x == end) break;
            change(c, row + (forward > 0 ? x : x + side - 1), n, side, -1);
            change(c, row + (forward > 0 ? x + side : x - 1), n, side, 1);
        }
        if (y + 1 == at.h) break;
        change(c, row + x, 1, side, -1);
        change(c, row + x + (ptrdiff_t)side * n, 1, side, 1);
    }
}

/* ---- the filter
 * ---------------------------------------------------------------------------------- */

/* Everything in scratch. Rows of the source are PAD samples longer than it. */
typedef struct {
    ptrdiff_t stride;
    uint8_t *bytes, *byte_row;
    float *floats, *float_row;
    uint8_t *count, *odd, *even;
    uint16_t *levels;
    item *items, *spare;
    uint32_t *ranks, *values;
    counts counts;
} work;

static void *carve(char **at, size_t size) {
    char *p = *at;
    *at += (size + 63) / 64 * 64;
    return p;
}

/* Lays `w` out from `base` on, and returns where it ends. */
static char *arrange(work *w, char *base, ibx_rect out, int r) {
    const size_t n = (size_t)(ibx_min(out.w, block_width(r)) + 2 * r) *
                     (size_t)(ibx_min(out.h, BLOCK_H) + 2 * r);
    const bool ranks = r > 3; /* else networks */
    char *at = base;
    w->stride = out.w + 2 * r + PAD;
    const size_t row = (size_t)w->stride, all = row * (size_t)(out.h + 2 * r) + PAD;
    w->bytes = carve(&at, all);
    w->byte_row = carve(&at, row);
    w->levels = carve(&at, BLOCK_W * BLOCK_H * sizeof(uint16_t));
    w->floats = carve(&at, ranks ? 0 : all * sizeof(float));
    w->float_row = carve(&at, row * sizeof(float));
    w->count = carve(&at, (size_t)(COUNT_STRIDE * (BLOCK_H + 2 * r)));
    w->odd = carve(&at, (size_t)(BLOCK_W + 2 * r + PAD));
    w->even = carve(&at, (size_t)(BLOCK_W + 2 * r + PAD));
    w->items = carve(&at, ranks ? n * sizeof(item) : 0);
    w->spare = carve(&at, ranks ? n * sizeof(item) : 0);
    w->ranks = carve(&at, ranks ? n * sizeof(uint32_t) : 0);
    w->values = carve(&at, ranks ? n * sizeof(uint32_t) : 0);
    w->counts.one = carve(&at, ranks ? n * sizeof(uint16_t) : 0);
    w->counts.few = carve(&at, ranks ? (n / 64 + 1) * sizeof(uint16_t) : 0);
    w->counts.many = carve(&at, ranks ? (n / 4096 + 1) * sizeof(uint16_t) : 0);
    return at;
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), radius(c));
}

static size_t scratch(const ibx_call *c, ibx_rect out) {
    static char nowhere[1];
    work w;
    return (size_t)(arrange(&w, nowhere, out, radius(c)) - nowhere);
}

static void by_network(const work *w, const ibx_tile *in, ibx_tile *out, int p, int r,
                       bool on_grid) {
    for (int y = 0; !on_grid && y < in->at.h; y++)
        memcpy(w->floats + y * w->stride, ibx_at(in, p, in->at.x, in->at.y + y),
               (size_t)in->at.w * sizeof(float));
    for (int y = 0; y < out->at.h; y++) {
        float *to = ibx_at(out, p, out->at.x, out->at.y + y);
        if (on_grid) {
            row_bytes(w->bytes + y * w->stride, w->stride, r, w->byte_row, out->at.w);
            to_floats(w->byte_row, to, out->at.w);
        } else {
            row_floats(w->floats + y * w->stride, w->stride, r, w->float_row, out->at.w);
            memcpy(to, w->float_row, (size_t)out->at.w * sizeof(float));
        }
    }
}

static void by_level(const work *w, const ibx_tile *in, ibx_tile *out, int p, ibx_rect at, int r) {
    const ptrdiff_t first = (ptrdiff_t)(at.y - r - in->at.y) * w->stride + (at.x - r - in->at.x);
    const block k = {w->bytes + first, w->stride, at.w,   at.h,   r,
                     w->levels,        w->count,  w->odd, w->even};
    medians_by_level(&k);
    for (int y = 0; y < at.h; y++) {
        const uint16_t *restrict from = w->levels + (ptrdiff_t)y * BLOCK_W;
        float *restrict to = ibx_at(out, p, at.x, at.y + y);
        for (int x = 0; x < at.w; x++) to[x] = (float)from[x] * (1 / 255.F);
    }
}

static void by_rank(const work *w, const ibx_tile *in, ibx_tile *out, int p, ibx_rect at, int r) {
    const ibx_rect from = ibx_grow(at, r, r);
    const int n = from.w * from.h;
    for (int y = 0, i = 0; y < from.h; y++)
        for (int x = 0; x < from.w; x++, i++) {
            uint32_t bits;
            memcpy(&bits, ibx_at(in, p, from.x + x, from.y + y), sizeof bits);
            w->items[i] = (item){to_key(bits), (uint32_t)i};
        }
    const item *sorted = sort_items(w->items, w->spare, n);
    uint32_t rank = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && sorted[i].key != sorted[i - 1].key) rank++;
        w->values[rank] = from_key(sorted[i].key);
        w->ranks[sorted[i].place] = rank;
    }
    counts c = w->counts;
    memset(c.one, 0, (size_t)n * sizeof(uint16_t));
    memset(c.few, 0, (size_t)(n / 64 + 1) * sizeof(uint16_t));
    memset(c.many, 0, (size_t)(n / 4096 + 1) * sizeof(uint16_t));
    slide(&c, w->ranks, from.w, w->values, r, at, out, p);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int r = radius(c), step = block_width(r), x1 = out->at.x + out->at.w,
              y1 = out->at.y + out->at.h;
    work w;
    arrange(&w, c->scratch, out->at, r);
    for (int p = 0; p < out->planes; p++) {
        const bool on_grid = to_bytes(in, p, w.bytes, w.stride);
        if (r <= 3) {
            by_network(&w, in, out, p, r, on_grid);
            continue;
        }
        for (int y = out->at.y; y < y1; y += BLOCK_H)
            for (int x = out->at.x; x < x1; x += step) {
                const ibx_rect at = {x, y, ibx_min(step, x1 - x), ibx_min(BLOCK_H, y1 - y)};
                if (on_grid)
                    by_level(&w, in, out, p, at, r);
                else
                    by_rank(&w, in, out, p, at, r);
            }
    }
}

IBX_FILTER(
    median, .summary = "Replace every pixel by the median of a square.", .category = "detail",
    .details = "Of the (2 x radius + 1) squared samples around a pixel, each channel takes "
               "the one in the middle of their order. Removes specks, dust and impulse noise "
               "and keeps edges; larger radii flatten texture. Exact at any radius and for "
               "any values; alpha is a channel like the others. Beyond the edge the image "
               "repeats its last pixels.\n\n"
               "8-bit samples are much faster than others, so put median in front of steps "
               "that compute new values.",
    .examples = {"median:1", "median:7"}, .params = PARAMS, .params_size = sizeof(params),
    .source = source, .scratch = scratch, .kernel = kernel);
