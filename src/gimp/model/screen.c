/* screen.c - to sRGB in bytes, and over checks. */
#include "gimp/model/screen.h"
#include "core/pixels.h"
#include <lcms2.h>
#include <stdlib.h>

/* Pixels of a row that are converted at once. */
enum { RUN = 256 };

/* GIMP's checks: of 8 pixels, in two grays. */
enum { CHECK = 8, LIGHT_CHECK = 153, DARK_CHECK = 102 };

struct ibx_window_screen {
    int colours, planes;
    ibx_sample sample;
    size_t pixel;            /* bytes */
    cmsHTRANSFORM transform; /* to RGB in bytes; NULL: as they are */
};

/* ---- the transform --------------------------------------------------------------------------- */

/* lcms2 has no way from floats to bytes, so floats become 16 bits first. */
static cmsUInt32Number input_type(const ibx_window_screen *s) {
    const int gray = s->colours == 1;
    return (cmsUInt32Number)(COLORSPACE_SH(gray ? PT_GRAY : PT_RGB) | CHANNELS_SH(s->colours) |
                             EXTRA_SH(s->planes - s->colours) |
                             BYTES_SH(s->sample == IBX_U8 ? 1 : 2));
}

static cmsHTRANSFORM make_transform(const ibx_window_screen *s, ibx_bytes profile) {
    if (!profile.size) return NULL;
    const cmsColorSpaceSignature wanted = s->colours == 1 ? cmsSigGrayData : cmsSigRgbData;
    cmsHPROFILE from = cmsOpenProfileFromMem(profile.data, (cmsUInt32Number)profile.size);
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform = NULL;
    if (from && to && cmsGetColorSpace(from) == wanted)
        transform =
            cmsCreateTransform(from, input_type(s), to, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                               cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOCACHE);
    if (from) cmsCloseProfile(from);
    if (to) cmsCloseProfile(to);
    return transform;
}

ibx_window_screen *ibx_window_screen_new(const ibx_head *head, ibx_sample sample,
                                         ibx_bytes profile) {
    ibx_window_screen *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->colours = (int)head->model;
    s->planes = ibx_planes(head);
    s->sample = sample;
    s->pixel = (size_t)s->planes * ibx_sample_size(sample);
    s->transform = make_transform(s, profile);
    return s;
}

void ibx_window_screen_free(ibx_window_screen *s) {
    if (s && s->transform) cmsDeleteTransform(s->transform);
    free(s);
}

/* ---- samples --------------------------------------------------------------------------------- */

static uint16_t sample_16(float v) {
    return (uint16_t)(ibx_clamp(v, 0, 1) * UINT16_MAX + 0.5F);
}

/* A run as lcms2 reads it: bytes or 16 bits. */
static const void *readable(const ibx_window_screen *s, const uint8_t *from, int count,
                            uint16_t *room) {
    if (s->sample == IBX_U8) return from;
    if (s->sample == IBX_U16) return memcpy(room, from, (size_t)count * s->pixel);
    for (int i = 0; i < count * s->planes; i++) {
        float v;
        memcpy(&v, from + (size_t)i * sizeof v, sizeof v);
        room[i] = sample_16(v);
    }
    return room;
}

/* Sample i of a run, in a byte. */
static uint8_t byte_at(const ibx_window_screen *s, const void *run, int i) {
    if (s->sample == IBX_U8) return ((const uint8_t *)run)[i];
    return (uint8_t)((((const uint16_t *)run)[i] + 128) / 257);
}

static void as_they_are(const ibx_window_screen *s, const void *run, int count, uint8_t *rgb) {
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            rgb[3 * i + c] = byte_at(s, run, i * s->planes + ibx_min(c, s->colours - 1));
}

/* ---- checks ---------------------------------------------------------------------------------- */

static uint32_t over(uint32_t sample, uint32_t check, uint32_t alpha) {
    return (sample * alpha + check * (255 - alpha) + 127) / 255;
}

static void show_run(const ibx_window_screen *s, const uint8_t *from, int count, int x, int y,
                     uint32_t *pixels) {
    uint16_t room[RUN * IBX_MAX_PLANES] = {0};
    uint8_t rgb[RUN * 3];
    const void *run = readable(s, from, count, room);
    if (s->transform)
        cmsDoTransform(s->transform, run, rgb, (cmsUInt32Number)count);
    else
        as_they_are(s, run, count, rgb);
    for (int i = 0; i < count; i++) {
        uint32_t r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        if (s->planes > s->colours) {
            const uint32_t alpha = byte_at(s, run, i * s->planes + s->colours);
            const uint32_t check = ((x + i) / CHECK + y / CHECK) % 2 ? DARK_CHECK : LIGHT_CHECK;
            r = over(r, check, alpha);
            g = over(g, check, alpha);
            b = over(b, check, alpha);
        }
        pixels[i] = r << 16 | g << 8 | b;
    }
}

void ibx_window_screen_show(const ibx_window_screen *s, const ibx_region *region,
                            uint32_t *pixels) {
    const ibx_rect at = region->at;
    for (int y = 0; y < at.h; y++)
        for (int x = 0; x < at.w; x += RUN)
            show_run(s, region->data + y * region->stride + (size_t)x * s->pixel,
                     ibx_min(RUN, at.w - x), at.x + x, at.y + y, pixels + (size_t)y * at.w + x);
}
