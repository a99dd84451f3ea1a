/* flatten.c - transparency over a background colour. */
#include "filter.h"

typedef struct {
    ibx_colour background;
} params;

static const ibx_param PARAMS[] = {
    IBX_COLOUR(params, background, "white", "Colour that shows through; must be opaque."), IBX_END};

static bool opened(void *values, ibx_error *err) {
    const params *p = values;
    if (p->background.a == 1) return true;
    return ibx_fail(err, IBX_USAGE, "flatten: background must be opaque, as in #ffffff");
}

/* A gray image over a coloured background becomes a colour image. */
static void head(const ibx_call *c, ibx_head *out) {
    const params *p = c->params;
    const ibx_colour back = p->background;
    out->alpha = false;
    if (out->model != IBX_GRAY || (back.r == back.g && back.g == back.b)) return;
    out->model = IBX_RGB;
    out->profile = (ibx_bytes){0};
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float back[] = {p->background.r, p->background.g, p->background.b};
    const int colours = ibx_colours(c);
    for (int i = 0; i < (int)c->out.model; i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, ibx_min(i, colours - 1), out->at.x, y);
            const float *restrict alpha = ibx_at(in, colours, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = a[x] * alpha[x] + back[i] * (1 - alpha[x]);
        }
}

static const ibx_filter APPLY = {.head = head, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    pass[0] = &APPLY;
    return c->in.alpha;
}

IBX_FILTER(
    flatten, .summary = "Put a colour behind transparent pixels.", .category = "colour",
    .details = "Every colour sample v with opacity a becomes a * v + (1 - a) * background, and "
               "the image has no transparency any more. This is computed in encoded (sRGB) "
               "values, as browsers and the programs that draw such images do, so that soft edges "
               "and shadows look as their maker saw them. Images without transparency are left "
               "alone. A format that has no transparency, such as JPEG, gets this step by itself.",
    .examples = {"flatten", "flatten:#202020"}, .params = PARAMS, .params_size = sizeof(params),
    .traits = IBX_POINT | IBX_FLATTEN, .open = opened, .passes = passes);
