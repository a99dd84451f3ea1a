/* exposure.c - more or less light, in stops. */
#include "filter.h"

typedef struct {
    float ev, black;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, ev, -10, 10, 0, "stop", "Exposure: each stop doubles the light.",
              .label = "Exposure"),
    IBX_FLOAT(params, black, -0.1, 0.1, 0, "",
              "Linear light that becomes black; below 0 it lifts the shadows."),
    IBX_END};

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_LINEAR;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float gain = (float)exp2(p->ev) / (1 - p->black), offset = -p->black * gain;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = a[x] * gain + offset;
        }
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.wants = wants, .kernel = kernel};

/* At rest the step disappears, and with it the way to linear light and back. */
static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return p->ev != 0 || p->black != 0;
}

IBX_FILTER(exposure, .summary = "Expose longer or shorter, in stops.", .category = "tone",
           .details = "In linear light every colour sample v becomes 2^ev * (v - black) / "
                      "(1 - black): white stays white at 0 stops. Highlights above white are kept "
                      "until the image is written.",
           .examples = {"exposure:0.5", "exposure:-1", "exposure:1,black=0.005"}, .params = PARAMS,
           .params_size = sizeof(params), .traits = IBX_POINT, .passes = passes);
