/* rank_slide_kernels.c - medians by a sliding histogram over ranks; see rank_methods.h. Compiled
 * once per CPU variant. */
#include "core/rank_methods.h"

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
static void slide(counts *c, const uint32_t *ranks, int n, const uint32_t *values,
                  const ibx_median_block *k, float *b) {
    const int side = 2 * k->r + 1, half = side * side / 2;
    for (int y = 0; y < side; y++) change(c, ranks + (ptrdiff_t)y * n, 1, side, 1);
    for (int y = 0, x = 0; y < k->h; y++) {
        const int forward = y % 2 ? -1 : 1, end = y % 2 ? 0 : k->w - 1;
        const uint32_t *row = ranks + (ptrdiff_t)y * n;
        for (;; x += forward) {
            const uint32_t bits = values[middle(c, half)];
            memcpy(b + y * k->b_stride + x, &bits, sizeof bits);
            if (x == end) break;
            change(c, row + (forward > 0 ? x : x + side - 1), n, side, -1);
            change(c, row + (forward > 0 ? x + side : x - 1), n, side, 1);
        }
        if (y + 1 == k->h) break;
        change(c, row + x, 1, side, -1);
        change(c, row + x + (ptrdiff_t)side * n, 1, side, 1);
    }
}

/* Scratch for n samples. */
typedef struct {
    item *items, *spare;
    uint32_t *ranks, *values;
    counts counts;
} work;

/* Lays it out from `base` on (NULL: nowhere), and returns how many bytes it takes. */
static size_t arrange(work *w, char *base, size_t n) {
    size_t used = 0;
    w->items = ibx_carve(base, &used, n * sizeof(item));
    w->spare = ibx_carve(base, &used, n * sizeof(item));
    w->ranks = ibx_carve(base, &used, n * sizeof(uint32_t));
    w->values = ibx_carve(base, &used, n * sizeof(uint32_t));
    w->counts.one = ibx_carve(base, &used, n * sizeof(uint16_t));
    w->counts.few = ibx_carve(base, &used, (n / 64 + 1) * sizeof(uint16_t));
    w->counts.many = ibx_carve(base, &used, (n / 4096 + 1) * sizeof(uint16_t));
    return used;
}

size_t ibx_slide_scratch(int r, int w, int h) {
    work made;
    const size_t n = (size_t)(w + 2 * r) * (size_t)(h + 2 * r);
    return arrange(&made, NULL, n);
}

/* The rank of each sample of the block's source among its different values, and those values. */
static void rank_samples(const ibx_median_block *k, const float *a, work *w) {
    const int columns = k->w + 2 * k->r, rows = k->h + 2 * k->r, n = columns * rows;
    for (int y = 0, i = 0; y < rows; y++)
        for (int x = 0; x < columns; x++, i++) {
            uint32_t bits;
            memcpy(&bits, a + y * k->a_stride + x, sizeof bits);
            w->items[i] = (item){to_key(bits), (uint32_t)i};
        }
    const item *sorted = sort_items(w->items, w->spare, n);
    uint32_t rank = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && sorted[i].key != sorted[i - 1].key) rank++;
        w->values[rank] = from_key(sorted[i].key);
        w->ranks[sorted[i].place] = rank;
    }
}

void ibx_slide(const ibx_median_block *k, const float *a, float *b) {
    const int columns = k->w + 2 * k->r;
    const size_t n = (size_t)columns * (size_t)(k->h + 2 * k->r);
    work w;
    arrange(&w, k->scratch, n);
    rank_samples(k, a, &w);
    memset(w.counts.one, 0, n * sizeof(uint16_t));
    memset(w.counts.few, 0, (n / 64 + 1) * sizeof(uint16_t));
    memset(w.counts.many, 0, (n / 4096 + 1) * sizeof(uint16_t));
    slide(&w.counts, w.ranks, columns, w.values, k, b);
}
