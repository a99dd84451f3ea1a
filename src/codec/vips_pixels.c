/* vips_pixels.c - from what libvips loads to the samples of a strip.
 *
 * Most files arrive as they are wanted: 8 or 16 bit, gray, RGB or CMYK, alpha last. The rest is
 * brought there by operations of libvips or, where that is a matter of samples, row by row while
 * a strip is copied. */
#include "codec/vips.h"
#include "core/pixels.h"

/* Rows per request to libvips: it holds a buffer of that many. */
enum { ROWS = 64 };

/* Replaces *image by the result of an operation on it. */
static bool replace(VipsImage **image, VipsImage *result, int failed) {
    if (failed) return false;
    g_object_unref(*image);
    *image = result;
    return true;
}

/* Packed codings (Radiance's shared exponent, LabQ) to plain samples. */
static bool unpack_coding(VipsImage **image) {
    VipsImage *out = NULL;
    const int failed = vips_image_decode(*image, &out);
    return replace(image, out, failed);
}

/* Colours that are no light to display (Lab, XYZ, ...) become 16-bit sRGB. */
static bool to_rgb(ibx_vips_pixels *p) {
    VipsImage *out = NULL;
    switch (vips_image_get_interpretation(p->image)) {
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABQ:
    case VIPS_INTERPRETATION_LABS:
    case VIPS_INTERPRETATION_LCH:
    case VIPS_INTERPRETATION_CMC:
    case VIPS_INTERPRETATION_XYZ:
    case VIPS_INTERPRETATION_YXY:
    case VIPS_INTERPRETATION_HSV:
        p->converted = true;
        const int failed = vips_colourspace(p->image, &out, VIPS_INTERPRETATION_RGB16, NULL);
        return replace(&p->image, out, failed);
    default:
        return true;
    }
}

/* Samples to 8 bit, 16 bit or float. Signed ones keep their values, negative ones become 0;
 * 32-bit integers keep their share of the full range. */
static bool to_samples(VipsImage **image) {
    VipsImage *out = NULL;
    int failed;
    switch (vips_image_get_format(*image)) {
    case VIPS_FORMAT_CHAR:
        failed = vips_cast(*image, &out, VIPS_FORMAT_UCHAR, NULL);
        break;
    case VIPS_FORMAT_SHORT:
        failed = vips_cast(*image, &out, VIPS_FORMAT_USHORT, NULL);
        break;
    case VIPS_FORMAT_INT:
        failed = vips_linear1(*image, &out, 1.0 / INT32_MAX, 0, NULL);
        break;
    case VIPS_FORMAT_UINT:
        failed = vips_linear1(*image, &out, 1.0 / UINT32_MAX, 0, NULL);
        break;
    case VIPS_FORMAT_DOUBLE:
        failed = vips_cast(*image, &out, VIPS_FORMAT_FLOAT, NULL);
        break;
    default:
        return true;
    }
    return replace(image, out, failed);
}

/* Bands to 1 to 4: extra samples behind colours and alpha are dropped. */
static bool to_planes(VipsImage **image, bool cmyk) {
    const int bands = vips_image_get_bands(*image);
    if (bands <= 4 || (cmyk && bands == 4)) return true;
    VipsImage *out = NULL;
    const int failed = vips_extract_band(*image, &out, 0, "n", 4, NULL);
    return replace(image, out, failed);
}

/* OpenEXR's colours are multiplied by alpha, which libvips scales to 255; ours are not. */
static bool to_straight(VipsImage **image) {
    const double scale[] = {1, 1, 1, 1 / 255.0}, offset[] = {0, 0, 0, 0};
    VipsImage *straight = NULL, *out = NULL;
    if (vips_unpremultiply(*image, &straight, "max_alpha", 255.0, NULL)) return false;
    const int failed = vips_linear(straight, &out, scale, offset, 4, NULL);
    g_object_unref(straight);
    return replace(image, out, failed);
}

static ibx_sample sample_of(VipsBandFormat format) {
    return format == VIPS_FORMAT_UCHAR ? IBX_U8 : format == VIPS_FORMAT_USHORT ? IBX_U16 : IBX_F32;
}

/* libheif gives deep images with their bits at the top of 16. */
static int bits_to_spread(VipsImage *image) {
    int bits = 0;
    if (!vips_image_get_typeof(image, "heif-bitdepth") ||
        vips_image_get_int(image, "heif-bitdepth", &bits))
        return 0;
    return bits > 8 && bits < 16 ? bits : 0;
}

/* Float samples are light, unless a profile says what they are; integers are encoded. */
static bool convert(ibx_vips_pixels *p, bool cmyk, bool premultiplied) {
    if (!unpack_coding(&p->image) || !to_rgb(p)) return false;
    p->linear = vips_band_format_isfloat(vips_image_get_format(p->image)) &&
                !vips_image_get_typeof(p->image, VIPS_META_ICC_NAME);
    if (!to_samples(&p->image) || !to_planes(&p->image, cmyk)) return false;
    return !premultiplied || vips_image_get_bands(p->image) != 4 || to_straight(&p->image);
}

bool ibx_vips_pixels_of(VipsImage *loaded, const char *loader, const char *name, ibx_vips_pixels *p,
                        ibx_error *err) {
    const VipsInterpretation space = vips_image_get_interpretation(loaded);
    const bool cmyk = space == VIPS_INTERPRETATION_CMYK && vips_image_get_bands(loaded) >= 4;
    if (vips_band_format_iscomplex(vips_image_get_format(loaded)))
        return ibx_fail(err, IBX_FORMAT, "%s: has complex numbers as samples", name);
    if (space == VIPS_INTERPRETATION_MULTIBAND && vips_image_get_bands(loaded) > 4)
        return ibx_fail(err, IBX_FORMAT,
                        "%s: has %d channels, of which none is known to be a "
                        "colour",
                        name, vips_image_get_bands(loaded));

    g_object_ref(loaded);
    *p = (ibx_vips_pixels){.image = loaded, .spread = bits_to_spread(loaded)};
    if (!convert(p, cmyk, !strcmp(loader, "openexr"))) {
        g_object_unref(p->image);
        p->image = NULL;
        return ibx_vips_refuse(err, name, "its colours cannot be converted");
    }
    const int bands = vips_image_get_bands(p->image);
    p->model = cmyk ? IBX_CMYK : bands < 3 ? IBX_GRAY : IBX_RGB;
    p->alpha = !cmyk && (bands == 2 || bands == 4);
    p->sample = sample_of(vips_image_get_format(p->image));
    return true;
}

/* Gives n pixels of float the sRGB curve; alpha is none of the colours. */
static void encode_row(float *row, int planes, bool alpha, int n) {
    enum { BLOCK = 256 };
    float kept[BLOCK];
    const ibx_pixel_ops *loops = ibx_pixel_loops();
    for (int x = 0; x < n; x += BLOCK) {
        const int m = ibx_min(BLOCK, n - x);
        float *block = row + (size_t)x * planes;
        for (int i = 0; alpha && i < m; i++) kept[i] = block[i * planes + planes - 1];
        loops->to_encoded(block, m * planes);
        for (int i = 0; alpha && i < m; i++) block[i * planes + planes - 1] = kept[i];
    }
}

/* Repeats the upper `bits` bits of 16 in the lower ones, so that the brightest value is 65535. */
static void spread_row(uint16_t *row, size_t n, int bits) {
    for (size_t i = 0; i < n; i++) row[i] = (uint16_t)(row[i] | row[i] >> bits);
}

/* w pixels. */
static void copy_row(const ibx_vips_pixels *p, int planes, int w, const VipsPel *from,
                     uint8_t *to) {
    const size_t samples = (size_t)w * (size_t)planes;
    memcpy(to, from, samples * ibx_sample_size(p->sample));
    if (p->linear) encode_row((float *)(void *)to, planes, p->alpha, w);
    if (p->spread) spread_row((uint16_t *)(void *)to, samples, p->spread);
}

/* A region lives as long as a call, on the thread of the call. */
bool ibx_vips_pull(const ibx_vips_pixels *p, const ibx_strip *strip, int x, int w, const char *name,
                   ibx_error *err) {
    const size_t left = (size_t)x * (size_t)strip->planes * ibx_sample_size(p->sample);
    VipsRegion *region = vips_region_new(p->image);
    bool fine = region != NULL;
    for (int row = 0; fine && row < strip->rows; row += ROWS) {
        const VipsRect r = {x, strip->y + row, w, ibx_min(ROWS, strip->rows - row)};
        fine = vips_region_prepare(region, &r) == 0;
        for (int i = 0; fine && i < r.height; i++)
            copy_row(p, strip->planes, w, VIPS_REGION_ADDR(region, x, r.top + i),
                     strip->data + (size_t)(row + i) * strip->stride + left);
    }
    if (region) g_object_unref(region);
    return fine || ibx_vips_refuse(err, name, "cannot be decoded");
}
