/* Colour conversion against lcms2's own float transforms, over real profiles.
 * The profiles are in $IMBREX_DATA/formats/icc-profiles; tests that need them are skipped without.
 */
#include "core/conversion.h"
#include "whole.h"
#include <dirent.h>
#include <lcms2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *data_path(const char *name) {
    static char path[600];
    const char *data = getenv("IMBREX_DATA");
    snprintf(path, sizeof path, "%s/formats/icc-profiles/%s",
             data ? data : SOURCE_DIR "/../shared/data", name);
    return path;
}

/* A file of the folder of profiles; the caller frees. Skips the test where the folder is missing.
 */
static ibx_bytes load(const char *name) {
    FILE *f = fopen(data_path(name), "rb");
    if (!f) {
        print_message("%s is missing; set IMBREX_DATA\n", data_path(name));
        skip();
    }
    char *data = malloc(1 << 20);
    const size_t size = fread(data, 1, 1 << 20, f);
    fclose(f);
    return (ibx_bytes){data, size};
}

static void forget(ibx_bytes b) {
    free((void *)b.data);
}

/* A grid of colours, 17 values of each plane (9 of CMYK's). The profile is only borrowed. */
static ibx_image grid(ibx_model model, ibx_bytes profile) {
    const int n = model == IBX_CMYK ? 9 : 17;
    ibx_image image = whole_new(n * n,
                                model == IBX_GRAY   ? 1
                                : model == IBX_CMYK ? n * n
                                                    : n,
                                model, false);
    for (int y = 0; y < image.head.h; y++)
        for (int x = 0; x < image.head.w; x++) {
            const int value[4] = {x % n, x / n, y % n, y / n};
            for (int p = 0; p < (int)model; p++)
                *whole_at(&image, p, x, y) = model == IBX_GRAY ? (float)x / (float)(n * n - 1)
                                                               : (float)value[p] / (float)(n - 1);
        }
    image.head.profile = profile;
    return image;
}

/* Applies and lets go of `in`, but not of its profile. */
static ibx_image apply(const char *recipe, ibx_image *in) {
    ibx_image out;
    ibx_error err = {0};
    if (!whole_apply(recipe, in, &out, &err)) fail_msg("%s: %s", recipe, err.text);
    free(in->pixels);
    return out;
}

/* The largest difference to what lcms2 makes of the same grid; both clipped to 0..1. */
static double distance(const ibx_image *out, cmsHPROFILE source, ibx_model from, cmsHPROFILE to,
                       int intent) {
    const cmsUInt32Number formats[] = {
        [IBX_GRAY] = TYPE_GRAY_FLT, [IBX_RGB] = TYPE_RGB_FLT, [IBX_CMYK] = TYPE_CMYK_FLT};
    ibx_image in = grid(from, (ibx_bytes){0});
    cmsHTRANSFORM transform = cmsCreateTransform(
        source, formats[from], to, formats[out->head.model], (cmsUInt32Number)intent,
        cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION);
    assert_non_null(transform);
    double worst = 0;
    for (int y = 0; y < in.head.h; y++)
        for (int x = 0; x < in.head.w; x++) {
            float ink[4], expected[3];
            for (int p = 0; p < (int)from; p++)
                ink[p] = *whole_at(&in, p, x, y) * (from == IBX_CMYK ? 100 : 1);
            cmsDoTransform(transform, ink, expected, 1);
            for (int p = 0; p < (int)out->head.model; p++)
                worst = fmax(worst, fabs((double)ibx_clamp(expected[p], 0, 1) -
                                         (double)ibx_clamp(*whole_at(out, p, x, y), 0, 1)));
        }
    cmsDeleteTransform(transform);
    free(in.pixels);
    return worst;
}

static cmsHPROFILE gray_profile(double gamma) {
    const double srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve =
        gamma > 0 ? cmsBuildGamma(NULL, gamma) : cmsBuildParametricToneCurve(NULL, 4, srgb);
    cmsHPROFILE p = cmsCreateGrayProfile(&(cmsCIExyY){0.3127, 0.3290, 1}, curve);
    cmsFreeToneCurve(curve);
    return p;
}

static ibx_bytes serialized(cmsHPROFILE p) {
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(p, NULL, &size));
    void *data = malloc(size);
    assert_true(cmsSaveProfileToMem(p, data, &size));
    cmsCloseProfile(p);
    return (ibx_bytes){data, size};
}

/* One profile of the folder to sRGB: as lcms2 does, or untouched where it is sRGB. */
static void check_profile(const char *name) {
    ibx_bytes profile = load(name);
    cmsHPROFILE p = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
    const cmsColorSpaceSignature space = cmsGetColorSpace(p);
    const ibx_model model = space == cmsSigGrayData  ? IBX_GRAY
                            : space == cmsSigRgbData ? IBX_RGB
                                                     : IBX_CMYK;
    ibx_image in = grid(model, profile), out = apply("icc", &in);
    cmsHPROFILE to = model == IBX_GRAY ? gray_profile(0) : cmsCreate_sRGBProfile();
    assert_int_equal(out.head.model, model == IBX_GRAY ? IBX_GRAY : IBX_RGB);
    const double d = distance(&out, p, model, to, INTENT_RELATIVE_COLORIMETRIC);
    const bool untouched = out.head.profile.size > 0;
    print_message("%-32s %s %.6f\n", name, untouched ? "is sRGB, off by" : "converted, off by", d);
    if (!(d < (untouched ? 1 / 510.0 : 1e-3))) fail_msg("%s is off by %g", name, d);
    if (untouched != (strncmp(name, "sRGB", 4) == 0 || strncmp(name, "sGrey", 5) == 0))
        fail_msg("%s: is it sRGB or not?", name);
    cmsCloseProfile(to);
    cmsCloseProfile(p);
    whole_free(&out);
    forget(profile);
}

static void test_profiles(void **unused) {
    (void)unused;
    DIR *folder = opendir(data_path(""));
    if (!folder) {
        print_message("%s is missing; set IMBREX_DATA\n", data_path(""));
        skip();
        return;
    }
    int count = 0;
    for (struct dirent *e; (e = readdir(folder));)
        if (strstr(e->d_name, ".icc")) check_profile(e->d_name), count++;
    closedir(folder);
    assert_true(count >= 10);
}

/* Intents through lcms2, with a CMYK profile and a matrix profile. */
static void test_intents(void **unused) {
    (void)unused;
    const char *const names[] = {"CGATS001Compat-v2-micro.icc", "DisplayP3-v4.icc"};
    const struct {
        const char *recipe;
        int intent;
    } cases[] = {{"icc:intent=perceptual", INTENT_PERCEPTUAL},
                 {"icc:intent=saturation", INTENT_SATURATION},
                 {"icc:intent=absolute", INTENT_ABSOLUTE_COLORIMETRIC}};
    for (int i = 0; i < 6; i++) {
        ibx_bytes profile = load(names[i & 1]);
        const ibx_model model = i & 1 ? IBX_RGB : IBX_CMYK;
        ibx_image in = grid(model, profile), out = apply(cases[i / 2].recipe, &in);
        cmsHPROFILE to = cmsCreate_sRGBProfile();
        cmsHPROFILE p = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
        const double d = distance(&out, p, model, to, cases[i / 2].intent);
        cmsCloseProfile(p);
        if (!(d < 1e-3)) fail_msg("%s, %s: off by %g", names[i & 1], cases[i / 2].recipe, d);
        cmsCloseProfile(to);
        whole_free(&out);
        forget(profile);
    }
}

/* Gray of gamma 1 and 2.6 to the curve of sRGB. */
static void test_gray(void **unused) {
    (void)unused;
    const double gammas[] = {1, 2.6};
    for (int i = 0; i < 2; i++) {
        ibx_bytes profile = serialized(gray_profile(gammas[i]));
        ibx_image in = grid(IBX_GRAY, profile), out = apply("icc", &in);
        assert_int_equal(out.head.model, IBX_GRAY);
        assert_int_equal(out.head.profile.size, 0);
        for (int x = 0; x < out.head.w; x++) {
            const double v = x / (double)(out.head.w - 1);
            const double expected = ibx_linear_to_srgb(pow(v, gammas[i]));
            assert_true(fabs((double)*whole_at(&out, 0, x, 0) - expected) < 5e-4);
        }
        whole_free(&out);
        forget(profile);
    }
}

static double worst_difference(const ibx_image *a, const ibx_image *b) {
    const size_t n = a->stride / sizeof(float) * (size_t)a->head.h;
    assert_int_equal(ibx_planes(&a->head), ibx_planes(&b->head));
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst =
            fmax(worst, fabs((double)((float *)a->pixels)[i] - (double)((float *)b->pixels)[i]));
    return worst;
}

/* No profile, a broken one, one of another model: pixels stay; the misfit is dropped. */
static void test_ignored(void **unused) {
    (void)unused;
    ibx_bytes gray = serialized(gray_profile(1.5));
    const ibx_bytes profiles[] = {{0}, {"rubbish", 7}, {gray.data, gray.size / 2}, gray};
    for (int i = 0; i < 8; i++) {
        const ibx_model model = i & 1 ? IBX_RGB : IBX_GRAY;
        if (i / 2 == 3 && model == IBX_GRAY) continue;
        ibx_image in = grid(model, profiles[i / 2]), out = apply("icc", &in);
        ibx_image same = grid(model, (ibx_bytes){0});
        assert_true(worst_difference(&out, &same) == 0);
        assert_int_equal(out.head.profile.size, 0);
        whole_free(&out);
        whole_free(&same);
    }
    ibx_image in = grid(IBX_RGB, gray), out = apply("icc:keep", &in);
    assert_int_equal(out.head.profile.size, gray.size);
    whole_free(&out);
    forget(gray);
}

/* To a wide space and back through the profile that was attached; nothing is clipped between. */
static void test_there_and_back(void **unused) {
    (void)unused;
    const char *const recipes[] = {"icc:p3", "icc:adobergb"};
    for (int i = 0; i < 2; i++) {
        ibx_image in = grid(IBX_RGB, (ibx_bytes){0}), again = grid(IBX_RGB, (ibx_bytes){0});
        ibx_image wide = apply(recipes[i], &in), wide2 = apply(recipes[i], &again);
        assert_true(wide.head.profile.size > 300);
        assert_int_equal(wide.head.profile.size, wide2.head.profile.size);
        assert_memory_equal(wide.head.profile.data, wide2.head.profile.data,
                            wide.head.profile.size);
        cmsHPROFILE p =
            cmsOpenProfileFromMem(wide.head.profile.data, (cmsUInt32Number)wide.head.profile.size);
        assert_non_null(p);
        char text[60];
        assert_true(cmsGetProfileInfoASCII(p, cmsInfoDescription, "en", "US", text, sizeof text) >
                    4);
        cmsHPROFILE srgb = cmsCreate_sRGBProfile();
        const double d = distance(&wide, srgb, IBX_RGB, p, INTENT_RELATIVE_COLORIMETRIC);
        if (!(d < 1e-3)) fail_msg("%s is off by %g", recipes[i], d);
        cmsCloseProfile(srgb);
        cmsCloseProfile(p);
        ibx_bytes attached = wide.head.profile;
        ibx_image back = apply("icc", &wide), same = grid(IBX_RGB, (ibx_bytes){0});
        assert_true(worst_difference(&back, &same) < 1e-3);
        assert_int_equal(back.head.profile.size, 0);
        forget(attached);
        whole_free(&wide2);
        whole_free(&back);
        whole_free(&same);
    }
    /* Display P3 red lies outside sRGB, and must still be there when it goes back to P3 */
    ibx_bytes profile = load("DisplayP3-v4.icc");
    ibx_image in = grid(IBX_RGB, profile), out = apply("icc/icc:p3", &in);
    ibx_image same = grid(IBX_RGB, (ibx_bytes){0});
    assert_true(worst_difference(&out, &same) < 1e-3);
    whole_free(&out);
    whole_free(&same);
    forget(profile);
}

static void test_cmyk(void **unused) {
    (void)unused;
    const char *const recipes[] = {"icc", "icc:keep", "icc:gray", "icc:p3"};
    for (int i = 0; i < 4; i++) {
        ibx_image in = grid(IBX_CMYK, (ibx_bytes){0}), same = grid(IBX_CMYK, (ibx_bytes){0});
        ibx_image out = apply(recipes[i], &in);
        assert_int_equal(out.head.model, i == 2 ? IBX_GRAY : IBX_RGB);
        assert_true((out.head.profile.size > 0) == (i == 3));
        for (int k = 0; i < 2 && k < 81 * 81; k++)
            for (int p = 0; p < 3; p++) {
                const double ink = (double)*whole_at(&same, p, k % 81, k / 81),
                             black = (double)*whole_at(&same, 3, k % 81, k / 81);
                assert_true(fabs((double)*whole_at(&out, p, k % 81, k / 81) -
                                 (1 - ink) * (1 - black)) < 1e-6);
            }
        whole_free(&out);
        whole_free(&same);
    }
}

/* to=file: the pixels are lcms2's, the profile is the file's. Alpha comes along. */
static void test_file(void **unused) {
    (void)unused;
    const char *const names[] = {"ProPhoto-v4.icc", "Rec2020-v2-magic.icc", "sGrey-v4.icc"};
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    for (int i = 0; i < 3; i++) {
        ibx_bytes file = load(names[i]);
        char recipe[700];
        snprintf(recipe, sizeof recipe, "icc:file,\"%s\"", data_path(names[i]));
        ibx_image in = grid(IBX_RGB, (ibx_bytes){0}), out = apply(recipe, &in);
        assert_int_equal(out.head.model, i == 2 ? IBX_GRAY : IBX_RGB);
        assert_int_equal(out.head.profile.size, file.size);
        assert_memory_equal(out.head.profile.data, file.data, file.size);
        cmsHPROFILE to = cmsOpenProfileFromMem(file.data, (cmsUInt32Number)file.size);
        assert_true(distance(&out, srgb, IBX_RGB, to, INTENT_RELATIVE_COLORIMETRIC) < 1e-3);
        cmsCloseProfile(to);
        whole_free(&out);
        forget(file);
    }
    cmsCloseProfile(srgb);
    ibx_bytes profile = load("DisplayP3-v4.icc");
    ibx_image in = whole_new(3, 2, IBX_RGB, true);
    *whole_at(&in, 3, 2, 1) = 0.25f;
    in.head.profile = profile;
    ibx_image out = apply("icc", &in);
    assert_true(out.head.alpha && *whole_at(&out, 3, 2, 1) == 0.25f);
    whole_free(&out);
    forget(profile);
    const char *const bad[] = {"icc:file", "icc:srgb,\"/some.icc\"",
                               "icc:file,\"/nonexistent.icc\"",
                               ("icc:file,\"" SOURCE_DIR "/CMakeLists.txt\""), "icc:file,\"/\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ibx_error err = {0};
        in = whole_new(1, 1, IBX_RGB, false);
        assert_false(whole_apply(bad[i], &in, &out, &err));
        assert_true(strstr(err.text, "icc") && err.code == IBX_USAGE);
        whole_free(&in);
    }
}

/* A made-up printer: more ink is darker, never quite black, and turns the hue. */
static cmsInt32Number paint(const cmsUInt16Number in[], cmsUInt16Number out[], void *channels) {
    double light = 1, v[4] = {0};
    for (int i = 0; i < *(int *)channels; i++) {
        v[i] = in[i] / 65535.0;
        light *= 1 - 0.6 * v[i] * v[i];
    }
    out[0] = (cmsUInt16Number)(65535 * (0.05 + 0.9 * light));
    out[1] = (cmsUInt16Number)(32768 + 15000 * light * (v[1] - v[0]));
    out[2] = (cmsUInt16Number)(32768 + 15000 * light * (v[2] - v[1]));
    return TRUE;
}

/* A profile of a table with curves in front of it: lut8 and lut16 (version 2) or lutAtoB (4). */
static ibx_bytes table_profile(ibx_model model, double version, bool bits8) {
    cmsHPROFILE p = cmsCreateProfilePlaceholder(NULL);
    int n = (int)model;
    uint16_t bent[256];
    for (int i = 0; i < 256; i++) bent[i] = (uint16_t)(65535 * pow(i / 255.0, 1.4));
    cmsToneCurve *curve = cmsBuildTabulatedToneCurve16(NULL, 256, bent);
    cmsToneCurve *straight = cmsBuildGamma(NULL, 1);
    cmsPipeline *lut = cmsPipelineAlloc(NULL, (cmsUInt32Number)n, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 7, (cmsUInt32Number)n, 3, NULL);
    assert_true(cmsStageSampleCLut16bit(table, paint, &n, 0));
    cmsPipelineInsertStage(lut, cmsAT_END,
                           cmsStageAllocToneCurves(NULL, (cmsUInt32Number)n,
                                                   (cmsToneCurve *[]){curve, curve, curve, curve}));
    cmsPipelineInsertStage(lut, cmsAT_END, table);
    cmsPipelineInsertStage(
        lut, cmsAT_END,
        cmsStageAllocToneCurves(NULL, 3, (cmsToneCurve *[]){straight, straight, straight}));
    cmsPipelineSetSaveAs8bitsFlag(lut, bits8);
    cmsSetProfileVersion(p, version);
    cmsSetDeviceClass(p, cmsSigInputClass);
    cmsSetColorSpace(p, model == IBX_CMYK ? cmsSigCmykData : cmsSigRgbData);
    cmsSetPCS(p, cmsSigLabData);
    cmsWriteTag(p, cmsSigMediaWhitePointTag, cmsD50_XYZ());
    assert_true(cmsWriteTag(p, cmsSigAToB0Tag, lut));
    cmsPipelineFree(lut);
    cmsFreeToneCurve(curve);
    cmsFreeToneCurve(straight);
    return serialized(p);
}

/* Is the conversion done without lcms2? */
static bool own_stages(ibx_model model, ibx_bytes profile, int space) {
    const ibx_destination to = {.space = space, .black_points = true};
    ibx_colour_conversion *c;
    assert_true(ibx_conversion_make(&c, model, profile, &to, NULL));
    assert_non_null(c);
    bool own = true;
    for (int i = 0; i < c->stages; i++) own = own && c->stage[i].kind != IBX_STAGE_LCMS;
    ibx_conversion_free(c);
    return own;
}

/* Every kind of table, to RGB and to gray, with lcms2 as the judge. */
static void check_table(ibx_model model, ibx_bytes profile) {
    static const char *const RECIPES[] = {"icc", "icc:gray", "icc:intent=perceptual"};
    cmsHPROFILE p = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
    for (int i = 0; i < 3; i++) {
        const bool gray = i == 1;
        ibx_image in = grid(model, profile), out = apply(RECIPES[i], &in);
        cmsHPROFILE to = gray ? gray_profile(0) : cmsCreate_sRGBProfile();
        const double d =
            distance(&out, p, model, to, i == 2 ? INTENT_PERCEPTUAL : INTENT_RELATIVE_COLORIMETRIC);
        print_message("%s of %d channels: off by %.6f\n", RECIPES[i], (int)model, d);
        assert_true(d < 1e-3);
        assert_true(own_stages(model, profile, gray ? IBX_SPACE_GRAY : IBX_SPACE_SRGB));
        cmsCloseProfile(to);
        whole_free(&out);
    }
    cmsCloseProfile(p);
}

static void test_tables(void **unused) {
    (void)unused;
    const struct {
        ibx_model model;
        double version;
        bool bits8;
    } kinds[] = {{IBX_CMYK, 2.1, false}, {IBX_CMYK, 2.1, true}, {IBX_CMYK, 4.3, false},
                 {IBX_RGB, 2.1, false},  {IBX_RGB, 2.1, true},  {IBX_RGB, 4.3, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ibx_bytes profile = table_profile(kinds[i].model, kinds[i].version, kinds[i].bits8);
        check_table(kinds[i].model, profile);
        forget(profile);
    }
    ibx_bytes profile = load("CGATS001Compat-v2-micro.icc");
    check_table(IBX_CMYK, profile);
    forget(profile);
}

/* Gray out of matrix profiles, and real profiles of curves and a matrix: no lcms2 either. */
static void test_matrix(void **unused) {
    (void)unused;
    const char *const names[] = {"DisplayP3-v4.icc", "AdobeCompat-v2.icc", "ProPhoto-v2-magic.icc"};
    for (int i = 0; i < 3; i++) {
        ibx_bytes profile = load(names[i]);
        cmsHPROFILE p = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
        cmsHPROFILE gray = gray_profile(0);
        ibx_image in = grid(IBX_RGB, profile), out = apply("icc:gray", &in);
        const double d = distance(&out, p, IBX_RGB, gray, INTENT_RELATIVE_COLORIMETRIC);
        print_message("%s to gray: off by %.6f\n", names[i], d);
        assert_true(d < 1e-3);
        assert_true(own_stages(IBX_RGB, profile, IBX_SPACE_SRGB));
        assert_true(own_stages(IBX_RGB, profile, IBX_SPACE_ADOBERGB));
        assert_true(own_stages(IBX_RGB, profile, IBX_SPACE_GRAY));
        cmsCloseProfile(gray);
        cmsCloseProfile(p);
        whole_free(&out);
        forget(profile);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_profiles),
                                       cmocka_unit_test(test_intents),
                                       cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_matrix),
                                       cmocka_unit_test(test_gray),
                                       cmocka_unit_test(test_ignored),
                                       cmocka_unit_test(test_there_and_back),
                                       cmocka_unit_test(test_cmyk),
                                       cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
