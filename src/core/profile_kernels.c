/* profile_kernels.c - blocks of colours through the stages of a conversion; per CPU variant. */
#include "core/conversion.h"

static void curves(const ibx_stage *s, ibx_block v, int n) {
    for (int i = 0; i < s->channels; i++)
        ibx_curve_look_up(s->curve + i * (IBX_CURVE + 1), v[i], n);
}

/* Through a copy of the colours, so that compilers see that nothing overlaps. */
static void matrix(const ibx_stage *s, ibx_block v, int n) {
    float from[3][IBX_BLOCK];
    memcpy(from, v, sizeof from);
    for (int i = 0; i < s->channels; i++) {
        const float *m = s->m + 3 * i, m0 = m[0], m1 = m[1], m2 = m[2], add = s->add[i];
        float *restrict to = v[i];
        for (int x = 0; x < n; x++)
            to[x] = m0 * from[0][x] + m1 * from[1][x] + m2 * from[2][x] + add;
    }
}

static void lattice(const ibx_stage *s, ibx_block v, int n) {
    for (int i = 0; i < s->lattice.axes; i++) ibx_lattice_scale(&s->lattice, i, 0, 1, v[i], n);
    ibx_lattice_look_up(&s->lattice, v, n);
}

/* The inverse of the function f of CIE 15:2018, times the white. */
static void from_lightness(float *restrict v, float white, int n) {
    for (int x = 0; x < n; x++) {
        const float t = v[x], low = (t - 16 / 116.0f) * (108 / 841.0f);
        v[x] = white * (t > 24 / 116.0f ? t * t * t : low);
    }
}

static void lab(ibx_block v, int n) {
    for (int x = 0; x < n; x++) {
        const float y = (v[0][x] * 100 + 16) * (1 / 116.0f);
        v[0][x] = y + (v[1][x] * 255 - 128) * 0.002f;
        v[2][x] = y - (v[2][x] * 255 - 128) * 0.005f;
        v[1][x] = y;
    }
    from_lightness(v[0], 0.9642f, n);
    from_lightness(v[1], 1, n);
    from_lightness(v[2], 0.8249f, n);
}

/* Linear light to samples. Above 1 the tangent at 1, so that ibx_curve_look_up finds the way
 * back. */
static void encode(bool adobe, float *restrict v, int n) {
    const float exponent = adobe ? (float)(1 / IBX_ADOBE_GAMMA) : 1 / 2.4f;
    const float slope = adobe ? exponent : 1.055f / 2.4f;
    float power[IBX_BLOCK];
    for (int x = 0; x < n; x++) power[x] = ibx_pow(fabsf(v[x]) + 1e-20f, exponent);
    for (int x = 0; x < n; x++) {
        const float srgb = v[x] > 0.0031308f ? 1.055f * power[x] - 0.055f : 12.92f * v[x];
        const float low = adobe ? copysignf(power[x], v[x]) : srgb;
        v[x] = v[x] > 1 ? 1 + (v[x] - 1) * slope : low;
    }
}

/* lcms2 counts ink from 0 to 100. */
static void by_lcms(const ibx_colour_conversion *c, ibx_block v, int n) {
    const int from = (int)c->from, to = (int)c->to;
    const float ink = c->from == IBX_CMYK ? 100 : 1;
    float a[4 * IBX_BLOCK] = {0}, b[3 * IBX_BLOCK];
    for (int i = 0; i < from; i++)
        for (int x = 0; x < n; x++) a[x * from + i] = v[i][x] * ink;
    cmsDoTransform(c->transform, a, b, (cmsUInt32Number)n);
    for (int i = 0; i < to; i++)
        for (int x = 0; x < n; x++) v[i][x] = b[x * to + i];
}

static void apply(const ibx_colour_conversion *c, const ibx_stage *s, ibx_block v, int n) {
    switch (s->kind) {
    case IBX_STAGE_CURVES:
        curves(s, v, n);
        break;
    case IBX_STAGE_MATRIX:
        matrix(s, v, n);
        break;
    case IBX_STAGE_LATTICE:
        lattice(s, v, n);
        break;
    case IBX_STAGE_LAB:
        lab(v, n);
        break;
    case IBX_STAGE_ENCODE:
    case IBX_STAGE_GAMMA:
        for (int i = 0; i < s->channels; i++) encode(s->kind == IBX_STAGE_GAMMA, v[i], n);
        break;
    case IBX_STAGE_LCMS:
        by_lcms(c, v, n);
        break;
    }
}

void ibx_conversion_apply(const ibx_colour_conversion *c, ibx_block v, int n) {
    for (int i = 0; i < c->stages; i++) apply(c, &c->stage[i], v, n);
}
