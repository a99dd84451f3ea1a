/* blur.c - the Gaussian blur: direct taps, or three passes over a reduced image (gaussian.h). */
#include "gaussian.h"

enum { ENCODED, LINEAR };
static const char *const LIGHT[] = {"encoded", "linear", NULL};

typedef struct {
    float sigma;
    int light;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, sigma, 0.1, 250, 1, "px", "Standard deviation of the Gaussian."),
    IBX_CHOICE(params, light, LIGHT, ENCODED,
               "Light that is averaged: encoded as in other programs, or linear as in a lens."),
    IBX_END};

typedef struct {
    int w, h; /* of the full image */
    ibx_reduction reduction;
    ibx_gaussian across, down; /* on the reduced image if there is one */
} state;

static bool prepare(const ibx_call *c, void *to, ibx_error *err) {
    const params *p = c->params;
    state *s = to;
    (void)err;
    *s = (state){.w = c->in.w, .h = c->in.h, .reduction = {.step = 1}};
    const double x = ldexp((double)p->sigma, -c->in.halved_x);
    const double y = ldexp((double)p->sigma, -c->in.halved_y);
    if (x == y) ibx_reduction_make(&s->reduction, x);
    ibx_gaussian_make(&s->across, x == y ? s->reduction.sigma : x);
    ibx_gaussian_make(&s->down, x == y ? s->reduction.sigma : y);
    return true;
}

/* Taps for a sigma below half a sample are not those of a Gaussian any more, and a reduced image
 * has one step for both directions. */
static bool planewise(const void *params_, int halved_x, int halved_y) {
    const params *p = params_;
    const float least = ldexpf(p->sigma, -ibx_max(halved_x, halved_y));
    return p->light == ENCODED && least >= 0.5f && (halved_x == halved_y || p->sigma <= 20);
}

/* White noise would say 3.5 sigma. So photographs stay as near as 54 dB; reductions leave 50. */
static double averages(const void *params_) {
    return 2 * (double)((const params *)params_)->sigma;
}

static unsigned wants(const ibx_call *c) {
    return IBX_PREMULTIPLIED | (((const params *)c->params)->light == LINEAR ? IBX_LINEAR : 0);
}

static void reduce_head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    out->w = ibx_reduced(&s->reduction, c->in.w), out->h = ibx_reduced(&s->reduction, c->in.h);
}

static ibx_rect reduce_source(const ibx_call *c, ibx_rect out) {
    return ibx_reduce_source(&((const state *)c->state)->reduction, &c->in, out);
}

static size_t reduce_scratch(const ibx_call *c, ibx_rect out) {
    return ibx_reduce_scratch(&((const state *)c->state)->reduction, out);
}

static void reduce(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_reduce(&((const state *)c->state)->reduction, &c->in, in, out, c->scratch);
}

static ibx_rect smooth_source(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return ibx_grow(out, s->across.radius, s->down.radius);
}

static size_t smooth_scratch(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return ibx_gaussian_scratch(&s->across, out.w, out.h) + ibx_gaussian_pixels_scratch(&s->down);
}

static void smooth(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    for (int p = 0; p < out->planes; p++)
        ibx_gaussian_rows(&s->across, &s->down, ibx_at(in, p, in->at.x, out->at.y), in->stride,
                          out->at.w, out->at.h, c->scratch, ibx_at(out, p, out->at.x, out->at.y),
                          out->stride);
}

static void smooth_pixels(const ibx_call *c, const ibx_region *in, const ibx_region *out) {
    const state *s = c->state;
    ibx_gaussian_pixels(&s->across, &s->down, in, out, c->scratch);
}

static void reduce_packed(const ibx_call *c, const ibx_packed *in, ibx_tile *out) {
    ibx_reduce_packed(&((const state *)c->state)->reduction, &c->in, in, out, c->scratch);
}

static void expand_head(const ibx_call *c, ibx_head *out) {
    out->w = ((const state *)c->state)->w;
    out->h = ((const state *)c->state)->h;
}

static ibx_rect expand_source(const ibx_call *c, ibx_rect out) {
    return ibx_expand_source(&((const state *)c->state)->reduction, out);
}

static size_t expand_scratch(const ibx_call *c, ibx_rect out) {
    return ibx_expand_scratch(&((const state *)c->state)->reduction, out);
}

static void expand(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_expand(&((const state *)c->state)->reduction, in, out, c->scratch);
}

/* In linear light a sample is looked up, once for the two sums that it is in. */
#define REDUCE                                                                                     \
    .name = "blur (reduce)", .head = reduce_head, .wants = wants, .source = reduce_source,         \
    .scratch = reduce_scratch, .kernel = reduce
static const ibx_filter FROM_FLOATS = {REDUCE}, FROM_BYTES = {REDUCE, .packed = reduce_packed};
static const ibx_filter SMOOTH = {.name = "blur (smooth)",
                                  .traits = IBX_BYTES | IBX_ROUNDS,
                                  .wants = wants,
                                  .source = smooth_source,
                                  .scratch = smooth_scratch,
                                  .kernel = smooth,
                                  .move = smooth_pixels};
static const ibx_filter EXPAND = {.name = "blur (expand)",
                                  .head = expand_head,
                                  .wants = wants,
                                  .source = expand_source,
                                  .scratch = expand_scratch,
                                  .kernel = expand};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const bool reduced = ((const state *)c->state)->reduction.step > 1;
    pass[0] = !reduced ? &SMOOTH : wants(c) & IBX_LINEAR ? &FROM_FLOATS : &FROM_BYTES;
    pass[1] = &SMOOTH, pass[2] = &EXPAND;
    return reduced ? 3 : 1;
}

IBX_FILTER(blur, .summary = "Blur by a Gaussian.", .category = "blur",
           .details =
               "A true Gaussian: the sampled bell curve, of which what is left out stays 50 dB "
               "below the picture. Pixels beyond the edge repeat it; alpha weighs colours.\n\n"
               "Above a sigma of 4.65 the image is averaged to a reduced size, blurred there and "
               "brought back by a cubic B-spline (Unser, Splines: a perfect fit for signal and "
               "image processing, 1999), so that large blurs cost no more than small ones.",
           .examples = {"blur:2", "blur:40", "blur:8,light=linear"}, .params = PARAMS,
           .params_size = sizeof(params), .state_size = sizeof(state), .prepare = prepare,
           .passes = passes, .planewise = planewise, .averages = averages);
