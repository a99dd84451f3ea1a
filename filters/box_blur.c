/* box_blur.c - the mean of a square of pixels. The sums are in box.h. */
#include "box.h"

#define FUSED 32 /* radius up to which both directions are one pass: above, the halo costs more */

typedef struct {
    int radius;
} params;

static const ibx_param PARAMS[] = {
    IBX_INT(params, radius, 0, 1000, 3, "px",
            "Half the side of the square, which has 2 x radius + 1 pixels."),
    IBX_END};

static int radius(const ibx_call *c) {
    return ((const params *)c->params)->radius;
}

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_PREMULTIPLIED;
}

static size_t bytes(int w, int rows) {
    return (size_t)w * (size_t)rows * sizeof(float);
}

static ibx_rect both_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), radius(c));
}

static size_t both_scratch(const ibx_call *c, ibx_rect out) {
    return bytes(out.w + 2 * radius(c), out.h + 2);
}

static void both(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int side = 2 * radius(c) + 1, n = in->at.w, h = out->at.h;
    float *middle = c->scratch;
    for (int p = 0; p < out->planes; p++) {
        ibx_box_down(in, p, side, middle, n, h, middle + (ptrdiff_t)n * h);
        for (int y = 0; y < h; y++)
            ibx_box_along(middle + (ptrdiff_t)n * y, middle + (ptrdiff_t)n * h, side,
                          ibx_at(out, p, out->at.x, out->at.y + y), out->at.w);
    }
}

static ibx_rect down_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, 0, radius(c));
}

static size_t down_scratch(const ibx_call *c, ibx_rect out) {
    (void)c;
    return bytes(out.w, 2);
}

static void down_only(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    for (int p = 0; p < out->planes; p++)
        ibx_box_down(in, p, 2 * radius(c) + 1, out->plane[p], out->stride, out->at.h, c->scratch);
}

static ibx_rect along_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), 0);
}

static size_t along_scratch(const ibx_call *c, ibx_rect out) {
    return bytes(out.w + 2 * radius(c), 2);
}

static void along_only(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    float *row = c->scratch;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            memcpy(row, ibx_at(in, p, in->at.x, y), (size_t)in->at.w * sizeof(float));
            ibx_box_along(row, row + in->at.w, 2 * radius(c) + 1, ibx_at(out, p, out->at.x, y),
                          out->at.w);
        }
}

static const ibx_filter BOTH = {.name = "box_blur",
                                .wants = wants,
                                .source = both_source,
                                .scratch = both_scratch,
                                .kernel = both};
static const ibx_filter DOWN = {.name = "box_blur (down)",
                                .wants = wants,
                                .source = down_source,
                                .scratch = down_scratch,
                                .kernel = down_only};
static const ibx_filter ALONG = {.name = "box_blur (along)",
                                 .wants = wants,
                                 .source = along_source,
                                 .scratch = along_scratch,
                                 .kernel = along_only};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    if (radius(c) == 0) return 0;
    pass[0] = radius(c) <= FUSED ? &BOTH : &DOWN;
    pass[1] = &ALONG;
    return radius(c) <= FUSED ? 1 : 2;
}

IBX_FILTER(box_blur, .summary = "Blur by the mean of a square.", .category = "blur",
           .details = "Every pixel becomes the mean of the square of 2 x radius + 1 pixels around "
                      "it, in encoded values, weighted by alpha. Beyond the edge the image repeats "
                      "its last pixels. Hard-edged where blur is soft; the tool for local means, "
                      "for pixel noise of a known period, or for hiding a face fast.\n\n"
                      "The running sums follow van Herk (A fast algorithm for local minimum and "
                      "maximum filters, 1992), which is exact for floats too: nothing is ever "
                      "subtracted.",
           .examples = {"box_blur:3", "box_blur:40"}, .params = PARAMS,
           .params_size = sizeof(params), .passes = passes);
