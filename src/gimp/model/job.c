/* job.c - tiles of a result, as a screen shows them. */
#include "gimp/model/job.h"
#include "core/pixels.h"
#include "gimp/recipe.h"
#include <stdlib.h>

/* Tiles begin with the smaller side; where a filter's halo makes them cost several times what is
 * seen of them they grow. */
enum { MOST_SIDE = 8 * IBX_WINDOW_LEAST_SIDE, MOST_WASTE = 3 };

bool ibx_window_look_open(ibx_window_look *look, const ibx_gimp_subject *subject) {
    const ibx_image *im = subject->pixels;
    *look = (ibx_window_look){.subject = subject,
                              .whole = {.at = {0, 0, im->head.w, im->head.h},
                                        .stride = (ptrdiff_t)im->stride,
                                        .data = im->pixels}};
    look->screen = ibx_window_screen_new(&im->head, im->sample, subject->profile);
    return look->screen != NULL;
}

void ibx_window_look_close(ibx_window_look *look) {
    ibx_window_screen_free(look->screen);
}

/* ---- open and close -------------------------------------------------------------------------- */

static int choose_side(const ibx_window_job *job) {
    int side = IBX_WINDOW_LEAST_SIDE;
    for (; side < MOST_SIDE; side *= 2) {
        const int w = ibx_min(side, job->head.w), h = ibx_min(side, job->head.h);
        const ibx_rect at = {(job->head.w - w) / 2, (job->head.h - h) / 2, w, h};
        const ibx_rect need = ibx_view_source(job->view, at);
        const double scale = (double)job->look->whole.at.w * job->look->whole.at.h /
                             ((double)job->head.w * job->head.h);
        if ((double)need.w * need.h <= MOST_WASTE * scale * w * h) break;
    }
    return side;
}

static bool open_view(ibx_window_job *job, const atomic_bool *cancel, int threads, ibx_error *err) {
    const ibx_gimp_subject *subject = job->look->subject;
    const ibx_limits limits = {.cancel = cancel};
    const bool manages = ibx_recipe_has(job->recipe, IBX_MANAGE);
    ibx_head head = subject->pixels->head;
    if (manages) head.profile = subject->profile;
    job->view = ibx_view_open(job->recipe, &head, subject->pixels->sample, subject->pixels->sample,
                              &limits, err);
    if (!job->view) return false;
    if (ibx_view_looks(job->view) && !ibx_view_look(job->view, &job->look->whole, threads, err))
        return false;
    job->head = *ibx_view_head(job->view);
    job->screen = ibx_window_screen_new(&job->head, subject->pixels->sample,
                                        manages ? job->head.profile : subject->profile);
    return job->screen || ibx_fail(err, IBX_MEMORY, "no memory for a preview");
}

bool ibx_window_job_open(ibx_window_job *job, const ibx_window_look *look, const char *recipe,
                         const atomic_bool *cancel, int threads, ibx_error *err) {
    job->look = look;
    job->head = look->subject->pixels->head;
    job->side = IBX_WINDOW_LEAST_SIDE;
    if (!recipe) return true;
    job->recipe = ibx_gimp_recipe_read(recipe, err);
    if (!job->recipe || !ibx_gimp_recipe_for_layer(job->recipe, err) ||
        !open_view(job, cancel, threads, err))
        return false;
    job->resized = job->head.w != look->whole.at.w || job->head.h != look->whole.at.h;
    job->side = choose_side(job);
    return true;
}

void ibx_window_job_close(ibx_window_job *job) {
    ibx_view_free(job->view);
    ibx_window_screen_free(job->screen);
    ibx_recipe_free(job->recipe);
    *job = (ibx_window_job){.number = job->number};
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static uint32_t *new_pixels(ibx_rect at, ibx_error *err) {
    uint32_t *pixels = calloc((size_t)at.w * (size_t)at.h, sizeof *pixels);
    if (!pixels) ibx_fail(err, IBX_MEMORY, "no memory for a preview");
    return pixels;
}

/* Shows a rectangle of the layer. */
static bool show_before(const ibx_window_look *look, ibx_rect at, uint32_t *pixels) {
    const ibx_image *im = look->subject->pixels;
    const size_t pixel = (size_t)ibx_planes(&im->head) * ibx_sample_size(im->sample);
    const ibx_region part = {.at = at,
                             .size = pixel,
                             .stride = look->whole.stride,
                             .data = look->whole.data + at.y * look->whole.stride +
                                     (size_t)at.x * pixel};
    ibx_window_screen_show(look->screen, &part, pixels);
    return true;
}

/* Is the result put into a layer that has transparency and keeps it? */
static bool keeps_alpha(const ibx_window_job *job) {
    const ibx_gimp_subject *subject = job->look->subject;
    return subject->lock_alpha && !job->resized && job->head.alpha &&
           ibx_planes(&job->head) == ibx_planes(&subject->pixels->head);
}

/* Gives rendered pixels the transparency that the layer has: the last sample of each. */
static void keep_alpha(const ibx_window_look *look, const ibx_region *out) {
    const size_t sample = ibx_sample_size(look->subject->pixels->sample);
    for (int y = 0; y < out->at.h; y++) {
        const uint8_t *from = look->whole.data + (out->at.y + y) * look->whole.stride;
        for (int x = 0; x < out->at.w; x++)
            memcpy(out->data + y * out->stride + (size_t)(x + 1) * out->size - sample,
                   from + (size_t)(out->at.x + x + 1) * out->size - sample, sample);
    }
}

static bool show_after(const ibx_window_job *job, ibx_rect at, int threads, uint32_t *pixels,
                       ibx_error *err) {
    const size_t pixel =
        (size_t)ibx_planes(&job->head) * ibx_sample_size(job->look->subject->pixels->sample);
    const ibx_region out = {.at = at,
                            .size = pixel,
                            .stride = (ptrdiff_t)((size_t)at.w * pixel),
                            .data = malloc((size_t)at.w * (size_t)at.h * pixel)};
    if (!out.data) return ibx_fail(err, IBX_MEMORY, "no memory for a preview");
    const bool ok = ibx_view_render(job->view, &job->look->whole, &out, threads, err);
    if (ok && keeps_alpha(job)) keep_alpha(job->look, &out);
    if (ok) ibx_window_screen_show(job->screen, &out, pixels);
    free(out.data);
    return ok;
}

/* Pixels of a row that are mixed at once. */
enum { RUN = 256 };

static void take_light(const uint32_t *pixels, int count, float *light) {
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            light[3 * i + c] = (float)(pixels[i] >> (16 - 8 * c) & 255) / 255;
    ibx_pixel_loops()->to_linear(light, 3 * count);
}

/* Mixes a run as GIMP does: in linear light; of 255 parts `part` are the second. */
static void mix(const uint32_t *before, uint32_t *after, const uint8_t *part, int count) {
    float a[3 * RUN], b[3 * RUN];
    take_light(before, count, a);
    take_light(after, count, b);
    for (int i = 0; i < count; i++) {
        const float share = (float)part[i] / 255;
        for (int k = 3 * i; k < 3 * i + 3; k++) a[k] += (b[k] - a[k]) * share;
    }
    ibx_pixel_loops()->to_encoded(a, 3 * count);
    for (int i = 0; i < count; i++) {
        after[i] = 0;
        for (int c = 0; c < 3; c++)
            after[i] = after[i] << 8 | (uint32_t)(ibx_clamp(a[3 * i + c], 0, 1) * 255 + 0.5F);
    }
}

/* How much of a pixel of the layer is selected. */
static uint8_t selected(const ibx_gimp_subject *subject, int x, int y) {
    const ibx_rect box = subject->selected;
    const int dx = x - box.x, dy = y - box.y;
    if (dx < 0 || dy < 0 || dx >= box.w || dy >= box.h) return 0;
    return subject->mask ? subject->mask[(size_t)dy * (size_t)box.w + (size_t)dx] : 255;
}

/* The same of `count` pixels of a row. Is any of them not selected as a whole? */
static bool read_parts(const ibx_gimp_subject *subject, int x, int y, int count, uint8_t *part) {
    bool some = false;
    for (int i = 0; i < count; i++) {
        part[i] = selected(subject, x + i, y);
        some |= part[i] < 255;
    }
    return some;
}

/* What is not selected stays as it is. */
static void keep_unselected(const ibx_gimp_subject *subject, const ibx_window_tile *tile,
                            uint32_t *after) {
    const ibx_rect at = tile->at;
    uint8_t part[RUN];
    for (int y = 0; y < at.h; y++)
        for (int x = 0; x < at.w; x += RUN) {
            const size_t i = (size_t)y * (size_t)at.w + (size_t)x;
            const int count = ibx_min(RUN, at.w - x);
            if (read_parts(subject, at.x + x, at.y + y, count, part))
                mix(tile->before + i, after + i, part, count);
        }
}

bool ibx_window_job_tile(const ibx_window_job *job, ibx_window_tile *tile, int threads,
                         ibx_error *err) {
    if (!job->resized) {
        uint32_t *before = new_pixels(tile->at, err);
        tile->before = before;
        if (!before || !show_before(job->look, tile->at, before)) return false;
    }
    if (!job->view) return true;
    uint32_t *after = new_pixels(tile->at, err);
    tile->after = after;
    if (!after || !show_after(job, tile->at, threads, after, err)) return false;
    if (!job->resized) keep_unselected(job->look->subject, tile, after);
    return true;
}
