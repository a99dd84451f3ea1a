/* white_balance.c - remove the colour of the light. */
#include "light.h"

enum { OFF, GRAY_WORLD, WHITE_PATCH, SHADES };
static const char *const AUTO[] = {"off", "gray_world", "white_patch", "shades", NULL};

typedef struct {
    float temperature, tint;
    int automatic;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, temperature, 1667, 25000, 6500, "K",
              "Colour temperature of the light in the scene: lower makes the image bluer."),
    IBX_FLOAT(params, tint, -150, 150, 0, "", "Above 0 more magenta, below 0 more green."),
    {.name = "auto",
     .type = IBX_TYPE_CHOICE,
     .offset = IBX_FIELD(params, automatic, int),
     .choices = AUTO,
     .def = OFF,
     .unit = "",
     .doc = "Estimate the light from the image instead."},
    IBX_END};

typedef struct {
    float m[9]; /* linear sRGB to linear sRGB */
} state;

static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    double from[3], to[3];
    ibx_light_black_body(p->temperature, p->tint, from);
    ibx_light_black_body(6500, 0, to);
    ibx_light_adapt(from, to, ((state *)result)->m);
    return true;
}

/* Histogram of the square root of linear light. Pixels that nobody sees do not count. */
#define TOP 4095
typedef struct {
    uint64_t bin[3][TOP + 1];
} histogram;

static size_t acc_size(const ibx_call *c) {
    (void)c;
    return sizeof(histogram);
}

static void scan(const ibx_call *c, const ibx_tile *in, void *acc) {
    histogram *h = acc;
    for (int i = 0; i < 3; i++)
        for (int y = in->at.y; y < in->at.y + in->at.h; y++) {
            const float *a = ibx_at(in, i, in->at.x, y);
            const float *alpha = c->in.alpha ? ibx_at(in, 3, in->at.x, y) : NULL;
            for (int x = 0; x < in->at.w; x++)
                if (!alpha || alpha[x] > 0)
                    h->bin[i][(int)(sqrtf(ibx_clamp(a[x], 0, 1)) * TOP + 0.5f)]++;
        }
}

static void merge(const ibx_call *c, void *into, const void *from) {
    (void)c;
    uint64_t *a = into;
    const uint64_t *b = from;
    for (size_t i = 0; i < sizeof(histogram) / sizeof *a; i++) a[i] += b[i];
}

/* One channel of the light: its mean of order 1 or 6, or what only 1 % of the pixels exceed. */
static double estimate(const uint64_t *bin, int method) {
    const double order = method == SHADES ? 6 : 1;
    double total = 0, sum = 0, seen = 0;
    for (int i = 0; i <= TOP; i++) total += (double)bin[i];
    for (int i = 0; i <= TOP; i++) {
        const double v = (double)i / TOP * i / TOP;
        sum += (double)bin[i] * pow(v, order);
        seen += (double)bin[i];
        if (method == WHITE_PATCH && seen >= 0.99 * total) return v;
    }
    return total > 0 ? pow(sum / total, 1 / order) : 0;
}

static bool finish(const ibx_call *c, const void *acc, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    const histogram *h = acc;
    double rgb[3], from[3], to[3];
    for (int i = 0; i < 3; i++) rgb[i] = fmax(estimate(h->bin[i], p->automatic), 1e-6);
    const double y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    ibx_light_cones(rgb, from);
    ibx_light_cones((double[3]){1, 1, 1}, to);
    for (int i = 0; i < 3; i++) from[i] /= y;
    ibx_light_adapt(from, to, ((state *)result)->m);
    return true;
}

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_LINEAR;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const float *m = ((const state *)c->state)->m;
    for (int i = 0; i < 3; i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict r = ibx_at(in, 0, out->at.x, y);
            const float *restrict g = ibx_at(in, 1, out->at.x, y);
            const float *restrict b = ibx_at(in, 2, out->at.x, y);
            float *restrict v = ibx_at(out, i, out->at.x, y);
            const float mr = m[3 * i], mg = m[3 * i + 1], mb = m[3 * i + 2];
            for (int x = 0; x < out->at.w; x++) v[x] = mr * r[x] + mg * g[x] + mb * b[x];
        }
    ibx_copy(in, out, 3);
}

static const ibx_filter MANUAL = {.wants = wants, .kernel = kernel};
static const ibx_filter AUTOMATIC = {.wants = wants,
                                     .kernel = kernel,
                                     .acc_size = acc_size,
                                     .scan = scan,
                                     .merge = merge,
                                     .finish = finish};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = p->automatic == OFF ? &MANUAL : &AUTOMATIC;
    if (c->in.model != IBX_RGB) return 0;
    return p->automatic != OFF || p->temperature != 6500 || p->tint != 0;
}

IBX_FILTER(
    white_balance, .summary = "Remove the colour of the light.", .category = "colour",
    .details =
        "Makes the light of the scene white: the one of the given temperature and tint, or "
        "with auto the one that is estimated from the image. 6500 K without tint leaves the "
        "image alone; 3000 K takes away the orange of lamps. The colours are adapted by the "
        "Bradford transform in linear light; tint has the scale of the DNG specification.\n\n"
        "auto=gray_world takes the mean of the image for gray, white_patch the lightest 1 % "
        "for white, and shades a mean of order 6, which lies between and errs least on most "
        "photographs (G. Finlayson and E. Trezzi, \"Shades of gray and colour constancy\", "
        "2004). Transparent pixels are not counted. Gray images are left alone.",
    .examples = {"white_balance:4500", "white_balance:5200,tint=10", "white_balance:auto=shades"},
    .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state),
    .prepare = prepare, .passes = passes);
