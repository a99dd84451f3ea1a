/* pixels.c - pixels out of GEGL's buffers, and back. */
#include "gimp/pixels.h"
#include "core/large.h"
#include "core/pixels.h"
#include <stdlib.h>

/* The side of a piece that is moved at once, a multiple of that of GIMP's tiles, which it hands out
 * one by one; larger pieces leave the cache, smaller ones cost more calls (measured at 24
 * megapixels). */
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
    region->data = ibx_large_alloc((size_t)region->stride * (size_t)at.h);
    return region->data ||
           ibx_fail(err, IBX_MEMORY, "no memory for a layer of %d x %d pixels", at.w, at.h);
}

void ibx_gimp_region_free(ibx_region *region) {
    free(region->data);
    *region = (ibx_region){.data = NULL};
}

/* ---- moving ---------------------------------------------------------------------------- */

/* A rectangle of a buffer on its way from or to a region that holds it. */
typedef struct {
    GeglBuffer *buffer;
    const Babl *format;
    const ibx_region *region;
    uint8_t *scratch; /* of the comparison: a piece */
} transfer;

static uint8_t *pixels_at(const ibx_region *region, int x, int y) {
    return region->data + (y - region->at.y) * region->stride +
           (ptrdiff_t)region->size * (x - region->at.x);
}

static bool get(const transfer *t, const GeglRectangle *piece) {
    gegl_buffer_get(t->buffer, piece, 1.0, t->format, pixels_at(t->region, piece->x, piece->y),
                    (int)t->region->stride, GEGL_ABYSS_NONE);
    return true;
}

static bool set(const transfer *t, const GeglRectangle *piece) {
    gegl_buffer_set(t->buffer, piece, 0, t->format, pixels_at(t->region, piece->x, piece->y),
                    (int)t->region->stride);
    return true;
}

static bool compare(const transfer *t, const GeglRectangle *piece) {
    const size_t row = (size_t)piece->width * t->region->size;
    const uint8_t *known = pixels_at(t->region, piece->x, piece->y);
    gegl_buffer_get(t->buffer, piece, 1.0, t->format, t->scratch, (int)row, GEGL_ABYSS_NONE);
    for (int y = 0; y < piece->height; y++)
        if (memcmp(t->scratch + (size_t)y * row, known + y * t->region->stride, row) != 0)
            return false;
    return true;
}

/* From one coordinate to the next at which a piece begins. */
static int next(int at, int end) {
    return ibx_min((at / PIECE + 1) * PIECE, end);
}

/* Calls move for every piece of a rectangle until it returns false; has it never? Pieces lie on the
 * grid of GIMP's tiles, so that each tile is handed out once. */
static bool for_pieces(const transfer *t, ibx_rect r,
                       bool (*move)(const transfer *t, const GeglRectangle *piece)) {
    const int right = r.x + r.w, bottom = r.y + r.h;
    for (int y = r.y; y < bottom; y = next(y, bottom))
        for (int x = r.x; x < right; x = next(x, right)) {
            const GeglRectangle piece = {x, y, next(x, right) - x, next(y, bottom) - y};
            if (!move(t, &piece)) return false;
        }
    return true;
}

bool ibx_gimp_read(GeglBuffer *buffer, const ibx_gimp_form *form, ibx_rect at, ibx_region *region,
                   ibx_error *err) {
    const int planes = (int)form->model + form->alpha;
    if (!ibx_gimp_region_new(region, at, planes, form->sample, err)) return false;
    return for_pieces(&(transfer){buffer, form->format, region, NULL}, at, get);
}

bool ibx_gimp_is_as_read(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_region *region,
                         ibx_rect at) {
    uint8_t *scratch = malloc(region->size * PIECE * PIECE);
    const transfer t = {buffer, form->format, region, scratch};
    const bool same = scratch && for_pieces(&t, at, compare);
    free(scratch);
    return same;
}

void ibx_gimp_write(GeglBuffer *buffer, const ibx_gimp_form *form, const ibx_region *region,
                    ibx_rect at) {
    for_pieces(&(transfer){buffer, form->format, region, NULL}, at, set);
}

/* Sums are made side by side, since a step of one waits for the step before. */
enum { SUMS = 4 };
static const uint64_t FNV_BEGIN = 0xcbf29ce484222325, FNV_PRIME = 0x100000001b3;

static void add_row(const uint8_t *row, size_t size, uint64_t sum[SUMS]) {
    uint64_t word[SUMS];
    for (size_t i = 0; i < size; i += sizeof word) {
        if (size - i < sizeof word) memset(word, 0, sizeof word);
        memcpy(word, row + i, MIN(sizeof word, size - i));
        for (int k = 0; k < SUMS; k++) sum[k] = (sum[k] ^ word[k]) * FNV_PRIME;
    }
}

uint64_t ibx_gimp_sum(const ibx_region *region, ibx_rect at) {
    uint64_t sum[SUMS] = {FNV_BEGIN, FNV_BEGIN, FNV_BEGIN, FNV_BEGIN};
    for (int y = at.y; y < at.y + at.h; y++)
        add_row(pixels_at(region, at.x, y), region->size * (size_t)at.w, sum);
    for (int k = 1; k < SUMS; k++) sum[0] = (sum[0] ^ sum[k]) * FNV_PRIME;
    return sum[0];
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
