/* hue.c - turn all hues by an angle, in OKLab. */
#include "filter.h"

typedef struct {
    float angle;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, angle, -180, 180, 0, "deg", "Turns red towards yellow, then green."),
    IBX_END};

/* Linear sRGB to cone responses, cube roots of cones to OKLab, and back (B. Ottosson, "A
 * perceptual color space for image processing", 2020; matrices of 2021-01-25). `turn` is the
 * three in the middle as one: roots to OKLab, rotation of a and b, OKLab to roots. */
typedef struct {
    float turn[9];
} state;

static const float CONES[9] = {0.4122214708f, 0.5363325363f, 0.0514459929f,
                               0.2119034982f, 0.6806995451f, 0.1073969566f,
                               0.0883024619f, 0.2817188376f, 0.6299787005f};
static const double LAB[9] = {0.2104542553, 0.7936177850,  -0.0040720468,
                              1.9779984951, -2.4285922050, 0.4505937099,
                              0.0259040371, 0.7827717662,  -0.8086757660};
static const double ROOTS[9] = {1, 0.3963377774,  0.2158037573, 1, -0.1055613458, -0.0638541728,
                                1, -0.0894841775, -1.2914855480};
static const float LINEAR[9] = {4.0767416621f,  -3.3077115913f, 0.2309699292f,
                                -1.2684380046f, 2.6097574011f,  -0.3413193965f,
                                -0.0041960863f, -0.7034186147f, 1.7076147010f};

static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    state *s = result;
    const double angle = p->angle * M_PI / 180, co = cos(angle), si = sin(angle);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const double a = co * LAB[3 + j] - si * LAB[6 + j];
            const double b = si * LAB[3 + j] + co * LAB[6 + j];
            s->turn[3 * i + j] =
                (float)(ROOTS[3 * i] * LAB[j] + ROOTS[3 * i + 1] * a + ROOTS[3 * i + 2] * b);
        }
    return true;
}

/* The odd cube root: colours outside the gamut have negative cone responses. The tiny number
 * keeps the cube of the root of black out of the slow subnormal numbers. */
static inline float cube_root(float v) {
    return copysignf(ibx_pow(fabsf(v) + 1e-20f, 1 / 3.0f), v);
}

static inline float dot(const float *m, float a, float b, float c) {
    return m[0] * a + m[1] * b + m[2] * c;
}

static void row(const float *restrict turn, const float *restrict r, const float *restrict g,
                const float *restrict b, float *restrict red, float *restrict green,
                float *restrict blue, int n) {
    for (int x = 0; x < n; x++) {
        const float l = cube_root(dot(CONES, r[x], g[x], b[x]));
        const float m = cube_root(dot(CONES + 3, r[x], g[x], b[x]));
        const float s = cube_root(dot(CONES + 6, r[x], g[x], b[x]));
        const float l2 = dot(turn, l, m, s), m2 = dot(turn + 3, l, m, s),
                    s2 = dot(turn + 6, l, m, s);
        const float l3 = l2 * l2 * l2, m3 = m2 * m2 * m2, s3 = s2 * s2 * s2;
        red[x] = dot(LINEAR, l3, m3, s3);
        green[x] = dot(LINEAR + 3, l3, m3, s3);
        blue[x] = dot(LINEAR + 6, l3, m3, s3);
    }
}

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_LINEAR;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    const int x = out->at.x;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        row(s->turn, ibx_at(in, 0, x, y), ibx_at(in, 1, x, y), ibx_at(in, 2, x, y),
            ibx_at(out, 0, x, y), ibx_at(out, 1, x, y), ibx_at(out, 2, x, y), out->at.w);
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.wants = wants, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    return c->in.model == IBX_RGB && p->angle != 0;
}

IBX_FILTER(hue, .summary = "Turn all hues by an angle.", .category = "colour",
           .details =
               "Rotates every colour around the gray axis of OKLab, so that lightness and chroma "
               "look the same after the turn; the rotations of HSL and of CSS filters make "
               "yellows dark and blues bright. No hue is computed: the angle goes into a matrix. "
               "Strong colours may leave the gamut; they are clipped when written. Gray images "
               "are left alone.",
           .examples = {"hue:30", "hue:-90"}, .params = PARAMS, .params_size = sizeof(params),
           .state_size = sizeof(state), .traits = IBX_POINT, .prepare = prepare, .passes = passes);
