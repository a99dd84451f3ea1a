/* bilateral.c - the bilateral filter: a Gaussian blur that leaves edges alone. */
#include "filter.h"

#define MAX_SIGMA 20
#define MAX_RADIUS 30
#define MAX_TAPS 2821 /* points of the grid in a circle of MAX_RADIUS */
#define LOG2_E 1.4426950408889634

typedef struct {
    float sigma_s, sigma_r;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, sigma_s, 0.5, MAX_SIGMA, 3, "px",
              "Standard deviation in space: how far pixels are averaged."),
    IBX_FLOAT(params, sigma_r, 0.005, 1, 0.1, "",
              "Standard deviation in colour: pixels that differ by much more have no weight."),
    IBX_END};

/* A neighbour and the logarithm (base 2) of its weight by distance. */
typedef struct {
    int dx, dy;
    float weight;
} tap;

typedef struct {
    float scale; /* of colours: the squares of scaled differences are logarithms of weights */
    int radius, count;
    tap taps[MAX_TAPS];
} state;

static bool prepare(const ibx_call *c, void *to, ibx_error *err) {
    const params *p = c->params;
    state *s = to;
    const double space = (double)p->sigma_s, range = (double)p->sigma_r;
    const int r = ibx_max(1, (int)floor(1.5 * space + 0.5));
    (void)err;
    s->radius = r;
    s->scale = (float)(sqrt(LOG2_E / 2) / range);
    for (int dy = -r; dy <= r; dy++)
        for (int dx = -r; dx <= r; dx++) {
            const int square = dx * dx + dy * dy;
            if (square > r * r) continue;
            s->taps[s->count++] = (tap){dx, dy, (float)(-LOG2_E * square / (2 * space * space))};
        }
    return true;
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return ibx_grow(out, s->radius, s->radius);
}

#ifdef __AVX2__
#define VECTOR 32
#else
#define VECTOR 16
#endif
#define LANES (VECTOR / (int)sizeof(float))
#define INLINE static inline __attribute__((always_inline))
typedef float vec __attribute__((vector_size(VECTOR), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(VECTOR)));

/* 2^t for t <= 0 (0 below -126): the whole part goes to the exponent, the rest, from -0.5 to 0.5,
 * through a cubic that is right at both ends and in the middle and 1.2e-4 off between. */
INLINE vec power_of_two(vec t) {
    const vec shifted = t + 12582912.F, f = t - (shifted - 12582912.F);
    const vec cubic = ((f * 0.0558384F + 0.2426408F) * f + 0.6931472F) * f + 1;
    return (vec)(((ints)cubic + ((ints)shifted << 23)) & (t > -126));
}

/* The source, scaled, as planes of rows that vectors may run over the end of. */
typedef struct {
    const float *plane[IBX_MAX_PLANES];
    ptrdiff_t stride;
} copy;

/* LANES pixels from sample `at` on: the mean of the neighbours, each weighted by its distance in
 * space and colour and by its alpha; in[at] where they are all transparent. */
INLINE void filter(const state *s, const copy *in, ptrdiff_t at, int colours, bool alpha,
                   float *const row[]) {
    vec centre[3], sum[3] = {{0}}, total = {0};
    for (int i = 0; i < colours; i++) centre[i] = *(const vec *)(in->plane[i] + at);
    for (const tap *k = s->taps; k < s->taps + s->count; k++) {
        const ptrdiff_t there = at + k->dy * in->stride + k->dx;
        vec v[3], log_weight = (vec){0} + k->weight;
        for (int i = 0; i < colours; i++) {
            v[i] = *(const vec *)(in->plane[i] + there);
            log_weight -= (v[i] - centre[i]) * (v[i] - centre[i]);
        }
        vec weight = power_of_two(log_weight);
        if (alpha) weight *= *(const vec *)(in->plane[colours] + there);
        total += weight;
        for (int i = 0; i < colours; i++) sum[i] += weight * v[i];
    }
    const ints some = total > 0;
    for (int i = 0; i < colours; i++) {
        const ints mean = (ints)(sum[i] / total);
        *(vec *)row[i] = (vec)((mean & some) | ((ints)centre[i] & ~some));
    }
}

static ptrdiff_t copy_stride(ibx_rect in) {
    return in.w + LANES;
}

static size_t scratch(const ibx_call *c, ibx_rect out) {
    const ibx_rect in = source(c, out);
    const size_t row = (size_t)copy_stride(in);
    return (size_t)ibx_planes(&c->in) * row * (size_t)(in.h + 1) * sizeof(float);
}

/* Copies plane p times `scale` to `to`, with zeros behind each row. */
static void copy_plane(const ibx_tile *in, int p, float scale, ptrdiff_t stride, float *to) {
    for (int y = 0; y < in->at.h; y++, to += stride) {
        const float *restrict a = ibx_at(in, p, in->at.x, in->at.y + y);
        float *restrict b = to;
        for (int x = 0; x < in->at.w; x++) b[x] = a[x] * scale;
        memset(b + in->at.w, 0, (size_t)(stride - in->at.w) * sizeof(float));
    }
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    const int colours = ibx_colours(c);
    float *at = c->scratch, *row[IBX_MAX_PLANES] = {at, at, at, at};
    copy from = {.plane = {at, at, at, at}, .stride = copy_stride(in->at)};
    for (int p = 0; p < in->planes; p++, at += from.stride * (in->at.h + 1)) {
        copy_plane(in, p, p < colours ? s->scale : 1, from.stride, at);
        from.plane[p] = at;
        row[p] = at + from.stride * in->at.h;
    }
    for (int y = 0; y < out->at.h; y++) {
        for (int x = 0; x < out->at.w; x += LANES) {
            const ptrdiff_t first = (y + s->radius) * from.stride + x + s->radius;
            float *const to[3] = {row[0] + x, row[1] + x, row[2] + x};
            if (colours == 1)
                filter(s, &from, first, 1, c->in.alpha, to);
            else
                filter(s, &from, first, 3, c->in.alpha, to);
        }
        for (int p = 0; p < colours; p++) {
            float *restrict b = ibx_at(out, p, out->at.x, out->at.y + y);
            for (int x = 0; x < out->at.w; x++) b[x] = row[p][x] / s->scale;
        }
    }
    ibx_copy(in, out, colours);
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
           .params_size = sizeof(params), .state_size = sizeof(state), .prepare = prepare,
           .source = source, .scratch = scratch, .kernel = kernel);
