/* stages.c - what is in a profile, as stages of a conversion. */
#include "core/conversion.h"
#include <lcms2_plugin.h>
#include <stdlib.h>

ibx_stage *ibx_stage_add(ibx_colour_conversion *c, ibx_stage_kind kind, int channels) {
    if (c->stages == IBX_STAGES_MAX) return NULL;
    ibx_stage *s = &c->stage[c->stages++];
    *s = (ibx_stage){.kind = kind, .channels = channels};
    if (kind != IBX_STAGE_CURVES) return s;
    s->curve = malloc((size_t)channels * (IBX_CURVE + 1) * sizeof(float));
    return s->curve ? s : NULL;
}

void ibx_stages_clear(ibx_colour_conversion *c) {
    for (int i = 0; i < c->stages; i++) {
        free(c->stage[i].curve);
        ibx_lattice_free(&c->stage[i].lattice);
    }
    c->stages = 0;
}

/* ---- from a profile ------------------------------------------------------------------------ */

static void sample(const cmsToneCurve *curve, float *to) {
    for (int k = 0; k <= IBX_CURVE; k++) to[k] = cmsEvalToneCurveFloat(curve, (float)k / IBX_CURVE);
}

static bool add_curves(ibx_colour_conversion *c, const cmsStage *from) {
    const _cmsStageToneCurvesData *data = cmsStageData(from);
    if (data->nCurves > 4) return false;
    bool straight = true;
    for (unsigned i = 0; i < data->nCurves; i++)
        straight = straight && cmsIsToneCurveLinear(data->TheCurves[i]);
    if (straight) return true;
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_CURVES, (int)data->nCurves);
    for (unsigned i = 0; s && i < data->nCurves; i++)
        sample(data->TheCurves[i], s->curve + i * (IBX_CURVE + 1));
    return s != NULL;
}

static bool add_matrix(ibx_colour_conversion *c, const cmsStage *from) {
    const _cmsStageMatrixData *data = cmsStageData(from);
    if (cmsStageInputChannels(from) != 3 || cmsStageOutputChannels(from) != 3) return false;
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_MATRIX, 3);
    for (int i = 0; s && i < 9; i++) s->m[i] = (float)data->Double[i];
    for (int i = 0; s && data->Offset && i < 3; i++) s->add[i] = (float)data->Offset[i];
    return s != NULL;
}

static bool add_lattice(ibx_colour_conversion *c, const cmsStage *from) {
    const _cmsStageCLutData *data = cmsStageData(from);
    const int axes = (int)data->Params->nInputs;
    int size[4];
    if ((axes != 3 && axes != 4) || data->Params->nOutputs != 3) return false;
    for (int i = 0; i < axes; i++) size[i] = (int)data->Params->nSamples[i];
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_LATTICE, 3);
    if (!s || !ibx_lattice_make(&s->lattice, axes, size, false)) return false;
    for (int k = 0; k < s->lattice.count; k++)
        for (int i = 0; i < 3; i++)
            s->lattice.node[k][i] = data->HasFloatValues ? data->Tab.TFloat[3 * k + i]
                                                         : (float)data->Tab.T[3 * k + i] / 65535;
    return true;
}

static bool add_pipeline(ibx_colour_conversion *c, const cmsPipeline *from) {
    bool ok = from != NULL;
    const cmsStage *s = from ? cmsPipelineGetPtrToFirstStage(from) : NULL;
    for (; ok && s; s = cmsStageNext(s)) switch ((int)cmsStageType(s)) {
        case cmsSigCurveSetElemType:
            ok = add_curves(c, s);
            break;
        case cmsSigMatrixElemType:
            ok = add_matrix(c, s);
            break;
        case cmsSigCLutElemType:
            ok = add_lattice(c, s);
            break;
        default:
            ok = false;
        }
    return ok;
}

static bool add_scale(ibx_colour_conversion *c, double factor) {
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_MATRIX, 3);
    for (int i = 0; s && i < 9; i += 4) s->m[i] = (float)factor;
    return s != NULL;
}

/* The tables of the four intents, and the type that counts L*a*b* by 65280. */
static const cmsTagSignature TABLES[] = {
    [INTENT_PERCEPTUAL] = cmsSigAToB0Tag,
    [INTENT_RELATIVE_COLORIMETRIC] = cmsSigAToB1Tag,
    [INTENT_SATURATION] = cmsSigAToB2Tag,
    [INTENT_ABSOLUTE_COLORIMETRIC] = cmsSigAToB1Tag,
};
static const cmsTagSignature FLOATS[] = {
    [INTENT_PERCEPTUAL] = cmsSigDToB0Tag,
    [INTENT_RELATIVE_COLORIMETRIC] = cmsSigDToB1Tag,
    [INTENT_SATURATION] = cmsSigDToB2Tag,
    [INTENT_ABSOLUTE_COLORIMETRIC] = cmsSigDToB3Tag,
};
static const uint8_t LUT16[4] = {'m', 'f', 't', '2'};

bool ibx_stages_from_table(ibx_colour_conversion *c, cmsHPROFILE profile, cmsUInt32Number intent) {
    const cmsTagSignature tag = cmsIsTag(profile, TABLES[intent]) ? TABLES[intent] : cmsSigAToB0Tag;
    uint8_t type[4] = {0};
    if (cmsIsTag(profile, FLOATS[intent]) || !cmsReadRawTag(profile, tag, type, sizeof type) ||
        !add_pipeline(c, cmsReadTag(profile, tag)))
        return false;
    if (cmsGetPCS(profile) == cmsSigXYZData) return add_scale(c, 1 + 32767 / 32768.0);
    if (cmsGetPCS(profile) != cmsSigLabData) return false;
    if (memcmp(type, LUT16, 4) == 0 && !add_scale(c, 65535 / 65280.0)) return false;
    return ibx_stage_add(c, IBX_STAGE_LAB, 3);
}

/* The primaries of a profile in XYZ, as columns. */
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

bool ibx_stages_from_matrix(ibx_colour_conversion *c, cmsHPROFILE profile, double xyz[9]) {
    const cmsTagSignature tags[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    if (!cmsIsMatrixShaper(profile) || ibx_profile_model(profile) != IBX_RGB ||
        cmsGetPCS(profile) != cmsSigXYZData || cmsIsTag(profile, cmsSigAToB0Tag) ||
        cmsIsTag(profile, cmsSigAToB1Tag) || cmsIsTag(profile, cmsSigDToB0Tag) ||
        !columns(profile, xyz))
        return false;
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_CURVES, 3);
    for (int i = 0; i < 3; i++) {
        const cmsToneCurve *curve = cmsReadTag(profile, tags[i]);
        if (!s || !curve) return false;
        sample(curve, s->curve + i * (IBX_CURVE + 1));
    }
    return true;
}

/* ---- to a space ---------------------------------------------------------------------------- */

/* The adjugate of a 3 x 3 matrix; returns the determinant. */
static double adjugate(const double *t, double *to) {
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++) {
            const int a = (r + 1) % 3 * 3, b = (r + 2) % 3 * 3, d = (c + 1) % 3, e = (c + 2) % 3;
            to[3 * c + r] = t[a + d] * t[b + e] - t[a + e] * t[b + d];
        }
    double det = 0;
    for (int i = 0; i < 3; i++) det += t[3 * i] * to[i];
    return det;
}

/* Rows of XYZ to the linear light of a space: three, or for gray the one that takes Y. */
static bool from_xyz(int space, cmsHPROFILE profile, double rows[9], double *divisor) {
    double primaries[9];
    *divisor = 1;
    if (space == IBX_SPACE_GRAY) {
        memcpy(rows, (double[9]){0, 1, 0}, 9 * sizeof *rows);
        return true;
    }
    if (!columns(profile, primaries)) return false;
    *divisor = adjugate(primaries, rows);
    return true;
}

bool ibx_stages_to_space(ibx_colour_conversion *c, int space, cmsHPROFILE profile,
                         const double xyz[9], const double add[3]) {
    const int channels = space == IBX_SPACE_GRAY ? 1 : 3;
    double rows[9], divisor;
    if (!from_xyz(space, profile, rows, &divisor)) return false;
    ibx_stage *s = ibx_stage_add(c, IBX_STAGE_MATRIX, channels);
    for (int i = 0; s && i < 3 * channels; i++) {
        const double *row = rows + i / 3 * 3, *col = xyz + i % 3;
        s->m[i] = (float)((row[0] * col[0] + row[1] * col[3] + row[2] * col[6]) / divisor);
    }
    for (int i = 0; s && i < channels; i++) {
        const double *row = rows + 3 * i;
        s->add[i] = (float)((row[0] * add[0] + row[1] * add[1] + row[2] * add[2]) / divisor);
    }
    return s && ibx_stage_add(c, space == IBX_SPACE_ADOBERGB ? IBX_STAGE_GAMMA : IBX_STAGE_ENCODE,
                              channels);
}
