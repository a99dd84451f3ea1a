/* rank_levels_kernels.c - medians of bytes by counting, level by level; see rank_methods.h.
 * Compiled once per CPU variant. */
#include "core/rank_methods.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR), aligned(1), may_alias));
typedef uint8_t halves __attribute__((vector_size(IBX_VECTOR / 2), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(IBX_VECTOR), aligned(2), may_alias));

#define COLUMNS (IBX_VECTOR / 2) /* that are counted together, */
#define BAND 16                  /* and rows */
#define COUNT_STRIDE (IBX_MEDIAN_W + IBX_MEDIAN_PAD)

/* What does not change while a block is computed. */
typedef struct {
    const uint8_t *src;
    ptrdiff_t stride;
    int w, h, r;
    uint16_t *out;       /* h rows of IBX_MEDIAN_W levels */
    uint8_t *count;      /* h + 2r rows of COUNT_STRIDE */
    uint8_t *odd, *even; /* rows of the source's width and a pad */
} work;

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
    for (int x = 0; x < length; x += IBX_VECTOR)
        *(bytes *)(a + x) = (bytes)(*(const bytes *)(src + x) >= (uint8_t)level) & 1;
    for (int x = 0; x < n; x += IBX_VECTOR) *(bytes *)(count + x) = *(const bytes *)(a + x);
    for (int p = 1; 2 * p <= side; p *= 2) {
        length -= p;
        for (int x = 0; x < length; x += IBX_VECTOR)
            *(bytes *)(b + x) = *(const bytes *)(a + x) + *(const bytes *)(a + x + p);
        uint8_t *swap = a;
        a = b;
        b = swap;
        if (!(side & (2 * p))) continue;
        for (int x = 0; x < n; x += IBX_VECTOR)
            *(bytes *)(count + x) += *(const bytes *)(a + x + offset);
        offset += 2 * p;
    }
}

IBX_INLINE words widen(const uint8_t *a) {
    return __builtin_convertvector(*(const halves *)a, words);
}

/* Adds `gain` to the medians in `a` that are at least `level` (or that are not, for above =
 * false). Returns the area that they lie in. */
static area try_level(const work *k, area a, int level, int gain, bool above) {
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
                *(words *)(k->out + (ptrdiff_t)i * IBX_MEDIAN_W + x) += is & step;
                any |= is;
                sum -= widen(count - (ptrdiff_t)(side - 1) * COUNT_STRIDE);
            }
            if (!ibx_any((ibx_ints)any)) continue;
            hit = (area){ibx_min(hit.x0, x), ibx_max(hit.x1, x + COLUMNS), ibx_min(hit.y0, y),
                         ibx_max(hit.y1, end)};
        }
    }
    return hit;
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
    for (int i = 0; i < k->h * IBX_MEDIAN_W; i++) k->out[i] = (uint16_t)start;
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
    const size_t row = (size_t)(COUNT_STRIDE + 2 * r);
    k->out = ibx_carve(base, &used, IBX_MEDIAN_W * IBX_MEDIAN_H * sizeof *k->out);
    k->count = ibx_carve(base, &used, (size_t)(COUNT_STRIDE * (IBX_MEDIAN_H + 2 * r)));
    k->odd = ibx_carve(base, &used, row);
    k->even = ibx_carve(base, &used, row);
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
        const uint16_t *restrict from = k.out + (ptrdiff_t)y * IBX_MEDIAN_W;
        uint8_t *restrict to = b + y * block->b_stride;
        for (int x = 0; x < k.w; x++) to[x] = (uint8_t)from[x];
    }
}
