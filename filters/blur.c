/* blur.c - the Gaussian blur, at any sigma.
 *
 * Small sigmas are direct taps. Above, three passes: every d-th pixel of the image under a tent 2d
 * wide, a Gaussian on that reduced image, and a cubic B-spline back to the full size. Tent and
 * spline are blurs too; the Gaussian supplies what is missing of the variance. Why a tent and not
 * block means: stripes nearly d apart alias into the result at 40 dB with block means, at 60 dB
 * with a tent. All sums are direct and anchored at (0, 0), so no result depends on tiles.
 *
 * Reduced pixel j lies on pixel (j - 1) d. The first and the last see nothing but repeated edge
 * pixels, so that repeating the reduced image's edge is the same as repeating the image's. */
#include "filter.h"

#define DIRECT 5.3 /* sigma up to which the taps are direct */
#define LEAST 2.5  /* smallest sigma on the reduced image: the tent aliases below */
#define MAX_RADIUS 20
#define MAX_STEP 64

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
    int w, h;                      /* of the full image */
    int step;                      /* d; 1: direct taps */
    int radius;                    /* of the taps, on the reduced image if there is one */
    float tap[MAX_RADIUS + 1];     /* half of the symmetric Gaussian, from its centre */
    float spline[MAX_STEP + 1][4]; /* weights of the 4 reduced pixels around a pixel, by x mod d */
} state;

static double bspline(double x) {
    x = fabs(x);
    return x < 1 ? 2 / 3. - x * x + x * x * x / 2 : x < 2 ? (2 - x) * (2 - x) * (2 - x) / 6 : 0;
}

/* Sigma left for the reduced image: the tent has variance (d*d - 1) / 6, the spline d*d / 3. */
static double inner_sigma(double sigma, int step) {
    const double d = step, v = (sigma * sigma - (d * d - 1) / 6) / (d * d) - 1 / 3.;
    return step == 1 ? sigma : v > 0 ? sqrt(v) : 0;
}

static bool prepare(const ibx_call *c, void *to, ibx_error *err) {
    const params *p = c->params;
    state *s = to;
    double sigma = (double)p->sigma, sum = 0, lost = 1;
    (void)err;
    s->w = c->in.w;
    s->h = c->in.h;
    s->step = 1;
    if (sigma > DIRECT)
        while (s->step < MAX_STEP && inner_sigma(sigma, 2 * s->step) >= LEAST) s->step *= 2;
    sigma = inner_sigma(sigma, s->step);
    /* Cut where full-contrast stripes of the worst width lose 50 dB and anything else 55. What is
     * cut off goes to all taps alike: the least-squares fit that keeps the sum at 1. */
    s->radius = ibx_max(1, (int)ceil(2.75 * sigma - 0.5));
    for (int k = -100; k <= 100; k++) sum += exp(-k * k / (2 * sigma * sigma));
    for (int k = -s->radius; k <= s->radius; k++) lost -= exp(-k * k / (2 * sigma * sigma)) / sum;
    for (int k = 0; k <= s->radius; k++)
        s->tap[k] = (float)(exp(-k * k / (2 * sigma * sigma)) / sum + lost / (2 * s->radius + 1));
    for (int i = 0; i < s->step; i++)
        for (int k = 0; k < 4; k++) s->spline[i][k] = (float)bspline((double)i / s->step - (k - 1));
    return true;
}

static unsigned wants(const ibx_call *c) {
    const params *p = c->params;
    return IBX_PREMULTIPLIED | (p->light == LINEAR ? IBX_LINEAR : 0);
}

/* ---- symmetric taps ------------------------------------------------------------------------- */

#ifdef __AVX2__
#define VECTOR 32
#else
#define VECTOR 16
#endif
#define LANES (VECTOR / (int)sizeof(float))
typedef float vec __attribute__((vector_size(VECTOR), aligned(4), may_alias));

/* `count` vectors of out[x] = tap[0] a[x] + sum over k of tap[k] (a[x - k step] + a[x + k step]) */
static inline __attribute__((always_inline)) void
taps(const float *a, ptrdiff_t step, const float *tap, int radius, float *out, int count) {
    vec sum[4];
    for (int i = 0; i < count; i++) sum[i] = ((const vec *)a)[i] * tap[0];
    for (int k = 1; k <= radius; k++) {
        const vec *lo = (const vec *)(a - k * step), *hi = (const vec *)(a + k * step);
        for (int i = 0; i < count; i++) sum[i] += (lo[i] + hi[i]) * tap[k];
    }
    for (int i = 0; i < count; i++) ((vec *)out)[i] = sum[i];
}

/* n samples of the above: along x with step 1, along y with the stride. */
static void fir(const float *a, ptrdiff_t step, const float *tap, int radius, float *out, int n) {
    int x = 0;
    for (; x + 4 * LANES <= n; x += 4 * LANES) taps(a + x, step, tap, radius, out + x, 4);
    for (; x + LANES <= n; x += LANES) taps(a + x, step, tap, radius, out + x, 1);
    for (; x < n; x++) {
        float sum = a[x] * tap[0];
        for (int k = 1; k <= radius; k++) sum += (a[x - k * step] + a[x + k * step]) * tap[k];
        out[x] = sum;
    }
}

static ibx_rect smooth_source(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return ibx_grow(out, s->radius, s->radius);
}

static size_t smooth_scratch(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return (size_t)(out.w + 2 * s->radius) * sizeof(float);
}

/* Row by row: down the columns into one row of scratch, then along that. */
static void smooth(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    float *row = c->scratch;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            fir(ibx_at(in, p, in->at.x, y), in->stride, s->tap, s->radius, row, in->at.w);
            fir(row + s->radius, 1, s->tap, s->radius, ibx_at(out, p, out->at.x, y), out->at.w);
        }
}

/* ---- to the reduced image ------------------------------------------------------------------- */

static int reduced(int whole, int d) {
    return (whole + d - 3) / d + 3;
}

static void reduce_head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    out->w = reduced(c->in.w, s->step);
    out->h = reduced(c->in.h, s->step);
}

/* The pixels inside the image (at least one) under the tents of reduced pixels first.. */
static void covered(int d, int whole, int first, int count, int *from, int *n) {
    const int end = ibx_max(ibx_min((first + count - 1) * d, whole), 1);
    *from = ibx_min(ibx_max((first - 2) * d + 1, 0), whole - 1);
    *n = ibx_max(end - *from, 1);
}

static ibx_rect reduce_source(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    ibx_rect in;
    covered(s->step, c->in.w, out.x, out.w, &in.x, &in.w);
    covered(s->step, c->in.h, out.y, out.h, &in.y, &in.h);
    return in;
}

static size_t reduce_scratch(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return (size_t)(out.w + 1) * (size_t)s->step * 2 * sizeof(float);
}

/* The tent (1 2 .. d .. 2 1) down the columns, around row y; rows outside repeat the edge. */
static void tent_down(const ibx_call *c, const ibx_tile *in, int p, int y, float *restrict row) {
    const int d = ((const state *)c->state)->step;
    memset(row, 0, (size_t)in->at.w * sizeof *row);
    for (int k = 1 - d; k < d; k++) {
        const int inside = ibx_min(ibx_max(y + k, 0), c->in.h - 1);
        const float *restrict a = ibx_at(in, p, in->at.x, inside);
        const float w = (float)(d - (k < 0 ? -k : k));
        for (int x = 0; x < in->at.w; x++) row[x] += w * a[x];
    }
}

/* The same along n samples: a cascade of (1 2 1), each of which drops every other sample. */
static const float *tent_along(float *row, float *spare, int n, int d) {
    for (; d > 1; d /= 2) {
        const float *restrict a = row;
        float *restrict b = spare;
        n = (n - 1) / 2;
        for (int x = 0; x < n; x++) b[x] = (a[2 * x] + a[2 * x + 2]) + 2 * a[2 * x + 1];
        spare = row;
        row = b;
    }
    return row;
}

static void reduce(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int d = ((const state *)c->state)->step, n = (out->at.w + 1) * d - 1;
    /* Columns outside the image repeat its edge: `first` on the left, the rest on the right. */
    const int first = ibx_max(in->at.x - (out->at.x - 2) * d - 1, 0);
    const int last = ibx_min(first + in->at.w, n) - 1;
    const float scale = 1.F / ((float)(d * d) * (float)(d * d));
    float *row = c->scratch;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            tent_down(c, in, p, (y - 1) * d, row + first);
            for (int x = 0; x < first; x++) row[x] = row[first];
            for (int x = last + 1; x < n; x++) row[x] = row[last];
            const float *sum = tent_along(row, row + n, n, d);
            float *b = ibx_at(out, p, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = sum[x] * scale;
        }
}

/* ---- back to the full size --------------------------------------------------------------------
 */

static void expand_head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    out->w = s->w;
    out->h = s->h;
}

static ibx_rect expand_source(const ibx_call *c, ibx_rect out) {
    const int d = ((const state *)c->state)->step, x = out.x / d, y = out.y / d;
    return (ibx_rect){x, y, (out.x + out.w - 1) / d + 4 - x, (out.y + out.h - 1) / d + 4 - y};
}

/* Four rows of weights for the columns of the tile, and two rows of reduced pixels d wide. */
static size_t expand_scratch(const ibx_call *c, ibx_rect out) {
    const int d = ((const state *)c->state)->step;
    return ((size_t)out.w * 4 + (size_t)expand_source(c, out).w * (size_t)d * 2) * sizeof(float);
}

/* Repeats each of n samples d times, by doubling. Returns where they are. */
static const float *widen(float *row, float *spare, int n, int d) {
    for (; d > 1; d /= 2, n *= 2) {
        const float *restrict a = row;
        float *restrict b = spare;
        for (int x = 0; x < n; x++) b[2 * x] = b[2 * x + 1] = a[x];
        spare = row;
        row = b;
    }
    return row;
}

/* b[x] = sum over k of weight k of column x times the k-th of its four reduced pixels. */
static void spline_along(const float *wide, int d, const float *weight, float *restrict b, int n) {
    const float *w0 = weight, *w1 = w0 + n, *w2 = w1 + n, *w3 = w2 + n;
    const float *a0 = wide, *a1 = a0 + d, *a2 = a1 + d, *a3 = a2 + d;
    for (int x = 0; x < n; x++)
        b[x] = a0[x] * w0[x] + a1[x] * w1[x] + a2[x] * w2[x] + a3[x] * w3[x];
}

static void expand(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    const int d = s->step, n = out->at.w, phase = out->at.x % d;
    const ptrdiff_t r = in->stride;
    float *weight = c->scratch, *row = weight + 4 * (ptrdiff_t)n;
    for (int k = 0; k < 4; k++)
        for (int x = 0; x < n; x++) weight[k * n + x] = s->spline[(phase + x) % d][k];
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, p, in->at.x, y / d), *w = s->spline[y % d];
            for (int x = 0; x < in->at.w; x++)
                row[x] = a[x] * w[0] + a[x + r] * w[1] + a[x + 2 * r] * w[2] + a[x + 3 * r] * w[3];
            const float *wide = widen(row, row + (ptrdiff_t)in->at.w * d, in->at.w, d);
            spline_along(wide + phase, d, weight, ibx_at(out, p, out->at.x, y), n);
        }
}

/* ---- the filter ------------------------------------------------------------------------------ */

static const ibx_filter REDUCE = {.name = "blur (reduce)",
                                  .head = reduce_head,
                                  .wants = wants,
                                  .source = reduce_source,
                                  .scratch = reduce_scratch,
                                  .kernel = reduce};
static const ibx_filter SMOOTH = {.name = "blur (smooth)",
                                  .wants = wants,
                                  .source = smooth_source,
                                  .scratch = smooth_scratch,
                                  .kernel = smooth};
static const ibx_filter EXPAND = {.name = "blur (expand)",
                                  .head = expand_head,
                                  .wants = wants,
                                  .source = expand_source,
                                  .scratch = expand_scratch,
                                  .kernel = expand};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    int n = 0;
    if (s->step > 1) pass[n++] = &REDUCE;
    pass[n++] = &SMOOTH;
    if (s->step > 1) pass[n++] = &EXPAND;
    return n;
}

IBX_FILTER(
    blur, .summary = "Blur by a Gaussian.", .category = "blur",
    .details =
        "A true Gaussian: its taps are those of the sampled bell curve, and what is left "
        "out stays more than 50 dB below the picture at any sigma. Pixels beyond the edge "
        "repeat it; colours are weighted by alpha.\n\n"
        "Above a sigma of 6 the image is averaged in blocks, blurred at the reduced size and "
        "brought back by a cubic B-spline (Unser, Splines: a perfect fit for signal and "
        "image processing, 1999), so that large blurs cost no more than small ones.\n\n"
        "With light=linear bright points spread as they do in a lens.",
    .examples = {"blur:2", "blur:40", "blur:8,light=linear"}, .params = PARAMS,
    .params_size = sizeof(params), .state_size = sizeof(state), .prepare = prepare,
    .passes = passes);
