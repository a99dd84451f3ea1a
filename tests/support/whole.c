#include "whole.h"
#include "core/pixels.h"
#include "core/recipe.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Pixels of a tile; 0: as many as the image has. */
typedef struct {
    int w, h;
} tile_size;

/* An image as planes, and the memory that they lie in. */
typedef struct {
    ibx_head head;
    ibx_tile tile;
    unsigned light; /* that the samples are in */
} planar;

static void *must(void *memory) {
    if (!memory) abort();
    return memory;
}

/* Planes for the rectangle `at`, all NaN. */
static ibx_tile tile_new(ibx_rect at, int planes) {
    ibx_tile t = {.at = at, .planes = planes, .stride = (ptrdiff_t)((at.w + 15) & ~15) + 17};
    const size_t floats = (size_t)t.stride * (size_t)at.h;
    for (int p = 0; p < planes; p++) {
        t.plane[p] = must(aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64));
        for (size_t i = 0; i < floats; i++) t.plane[p][i] = NAN;
    }
    return t;
}

static void tile_free(ibx_tile *t) {
    for (int p = 0; p < t->planes; p++) free(t->plane[p]);
    t->planes = 0;
}

/* The rectangle `at` of an image; outside of it the nearest edge pixel is repeated. */
static ibx_tile tile_extended(const ibx_tile *image, ibx_rect at) {
    ibx_tile t = tile_new(at, image->planes);
    for (int p = 0; p < t.planes; p++)
        for (int y = at.y; y < at.y + at.h; y++)
            for (int x = at.x; x < at.x + at.w; x++)
                *ibx_at(&t, p, x, y) = *ibx_at(image, p, ibx_min(ibx_max(x, 0), image->at.w - 1),
                                               ibx_min(ibx_max(y, 0), image->at.h - 1));
    return t;
}

/* From the light that a tile is in to another. Straight and encoded (0) is what files hold; where
 * two passes want the same, nothing is converted in between. */
static void to_light(ibx_tile *t, const ibx_head *h, unsigned from, unsigned to) {
    const ibx_pixel_ops *ops = ibx_pixel_loops();
    const bool curve = (from ^ to) & IBX_LINEAR, divide = from & IBX_PREMULTIPLIED;
    const bool multiply = to & IBX_PREMULTIPLIED;
    for (int p = 0; p < (int)h->model && from != to; p++)
        for (int y = t->at.y; y < t->at.y + t->at.h; y++) {
            float *row = ibx_at(t, p, t->at.x, y);
            const float *alpha = h->alpha ? ibx_at(t, h->model, t->at.x, y) : NULL;
            if (alpha && divide && (curve || !multiply)) ops->unpremultiply(row, alpha, t->at.w);
            if (curve) (to & IBX_LINEAR ? ops->to_linear : ops->to_encoded)(row, t->at.w);
            if (alpha && multiply && (curve || !divide)) ops->premultiply(row, alpha, t->at.w);
        }
}

/* The tile of that number among those of size w x h (0: the whole side) that cover an image; false
 * if there is none. */
static bool tile_number(int n, tile_size size, const ibx_head *image, ibx_rect *at) {
    const int w = size.w ? size.w : image->w, h = size.h ? size.h : image->h;
    const int across = (image->w + w - 1) / w, x = n % across * w, y = n / across * h;
    *at = (ibx_rect){x, y, ibx_min(w, image->w - x), ibx_min(h, image->h - y)};
    return y < image->h;
}

/* The whole-image look of a pass, into `state`. Every tile gets an accumulator of its own. */
static bool look(const ibx_filter *pass, const ibx_call *c, const ibx_tile *image, void *state,
                 tile_size tiles, ibx_error *err) {
    const size_t size = pass->acc_size ? pass->acc_size(c) : 0;
    const size_t room = (size + 64) / 64 * 64;
    void *acc = must(aligned_alloc(64, room));
    void *sum = memset(must(aligned_alloc(64, room)), 0, room);
    ibx_rect at;
    for (int n = 0; tile_number(n, tiles, &c->in, &at); n++) {
        ibx_tile in = tile_extended(image, at);
        memset(acc, 0, room);
        pass->scan(c, &in, acc);
        pass->merge(c, sum, acc);
        tile_free(&in);
    }
    const bool ok = !pass->finish || pass->finish(c, sum, state, err);
    free(acc);
    free(sum);
    return ok;
}

/* Computes one tile of a pass and puts it into *image. */
static void run_tile(const ibx_filter *pass, ibx_call c, const ibx_tile *before, ibx_rect at,
                     ibx_tile *image) {
    ibx_tile in = tile_extended(before, pass->source ? pass->source(&c, at) : at);
    ibx_tile out = tile_new(at, ibx_planes(&c.out));
    const size_t scratch = pass->scratch ? pass->scratch(&c, at) : 0;
    if (scratch) c.scratch = must(aligned_alloc(64, (scratch + 63) / 64 * 64));
    if (scratch) memset(c.scratch, 0xff, scratch);
    pass->kernel(&c, &in, &out);
    for (int p = 0; p < out.planes; p++)
        for (int y = at.y; y < at.y + at.h; y++)
            memcpy(ibx_at(image, p, at.x, y), ibx_at(&out, p, at.x, y),
                   (size_t)at.w * sizeof(float));
    free(c.scratch);
    tile_free(&in);
    tile_free(&out);
}

/* Replaces *image by what the pass makes of it. */
static bool run_pass(const ibx_filter *pass, const void *params, void *state, planar *image,
                     tile_size tiles, ibx_error *err) {
    ibx_call c = {.params = params, .state = state, .in = image->head, .out = image->head};
    if (pass->head) pass->head(&c, &c.out);
    c.out.shrink = 1;
    c.out.full_w = c.out.w;
    c.out.full_h = c.out.h;
    const unsigned light = pass->wants ? pass->wants(&c) : 0;
    to_light(&image->tile, &c.in, image->light, light);
    if (pass->scan && !look(pass, &c, &image->tile, state, tiles, err)) return false;
    ibx_tile out = tile_new((ibx_rect){0, 0, c.out.w, c.out.h}, ibx_planes(&c.out));
    ibx_rect at;
    for (int n = 0; tile_number(n, tiles, &c.out, &at); n++)
        run_tile(pass, c, &image->tile, at, &out);
    tile_free(&image->tile);
    *image = (planar){c.out, out, light};
    return true;
}

static ibx_bytes copy_bytes(ibx_bytes b) {
    if (!b.size) return (ibx_bytes){0};
    return (ibx_bytes){memcpy(must(malloc(b.size)), b.data, b.size), b.size};
}

/* image->head.profile is malloc'd before and after: a step's own one would go with its state. */
static bool run_step(const ibx_step *step, planar *image, tile_size tiles, ibx_error *err) {
    const ibx_filter *f = step->filter;
    if (!f) return ibx_fail(err, IBX_USAGE, "save: not in a recipe for one image in memory");
    const ibx_bytes before = image->head.profile;
    void *state = must(calloc(1, f->state_size + 1));
    ibx_call c = {.params = step->params, .state = state, .in = image->head, .out = image->head};
    bool ok = !f->prepare || f->prepare(&c, state, err);
    const ibx_filter *pass[IBX_MAX_PASSES] = {f};
    const int count = !ok ? 0 : f->passes ? f->passes(&c, pass) : 1;
    for (int i = 0; ok && i < count; i++)
        ok = run_pass(pass[i], step->params, state, image, tiles, err);
    if (image->head.profile.data != before.data) {
        image->head.profile = copy_bytes(image->head.profile);
        free((void *)before.data);
    }
    if (f->release) f->release(state);
    free(state);
    return ok;
}

static planar read_image(const ibx_image *in) {
    const int planes = ibx_planes(&in->head);
    planar image = {in->head, tile_new((ibx_rect){0, 0, in->head.w, in->head.h}, planes), 0};
    image.head.shrink = 1;
    image.head.full_w = in->head.w;
    image.head.full_h = in->head.h;
    for (int y = 0; y < in->head.h; y++) {
        float *row[IBX_MAX_PLANES] = {0};
        for (int p = 0; p < planes; p++) row[p] = ibx_at(&image.tile, p, 0, y);
        ibx_pixel_loops()->unpack(in->sample, (char *)in->pixels + (size_t)y * in->stride, 0,
                                  planes, in->head.w, row);
    }
    return image;
}

static ibx_image write_image(const planar *image) {
    ibx_image out = whole_new(image->head.w, image->head.h, image->head.model, image->head.alpha);
    for (int p = 0; p < image->tile.planes; p++)
        for (int y = 0; y < image->head.h; y++)
            for (int x = 0; x < image->head.w; x++)
                *whole_at(&out, p, x, y) = *ibx_at(&image->tile, p, x, y);
    out.head = image->head;
    return out;
}

bool whole_apply(const char *recipe, const ibx_image *in, ibx_image *out, ibx_error *err) {
    return whole_apply_tiled(recipe, in, 0, 0, out, err);
}

bool whole_apply_tiled(const char *recipe, const ibx_image *in, int tile_w, int tile_h,
                       ibx_image *out, ibx_error *err) {
    const tile_size tiles = {tile_w, tile_h};
    *out = (ibx_image){0};
    ibx_recipe *steps = ibx_recipe_parse(recipe, err);
    if (!steps) return false;
    planar image = read_image(in);
    image.head.profile = copy_bytes(in->head.profile);
    bool ok = true;
    for (int i = 0; ok && i < steps->count; i++)
        ok = run_step(&steps->steps[i], &image, tiles, err);
    to_light(&image.tile, &image.head, image.light, 0);
    if (ok) *out = write_image(&image);
    if (!ok) free((void *)image.head.profile.data);
    tile_free(&image.tile);
    ibx_recipe_free(steps);
    return ok;
}

ibx_image whole_new(int w, int h, ibx_model model, bool alpha) {
    ibx_image image = {
        .sample = IBX_F32,
        .head = {.w = w, .h = h, .model = model, .alpha = alpha, .orientation = 1, .depth = 32}};
    image.stride = (size_t)w * (size_t)ibx_planes(&image.head) * sizeof(float);
    image.pixels = must(calloc((size_t)h, image.stride));
    return image;
}

void whole_free(ibx_image *image) {
    free(image->pixels);
    free((void *)image->head.profile.data);
    *image = (ibx_image){0};
}

ibx_image whole_applied(const char *recipe, const ibx_image *in) {
    ibx_image out;
    ibx_error err = {0};
    if (!whole_apply(recipe, in, &out, &err)) fail_msg("%s: %s", recipe, err.text);
    return out;
}

void whole_refused(const char *recipe, const char *why) {
    ibx_image in = whole_new(1, 1, IBX_RGB, false), out;
    ibx_error err = {0};
    assert_false(whole_apply(recipe, &in, &out, &err));
    if (!strstr(err.text, why)) fail_msg("%s: %s", recipe, err.text);
    whole_free(&in);
}
