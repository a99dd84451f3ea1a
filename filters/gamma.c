/* gamma.c - lighter or darker midtones, with black and white kept. */
#include "filter.h"

typedef struct {
    float value;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, value, 0.1, 10, 1, "",
              "Above 1 lightens the midtones, below 1 darkens them."),
    IBX_END};

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float exponent = 1 / p->value;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) {
                const float v = ibx_pow(a[x], exponent);
                b[x] = a[x] > 0 ? v : a[x];
            }
        }
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return p->value != 1;
}

IBX_FILTER(gamma, .summary = "Lighten or darken the midtones by a power.", .category = "tone",
           .details =
               "Every colour sample v becomes v^(1 / value), in encoded (sRGB) values. Black "
               "and white stay; values below black are left alone.",
           .examples = {"gamma:1.2", "gamma:0.8"}, .params = PARAMS, .params_size = sizeof(params),
           .traits = IBX_POINT, .passes = passes);
