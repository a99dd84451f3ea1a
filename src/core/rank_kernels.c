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

/* Everything in scratch. */
typedef struct {
    ptrdiff_t stride; /* of a row of the source and a pad */
    void *source;     /* rows in the form that a method wants: of floats, or of bytes, for networks
                         of all planes */
    void *result;     /* for networks two rows, padded; else all of them, as bytes */
    void *rest;       /* of the method itself */
} work;

/* Width of the blocks: small, to span few levels, but not small against the window. */
static int block_width(int r) {
    return r < 12 ? 128 : r < 32 ? 256 : IBX_MEDIAN_W;
}

/* Lays `w` out from `base` on (NULL: nowhere), and returns how many bytes it takes. */
static size_t arrange(work *w, char *base, ibx_rect out, int r) {
    size_t used = 0;
    *w = (work){.stride = out.w + 2 * r + IBX_MEDIAN_PAD};
    const size_t row = (size_t)w->stride, all = row * (size_t)(out.h + 2 * r) + IBX_MEDIAN_PAD;
    if (r <= IBX_NETWORK_RADIUS) {
        w->source = ibx_carve(base, &used, all * sizeof(float));
        w->result = ibx_carve(base, &used, 2 * row * sizeof(float));
        w->rest = ibx_carve(base, &used, IBX_NETWORK_ROWS * row * sizeof(float));
        return used;
    }
    w->source = ibx_carve(base, &used, all);
    w->result = ibx_carve(base, &used, (size_t)out.w * (size_t)out.h);
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

/* ---- small windows --------------------------------------------------------------------------- */

/* Pairs of rows begin at even rows of the image; of those at the tile's ends one may be missing:
 * the rows y and y + 1 of the tile, as far as they are in it. */
static int first_pair(ibx_rect out) {
    return -(out.y & 1);
}

static bool in_tile(ibx_rect out, int y) {
    return y >= 0 && y < out.h;
}

static void network_of_bytes(const work *w, const ibx_network *k, ibx_rect out, int y,
                             uint8_t *row[2]) {
    for (int i = 0; i < 2; i++)
        row[i] = in_tile(out, y + i) ? (uint8_t *)w->result + i * k->room : NULL;
    ibx_network_bytes(k, (uint8_t *)w->source + y * k->stride, row);
}

static void network_of_floats(const work *w, const ibx_network *k, ibx_rect out, int y,
                              float *row[2]) {
    for (int i = 0; i < 2; i++)
        row[i] = in_tile(out, y + i) ? (float *)w->result + i * k->room : NULL;
    ibx_network_floats(k, (float *)w->source + y * k->stride, row);
}

static ibx_network network(const work *w, int r, int columns, int planes) {
    return (ibx_network){.r = r,
                         .n = columns * planes,
                         .step = planes,
                         .stride = (columns + 2 * r) * planes + IBX_MEDIAN_PAD,
                         .room = (columns + 2 * r) * planes + IBX_MEDIAN_PAD,
                         .scratch = w->rest};
}

static void by_network(const work *w, int r, const ibx_tile *in, ibx_tile *out, int p,
                       bool on_grid) {
    const ibx_network k = network(w, r, out->at.w, 1);
    for (int y = 0; !on_grid && y < in->at.h; y++)
        memcpy((float *)w->source + y * w->stride, ibx_at(in, p, in->at.x, in->at.y + y),
               (size_t)in->at.w * sizeof(float));
    for (int y = first_pair(out->at); y < out->at.h; y += 2) {
        uint8_t *bytes[2];
        float *floats[2];
        if (on_grid)
            network_of_bytes(w, &k, out->at, y, bytes);
        else
            network_of_floats(w, &k, out->at, y, floats);
        for (int i = 0; i < 2; i++) {
            if (!in_tile(out->at, y + i)) continue;
            float *to = ibx_at(out, p, out->at.x, out->at.y + y + i);
            if (on_grid)
                to_floats(bytes[i], to, out->at.w);
            else
                memcpy(to, floats[i], (size_t)out->at.w * sizeof(float));
        }
    }
}

/* The samples of a pixel are not taken apart: to a network the neighbour is so many further on. */
static void pixels_by_network(const work *w, int r, const ibx_region *in, const ibx_region *out) {
    const ibx_network k = network(w, r, out->at.w, (int)in->size);
    for (int y = 0; y < in->at.h; y++)
        memcpy((uint8_t *)w->source + y * k.stride, in->data + y * in->stride,
               (size_t)in->at.w * in->size);
    for (int y = first_pair(out->at); y < out->at.h; y += 2) {
        uint8_t *row[2];
        network_of_bytes(w, &k, out->at, y, row);
        for (int i = 0; i < 2; i++)
            if (row[i]) memcpy(out->data + (y + i) * out->stride, row[i], (size_t)k.n);
    }
}

/* ---- large windows --------------------------------------------------------------------------- */

static void blocks_of_bytes(const work *w, int r, ibx_rect out) {
    const int step = block_width(r);
    for (int y = 0; y < out.h; y += IBX_MEDIAN_H)
        for (int x = 0; x < out.w; x += step) {
            const ibx_median_block k = {.w = ibx_min(step, out.w - x),
                                        .h = ibx_min(IBX_MEDIAN_H, out.h - y),
                                        .r = r,
                                        .a_stride = w->stride,
                                        .b_stride = out.w,
                                        .scratch = w->rest};
            ibx_levels(&k, (uint8_t *)w->source + y * w->stride + x,
                       (uint8_t *)w->result + (ptrdiff_t)y * out.w + x);
        }
}

static void blocks_of_floats(const work *w, int r, const ibx_tile *in, ibx_tile *out, int p) {
    const int step = block_width(r);
    for (int y = 0; y < out->at.h; y += IBX_MEDIAN_H)
        for (int x = 0; x < out->at.w; x += step) {
            const ibx_median_block k = {.w = ibx_min(step, out->at.w - x),
                                        .h = ibx_min(IBX_MEDIAN_H, out->at.h - y),
                                        .r = r,
                                        .a_stride = in->stride,
                                        .b_stride = out->stride,
                                        .scratch = w->rest};
            ibx_slide(&k, in->plane[p] + y * in->stride + x, out->plane[p] + y * out->stride + x);
        }
}

static void by_blocks(const work *w, int r, const ibx_tile *in, ibx_tile *out, int p,
                      bool on_grid) {
    if (!on_grid) {
        blocks_of_floats(w, r, in, out, p);
        return;
    }
    blocks_of_bytes(w, r, out->at);
    for (int y = 0; y < out->at.h; y++)
        to_floats((uint8_t *)w->result + (ptrdiff_t)y * out->at.w,
                  ibx_at(out, p, out->at.x, out->at.y + y), out->at.w);
}

static void pixels_by_blocks(const work *w, int r, const ibx_region *in, const ibx_region *out) {
    const ptrdiff_t size = (ptrdiff_t)in->size;
    for (ptrdiff_t p = 0; p < size; p++) {
        for (int y = 0; y < in->at.h; y++) {
            const uint8_t *from = in->data + y * in->stride + p;
            uint8_t *to = (uint8_t *)w->source + y * w->stride;
            for (int x = 0; x < in->at.w; x++) to[x] = from[x * size];
            memset(to + in->at.w, to[in->at.w - 1], IBX_MEDIAN_PAD);
        }
        blocks_of_bytes(w, r, out->at);
        for (int y = 0; y < out->at.h; y++) {
            const uint8_t *from = (uint8_t *)w->result + (ptrdiff_t)y * out->at.w;
            uint8_t *to = out->data + y * out->stride + p;
            for (int x = 0; x < out->at.w; x++) to[x * size] = from[x];
        }
    }
}

/* ---- tiles ----------------------------------------------------------------------------------- */

void ibx_median(int radius, const ibx_tile *in, ibx_tile *out, void *scratch) {
    work w;
    arrange(&w, scratch, out->at, radius);
    for (int p = 0; p < out->planes; p++) {
        const bool on_grid = to_bytes(in, p, w.source, w.stride);
        if (radius <= IBX_NETWORK_RADIUS)
            by_network(&w, radius, in, out, p, on_grid);
        else
            by_blocks(&w, radius, in, out, p, on_grid);
    }
}

void ibx_median_pixels(int radius, const ibx_region *in, const ibx_region *out, void *scratch) {
    work w;
    arrange(&w, scratch, out->at, radius);
    if (radius <= IBX_NETWORK_RADIUS)
        pixels_by_network(&w, radius, in, out);
    else
        pixels_by_blocks(&w, radius, in, out);
}
