/* levels.c - black point, white point and midtones. */
#include "filter.h"

typedef struct {
    float in_black, in_white, gamma, out_black, out_white;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, in_black, 0, 1, 0, "", "Input value that becomes out_black."),
    IBX_FLOAT(params, in_white, 0, 1, 1, "", "Input value that becomes out_white."),
    IBX_FLOAT(params, gamma, 0.1, 10, 1, "",
              "Above 1 lightens the midtones, below 1 darkens them."),
    IBX_FLOAT(params, out_black, 0, 1, 0, "", "Darkest output value."),
    IBX_FLOAT(params, out_white, 0, 1, 1, "",
              "Lightest output value; below out_black: a negative."),
    IBX_END};

static bool opened(void *values, ibx_error *err) {
    const params *p = values;
    if (p->in_black < p->in_white) return true;
    return ibx_fail(err, IBX_USAGE, "levels: in_black is %g, but must be below in_white, %g",
                    (double)p->in_black, (double)p->in_white);
}

static void row(const params *p, const float *restrict a, float *restrict b, int n) {
    const float scale = 1 / (p->in_white - p->in_black), black = p->in_black;
    const float exponent = 1 / p->gamma, range = p->out_white - p->out_black;
    for (int x = 0; x < n; x++) {
        float v = (a[x] - black) * scale;
        v = v > 0 ? v : 0;
        v = v < 1 ? v : 1;
        const float bent = ibx_pow(v, exponent);
        b[x] = p->out_black + range * (v > 0 ? bent : 0);
    }
}

/* Without gamma there is no power to pay for. */
static void straight_row(const params *p, const float *restrict a, float *restrict b, int n) {
    const float scale = 1 / (p->in_white - p->in_black), black = p->in_black;
    const float range = p->out_white - p->out_black;
    for (int x = 0; x < n; x++) {
        float v = (a[x] - black) * scale;
        v = v > 0 ? v : 0;
        v = v < 1 ? v : 1;
        b[x] = p->out_black + range * v;
    }
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++)
            (p->gamma == 1 ? straight_row : row)(p, ibx_at(in, i, out->at.x, y),
                                                 ibx_at(out, i, out->at.x, y), out->at.w);
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return p->in_black != 0 || p->in_white != 1 || p->gamma != 1 || p->out_black != 0 ||
           p->out_white != 1;
}

IBX_FILTER(levels, .summary = "Set black point, white point and midtones.", .category = "tone",
           .details =
               "With t = (v - in_black) / (in_white - in_black), clipped to 0..1, every colour "
               "sample v becomes out_black + t^(1 / gamma) * (out_white - out_black), in encoded "
               "(sRGB) values. What lies outside the input range is clipped: that is its purpose. "
               "autolevels finds in_black and in_white by itself.",
           .examples = {"levels:0.05,0.95", "levels:0,1,1.2", "levels:out_black=0.1,out_white=0.9"},
           .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .open = opened,
           .passes = passes);
