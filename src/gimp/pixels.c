/* pixels.c - pixels out of GEGL's buffers, and back. */
#include "gimp/pixels.h"
#include "core/pixels.h"
#include <stdlib.h>

/* The side of a piece that is moved at once. GIMP hands out tiles one by one; larger pieces leave
 * the cache, smaller ones cost more calls (measured at 24 megapixels). */
enum { PIECE = 256 };

bool ibx_gimp_form_of(const Babl *drawable, bool plain, ibx_gimp_form *form) {
    static const char *const NAMES[2][2] = {{"Y'", "Y'A"}, {"R'G'B'", "R'G'B'A"}};
    static const char *const PLAIN[2] = {"Y", "YA"};
    static const char *const TYPES[] = {[IBX_U8] = "u8", [IBX_U16] = "u16", [IBX_F32] = "float"};
    if (babl_format_is_palette(drawable)) return false;
    const Babl *space = babl_format_get_space(drawable);
    const int alpha = babl_format_has_alpha(drawable) != 0;
    const bool rgb = babl_format_get_n_components(drawable) - alpha == 3;
    *form = (ibx_gimp_form){.model = rgb ? IBX_RGB : IBX_GRAY, .alpha = alpha};
    for (int sample = IBX_U8; sample <= IBX_F32; sample++) {
        char name[24];
        snprintf(name, sizeof name, "%s %s", plain && !rgb ? PLAIN[alpha] : NAMES[rgb][alpha],
                 TYPES[sample]);
        form->format = babl_format_with_space(name, space);
        form->sample = (ibx_sample)sample;
        if (form->format == drawable) break;
    }
    return true;
}

/* Calls move(user, piece, pixels of it) for every piece of a rectangle. */
static void for_pieces(const ibx_image *image, ibx_rect r,
                       void (*move)(void *user, const GeglRectangle *piece, void *data, int stride),
                       void *user) {
    const size_t pixel = (size_t)ibx_planes(&image->head) * ibx_sample_size(image->sample);
    for (int y = r.y; y < r.y + r.h; y += PIECE)
        for (int x = r.x; x < r.x + r.w; x += PIECE) {
            const GeglRectangle piece = {x, y, ibx_min(PIECE, r.x + r.w - x),
                                         ibx_min(PIECE, r.y + r.h - y)};
            uint8_t *data = image->pixels;
            move(user, &piece, data + (size_t)y * image->stride + (size_t)x * pixel,
                 (int)image->stride);
        }
}

typedef struct {
    GeglBuffer *buffer;
    const Babl *format;
} end;

static void get(void *user, const GeglRectangle *piece, void *data, int stride) {
    const end *e = user;
    gegl_buffer_get(e->buffer, piece, 1.0, e->format, data, stride, GEGL_ABYSS_NONE);
}

static void set(void *user, const GeglRectangle *piece, void *data, int stride) {
    const end *e = user;
    gegl_buffer_set(e->buffer, piece, 0, e->format, data, stride);
}

static bool allocate(ibx_image *image, ibx_error *err) {
    const size_t pixel = (size_t)ibx_planes(&image->head) * ibx_sample_size(image->sample);
    image->stride = (size_t)image->head.w * pixel;
    image->pixels = malloc(image->stride * (size_t)image->head.h);
    return image->pixels || ibx_fail(err, IBX_MEMORY, "no memory for a layer of %d x %d pixels",
                                     image->head.w, image->head.h);
}

bool ibx_gimp_read(GeglBuffer *buffer, const ibx_gimp_form *form, ibx_image *image,
                   ibx_error *err) {
    const int w = gegl_buffer_get_width(buffer), h = gegl_buffer_get_height(buffer);
    static const int DEPTH[] = {[IBX_U8] = 8, [IBX_U16] = 16, [IBX_F32] = 32};
    *image = (ibx_image){.sample = form->sample,
                         .head = {.w = w,
                                  .h = h,
                                  .full_w = w,
                                  .full_h = h,
                                  .model = form->model,
                                  .alpha = form->alpha,
                                  .orientation = 1,
                                  .depth = DEPTH[form->sample],
                                  .shrink = 1}};
    if (!allocate(image, err)) return false;
    end from = {buffer, form->format};
    for_pieces(image, (ibx_rect){0, 0, w, h}, get, &from);
    return true;
}

/* An opaque sample. */
static void put_one(ibx_sample sample, uint8_t *to) {
    static const float one = 1;
    static const uint16_t all = UINT16_MAX;
    if (sample == IBX_U8)
        *to = UINT8_MAX;
    else
        memcpy(to, sample == IBX_U16 ? (const void *)&all : &one, ibx_sample_size(sample));
}

static void fit_row(const ibx_image *in, const ibx_image *out, int y) {
    const size_t size = ibx_sample_size(in->sample);
    const int colours = (int)in->head.model, wanted = (int)out->head.model;
    const int planes = ibx_planes(&in->head);
    const uint8_t *from = (const uint8_t *)in->pixels + (size_t)y * in->stride;
    uint8_t *to = (uint8_t *)out->pixels + (size_t)y * out->stride;
    for (int x = 0; x < in->head.w; x++, from += (size_t)planes * size) {
        for (int p = 0; p < wanted; p++, to += size)
            memcpy(to, from + (size_t)ibx_min(p, colours - 1) * size, size);
        if (!out->head.alpha) continue;
        if (in->head.alpha)
            memcpy(to, from + (size_t)colours * size, size);
        else
            put_one(in->sample, to);
        to += size;
    }
}

bool ibx_gimp_fit(ibx_image *image, const ibx_gimp_form *form, ibx_error *err) {
    if (image->head.model == form->model && image->head.alpha == form->alpha) return true;
    ibx_image fitted = *image;
    fitted.head.model = form->model;
    fitted.head.alpha = form->alpha;
    if (!allocate(&fitted, err)) return false;
    for (int y = 0; y < image->head.h; y++) fit_row(image, &fitted, y);
    free(image->pixels);
    *image = fitted;
    return true;
}

void ibx_gimp_write(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_image *image,
                    ibx_rect at) {
    end to = {buffer, form->format};
    for_pieces(image, at, set, &to);
}
