/* invert.c - the negative of an image. The example to start from: read it bottom up. */
#include "filter.h"

/* The user's values. Every field has a row below; the engine fills and checks them. */
typedef struct {
    float amount;
} params;

/* Type, field, smallest, largest, default, unit, and one sentence for every help page. */
static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, amount, 0, 1, 1, "", "How much of the negative: 0 leaves the image alone."),
    IBX_END};

/* Computes the pixels of out->at from those of in->at, here the same rectangle. Alpha is no
 * colour: it is copied. The inner loop runs over a plain row, so that the compiler vectorises. */
static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float slope = 1 - 2 * p->amount, offset = p->amount;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = offset + slope * a[x];
        }
    ibx_copy(in, out, ibx_colours(c));
}

/* The filter. Its name is the name of this file. IBX_POINT promises that an output pixel depends
 * on nothing but the same input pixel, so the plan may run it behind a crop. */
IBX_FILTER(invert, .summary = "Turn the image into its negative.", .category = "tone",
           .details = "Every colour sample v becomes 1 - v, in encoded (sRGB) values, as most "
                      "programs do. Alpha stays.",
           .examples = {"invert", "invert:0.5"}, .params = PARAMS, .params_size = sizeof(params),
           .traits = IBX_POINT, .kernel = kernel);
