/* rank_levels_kernels.c - medians of bytes by counting, level by level; see rank_methods.h.
 * Compiled once per CPU variant. */
#include "core/rank_methods.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR), aligned(1), may_alias));
typedef uint8_t halves __attribute__((vector_size(IBX_VECTOR / 2), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(IBX_VECTOR), aligned(2), may_alias));

#define COLUMNS IBX_VECTOR /* that are counted together at most, */
#define BAND 16            /* and rows */
#define COUNT_STRIDE (IBX_MEDIAN_W + IBX_MEDIAN_PAD)
#define ROWS 16 /* of a step in counting */
#define SUMS 7  /* of 1, 2, .. 64 samples: 128 and more are the sum of two */

/* What does not change while a block is computed. */
typedef struct {
    const uint8_t *src;
    ptrdiff_t stride;
    int w, h, r;
    void *out;      /* h rows of IBX_MEDIAN_W levels: bytes, or words for larger windows */
    uint8_t *count; /* h + 2r rows of COUNT_STRIDE */
    uint8_t *sums;  /* SUMS times ROWS rows of the source's width and a pad */
    ptrdiff_t sums_stride;
} work;

/* Part of a block: x from x0 to x1, multiples of COLUMNS; y from y0, a multiple of BAND, to y1. */
typedef struct {
    int x0, x1, y0, y1;
} area;

/* Rows of counts of samples >= level among the 2r + 1 from x on: sums of 1, 2, 4, .. samples by
 * doubling, each in a row of `sums`, and of them those that make up 2r + 1. Rounds n windows up to
 * whole vectors. Every step is done to ROWS rows before the next one, which reads across vectors
 * that were just stored: soon after that it would have to wait for them. */
static void count_along(const work *k, const uint8_t *src, int n, int rows, int level,
                        uint8_t *count) {
    const int side = 2 * k->r + 1;
    const ptrdiff_t stride = k->sums_stride, next = ROWS * stride;
    ptrdiff_t part[9];
    int parts = 0, length = n + side - 1, offset = 0, p = 1;
    uint8_t *row = k->sums;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < length; x += IBX_VECTOR)
            *(bytes *)(row + y * stride + x) =
                (bytes)(*(const bytes *)(src + y * k->stride + x) >= (uint8_t)level) & 1;
    for (;; p *= 2, row += next) {
        if (side & p) part[parts++] = row - k->sums + offset, offset += p;
        if (4 * p > side) break;
        length -= p;
        for (int y = 0; y < rows; y++) {
            const uint8_t *from = row + y * stride;
            for (int x = 0; x < length; x += IBX_VECTOR)
                *(bytes *)(row + next + y * stride + x) =
                    *(const bytes *)(from + x) + *(const bytes *)(from + x + p);
        }
    }
    /* The largest power of two in `side` is 2p. */
    part[parts++] = row - k->sums + offset;
    part[parts++] = row - k->sums + offset + p;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < n; x += IBX_VECTOR) {
            const uint8_t *from = k->sums + y * stride + x;
            bytes sum = *(const bytes *)(from + part[0]);
            for (int i = 1; i < parts; i++) sum += *(const bytes *)(from + part[i]);
            *(bytes *)(count + (ptrdiff_t)y * COUNT_STRIDE + x) = sum;
        }
}

IBX_INLINE words load_words(const uint8_t *a) {
    return __builtin_convertvector(*(const halves *)a, words);
}

IBX_INLINE bytes load_bytes(const uint8_t *a) {
    return *(const bytes *)a;
}

/* Adds `gain` to the medians in `a` that are at least `level` (or that are not, for above = false),
 * whose rows are counted. Returns the area that they lie in. Bytes can hold the counts of windows
 * up to radius 7. */
#define COUNT_DOWN(vec, sample)                                                                    \
    static area count_down_##vec(const work *k, area a, int gain, bool above) {                    \
        const int side = 2 * k->r + 1, columns = (int)(sizeof(vec) / sizeof(sample));              \
        const vec zero = {0}, half = zero + (sample)(side * side / 2);                             \
        const vec flip = zero + (sample)(above ? 0 : -1), step = zero + (sample)gain;              \
        area hit = {a.x1, a.x0, a.y1, a.y0};                                                       \
        for (int x = a.x0; x < a.x1; x += columns) {                                               \
            const uint8_t *count = k->count + (ptrdiff_t)a.y0 * COUNT_STRIDE + x;                  \
            vec sum = {0};                                                                         \
            for (int y = 1; y < side; y++, count += COUNT_STRIDE) sum += load_##vec(count);        \
            for (int y = a.y0; y < a.y1; y += BAND) {                                              \
                const int end = ibx_min(y + BAND, a.y1);                                           \
                vec any = {0};                                                                     \
                for (int i = y; i < end; i++, count += COUNT_STRIDE) {                             \
                    sum += load_##vec(count);                                                      \
                    const vec is = (vec)(sum > half) ^ flip;                                       \
                    *(vec *)((sample *)k->out + (ptrdiff_t)i * IBX_MEDIAN_W + x) += is & step;     \
                    any |= is;                                                                     \
                    sum -= load_##vec(count - (ptrdiff_t)(side - 1) * COUNT_STRIDE);               \
                }                                                                                  \
                if (!ibx_any((ibx_ints)any)) continue;                                             \
                hit = (area){ibx_min(hit.x0, x), ibx_max(hit.x1, x + columns), ibx_min(hit.y0, y), \
                             ibx_max(hit.y1, end)};                                                \
            }                                                                                      \
        }                                                                                          \
        return hit;                                                                                \
    }
COUNT_DOWN(bytes, uint8_t)
COUNT_DOWN(words, uint16_t)

static bool in_bytes(const work *k) {
    return k->r <= 7;
}

static area try_level(const work *k, area a, int level, int gain, bool above) {
    const int bottom = a.y1 + 2 * k->r;
    for (int y = a.y0; y < bottom; y += ROWS)
        count_along(k, k->src + y * k->stride + a.x0, a.x1 - a.x0, ibx_min(ROWS, bottom - y), level,
                    k->count + (ptrdiff_t)y * COUNT_STRIDE + a.x0);
    return in_bytes(k) ? count_down_bytes(k, a, gain, above) : count_down_words(k, a, gain, above);
}

/* All medians start at the level in the middle of the block's samples. They rise level by level as
 * long as any does, and fall as long as any does. Levels without samples are skipped, and so are
 * the parts of the block where nothing moves any more. */
static void medians_by_level(const work *k) {
    int seen[256] = {0}, start = 0, last, next;
    const int w = k->w + 2 * k->r, h = k->h + 2 * k->r;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) seen[k->src[y * k->stride + x]]++;
    for (int sum = seen[0]; sum <= w * h / 2; sum += seen[start]) start++;
    if (in_bytes(k)) memset(k->out, start, (size_t)k->h * IBX_MEDIAN_W);
    for (int i = 0; !in_bytes(k) && i < k->h * IBX_MEDIAN_W; i++)
        ((uint16_t *)k->out)[i] = (uint16_t)start;
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

/* Lays the scratch out from `base` on (NULL: nowhere), and returns how many bytes it takes. */
static size_t arrange(work *k, char *base, int r) {
    size_t used = 0;
    k->sums_stride = COUNT_STRIDE + 2 * r;
    k->out = ibx_carve(base, &used, IBX_MEDIAN_W * IBX_MEDIAN_H * sizeof(uint16_t));
    k->count = ibx_carve(base, &used, (size_t)(COUNT_STRIDE * (IBX_MEDIAN_H + 2 * r)));
    k->sums = ibx_carve(base, &used, (size_t)(SUMS * ROWS * k->sums_stride));
    return used;
}

size_t ibx_levels_scratch(int r) {
    work k;
    return arrange(&k, NULL, r);
}

void ibx_levels(const ibx_median_block *block, const uint8_t *a, uint8_t *b) {
    work k = {.src = a, .stride = block->a_stride, .w = block->w, .h = block->h, .r = block->r};
    arrange(&k, block->scratch, k.r);
    medians_by_level(&k);
    for (int y = 0; y < k.h; y++) {
        const ptrdiff_t from = (ptrdiff_t)y * IBX_MEDIAN_W;
        uint8_t *restrict to = b + y * block->b_stride;
        const uint16_t *restrict wide = (const uint16_t *)k.out + from;
        if (in_bytes(&k)) memcpy(to, (const uint8_t *)k.out + from, (size_t)k.w);
        for (int x = 0; !in_bytes(&k) && x < k.w; x++) to[x] = (uint8_t)wide[x];
    }
}
