/* grayscale.c - colour to gray. */
#include "filter.h"

enum { LUMA709, LUMA601, LIGHTNESS, MIX };
static const char *const METHODS[] = {"luma709", "luma601", "lightness", "mix", NULL};
static const char *const METHOD_LABELS[] = {"Luma (BT.709)", "Luma (BT.601)", "Lightness", "Mix",
                                            NULL};

typedef struct {
    int method;
    float r, g, b;
    bool keep_rgb;
} params;

static const ibx_param PARAMS[] = {
    IBX_CHOICE(params, method, METHODS, LUMA709, "How red, green and blue are weighted.",
               .labels = METHOD_LABELS),
    IBX_FLOAT(params, r, -2, 2, 0.3, "", "Weight of red for `mix`.", .label = "Red"),
    IBX_FLOAT(params, g, -2, 2, 0.6, "", "Weight of green for `mix`.", .label = "Green"),
    IBX_FLOAT(params, b, -2, 2, 0.1, "", "Weight of blue for `mix`.", .label = "Blue"),
    IBX_BOOL(params, keep_rgb, false, "Keep three equal channels instead of one.",
             .label = "Keep RGB"),
    IBX_END};

/* Lightness is a function of luminance, which is a sum of linear light. */
static unsigned wants(const ibx_call *c) {
    const params *p = c->params;
    return p->method == LIGHTNESS ? IBX_LINEAR : 0;
}

static void head(const ibx_call *c, ibx_head *out) {
    const params *p = c->params;
    if (p->keep_rgb) return;
    out->model = IBX_GRAY;
    out->profile = (ibx_bytes){0}; /* an RGB profile cannot describe gray pixels */
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float weights[][3] = {[LUMA709] = {0.2126f, 0.7152f, 0.0722f},
                                [LUMA601] = {0.299f, 0.587f, 0.114f},
                                [LIGHTNESS] = {0.2126f, 0.7152f, 0.0722f},
                                [MIX] = {p->r, p->g, p->b}};
    const float wr = weights[p->method][0], wg = weights[p->method][1], wb = weights[p->method][2];
    const size_t bytes = (size_t)out->at.w * sizeof(float);
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        const float *restrict r = ibx_at(in, 0, out->at.x, y);
        const float *restrict g = ibx_at(in, 1, out->at.x, y);
        const float *restrict b = ibx_at(in, 2, out->at.x, y);
        float *restrict gray = ibx_at(out, 0, out->at.x, y);
        for (int x = 0; x < out->at.w; x++) gray[x] = wr * r[x] + wg * g[x] + wb * b[x];
        for (int i = 1; i < (int)c->out.model; i++)
            memcpy(ibx_at(out, i, out->at.x, y), gray, bytes);
        if (c->out.alpha)
            memcpy(ibx_at(out, c->out.model, out->at.x, y), ibx_at(in, 3, out->at.x, y), bytes);
    }
}

static const ibx_filter APPLY = {.wants = wants, .head = head, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    pass[0] = &APPLY;
    return c->in.model == IBX_RGB;
}

IBX_FILTER(grayscale, .summary = "Make a gray image.", .category = "colour",
           .details =
               "luma709 and luma601 sum the encoded (sRGB) values with the weights of Rec. "
               "ITU-R BT.709 and BT.601, as video and most image programs do. lightness sums "
               "linear light with the weights of BT.709 and encodes the sum: the gray that has "
               "the luminance, and so the CIE lightness, of the colour; saturated colours come "
               "out lighter than with luma. mix sums encoded values with your weights, like a "
               "colour filter in front of black-and-white film.\n\n"
               "The result has one channel, and is stored so in formats that can, unless keep_rgb "
               "is given. Gray images are left alone.",
           .examples = {"grayscale", "grayscale:lightness", "grayscale:mix,r=0.8,g=0.3,b=-0.1"},
           .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .passes = passes);
