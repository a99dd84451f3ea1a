/* rank_kernels.c - chooses a method for the medians of each plane of a tile; see rank.h. Compiled
 * once per CPU variant. */
#include "core/rank_methods.h"
#include "rank.h"

typedef uint8_t quarters __attribute__((vector_size(IBX_VECTOR / 4), aligned(1), may_alias));

/* ---- 8-bit samples --------------------------------------------------------------------------- */

/* One vector of samples to bytes; returns the bits in which q * (1/255) differs from a sample. */
IBX_INLINE ibx_ints step_to_bytes(const float *a, uint8_t *b) {
    const ibx_floats v = *(const ibx_floats *)a;
    const ibx_ints inside = (ibx_ints)v & (v > 0) & (v <= 1);
    const ibx_ints q = __builtin_convertvector((ibx_floats)inside * 255.F + 0.5F, ibx_ints);
    *(quarters *)b = __builtin_convertvector(q, quarters);
    return (ibx_ints)(__builtin_convertvector(q, ibx_floats) * (1 / 255.F)) ^ (ibx_ints)v;
}

/* Brings plane p to bytes, and repeats the last of a row to pad it, if all its samples are
 * q * (1/255) to the last bit. */
static bool to_bytes(const ibx_tile *in, int p, uint8_t *b, ptrdiff_t stride) {
    const int n = in->at.w;
    for (int y = 0; y < in->at.h; y++, b += stride) {
        const float *a = ibx_at(in, p, in->at.x, in->at.y + y);
        float rest[IBX_LANES] = {0};
        ibx_ints wrong = {0};
        int x = 0;
        for (; x + IBX_LANES <= n; x += IBX_LANES) wrong |= step_to_bytes(a + x, b + x);
        memcpy(rest, a + x, (size_t)(n - x) * sizeof *a);
        wrong |= step_to_bytes(rest, b + x);
        if (ibx_any(wrong)) return false;
        memset(b + n, b[n - 1], IBX_MEDIAN_PAD);
    }
    return true;
}

static void to_floats(const uint8_t *restrict a, float *restrict b, int n) {
    for (int x = 0; x < n; x++) b[x] = (float)a[x] * (1 / 255.F);
}

/* ---- methods --------------------------------------------------------------------------------- */

/* Everything in scratch. Rows of the source, and of results, are padded. */
typedef struct {
    ptrdiff_t stride;
    uint8_t *bytes, *byte_row;
    float *floats, *float_row; /* for networks only */
    void *rest;                /* for methods that take blocks */
} work;

/* Width of the blocks: small, to span few levels, but not small against the window. */
static int block_width(int r) {
    return r < 12 ? 128 : r < 32 ? 256 : IBX_MEDIAN_W;
}

/* Lays `w` out from `base` on (NULL: nowhere), and returns how many bytes it takes. */
static size_t arrange(work *w, char *base, ibx_rect out, int r) {
    size_t used = 0;
    *w = (work){.stride = out.w + 2 * r + IBX_MEDIAN_PAD};
    const size_t row = (size_t)w->stride;
    const size_t all = row * (size_t)(out.h + 2 * r) + IBX_MEDIAN_PAD;
    w->bytes = ibx_carve(base, &used, all);
    if (r <= IBX_NETWORK_RADIUS) {
        w->byte_row = ibx_carve(base, &used, row);
        w->floats = ibx_carve(base, &used, all * sizeof(float));
        w->float_row = ibx_carve(base, &used, row * sizeof(float));
        return used;
    }
    const size_t levels = ibx_levels_scratch(r);
    const size_t ranks =
        ibx_slide_scratch(r, ibx_min(out.w, block_width(r)), ibx_min(out.h, IBX_MEDIAN_H));
    w->rest = ibx_carve(base, &used, levels > ranks ? levels : ranks);
    return used;
}

size_t ibx_median_scratch(int radius, ibx_rect out) {
    work w;
    return arrange(&w, NULL, out, radius);
}

static void by_network(const work *w, int r, const ibx_tile *in, ibx_tile *out, int p,
                       bool on_grid) {
    for (int y = 0; !on_grid && y < in->at.h; y++)
        memcpy(w->floats + y * w->stride, ibx_at(in, p, in->at.x, in->at.y + y),
               (size_t)in->at.w * sizeof(float));
    for (int y = 0; y < out->at.h; y++) {
        float *to = ibx_at(out, p, out->at.x, out->at.y + y);
        if (on_grid) {
            ibx_network_bytes(r, w->bytes + y * w->stride, w->stride, w->byte_row, out->at.w);
            to_floats(w->byte_row, to, out->at.w);
        } else {
            ibx_network_floats(r, w->floats + y * w->stride, w->stride, w->float_row, out->at.w);
            memcpy(to, w->float_row, (size_t)out->at.w * sizeof(float));
        }
    }
}

static void by_blocks(const work *w, int r, const ibx_tile *in, ibx_tile *out, int p,
                      bool on_grid) {
    const int step = block_width(r);
    ibx_median_block k = {.r = r, .b_stride = out->stride, .scratch = w->rest};
    k.a_stride = on_grid ? w->stride : in->stride;
    for (int y = 0; y < out->at.h; y += IBX_MEDIAN_H)
        for (int x = 0; x < out->at.w; x += step) {
            k.w = ibx_min(step, out->at.w - x);
            k.h = ibx_min(IBX_MEDIAN_H, out->at.h - y);
            k.b = out->plane[p] + y * out->stride + x;
            if (on_grid)
                ibx_levels(&k, w->bytes + y * w->stride + x);
            else
                ibx_slide(&k, in->plane[p] + y * in->stride + x);
        }
}

void ibx_median(int radius, const ibx_tile *in, ibx_tile *out, void *scratch) {
    work w;
    arrange(&w, scratch, out->at, radius);
    for (int p = 0; p < out->planes; p++) {
        const bool on_grid = to_bytes(in, p, w.bytes, w.stride);
        if (radius <= IBX_NETWORK_RADIUS)
            by_network(&w, radius, in, out, p, on_grid);
        else
            by_blocks(&w, radius, in, out, p, on_grid);
    }
}
