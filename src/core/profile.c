/* profile.c - ICC profiles: built, read, checked. */
#include "core/conversion.h"
#include <stdio.h>
#include <stdlib.h>

/* Primaries of IEC 61966-2-1, of SMPTE EG 432-1 with the white of sRGB, and of Adobe RGB (1998). */
static const cmsCIExyYTRIPLE PRIMARIES[] = {
    [IBX_SPACE_SRGB] = {{0.640, 0.330, 1}, {0.300, 0.600, 1}, {0.150, 0.060, 1}},
    [IBX_SPACE_P3] = {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}},
    [IBX_SPACE_ADOBERGB] = {{0.640, 0.330, 1}, {0.210, 0.710, 1}, {0.150, 0.060, 1}}};
static const char *const DESCRIPTIONS[] = {[IBX_SPACE_SRGB] = "sRGB",
                                           [IBX_SPACE_P3] = "Display P3",
                                           [IBX_SPACE_ADOBERGB] =
                                               "Compatible with Adobe RGB (1998)",
                                           [IBX_SPACE_GRAY] = "Gray with the curve of sRGB"};

cmsHPROFILE ibx_profile_open(cmsContext lcms, int space) {
    const cmsCIExyY d65 = {0.3127, 0.3290, 1};
    const double srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = space == IBX_SPACE_ADOBERGB ? cmsBuildGamma(lcms, IBX_ADOBE_GAMMA)
                                                      : cmsBuildParametricToneCurve(lcms, 4, srgb);
    cmsHPROFILE profile = space == IBX_SPACE_GRAY
                              ? cmsCreateGrayProfileTHR(lcms, &d65, curve)
                              : cmsCreateRGBProfileTHR(lcms, &d65, &PRIMARIES[space],
                                                       (cmsToneCurve *[]){curve, curve, curve});
    cmsFreeToneCurve(curve);
    return profile;
}

ibx_model ibx_profile_model(cmsHPROFILE profile) {
    const cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    return space == cmsSigGrayData   ? IBX_GRAY
           : space == cmsSigRgbData  ? IBX_RGB
           : space == cmsSigCmykData ? IBX_CMYK
                                     : 0;
}

bool ibx_profile_build(int space, ibx_bytes *result, ibx_error *err) {
    cmsContext lcms = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile = ibx_profile_open(lcms, space);
    cmsMLU *text = cmsMLUalloc(lcms, 1);
    cmsMLUsetASCII(text, "en", "US", DESCRIPTIONS[space]);
    cmsWriteTag(profile, cmsSigProfileDescriptionTag, text);
    cmsMLUfree(text);
    cmsUInt32Number size = 0;
    uint8_t *data = NULL;
    if (cmsSaveProfileToMem(profile, NULL, &size) && (data = malloc(size)) &&
        cmsSaveProfileToMem(profile, data, &size))
        memcpy(data + 24, (uint8_t[]){7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0}, 12); /* 2000-01-01 */
    cmsCloseProfile(profile);
    cmsDeleteContext(lcms);
    *result = (ibx_bytes){data, data ? size : 0};
    return data || ibx_fail(err, IBX_MEMORY, "no memory for an ICC profile");
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

cmsHPROFILE ibx_profile_open_target(cmsContext lcms, ibx_bytes bytes) {
    cmsHPROFILE p = cmsOpenProfileFromMemTHR(lcms, bytes.data, (cmsUInt32Number)bytes.size);
    const ibx_model model = p ? ibx_profile_model(p) : 0;
    if ((model == IBX_RGB || model == IBX_GRAY) &&
        (cmsIsMatrixShaper(p) || cmsIsTag(p, cmsSigGrayTRCTag) ||
         cmsIsCLUT(p, INTENT_PERCEPTUAL, LCMS_USED_AS_OUTPUT)))
        return p;
    if (p) cmsCloseProfile(p);
    return NULL;
}

bool ibx_profile_read(const char *path, const char *who, ibx_bytes *result, ibx_error *err) {
    *result = slurp(path);
    cmsContext lcms = cmsCreateContext(NULL, NULL);
    cmsHPROFILE profile = ibx_profile_open_target(lcms, *result);
    if (profile) cmsCloseProfile(profile);
    cmsDeleteContext(lcms);
    return profile ||
           ibx_fail(err, IBX_USAGE,
                    "%s: %s cannot be read, or is no RGB or gray profile to convert to", who, path);
}
