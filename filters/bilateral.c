/* bilateral.c - the bilateral filter: a Gaussian blur that leaves edges alone. The arithmetic is
 * in bilateral.h. */
#include "bilateral.h"

typedef struct {
    float sigma_s, sigma_r;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, sigma_s, 0.5, 20, 3, "px",
              "Standard deviation in space: how far pixels are averaged.",
              .label = "Sigma in space"),
    IBX_FLOAT(params, sigma_r, 0.005, 1, 0.1, "",
              "Standard deviation in colour: pixels that differ by much more have no weight.",
              .label = "Sigma in colour"),
    IBX_END};

static bool prepare(const ibx_call *c, void *to, ibx_error *err) {
    const params *p = c->params;
    (void)err;
    ibx_bilateral_make(to, (double)p->sigma_s, (double)p->sigma_r);
    return true;
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    const int r = ((const ibx_bilateral *)c->state)->radius;
    return ibx_grow(out, r, r);
}

static size_t scratch(const ibx_call *c, ibx_rect out) {
    return ibx_bilateral_scratch(c->state, ibx_planes(&c->in), out);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_bilateral_means(c->state, ibx_colours(c), in, out, c->scratch);
    ibx_copy(in, out, ibx_colours(c));
}

IBX_FILTER(bilateral, .summary = "Smooth, but keep edges.", .category = "detail",
           .details =
               "The mean of the pixels in a circle of 1.5 sigma_s around a pixel, each "
               "weighted by a Gaussian of its distance and by a Gaussian of the difference "
               "in colour (the Euclidean distance over red, green and blue, in encoded "
               "values), and by its alpha. Flat regions become smooth, edges stay. For noise "
               "take a sigma_r of about twice the noise; large values give the look of a "
               "painting. Alpha stays. The time grows with the square of sigma_s.\n\n"
               "Tomasi and Manduchi, Bilateral filtering for gray and color images, 1998.",
           .examples = {"bilateral:3", "bilateral:5,sigma_r=0.05"}, .params = PARAMS,
           .params_size = sizeof(params), .state_size = sizeof(ibx_bilateral), .prepare = prepare,
           .source = source, .scratch = scratch, .kernel = kernel);
