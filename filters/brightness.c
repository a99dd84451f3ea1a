/* brightness.c - brightness and contrast. */
#include "filter.h"

typedef struct {
    float value, contrast, pivot;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, value, -1, 1, 0, "", "Added to every colour sample; 1 is white."),
    IBX_FLOAT(params, contrast, -1, 1, 0, "",
              "Contrast around the pivot: -1 is flat gray, 1 a hard threshold."),
    IBX_FLOAT(params, pivot, 0, 1, 0.5, "", "The value that contrast leaves alone."), IBX_END};

/* A slope of 1000 takes neighbouring 8-bit values to black and white; more would only cost
 * precision. */
static float slope(float contrast) {
    return ibx_clamp((float)tan((contrast + 1) * (M_PI / 4)), 0, 1000);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float k = p->contrast == 0 ? 1 : slope(p->contrast);
    const float offset = p->pivot * (1 - k) + p->value;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = a[x] * k + offset;
        }
    ibx_copy(in, out, ibx_colours(c));
}

IBX_FILTER(
    brightness, .summary = "Change brightness and contrast.", .category = "tone",
    .details = "Every colour sample v becomes pivot + (v - pivot) * k + value, where k = "
               "tan((contrast + 1) * 45 deg), in encoded (sRGB) values. Nothing is clipped before "
               "the image is written, so a later step can bring highlights back. To brighten as a "
               "camera would, use exposure; to brighten and keep black and white, use gamma.",
    .examples = {"brightness:0.1", "brightness:0.05,contrast=0.2", "brightness:contrast=-0.3"},
    .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .kernel = kernel);
