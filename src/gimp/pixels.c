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

ibx_head ibx_gimp_head(const ibx_gimp_form *form, int w, int h) {
    static const int DEPTH[] = {[IBX_U8] = 8, [IBX_U16] = 16, [IBX_F32] = 32};
    return (ibx_head){.w = w,
                      .h = h,
                      .full_w = w,
                      .full_h = h,
                      .model = form->model,
                      .alpha = form->alpha,
                      .orientation = 1,
                      .depth = DEPTH[form->sample],
                      .shrink = 1};
}

bool ibx_gimp_region_new(ibx_region *region, ibx_rect at, int planes, ibx_sample sample,
                         ibx_error *err) {
    const size_t size = (size_t)planes * ibx_sample_size(sample);
    *region = (ibx_region){.at = at, .size = size, .stride = (ptrdiff_t)size * at.w};
    region->data = malloc((size_t)region->stride * (size_t)at.h);
    return region->data ||
           ibx_fail(err, IBX_MEMORY, "no memory for a layer of %d x %d pixels", at.w, at.h);
}

void ibx_gimp_region_free(ibx_region *region) {
    free(region->data);
    *region = (ibx_region){.data = NULL};
}

/* ---- moving ---------------------------------------------------------------------------- */

/* Calls move for every piece of a rectangle, with the region's pixels there. */
static void for_pieces(const ibx_region *region, ibx_rect r,
                       void (*move)(GeglBuffer *buffer, const Babl *format,
                                    const GeglRectangle *piece, void *data, int stride),
                       GeglBuffer *buffer, const Babl *format) {
    for (int y = r.y; y < r.y + r.h; y += PIECE)
        for (int x = r.x; x < r.x + r.w; x += PIECE) {
            const GeglRectangle piece = {x, y, ibx_min(PIECE, r.x + r.w - x),
                                         ibx_min(PIECE, r.y + r.h - y)};
            uint8_t *data = region->data + (y - region->at.y) * region->stride +
                            (ptrdiff_t)region->size * (x - region->at.x);
            move(buffer, format, &piece, data, (int)region->stride);
        }
}

static void get(GeglBuffer *buffer, const Babl *format, const GeglRectangle *piece, void *data,
                int stride) {
    gegl_buffer_get(buffer, piece, 1.0, format, data, stride, GEGL_ABYSS_NONE);
}

static void set(GeglBuffer *buffer, const Babl *format, const GeglRectangle *piece, void *data,
                int stride) {
    gegl_buffer_set(buffer, piece, 0, format, data, stride);
}

bool ibx_gimp_read(GeglBuffer *buffer, const ibx_gimp_form *form, ibx_rect at, ibx_region *region,
                   ibx_error *err) {
    const int planes = (int)form->model + form->alpha;
    if (!ibx_gimp_region_new(region, at, planes, form->sample, err)) return false;
    for_pieces(region, at, get, buffer, form->format);
    return true;
}

uint64_t ibx_gimp_sum(const ibx_region *region) {
    const size_t size = (size_t)region->stride * (size_t)region->at.h;
    uint64_t sum = 0xcbf29ce484222325, word;
    for (size_t i = 0; i < size; i += sizeof word) {
        word = 0;
        memcpy(&word, region->data + i, MIN(sizeof word, size - i));
        sum = (sum ^ word) * 0x100000001b3;
    }
    return sum;
}

void ibx_gimp_write(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_region *region,
                    ibx_rect at) {
    for_pieces(region, at, set, buffer, form->format);
}

/* ---- fitting --------------------------------------------------------------------------- */

/* An opaque sample. */
static void put_one(ibx_sample sample, uint8_t *to) {
    static const float one = 1;
    static const uint16_t all = UINT16_MAX;
    if (sample == IBX_U8)
        *to = UINT8_MAX;
    else
        memcpy(to, sample == IBX_U16 ? (const void *)&all : &one, ibx_sample_size(sample));
}

static void fit_row(const uint8_t *from, const ibx_head *head, uint8_t *to,
                    const ibx_gimp_form *form, int w) {
    const size_t size = ibx_sample_size(form->sample);
    const int colours = (int)head->model;
    for (int x = 0; x < w; x++, from += (size_t)ibx_planes(head) * size) {
        for (int p = 0; p < (int)form->model; p++, to += size)
            memcpy(to, from + (size_t)ibx_min(p, colours - 1) * size, size);
        if (!form->alpha) continue;
        if (head->alpha)
            memcpy(to, from + (size_t)colours * size, size);
        else
            put_one(form->sample, to);
        to += size;
    }
}

bool ibx_gimp_fit(ibx_region *region, const ibx_head *head, const ibx_gimp_form *form,
                  ibx_error *err) {
    if (head->model == form->model && head->alpha == form->alpha) return true;
    ibx_region fit;
    const int planes = (int)form->model + form->alpha;
    if (!ibx_gimp_region_new(&fit, region->at, planes, form->sample, err)) return false;
    for (int y = 0; y < region->at.h; y++)
        fit_row(region->data + y * region->stride, head, fit.data + y * fit.stride, form,
                region->at.w);
    free(region->data);
    *region = fit;
    return true;
}
