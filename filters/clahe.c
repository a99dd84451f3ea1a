/* clahe.c - contrast limited adaptive histogram equalization. */
#include "histogram.h"
#include <stdlib.h>

#define BINS 256

typedef struct {
    int tiles;
    float clip;
} params;

static const ibx_param PARAMS[] = {
    IBX_INT(params, tiles, 2, 64, 8, "", "Cells across and down that have a curve of their own."),
    IBX_FLOAT(params, clip, 1, 40, 3, "",
              "Steepest slope of a curve: 1 is little, 40 is no limit."),
    IBX_END};

typedef struct {
    float *table; /* BINS new values per cell */
} state;

/* An image has no more cells than pixels in either direction. */
static int across(const ibx_call *c) {
    return ibx_min(((const params *)c->params)->tiles, c->in.w);
}
static int down(const ibx_call *c) {
    return ibx_min(((const params *)c->params)->tiles, c->in.h);
}
static int cell_of(int at, int cells, int length) {
    return (int)((int64_t)at * cells / length);
}

static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    state *s = result;
    s->table = malloc((size_t)across(c) * (size_t)down(c) * BINS * sizeof(float));
    return s->table || ibx_fail(err, IBX_MEMORY, "clahe: no memory for the curves");
}

static void release(void *result) {
    free(((state *)result)->table);
}

static size_t acc_size(const ibx_call *c) {
    return (size_t)across(c) * (size_t)down(c) * BINS * sizeof(uint32_t);
}

#define BLOCK 64

/* Pixels that nobody sees do not count. */
static void scan(const ibx_call *c, const ibx_tile *in, void *acc) {
    const int colours = ibx_colours(c), right = in->at.x + in->at.w;
    float v[BLOCK];
    for (int y = in->at.y; y < in->at.y + in->at.h; y++) {
        uint32_t *row =
            (uint32_t *)acc + (ptrdiff_t)cell_of(y, down(c), c->in.h) * across(c) * BINS;
        for (int x0 = in->at.x; x0 < right; x0 += BLOCK) {
            const int n = ibx_min(BLOCK, right - x0);
            ibx_luma_row(c, in, x0, y, n, v);
            for (int i = 0; i < n; i++)
                if (!c->in.alpha || *ibx_at(in, colours, x0 + i, y) > 0)
                    row[cell_of(x0 + i, across(c), c->in.w) * BINS +
                        (int)(ibx_clamp(v[i], 0, 1) * (BINS - 1) + 0.5f)]++;
        }
    }
}

static void merge(const ibx_call *c, void *into, const void *from) {
    uint32_t *a = into;
    const uint32_t *b = from;
    for (size_t i = 0; i < acc_size(c) / sizeof *a; i++) a[i] += b[i];
}

static bool finish(const ibx_call *c, const void *acc, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    const state *s = result;
    const uint32_t *bins = acc;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)across(c) * down(c); i++)
        ibx_histogram_equalize(bins + i * BINS, BINS, (double)p->clip, s->table + i * BINS);
    return true;
}

/* Between the centres of which two cells a position lies, and how far. */
static inline float between(int at, int cells, int length, int *low, int *high) {
    const float v = ((float)at + 0.5f) * (float)cells / (float)length - 0.5f, first = floorf(v);
    *low = ibx_max((int)first, 0);
    *high = ibx_min((int)first + 1, cells - 1);
    return v - first;
}

static inline float look_up(const float *table, int bin, float part) {
    return table[bin] + part * (table[bin + 1] - table[bin]);
}

/* By how much n pixels of luma v from (x0, y) on become lighter: the four nearest curves,
 * weighted by distance. */
static void gains(const ibx_call *c, int x0, int y, int n, float *v) {
    const float *table = ((const state *)c->state)->table;
    int top, bottom, left, right;
    const float fy = between(y, down(c), c->in.h, &top, &bottom);
    const ptrdiff_t pitch = (ptrdiff_t)across(c) * BINS;
    const float *up = table + top * pitch, *low = table + bottom * pitch;
    for (int i = 0; i < n; i++) {
        const float fx = between(x0 + i, across(c), c->in.w, &left, &right);
        const float at = ibx_clamp(v[i], 0, 1) * (BINS - 1);
        const int bin = ibx_min((int)at, BINS - 2);
        const float part = at - (float)bin;
        const float a = look_up(up + left * BINS, bin, part);
        const float b = look_up(up + right * BINS, bin, part);
        const float d = look_up(low + left * BINS, bin, part);
        const float e = look_up(low + right * BINS, bin, part);
        v[i] = (a + fx * (b - a)) * (1 - fy) + (d + fx * (e - d)) * fy - v[i];
    }
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int right = out->at.x + out->at.w;
    float gain[BLOCK];
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x0 = out->at.x; x0 < right; x0 += BLOCK) {
            const int n = ibx_min(BLOCK, right - x0);
            ibx_luma_row(c, in, x0, y, n, gain);
            gains(c, x0, y, n, gain);
            for (int p = 0; p < ibx_colours(c); p++) {
                const float *restrict a = ibx_at(in, p, x0, y);
                float *restrict b = ibx_at(out, p, x0, y);
                for (int i = 0; i < n; i++) b[i] = a[i] + gain[i];
            }
        }
    ibx_copy(in, out, ibx_colours(c));
}

IBX_FILTER(
    clahe, .summary = "Raise local contrast, within a limit.", .category = "tone", .label = "CLAHE",
    .details = "Contrast limited adaptive histogram equalization (K. Zuiderveld, Graphics Gems "
               "IV, 1994). The image is divided into tiles x tiles cells; each has the curve that "
               "equalizes its histogram of luma (Rec. 709 weights on encoded values), with the "
               "slope limited to about clip; every pixel takes the four nearest curves, weighted "
               "by distance. What luma gains is added to all channels, so that the colours stay. "
               "Transparent pixels are not counted. Fewer cells act more gently; a clip above 4 "
               "brings out noise.",
    .examples = {"clahe", "clahe:4,clip=2"}, .params = PARAMS, .params_size = sizeof(params),
    .state_size = sizeof(state), .prepare = prepare, .release = release, .kernel = kernel,
    .acc_size = acc_size, .scan = scan, .merge = merge, .finish = finish);
