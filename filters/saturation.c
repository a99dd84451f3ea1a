/* saturation.c - more or less colour. */
#include "filter.h"

typedef struct {
    float amount;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, amount, 0, 4, 1, "",
              "0 is gray, 1 leaves the image alone, 2 doubles colour."),
    IBX_END};

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float k = p->amount, rest = 1 - p->amount;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        const float *restrict r = ibx_at(in, 0, out->at.x, y);
        const float *restrict g = ibx_at(in, 1, out->at.x, y);
        const float *restrict b = ibx_at(in, 2, out->at.x, y);
        float *restrict red = ibx_at(out, 0, out->at.x, y);
        float *restrict green = ibx_at(out, 1, out->at.x, y);
        float *restrict blue = ibx_at(out, 2, out->at.x, y);
        for (int x = 0; x < out->at.w; x++) {
            const float gray = rest * (0.2126f * r[x] + 0.7152f * g[x] + 0.0722f * b[x]);
            red[x] = gray + k * r[x];
            green[x] = gray + k * g[x];
            blue[x] = gray + k * b[x];
        }
    }
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return c->in.model == IBX_RGB && p->amount != 1;
}

IBX_FILTER(saturation, .summary = "Make colours stronger or weaker.", .category = "colour",
           .details =
               "Every colour sample v becomes y + amount * (v - y), where y is the pixel's luma "
               "(Rec. 709 weights on encoded values), as `saturate` of CSS and SVG does. Luma "
               "stays as it was, so yellow does not darken and blue does not glow as they do in "
               "HSL. Strong colours may leave the gamut; they are clipped when written. Gray "
               "images are left alone.",
           .examples = {"saturation:1.3", "saturation:0"}, .params = PARAMS,
           .params_size = sizeof(params), .traits = IBX_POINT, .passes = passes);
