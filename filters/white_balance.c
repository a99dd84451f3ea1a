/* white_balance.c - remove the colour of the light. */
#include "filter.h"

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

/* Linear sRGB to the cone responses of Bradford (ICC.1:2022, annex E), and back; by way of XYZ
 * from the primaries and the white of IEC 61966-2-1. */
static const double CONES[9] = {0.4226580414, 0.4913566407, 0.0273644971,
                                0.0556908000, 0.9615562081, 0.0231893749,
                                0.0213792411, 0.0876439216, 0.9807434330};
static const double BACK[9] = {2.5384479742,  -1.2934825680, -0.0402432469,
                               -0.1460003651, 1.1166224075,  -0.0223285197,
                               -0.0422883757, -0.0715900700, 1.0225073096};

/* Scales cone responses so that the light `from` looks as `to` does. */
static void adapt(const double from[3], const double to[3], float m[9]) {
    double gain[3];
    for (int k = 0; k < 3; k++) gain[k] = to[k] / fmax(from[k], to[k] / 50);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 3; k++) sum += BACK[3 * i + k] * gain[k] * CONES[3 * k + j];
            m[3 * i + j] = (float)sum;
        }
}

/* Chromaticity CIE 1960 u, v of a black body (Kim et al., US patent 7024034, 2002: cubic splines
 * for x and y, 1667 to 25000 K). */
static void black_body(double t, double *u, double *v) {
    const double k = 1000 / t, k2 = k * k, k3 = k2 * k;
    const double x = t < 4000 ? -0.2661239 * k3 - 0.2343589 * k2 + 0.8776956 * k + 0.179910
                              : -3.0258469 * k3 + 2.1070379 * k2 + 0.2226347 * k + 0.240390;
    const double x2 = x * x, x3 = x2 * x;
    const double y = t < 2222   ? -1.1063814 * x3 - 1.34811020 * x2 + 2.18555832 * x - 0.20219683
                     : t < 4000 ? -0.9549476 * x3 - 1.37418593 * x2 + 2.09137015 * x - 0.16748867
                                : 3.0817580 * x3 - 5.87338670 * x2 + 3.75112997 * x - 0.37001483;
    *u = 4 * x / (12 * y - 2 * x + 3);
    *v = 6 * y / (12 * y - 2 * x + 3);
}

/* Cone responses to a light of luminance 1. A tint of 3000 is a distance of 1 from the curve of
 * black bodies, the scale of the Adobe DNG specification. */
static void light(double t, double tint, double cones[3]) {
    static const double BRADFORD[9] = {0.8951, 0.2664, -0.1614, -0.7502, 1.7135,
                                       0.0367, 0.0389, -0.0685, 1.0296};
    double u, v, u1, v1, u2, v2;
    black_body(t, &u, &v);
    black_body(fmax(t * 0.999, 1667), &u1, &v1);
    black_body(fmin(t * 1.001, 25000), &u2, &v2);
    const double du = u2 - u1, dv = v2 - v1, step = tint / 3000 / hypot(du, dv);
    u += dv * step;
    v -= du * step;
    const double x = 1.5 * u / (u - 4 * v + 2), y = v / (u - 4 * v + 2);
    for (int i = 0; i < 3; i++)
        cones[i] =
            (BRADFORD[3 * i] * x + BRADFORD[3 * i + 1] * y + BRADFORD[3 * i + 2] * (1 - x - y)) / y;
}

static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    double from[3], to[3];
    light(p->temperature, p->tint, from);
    light(6500, 0, to);
    adapt(from, to, ((state *)result)->m);
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
    for (int i = 0; i < 3; i++) {
        const double *m = CONES + 3 * i;
        from[i] = (m[0] * rgb[0] + m[1] * rgb[1] + m[2] * rgb[2]) / y;
        to[i] = m[0] + m[1] + m[2];
    }
    adapt(from, to, ((state *)result)->m);
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
