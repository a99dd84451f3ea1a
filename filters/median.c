/* median.c - the median of a square, exact for any values and any radius. The methods are in
 * rank.h. */
#include "rank.h"

typedef struct {
    int radius;
} params;

static const ibx_param PARAMS[] = {
    IBX_INT(params, radius, 1, IBX_MEDIAN_RADIUS, 1, "px",
            "Half the side of the square, which has 2 x radius + 1 pixels."),
    IBX_END};

static int radius(const ibx_call *c) {
    return ((const params *)c->params)->radius;
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), radius(c));
}

static size_t scratch(const ibx_call *c, ibx_rect out) {
    return ibx_median_scratch(radius(c), out);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_median(radius(c), in, out, c->scratch);
}

static void move(const ibx_call *c, const ibx_region *in, const ibx_region *out) {
    ibx_median_pixels(radius(c), in, out, c->scratch);
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
    .traits = IBX_BYTES, .source = source, .scratch = scratch, .kernel = kernel, .move = move);
