/* unsharp.c - sharpening by unsharp masking: the difference from a Gaussian blur is added. */
#include "gaussian.h"

enum { LUMA, RGB };
static const char *const ON[] = {"luma", "rgb", NULL};
static const char *const ON_LABELS[] = {"Luma", "RGB", NULL};

typedef struct {
    float sigma, amount, threshold;
    int on;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, sigma, 0.1, 20, 1, "px", "Standard deviation of the Gaussian."),
    IBX_FLOAT(params, amount, 0, 10, 0.8, "", "How much of the difference is added."),
    IBX_FLOAT(params, threshold, 0, 1, 0, "",
              "Differences are made smaller by this; those below it, such as noise, vanish."),
    IBX_CHOICE(params, on, ON, LUMA,
               "What is sharpened: luma, which leaves hues alone, or each channel.",
               .label = "Applied to", .labels = ON_LABELS),
    IBX_END};

static bool prepare(const ibx_call *c, void *to, ibx_error *err) {
    (void)err;
    ibx_gaussian_make(to, (double)((const params *)c->params)->sigma);
    return true;
}

/* Luma as JPEG files hold it, which may then be sharpened as it is. */
static bool planewise(const void *params_, int halved_x, int halved_y) {
    (void)halved_x, (void)halved_y;
    return ((const params *)params_)->on == LUMA;
}

/* Row y of the signal that is sharpened: luma (Rec. 601 weights), or plane p. Times alpha. */
static void signal_row(const ibx_tile *in, int p, bool luma, bool alpha, int y, float *restrict s) {
    const float *restrict r = ibx_at(in, p, in->at.x, y);
    const int n = in->at.w;
    if (luma) {
        const float *restrict g = ibx_at(in, 1, in->at.x, y), *restrict b =
                                                                  ibx_at(in, 2, in->at.x, y);
        for (int x = 0; x < n; x++) s[x] = r[x] * 0.299F + g[x] * 0.587F + b[x] * 0.114F;
    } else {
        memcpy(s, r, (size_t)n * sizeof *s);
    }
    if (!alpha) return;
    const float *restrict a = ibx_at(in, in->planes - 1, in->at.x, y);
    for (int x = 0; x < n; x++) s[x] *= a[x];
}

/* What is added to a row: blurred signal b in, correction out; s is the signal itself. Where there
 * is alpha, both are colour times alpha, `a` is alpha and `soft` its blur: transparent pixels have
 * no say, and nothing is divided by next to nothing. */
static void correction(const params *p, const float *restrict s, float *restrict b, int n,
                       const float *restrict a, const float *restrict soft) {
    const float amount = p->amount, threshold = p->threshold;
    if (a)
        for (int x = 0; x < n; x++)
            b[x] = a[x] > 1e-6F && soft[x] > 1e-6F ? s[x] / a[x] - b[x] / soft[x] : 0;
    else
        for (int x = 0; x < n; x++) b[x] = s[x] - b[x];
    for (int x = 0; threshold <= 0 && x < n; x++) b[x] *= amount;
    for (int x = 0; threshold > 0 && x < n; x++) {
        const float size = fabsf(b[x]) - threshold;
        b[x] = size > 0 ? copysignf(size, b[x]) * amount : 0;
    }
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    const int r = ((const ibx_gaussian *)c->state)->radius;
    return ibx_grow(out, r, r);
}

/* That of a row's blur, the signal of the whole source, and two rows. */
static size_t scratch(const ibx_call *c, ibx_rect out) {
    const ibx_rect in = source(c, out);
    return ibx_gaussian_scratch(c->state, out.w, 1) +
           (size_t)in.w * (size_t)(in.h + 2) * sizeof(float);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const ibx_gaussian *taps = c->state;
    const bool alpha = c->in.alpha, luma = p->on == LUMA && c->in.model == IBX_RGB;
    const int n = in->at.w, r = taps->radius, w = out->at.w;
    float *row = c->scratch;
    float *signal = row + ibx_gaussian_scratch(taps, w, 1) / sizeof *row;
    float *b = signal + (ptrdiff_t)n * in->at.h, *soft = b + n;
    for (int i = 0; i < ibx_colours(c); i += luma ? 3 : 1) {
        for (int y = 0; y < in->at.h; y++)
            signal_row(in, i, luma, alpha, in->at.y + y, signal + (ptrdiff_t)n * y);
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *here = signal + (ptrdiff_t)n * (y - in->at.y);
            const float *a = alpha ? ibx_at(in, in->planes - 1, in->at.x, y) : NULL;
            if (a) ibx_gaussian_rows(taps, taps, a, in->stride, w, 1, row, soft, 0);
            ibx_gaussian_rows(taps, taps, here, n, w, 1, row, b, 0);
            correction(p, here + r, b, w, a ? a + r : NULL, soft);
            for (int q = i; q < (luma ? 3 : i + 1); q++) {
                const float *restrict from = ibx_at(in, q, out->at.x, y);
                float *restrict to = ibx_at(out, q, out->at.x, y);
                for (int x = 0; x < w; x++) to[x] = from[x] + b[x];
            }
        }
    }
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter SHARPEN = {
    .name = "unsharp", .source = source, .scratch = scratch, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    pass[0] = &SHARPEN;
    return c->in.chroma ? 0 : 1;
}

IBX_FILTER(
    unsharp, .summary = "Sharpen by unsharp masking.", .category = "detail",
    .details =
        "The difference between the image and its Gaussian blur is added to the image, "
        "in encoded values. Sharpening luma alone (that of JPEG files, ITU-R BT.601) adds the "
        "same to red, green and blue, which keeps coloured fringes and colour noise down. The "
        "threshold is soft: differences shrink by it, so that no steps appear where "
        "it begins to act.\n\n"
        "After a reduction for the screen, sigma 0.5 to 1 and amount 0.5 to 1 are "
        "usual; sigma 20 with amount 0.2 raises local contrast.",
    .examples = {"unsharp:0.8", "unsharp:1.5,amount=1.2,threshold=0.01", "unsharp:20,amount=0.2"},
    .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(ibx_gaussian),
    .prepare = prepare, .passes = passes, .planewise = planewise);
