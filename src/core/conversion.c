/* conversion.c - chooses how colours are converted, and proves it. */
#include "core/conversion.h"
#include <stdlib.h>

static const cmsUInt32Number INTENTS[] = {
    [IBX_INTENT_RELATIVE] = INTENT_RELATIVE_COLORIMETRIC,
    [IBX_INTENT_PERCEPTUAL] = INTENT_PERCEPTUAL,
    [IBX_INTENT_SATURATION] = INTENT_SATURATION,
    [IBX_INTENT_ABSOLUTE] = INTENT_ABSOLUTE_COLORIMETRIC,
};

/* ---- by lcms2 ------------------------------------------------------------------------------ */

static cmsUInt32Number format_of(ibx_model model) {
    return model == IBX_GRAY ? TYPE_GRAY_FLT : model == IBX_RGB ? TYPE_RGB_FLT : TYPE_CMYK_FLT;
}

static bool link_profiles(ibx_colour_conversion *c, const ibx_destination *to, cmsHPROFILE source,
                          cmsHPROFILE target) {
    c->transform = cmsCreateTransformTHR(
        c->lcms, source, format_of(c->from), target, format_of(c->to), INTENTS[to->intent],
        cmsFLAGS_NOCACHE | (to->black_points ? cmsFLAGS_BLACKPOINTCOMPENSATION : 0));
    return c->transform != NULL;
}

/* Between grays there is nothing but a curve. */
static bool by_lcms(ibx_colour_conversion *c) {
    ibx_stages_clear(c);
    const bool curve = c->from == IBX_GRAY && c->to == IBX_GRAY;
    ibx_stage *s = ibx_stage_add(c, curve ? IBX_STAGE_CURVES : IBX_STAGE_LCMS, (int)c->to);
    for (int k = 0; s && curve && k <= IBX_CURVE; k++) {
        const float v = (float)k / IBX_CURVE;
        cmsDoTransform(c->transform, &v, &s->curve[k], 1);
    }
    return s != NULL;
}

/* ---- by stages ----------------------------------------------------------------------------- */

/* Black point compensation (Adobe, 2006): XYZ is scaled so that the white stays and the black of
 * the source becomes that of the target. lcms2 compensates with these intents always, for targets
 * of version 4, which ours are. */
static void compensate(const ibx_destination *to, cmsHPROFILE source, cmsHPROFILE target,
                       double xyz[9], double add[3]) {
    const cmsUInt32Number intent = INTENTS[to->intent];
    cmsCIEXYZ from = {0}, into = {0};
    if (to->black_points || intent != INTENT_RELATIVE_COLORIMETRIC) {
        cmsDetectBlackPoint(&from, source, intent, 0);
        cmsDetectDestinationBlackPoint(&into, target, intent, 0);
    }
    const cmsCIEXYZ *d50 = cmsD50_XYZ();
    const double white[] = {d50->X, d50->Y, d50->Z}, a[] = {from.X, from.Y, from.Z},
                 b[] = {into.X, into.Y, into.Z};
    for (int i = 0; i < 3; i++) {
        xyz[4 * i] = (b[i] - white[i]) / (a[i] - white[i]);
        add[i] = white[i] * (b[i] - a[i]) / (white[i] - a[i]);
    }
}

static bool by_table(ibx_colour_conversion *c, const ibx_destination *to, cmsHPROFILE source,
                     cmsHPROFILE target, int space) {
    double xyz[9] = {0}, add[3];
    ibx_stages_clear(c);
    if (!ibx_stages_from_table(c, source, INTENTS[to->intent])) return false;
    compensate(to, source, target, xyz, add);
    return ibx_stages_to_space(c, space, target, xyz, add);
}

/* A profile of curves and a matrix needs no compensation: its black is black. */
static bool by_matrix(ibx_colour_conversion *c, cmsHPROFILE source, cmsHPROFILE target, int space) {
    double xyz[9];
    return ibx_stages_from_matrix(c, source, xyz) &&
           ibx_stages_to_space(c, space, target, xyz, (double[3]){0});
}

/* Pseudo-random colours; every other channel at one of its ends. */
static void colours(uint32_t *seed, ibx_block v) {
    for (int i = 0; i < 4; i++)
        for (int x = 0; x < IBX_BLOCK; x++) {
            *seed = *seed * 1664525u + 1013904223u;
            const uint32_t value = *seed >> 16;
            v[i][x] = value & 1 ? (float)(value >> 15) : (float)value / 65535;
        }
}

static float difference(float a, float b) {
    return fabsf(ibx_clamp(a, 0, 1) - ibx_clamp(b, 0, 1));
}

/* Do the stages what lcms2 does, on a thousand colours? */
static bool proven(const ibx_colour_conversion *c) {
    const ibx_stage last = {.kind = IBX_STAGE_LCMS, .channels = (int)c->to};
    ibx_colour_conversion lcms = {.from = c->from, .to = c->to, .stages = 1, .stage = {last}};
    lcms.transform = c->transform;
    uint32_t seed = 1;
    float worst = 0;
    for (int block = 0; block < 16; block++) {
        ibx_block a, b;
        colours(&seed, a);
        memcpy(b, a, sizeof b);
        ibx_conversion_apply(c, a, IBX_BLOCK);
        ibx_conversion_apply(&lcms, b, IBX_BLOCK);
        for (int i = 0; i < (int)c->to; i++)
            for (int x = 0; x < IBX_BLOCK; x++) worst = fmaxf(worst, difference(a[i][x], b[i][x]));
    }
    return worst < 1e-3f;
}

/* ---- which --------------------------------------------------------------------------------- */

static bool changes_nothing(const ibx_colour_conversion *c) {
    if (c->from != c->to) return false;
    float worst = 0;
    for (int block = 0; block < 4096; block += IBX_BLOCK) {
        ibx_block before = {0}, after;
        for (int i = 0; i < 3; i++)
            for (int x = 0; x < IBX_BLOCK; x++)
                before[i][x] = (float)((block + x) >> (4 * i) & 15) / 15;
        memcpy(after, before, sizeof after);
        ibx_conversion_apply(c, after, IBX_BLOCK);
        for (int i = 0; i < (int)c->to; i++)
            for (int x = 0; x < IBX_BLOCK; x++)
                worst = fmaxf(worst, fabsf(after[i][x] - before[i][x]));
    }
    return worst < 1 / 510.0f;
}

static bool choose(ibx_colour_conversion *c, const ibx_destination *to, cmsHPROFILE source) {
    const bool gray = c->from == IBX_GRAY && to->space != IBX_SPACE_OTHER;
    const int space = gray ? IBX_SPACE_GRAY : to->space;
    const bool own = to->profile.size && space == to->space;
    cmsHPROFILE target =
        own ? ibx_profile_open_target(c->lcms, to->profile) : ibx_profile_open(c->lcms, space);
    bool ok = source && target;
    if (ok) {
        c->to = ibx_profile_model(target);
        const bool simple =
            c->from != IBX_GRAY && space != IBX_SPACE_OTHER && to->intent != IBX_INTENT_ABSOLUTE;
        ok = (simple && by_matrix(c, source, target, space)) ||
             (link_profiles(c, to, source, target) &&
              ((simple && by_table(c, to, source, target, space) && proven(c)) || by_lcms(c)));
    }
    if (target) cmsCloseProfile(target);
    return ok;
}

/* An image without profile that goes to what it is taken for: known without asking lcms2, which
 * would take longer than a small image does. */
static bool is_there(ibx_model model, ibx_bytes profile, const ibx_destination *to) {
    if (profile.size) return false;
    return model == IBX_GRAY ? to->space != IBX_SPACE_OTHER
                             : model == IBX_RGB && to->space == IBX_SPACE_SRGB;
}

/* The profile of the image, or the one that it is taken to have; NULL if it is not for `model`. */
static cmsHPROFILE open_source(cmsContext lcms, ibx_model model, ibx_bytes b) {
    if (!b.size) return ibx_profile_open(lcms, model == IBX_GRAY ? IBX_SPACE_GRAY : IBX_SPACE_SRGB);
    cmsHPROFILE p = cmsOpenProfileFromMemTHR(lcms, b.data, (cmsUInt32Number)b.size);
    if (!p || ibx_profile_model(p) == model) return p;
    cmsCloseProfile(p);
    return NULL;
}

bool ibx_conversion_make(ibx_colour_conversion **result, ibx_model model, ibx_bytes profile,
                         const ibx_destination *to, ibx_error *err) {
    *result = NULL;
    if (is_there(model, profile, to)) return true;
    ibx_colour_conversion *c = calloc(1, sizeof *c);
    if (c) c->lcms = cmsCreateContext(NULL, NULL);
    if (!c || !c->lcms) {
        free(c);
        return ibx_fail(err, IBX_MEMORY, "no memory for a colour conversion");
    }
    c->from = model;
    cmsHPROFILE source = open_source(c->lcms, model, profile);
    const bool ok = choose(c, to, source);
    if (source) cmsCloseProfile(source);
    if (ok && !changes_nothing(c))
        *result = c;
    else
        ibx_conversion_free(c);
    return ok || ibx_fail(err, IBX_FORMAT, "cannot convert colours between these profiles");
}

void ibx_conversion_free(ibx_colour_conversion *c) {
    if (!c) return;
    ibx_stages_clear(c);
    if (c->transform) cmsDeleteTransform(c->transform);
    cmsDeleteContext(c->lcms);
    free(c);
}

ibx_model ibx_conversion_model(const ibx_colour_conversion *c) {
    return c->to;
}
