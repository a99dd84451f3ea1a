/* icc.c - colours from one ICC profile to another. */
#include "filter.h"
#include <lcms2.h>
#include <stdio.h>
#include <stdlib.h>

enum { SRGB, P3, ADOBERGB, GRAY, KEEP, FROM_FILE };
static const char *const TO[] = {"srgb", "p3", "adobergb", "gray", "keep", "file", NULL};
enum { RELATIVE, PERCEPTUAL, SATURATION, ABSOLUTE };
static const char *const INTENTS[] = {"relative", "perceptual", "saturation", "absolute", NULL};

typedef struct {
    int to;
    const char *file;
    int intent;
    bool bpc;
    ibx_bytes target; /* filled by open: the profile of p3, adobergb or file */
} params;

static const ibx_param PARAMS[] = {
    IBX_CHOICE(params, to, TO, SRGB, "The colour space to convert to."),
    IBX_FILE(params, file, "RGB or gray ICC profile, for to=file."),
    IBX_CHOICE(params, intent, INTENTS, RELATIVE, "What to do with colours out of reach."),
    IBX_BOOL(params, bpc, true, "Black point compensation: keep black black."), IBX_END};

/* ---- profiles ----------------------------------------------------------------------------- */

/* Primaries of IEC 61966-2-1, of SMPTE EG 432-1 with the white of sRGB, and of Adobe RGB (1998),
 * in the order of `to`. */
static const cmsCIExyYTRIPLE PRIMARIES[] = {
    {{0.640, 0.330, 1}, {0.300, 0.600, 1}, {0.150, 0.060, 1}},
    {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}},
    {{0.640, 0.330, 1}, {0.210, 0.710, 1}, {0.150, 0.060, 1}}};
static const char *const DESCRIPTIONS[] = {"sRGB", "Display P3",
                                           "Compatible with Adobe RGB (1998)"};
static const double ADOBE_GAMMA = 563 / 256.0;

/* One of the three, or gray with the curve of sRGB. */
static cmsHPROFILE build(cmsContext lcms, int which) {
    const cmsCIExyY d65 = {0.3127, 0.3290, 1};
    const double srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = which == ADOBERGB ? cmsBuildGamma(lcms, ADOBE_GAMMA)
                                            : cmsBuildParametricToneCurve(lcms, 4, srgb);
    cmsHPROFILE profile = which == GRAY
                              ? cmsCreateGrayProfileTHR(lcms, &d65, curve)
                              : cmsCreateRGBProfileTHR(lcms, &d65, &PRIMARIES[which],
                                                       (cmsToneCurve *[]){curve, curve, curve});
    cmsFreeToneCurve(curve);
    return profile;
}

static ibx_model model_of(cmsHPROFILE profile) {
    const cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    return space == cmsSigGrayData   ? IBX_GRAY
           : space == cmsSigRgbData  ? IBX_RGB
           : space == cmsSigCmykData ? IBX_CMYK
                                     : 0;
}

/* The bytes of a profile that we build, the same on every day. */
static ibx_bytes serialize(int which) {
    cmsContext lcms = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile = build(lcms, which);
    cmsMLU *text = cmsMLUalloc(lcms, 1);
    cmsMLUsetASCII(text, "en", "US", DESCRIPTIONS[which]);
    cmsWriteTag(profile, cmsSigProfileDescriptionTag, text);
    cmsMLUfree(text);
    cmsUInt32Number size = 0;
    uint8_t *data = NULL;
    if (cmsSaveProfileToMem(profile, NULL, &size) && (data = malloc(size)) &&
        cmsSaveProfileToMem(profile, data, &size))
        memcpy(data + 24, (uint8_t[]){7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 12); /* 2000-01-01 */
    cmsCloseProfile(profile);
    cmsDeleteContext(lcms);
    return (ibx_bytes){data, data ? size : 0};
}

/* The whole file; empty if it cannot be read or is no size for a profile. */
static ibx_bytes slurp(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return (ibx_bytes){0};
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : 0;
    uint8_t *data = size > 0 && size < 64 << 20 ? malloc((size_t)size) : NULL;
    rewind(f);
    if (data && fread(data, 1, (size_t)size, f) != (size_t)size) size = 0;
    fclose(f);
    return (ibx_bytes){data, data ? (size_t)size : 0};
}

/* An open profile that can be converted to, or NULL. */
static cmsHPROFILE open_target(cmsContext lcms, ibx_bytes bytes) {
    cmsHPROFILE p = cmsOpenProfileFromMemTHR(lcms, bytes.data, (cmsUInt32Number)bytes.size);
    const ibx_model model = p ? model_of(p) : 0;
    if ((model == IBX_RGB || model == IBX_GRAY) &&
        (cmsIsMatrixShaper(p) || cmsIsTag(p, cmsSigGrayTRCTag) ||
         cmsIsCLUT(p, INTENT_PERCEPTUAL, LCMS_USED_AS_OUTPUT)))
        return p;
    if (p) cmsCloseProfile(p);
    return NULL;
}

static bool opened(void *values, ibx_error *err) {
    params *p = values;
    if ((p->to == FROM_FILE) != (*p->file != 0))
        return ibx_fail(err, IBX_USAGE, "icc: file and to=file need each other");
    if (p->to == P3 || p->to == ADOBERGB) {
        p->target = serialize(p->to);
        return p->target.size || ibx_fail(err, IBX_MEMORY, "icc: no memory for a profile");
    }
    if (p->to != FROM_FILE) return true;
    p->target = slurp(p->file);
    cmsContext lcms = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile = open_target(lcms, p->target);
    if (profile) cmsCloseProfile(profile);
    cmsDeleteContext(lcms);
    return profile ||
           ibx_fail(err, IBX_USAGE,
                    "icc: %s cannot be read, or is no RGB or gray profile to convert to", p->file);
}

static void closed(void *values) {
    free((void *)((params *)values)->target.data);
}

/* ---- conversions -------------------------------------------------------------------------- */

#define BLOCK 64 /* pixels that are converted at once */
#define TOP 4080 /* cells of a table: values of 8 bits fall on every 16th, exactly */

/* NOTHING: the colours are right. DROP: so are they, but for a profile that does not fit.
 * MATRIX: curves, 3x3 matrix, curve. CURVE: gray to gray. TRANSFORM: whatever lcms2 can do. */
enum { NOTHING, DROP, MATRIX, CURVE, TRANSFORM };

typedef struct {
    int kind;
    bool naive; /* from CMYK without a usable profile, first of all */
    ibx_model from, to;
    float table[3][TOP + 1];
    float m[9];
    bool adobe; /* MATRIX: encode by the gamma of Adobe RGB, not by sRGB */
    cmsContext lcms;
    cmsHTRANSFORM transform;
} state;

/* Beyond 0..1 the first or last cell goes on. */
static void look_up(const float *restrict table, const float *restrict a, float *restrict b,
                    int n) {
    for (int x = 0; x < n; x++) {
        const float v = a[x] * TOP, low = v > 0 ? v : 0;
        const int cell = (int)(low < TOP - 1 ? low : TOP - 1);
        b[x] = table[cell] + (v - (float)cell) * (table[cell + 1] - table[cell]);
    }
}

/* Linear light to samples. Above 1 the tangent at 1, so that look_up finds the way back. */
static void encode(bool adobe, float *restrict v, int n) {
    const float exponent = adobe ? (float)(1 / ADOBE_GAMMA) : 1 / 2.4f;
    const float slope = adobe ? exponent : 1.055f / 2.4f;
    float power[BLOCK];
    for (int x = 0; x < n; x++) power[x] = ibx_pow(fabsf(v[x]) + 1e-20f, exponent);
    for (int x = 0; x < n; x++) {
        const float srgb = v[x] > 0.0031308f ? 1.055f * power[x] - 0.055f : 12.92f * v[x];
        const float low = adobe ? copysignf(power[x], v[x]) : srgb;
        v[x] = v[x] > 1 ? 1 + (v[x] - 1) * slope : low;
    }
}

static void by_matrix(const state *s, const float *const in[], float *const out[], int n) {
    float v[3][BLOCK];
    for (int i = 0; i < 3; i++) look_up(s->table[i], in[i], v[i], n);
    for (int i = 0; i < 3; i++) {
        const float *m = s->m + 3 * i;
        float *restrict o = out[i];
        for (int x = 0; x < n; x++) o[x] = m[0] * v[0][x] + m[1] * v[1][x] + m[2] * v[2][x];
        encode(s->adobe, o, n);
    }
}

/* lcms2 counts ink from 0 to 100. */
static void by_lcms(const state *s, const float *const in[], float *const out[], int n) {
    const int from = (int)s->from, to = (int)s->to;
    const float ink = s->from == IBX_CMYK ? 100 : 1;
    float a[4 * BLOCK], b[3 * BLOCK];
    for (int i = 0; i < from; i++)
        for (int x = 0; x < n; x++) a[x * from + i] = in[i][x] * ink;
    cmsDoTransform(s->transform, a, b, (cmsUInt32Number)n);
    for (int i = 0; i < to; i++)
        for (int x = 0; x < n; x++) out[i][x] = b[x * to + i];
}

/* At most BLOCK pixels. */
static void convert(const state *s, const float *const in[], float *const out[], int n) {
    if (s->kind == MATRIX) by_matrix(s, in, out, n);
    if (s->kind == TRANSFORM) by_lcms(s, in, out, n);
    if (s->kind == CURVE) look_up(s->table[0], in[0], out[0], n);
    if (s->kind == DROP)
        for (int i = 0; i < (int)s->to; i++) memcpy(out[i], in[i], (size_t)n * sizeof(float));
}

/* ---- which conversion --------------------------------------------------------------------- */

static bool columns(cmsHPROFILE profile, double m[9]) {
    const cmsTagSignature tags[] = {cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                    cmsSigBlueColorantTag};
    for (int i = 0; i < 3; i++) {
        const cmsCIEXYZ *c = cmsReadTag(profile, tags[i]);
        if (!c) return false;
        m[i] = c->X, m[3 + i] = c->Y, m[6 + i] = c->Z;
    }
    return true;
}

/* XYZ is out of both matrices: the inverse of `to` times `from`. */
static void combine(const double *t, const double *from, float *m) {
    double inverse[9], det = 0;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            const int a = (r + 1) % 3 * 3, b = (r + 2) % 3 * 3, d = (c + 1) % 3, e = (c + 2) % 3;
            inverse[3 * c + r] = t[a + d] * t[b + e] - t[a + e] * t[b + d];
        }
    for (int i = 0; i < 3; i++) det += t[i] * inverse[3 * i];
    for (int i = 0; i < 9; i++) {
        const double *row = inverse + i / 3 * 3, *col = from + i % 3;
        m[i] = (float)((row[0] * col[0] + row[1] * col[3] + row[2] * col[6]) / det);
    }
}

/* Curves and a matrix instead of lcms2, where that is all there is: 100 times as fast. */
static bool set_matrix(state *s, const params *p, cmsHPROFILE from, cmsHPROFILE to) {
    const cmsTagSignature curves[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    double a[9], b[9];
    if (p->to > ADOBERGB || p->intent == ABSOLUTE || !cmsIsMatrixShaper(from) ||
        model_of(from) != IBX_RGB || cmsGetPCS(from) != cmsSigXYZData ||
        cmsIsTag(from, cmsSigAToB0Tag) || cmsIsTag(from, cmsSigAToB1Tag) ||
        cmsIsTag(from, cmsSigDToB0Tag) || !columns(from, a) || !columns(to, b))
        return false;
    combine(b, a, s->m);
    for (int i = 0; i < 3; i++) {
        const cmsToneCurve *curve = cmsReadTag(from, curves[i]);
        if (!curve) return false;
        for (int k = 0; k <= TOP; k++)
            s->table[i][k] = cmsEvalToneCurveFloat(curve, (float)k / TOP);
    }
    s->adobe = p->to == ADOBERGB;
    s->kind = MATRIX;
    return true;
}

static cmsUInt32Number format_of(ibx_model model) {
    return model == IBX_GRAY ? TYPE_GRAY_FLT : model == IBX_RGB ? TYPE_RGB_FLT : TYPE_CMYK_FLT;
}

static bool set_transform(state *s, const params *p, cmsHPROFILE from, cmsHPROFILE to) {
    const cmsUInt32Number intents[] = {
        [RELATIVE] = INTENT_RELATIVE_COLORIMETRIC,
        [PERCEPTUAL] = INTENT_PERCEPTUAL,
        [SATURATION] = INTENT_SATURATION,
        [ABSOLUTE] = INTENT_ABSOLUTE_COLORIMETRIC,
    };
    s->transform = cmsCreateTransformTHR(
        s->lcms, from, format_of(s->from), to, format_of(s->to), intents[p->intent],
        cmsFLAGS_NOCACHE | (p->bpc ? cmsFLAGS_BLACKPOINTCOMPENSATION : 0));
    if (!s->transform) return false;
    s->kind = TRANSFORM;
    if (s->from != IBX_GRAY || s->to != IBX_GRAY) return true;
    for (int k = 0; k <= TOP; k++) {
        const float v = (float)k / TOP;
        cmsDoTransform(s->transform, &v, &s->table[0][k], 1);
    }
    s->kind = CURVE;
    return true;
}

/* Does the conversion move no colour of a 16 x 16 x 16 grid by half an 8-bit step? Then it is left
 * out: most profiles that say sRGB differ from it in rounding only. */
static bool changes_nothing(const state *s) {
    if (s->from != s->to) return false;
    float before[3][BLOCK], after[3][BLOCK], worst = 0;
    for (int block = 0; block < 4096; block += BLOCK) {
        for (int x = 0; x < BLOCK; x++)
            for (int i = 0; i < 3; i++) before[i][x] = (float)((block + x) >> (4 * i) & 15) / 15;
        convert(s, (const float *[]){before[0], before[1], before[2]},
                (float *[]){after[0], after[1], after[2]}, BLOCK);
        for (int i = 0; i < (int)s->to; i++)
            for (int x = 0; x < BLOCK; x++) worst = fmaxf(worst, fabsf(after[i][x] - before[i][x]));
    }
    return worst < 1 / 510.0f;
}

/* The profile of the image, or the one that it must be taken to have. */
static cmsHPROFILE open_source(const ibx_call *c, state *s) {
    const ibx_bytes b = c->in.profile;
    cmsHPROFILE p =
        b.size ? cmsOpenProfileFromMemTHR(s->lcms, b.data, (cmsUInt32Number)b.size) : NULL;
    s->from = c->in.model;
    if (p && model_of(p) == s->from) return p;
    if (p) cmsCloseProfile(p);
    s->kind = b.size ? DROP : NOTHING;
    s->naive = s->from == IBX_CMYK;
    if (s->naive) s->from = IBX_RGB;
    return build(s->lcms, s->from == IBX_GRAY ? GRAY : SRGB);
}

/* Sets up a conversion; false if lcms2 can make none of these profiles. */
static bool choose(state *s, const params *p, cmsHPROFILE from) {
    const bool gray = p->to == GRAY || (s->from == IBX_GRAY && p->to != FROM_FILE);
    cmsHPROFILE to = gray             ? build(s->lcms, GRAY)
                     : p->target.size ? open_target(s->lcms, p->target)
                                      : build(s->lcms, SRGB);
    const int otherwise = s->kind;
    bool ok = from && to;
    if (ok) s->to = model_of(to);
    ok = ok && (set_matrix(s, p, from, to) || set_transform(s, p, from, to));
    if (to) cmsCloseProfile(to);
    if (ok && changes_nothing(s)) s->kind = otherwise;
    return ok;
}

static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    const params *p = c->params;
    state *s = result;
    if (p->to == KEEP && c->in.model != IBX_CMYK) return true;
    s->lcms = cmsCreateContext(NULL, NULL);
    if (!s->lcms) return ibx_fail(err, IBX_MEMORY, "icc: no memory for a conversion");
    cmsHPROFILE from = open_source(c, s);
    bool ok = choose(s, p, from);
    if (from) cmsCloseProfile(from);
    if (ok) return true;
    ibx_call bare = *c; /* a profile that cannot be used is as good as none */
    bare.in.profile = (ibx_bytes){0};
    from = open_source(&bare, s);
    s->kind = DROP;
    ok = choose(s, p, from);
    if (from) cmsCloseProfile(from);
    return ok || ibx_fail(err, IBX_FORMAT, "icc: cannot convert these colours");
}

static void release(void *result) {
    state *s = result;
    if (s->transform) cmsDeleteTransform(s->transform);
    if (s->lcms) cmsDeleteContext(s->lcms);
}

/* ---- the filter --------------------------------------------------------------------------- */

static void naive_head(const ibx_call *c, ibx_head *out) {
    (void)c;
    out->model = IBX_RGB;
    out->profile = (ibx_bytes){0};
}

static void naive_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    for (int i = 0; i < 3; i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict ink = ibx_at(in, i, out->at.x, y);
            const float *restrict black = ibx_at(in, 3, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = (1 - ink[x]) * (1 - black[x]);
        }
}

static void head(const ibx_call *c, ibx_head *out) {
    const params *p = c->params;
    const state *s = c->state;
    out->model = s->to;
    const bool described = p->to == FROM_FILE || s->to == IBX_RGB;
    out->profile = described ? p->target : (ibx_bytes){0};
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    const int right = out->at.x + out->at.w;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x = out->at.x; x < right; x += BLOCK) {
            const int n = ibx_min(BLOCK, right - x);
            const float *a[4];
            float *b[3];
            for (int i = 0; i < 4; i++) a[i] = ibx_at(in, ibx_min(i, (int)s->from - 1), x, y);
            for (int i = 0; i < 3; i++) b[i] = ibx_at(out, ibx_min(i, (int)s->to - 1), x, y);
            convert(s, a, b, n);
            if (c->in.alpha)
                memcpy(ibx_at(out, (int)s->to, x, y), ibx_at(in, (int)s->from, x, y),
                       (size_t)n * sizeof(float));
        }
}

static const ibx_filter NAIVE = {.head = naive_head, .kernel = naive_kernel};
static const ibx_filter CONVERT = {.head = head, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    int n = 0;
    if (s->naive) pass[n++] = &NAIVE;
    if (s->kind != NOTHING && !(s->naive && s->kind == DROP)) pass[n++] = &CONVERT;
    return n;
}

IBX_FILTER(
    icc, .summary = "Convert colours from the image's ICC profile.", .category = "colour",
    .details = "Takes the pixels from the profile that the image carries to the space `to`, and "
               "attaches a profile that says so; sRGB needs none. Every recipe starts with this "
               "step, unless it has one of its own: filters then see sRGB. An image without "
               "profile is taken for sRGB, gray for gray with the curve of sRGB. So is one whose "
               "profile is damaged or belongs to another colour model, as browsers do. Where a "
               "profile is sRGB but for rounding, nothing is touched.\n\n"
               "Gray images stay gray, unless the profile of to=file is an RGB one. CMYK becomes "
               "RGB always, even with to=keep, which otherwise leaves pixels and profile alone; "
               "CMYK without a profile by (1 - ink) * (1 - black). Profiles of curves and a "
               "matrix are converted in floating point without clipping, so colours outside the "
               "space survive until the image is written; others go through lcms2.",
    .examples = {"icc", "icc:p3", "icc:gray,intent=perceptual"}, .params = PARAMS,
    .params_size = sizeof(params), .state_size = sizeof(state), .traits = IBX_POINT | IBX_MANAGE,
    .open = opened, .close = closed, .prepare = prepare, .release = release, .passes = passes);
