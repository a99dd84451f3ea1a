/* view.c - regions of a result: for every filter there is, and for chains, any region is the cut of
 * what ibx_apply makes of the whole image, and nothing outside the source is read. */
#include "core/pixels.h"
#include "core/recipe.h"
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t seed;

static int noise(int below) {
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (uint32_t)below);
}

static size_t pixel_size(const ibx_head *head, ibx_sample sample) {
    return (size_t)ibx_planes(head) * ibx_sample_size(sample);
}

/* Ramps, edges and noise in samples of every type; alpha with holes. */
static ibx_image picture(int w, int h, ibx_model model, bool alpha, ibx_sample sample) {
    ibx_image im = {.head = {.w = w, .h = h, .model = model, .alpha = alpha, .orientation = 1},
                    .sample = sample};
    const int planes = ibx_planes(&im.head);
    im.head.depth = 8 * (int)ibx_sample_size(sample);
    im.stride = (size_t)w * pixel_size(&im.head, sample);
    im.pixels = malloc(im.stride * (size_t)h);
    assert_non_null(im.pixels);
    for (int i = 0; i < w * h * planes; i++) {
        const int x = i / planes % w, y = i / planes / w, p = i % planes;
        int v = x < w / 2 ? (x * 700 + y * 400 * (p + 1)) & 65535 : noise(65536);
        if (alpha && p == (int)model && y < h / 3) v = x % 5 ? 65535 : 0;
        if (sample == IBX_U8) ((uint8_t *)im.pixels)[i] = (uint8_t)(v >> 8);
        if (sample == IBX_U16) ((uint16_t *)im.pixels)[i] = (uint16_t)v;
        if (sample == IBX_F32) ((float *)im.pixels)[i] = (float)v * (1.1f / 65535) - 0.05f;
    }
    return im;
}

/* A copy of a part of an image, in a block that ends where it ends; rows further apart than long.
 */
static ibx_region cut(const ibx_image *im, ibx_rect r) {
    const size_t size = pixel_size(&im->head, im->sample), row = (size_t)r.w * size;
    ibx_region part = {.at = r, .stride = (ptrdiff_t)(row + 4)};
    part.data = malloc((row + 4) * (size_t)r.h - 4);
    assert_non_null(part.data);
    for (int y = 0; y < r.h; y++)
        memcpy(part.data + y * part.stride,
               (uint8_t *)im->pixels + (size_t)(r.y + y) * im->stride + (size_t)r.x * size, row);
    return part;
}

static void check_equal(const char *how, const ibx_image *whole, const ibx_region *part) {
    const ibx_region wanted = cut(whole, part->at);
    const size_t row = (size_t)part->at.w * pixel_size(&whole->head, whole->sample);
    for (int y = 0; y < part->at.h; y++)
        if (memcmp(wanted.data + y * wanted.stride, part->data + y * part->stride, row) != 0)
            fail_msg("%s: row %d of the region %d,%d %dx%d differs", how, y, part->at.x, part->at.y,
                     part->at.w, part->at.h);
    free(wanted.data);
}

static ibx_rect any_region(const ibx_head *head) {
    const int x = noise(head->w), y = noise(head->h);
    return (ibx_rect){x, y, 1 + noise(head->w - x), 1 + noise(head->h - y)};
}

static void check_region(ibx_view *view, const char *how, const ibx_image *im,
                         const ibx_image *whole, ibx_rect r, int threads) {
    ibx_error err = {0};
    const ibx_rect source = ibx_view_source(view, r);
    if (source.x < 0 || source.y < 0 || source.x + source.w > im->head.w ||
        source.y + source.h > im->head.h)
        fail_msg("%s: the source reaches over the image's edge", how);
    const ibx_region in = cut(im, source);
    ibx_region out = cut(whole, r);
    memset(out.data, 0x55, (size_t)out.stride * (size_t)r.h - 4);
    if (!ibx_view_render(view, &in, &out, threads, &err)) fail_msg("%s: %s", how, err.text);
    check_equal(how, whole, &out);
    free(in.data);
    free(out.data);
}

#define REGIONS 4

static void check_view(const ibx_recipe *recipe, const char *how, const ibx_image *im,
                       const ibx_image *whole) {
    ibx_error err = {0};
    ibx_view *view = ibx_view_open(recipe, &im->head, im->sample, whole->sample, NULL, &err);
    if (!view) fail_msg("%s: %s", how, err.text);
    const ibx_head *head = ibx_view_head(view);
    assert_true(head->w == whole->head.w && head->h == whole->head.h);
    assert_int_equal(ibx_planes(head), ibx_planes(&whole->head));
    const ibx_rect all = {0, 0, head->w, head->h};
    const ibx_region input = {
        .at = {0, 0, im->head.w, im->head.h}, .stride = (ptrdiff_t)im->stride, .data = im->pixels};
    if (ibx_view_looks(view) && !ibx_view_look(view, &input, 2, &err))
        fail_msg("%s: %s", how, err.text);
    check_region(view, how, im, whole, all, 1);
    for (int i = 0; i < REGIONS; i++) check_region(view, how, im, whole, any_region(head), 1 + i);
    ibx_view_free(view);
}

/* The recipe on images of all kinds. One that an image does not suit is refused as ibx_apply does
 * it. */
static void check_recipe(const char *text) {
    static const struct {
        ibx_model model;
        bool alpha;
        ibx_sample from, to;
    } KIND[] = {{IBX_RGB, false, IBX_U8, IBX_U8},   {IBX_RGB, true, IBX_U16, IBX_U16},
                {IBX_RGB, true, IBX_F32, IBX_F32},  {IBX_GRAY, false, IBX_U8, IBX_U8},
                {IBX_GRAY, true, IBX_U8, IBX_U16},  {IBX_RGB, false, IBX_U8, IBX_F32},
                {IBX_GRAY, false, IBX_U16, IBX_U16}};
    const ibx_limits limits = {.threads = 1};
    ibx_error err = {0}, again = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    for (size_t i = 0; i < sizeof KIND / sizeof *KIND; i++) {
        ibx_image im = picture(141, 87, KIND[i].model, KIND[i].alpha, KIND[i].from), whole;
        char how[200];
        snprintf(how, sizeof how, "%.150s on kind %d", text, (int)i);
        if (ibx_apply(recipe, &im, KIND[i].to, &whole, &limits, &err)) {
            check_view(recipe, how, &im, &whole);
        } else {
            ibx_view *view =
                ibx_view_open(recipe, &im.head, im.sample, KIND[i].to, &limits, &again);
            if (view) fail_msg("%s: not refused", how);
            assert_string_equal(err.text, again.text);
        }
        ibx_image_free(&whole);
        free(im.pixels);
    }
    ibx_recipe_free(recipe);
}

static void test_every_filter(void **state) {
    (void)state;
    size_t n;
    const ibx_filter *const *filters = ibx_filters(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        ibx_recipe *parsed = ibx_recipe_parse(filters[i]->name, NULL);
        ibx_recipe_free(parsed);
        if (parsed) check_recipe(filters[i]->name);
        for (int k = 0; k < 4 && filters[i]->examples[k]; k++)
            check_recipe(filters[i]->examples[k]);
    }
}

static void test_chains(void **state) {
    (void)state;
    static const char *const CHAIN[] = {
        "",
        "blur:1.5/unsharp/invert",
        "resize:50%/unsharp:0.8/rotate:90/blur:2",
        "gamma:1.2/flip:vertical/median:2/box_blur:3",
        "autolevels/blur:9/equalize/resize:40x/clahe",
        "rotate:90/autolevels/rotate:270",
        "crop:40x30/pad:90x80/rotate:33/resize:150%",
        "blur:3/blur:3/blur:3/blur:12",
        "median:3/equalize/unsharp:5/clahe",
        "blur:40/unsharp:20/blur:60",
    };
    for (size_t i = 0; i < sizeof CHAIN / sizeof *CHAIN; i++) check_recipe(CHAIN[i]);
}

/* An image with a profile is converted; the profile of the result is that of the recipe. */
static void test_profile(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_image im = picture(90, 70, IBX_RGB, false, IBX_U16), p3, whole;
    ibx_recipe *to_p3 = ibx_recipe_parse("icc:p3", &err), *blur = ibx_recipe_parse("blur:2", &err);
    assert_true(ibx_recipe_has(to_p3, IBX_MANAGE) && !ibx_recipe_has(blur, IBX_MANAGE));
    assert_true(ibx_apply(to_p3, &im, IBX_U16, &p3, NULL, &err));
    assert_true(p3.head.profile.size > 0);
    assert_true(ibx_apply(blur, &p3, IBX_U16, &whole, NULL, &err));
    check_view(blur, "blur of an image in P3", &p3, &whole);
    check_view(to_p3, "to P3", &im, &p3);
    ibx_view *view = ibx_view_open(to_p3, &im.head, IBX_U16, IBX_U16, NULL, &err);
    assert_int_equal(ibx_view_head(view)->profile.size, p3.head.profile.size);
    ibx_view_free(view);
    ibx_image_free(&whole);
    ibx_image_free(&p3);
    ibx_recipe_free(to_p3);
    ibx_recipe_free(blur);
    free(im.pixels);
}

/* Several threads render from one view, each by itself. */
static void test_threads(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_image im = picture(301, 203, IBX_RGB, true, IBX_U8), whole;
    ibx_recipe *recipe = ibx_recipe_parse("blur:12/median:2/unsharp", &err);
    assert_true(ibx_apply(recipe, &im, IBX_U8, &whole, NULL, &err));
    ibx_view *view = ibx_view_open(recipe, &im.head, IBX_U8, IBX_U8, NULL, &err);
    const ibx_region in = {.at = {0, 0, 301, 203}, .stride = 301 * 4, .data = im.pixels};
    uint8_t *result = malloc((size_t)301 * 203 * 4);
    bool ok = true;
#pragma omp parallel for num_threads(4) schedule(dynamic) reduction(&& : ok)
    for (int i = 0; i < 7 * 7; i++) {
        const ibx_rect at = {i % 7 * 43, i / 7 * 29, 43, 29};
        const ibx_region out = {
            .at = at, .stride = 301 * 4, .data = result + (at.y * 301 + at.x) * 4};
        ok = ok && ibx_view_render(view, &in, &out, 1, NULL);
    }
    assert_true(ok);
    assert_memory_equal(result, whole.pixels, (size_t)301 * 203 * 4);
    ibx_view_free(view);
    ibx_recipe_free(recipe);
    ibx_image_free(&whole);
    free(result);
    free(im.pixels);
}

/* What is not there is refused; who is told to stop does, and can go on later. */
static void test_errors(void **state) {
    (void)state;
    ibx_error err = {0};
    atomic_bool cancel = true;
    const ibx_limits limits = {.cancel = &cancel};
    ibx_image im = picture(50, 40, IBX_RGB, false, IBX_U8);
    ibx_recipe *recipe = ibx_recipe_parse("equalize/blur:3", &err);
    ibx_recipe *saves = ibx_recipe_parse("blur/save:png", &err);
    uint8_t pixels[50 * 40 * 3];
    const ibx_region in = {.at = {0, 0, 50, 40}, .stride = 150, .data = im.pixels};
    ibx_region out = {.at = {10, 10, 20, 20}, .stride = 150, .data = pixels};
    assert_null(ibx_view_open(saves, &im.head, IBX_U8, IBX_U8, NULL, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_null(
        ibx_view_open(recipe, &im.head, IBX_U8, IBX_U8, &(ibx_limits){.max_pixels = 1999}, &err));
    assert_int_equal(err.code, IBX_LIMIT);
    ibx_view *view = ibx_view_open(recipe, &im.head, IBX_U8, IBX_U8, &limits, &err);
    assert_non_null(view);
    assert_false(ibx_view_render(view, &in, &out, 2, &err));
    assert_int_equal(err.code, IBX_CANCELLED);
    assert_string_equal(err.text, "stopped by the user");
    cancel = false;
    assert_true(ibx_view_look(view, &in, 2, &err) && ibx_view_render(view, &in, &out, 2, &err));
    out.at.x = 31;
    assert_false(ibx_view_render(view, &in, &out, 1, &err));
    assert_int_equal(err.code, IBX_BUG);
    ibx_view_free(view);
    ibx_recipe_free(recipe);
    ibx_recipe_free(saves);
    free(im.pixels);
}

int main(void) {
    if (chdir(SOURCE_DIR) != 0) return 1; /* where examples find their files */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_filter), cmocka_unit_test(test_chains),
        cmocka_unit_test(test_profile),      cmocka_unit_test(test_threads),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
