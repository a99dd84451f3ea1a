/* move.c - pixels that are moved as samples against the same turns and cuts of floats, which the
 * oracle of one tile makes (support/whole.h), for every filter that says it can. */
#include "engine/move.h"
#include "core/pixels.h"
#include "engine/apply.h"
#include "engine/memory.h"
#include "whole.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Noise in all bits of all samples, with a gap behind each row. */
static ibx_image noise(int w, int h, ibx_model model, bool alpha, ibx_sample sample) {
    ibx_image im = {.head = {.w = w,
                             .h = h,
                             .model = model,
                             .alpha = alpha,
                             .orientation = 1,
                             .depth = 8,
                             .shrink = 1,
                             .full_w = w,
                             .full_h = h},
                    .sample = sample};
    const size_t size = ibx_sample_size(sample);
    im.stride = ((size_t)w * (size_t)ibx_planes(&im.head) + 3) * size;
    im.pixels = malloc(im.stride * (size_t)h);
    assert_non_null(im.pixels);
    uint32_t seed = (uint32_t)(w * 31 + h);
    for (size_t i = 0; i < im.stride * (size_t)h; i++) {
        seed = seed * 1664525u + 1013904223u;
        ((uint8_t *)im.pixels)[i] = (uint8_t)(seed >> 24);
    }
    return im;
}

static ibx_plan_options usual(ibx_sample sample) {
    return (ibx_plan_options){.threads = 2,
                              .memory = (size_t)1 << 30,
                              .max_pixels = 1000000,
                              .to = &ibx_codec_memory,
                              .sample = sample};
}

/* Are all stages of the recipe's plan for such an image such that they move samples? */
static bool moves(const ibx_recipe *recipe, const ibx_head *head, ibx_sample in, ibx_sample out) {
    const ibx_info info = {.head = *head, .sample = in, .format = "memory", .pages = 1};
    const ibx_plan_options options = usual(out);
    ibx_plan plan;
    bool all = true;
    if (!ibx_plan_make(&plan, recipe, &info, &options, NULL)) return false;
    for (int s = 0; s < plan.stages; s++) all = all && plan.stage[s].moves;
    ibx_plan_free(&plan);
    return all;
}

/* Is sample i of the row of `got` what the float is in a file? */
static bool is_sample(ibx_sample type, const void *row, int i, float want) {
    uint32_t bits;
    memcpy(&bits, &want, sizeof bits);
    switch (type) {
    case IBX_U8:
        return ((const uint8_t *)row)[i] == (uint8_t)lrintf(want * 255);
    case IBX_U16:
        return ((const uint16_t *)row)[i] == (uint16_t)lrintf(want * 65535);
    default:
        return ((const uint32_t *)row)[i] == bits;
    }
}

static void check_equal(const char *recipe, const ibx_image *whole, const ibx_image *got) {
    if (whole->head.w != got->head.w || whole->head.h != got->head.h)
        fail_msg("%s: %d x %d", recipe, got->head.w, got->head.h);
    const int n = got->head.w * ibx_planes(&got->head);
    for (int y = 0; y < got->head.h; y++)
        for (int i = 0; i < n; i++)
            if (!is_sample(got->sample, (const char *)got->pixels + (size_t)y * got->stride, i,
                           *(whole_at(whole, 0, 0, y) + i)))
                fail_msg("%s: type %d, %d x %d, sample %d of row %d", recipe, got->sample,
                         got->head.w, n, i, y);
}

/* Ways to cut an image up. */
static const struct {
    int tile_w, strip_rows, threads;
} CUT[] = {{0, 0, 1}, {7, 5, 3}, {1000, 1, 1}, {33, 64, 2}, {1000, 1000, 1}};
enum { ALL_CUTS = 5 };

/* False if the recipe does not move samples. */
static bool check(const char *recipe, const ibx_image *in, int cuts) {
    ibx_error err = {0};
    ibx_recipe *parsed = ibx_recipe_parse(recipe, &err);
    if (!parsed) fail_msg("%s: %s", recipe, err.text);
    const bool all = moves(parsed, &in->head, in->sample, in->sample);
    ibx_image whole;
    if (all) whole = whole_applied(recipe, in);
    for (int i = 0; all && i < cuts; i++) {
        const ibx_tuning tuning = {
            .tile_w = CUT[i].tile_w, .strip_rows = CUT[i].strip_rows, .poison = true};
        const ibx_limits limits = {.threads = CUT[i].threads};
        ibx_image out;
        if (!ibx_apply_tuned(parsed, in, in->sample, &tuning, &out, &limits, &err))
            fail_msg("%s: %s", recipe, err.text);
        check_equal(recipe, &whole, &out);
        ibx_image_free(&out);
    }
    if (all) whole_free(&whole);
    ibx_recipe_free(parsed);
    return all;
}

/* The recipe on every kind of pixel; how many it moves as they are. */
static int on_all_pixels(const char *recipe, int w, int h, int orientation, int cuts) {
    static const struct {
        ibx_model model;
        bool alpha;
    } KIND[] = {{IBX_GRAY, false}, {IBX_GRAY, true}, {IBX_RGB, false}, {IBX_RGB, true}};
    int n = 0;
    for (int i = 0; i < 12; i++) {
        ibx_image in = noise(w, h, KIND[i / 3].model, KIND[i / 3].alpha, (ibx_sample)(i % 3));
        in.head.orientation = orientation;
        n += check(recipe, &in, cuts);
        free(in.pixels);
    }
    return n;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_every_moving_filter(void **state) {
    (void)state;
    static const char *const MORE[] = {"flip:both",
                                       "flip:transpose",
                                       "flip:transverse",
                                       "rotate:180",
                                       "rotate:270",
                                       "rotate:90",
                                       "crop:23x11,3,-2",
                                       "crop:30x20/flip",
                                       "orient:reset",
                                       "rotate:90/crop:9x",
                                       "flip:transpose/crop:20x13/rotate:270"};
    size_t filters, moved = 0;
    const ibx_filter *const *filter = ibx_filters(&filters);
    for (size_t i = 0; i < filters; i++)
        for (int k = 0; k < 4 && filter[i]->examples[k]; k++)
            moved += on_all_pixels(filter[i]->examples[k], 71, 45, 1, ALL_CUTS) > 0;
    assert_in_range(moved, 10, 100); /* of crop, flip, orient, rotate, and what does nothing */
    for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++)
        assert_int_equal(on_all_pixels(MORE[i], 71, 45, 1, ALL_CUTS), 12);
}

/* Filters that choose among the samples around, over edges and rims of all sorts, where samples
 * have 8 bits. */
static void test_choosing(void **state) {
    (void)state;
    static const char *const RECIPE[] = {"median:1",
                                         "median:2",
                                         "median:3",
                                         "median:5",
                                         "median:9",
                                         "median:2/flip/median:1",
                                         "crop:40x/median:3/rotate:90"};
    for (size_t i = 0; i < sizeof RECIPE / sizeof *RECIPE; i++) {
        assert_int_equal(on_all_pixels(RECIPE[i], 71, 45, 1, ALL_CUTS), 4);
        assert_int_equal(on_all_pixels(RECIPE[i], 2, 3, 1, 2), 4);
    }
}

/* Filters that compute new samples and round them, once and at the end, where there is no alpha. */
static void test_rounding(void **state) {
    (void)state;
    static const char *const RECIPE[] = {"blur:0.1",
                                         "blur:0.7",
                                         "blur:1",
                                         "blur:1.4",
                                         "blur:2",
                                         "blur:3",
                                         "blur:4.6",
                                         "median:1/blur:1/flip",
                                         "crop:40x/blur:2/flip"};
    for (size_t i = 0; i < sizeof RECIPE / sizeof *RECIPE; i++) {
        assert_int_equal(on_all_pixels(RECIPE[i], 71, 45, 1, ALL_CUTS), 2);
        assert_int_equal(on_all_pixels(RECIPE[i], 2, 3, 1, 2), 2);
    }
    for (int i = 2; i < 7; i++) assert_int_equal(on_all_pixels(RECIPE[i], 517, 141, 1, 3), 2);
    static const char *const NOT[] = {"blur:1/blur:1",       "invert/blur:1", "blur:1/gamma:2",
                                      "blur:1,light=linear", "blur:9",        "blur:1/autolevels"};
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
        assert_int_equal(on_all_pixels(NOT[i], 71, 45, 1, 1), 0);
}

/* Every remainder of every block, and more rows than the loops take at once. */
static void test_every_size(void **state) {
    (void)state;
    for (int n = 1; n < 21; n++)
        for (int turn = 2; turn <= 8; turn++)
            assert_int_equal(on_all_pixels("orient", n, 38 - n, turn, 1), 12);
    for (int turn = 5; turn <= 8; turn++)
        assert_int_equal(on_all_pixels("orient", 45, 301, turn, ALL_CUTS), 12);
}

/* Where samples change on their way they are not moved. */
static void test_what_does_not_move(void **state) {
    (void)state;
    const ibx_image in = noise(40, 30, IBX_RGB, false, IBX_U8);
    static const char *const RECIPE[] = {"rotate:90", "rotate:90/invert", "rotate:12",
                                         "rotate:90,expand=no"};
    for (int i = 0; i < 4; i++) {
        ibx_recipe *recipe = ibx_recipe_parse(RECIPE[i], NULL);
        assert_int_equal(moves(recipe, &in.head, IBX_U8, IBX_U8), i == 0);
        assert_false(moves(recipe, &in.head, IBX_U8, IBX_U16));
        assert_false(moves(recipe, &in.head, IBX_U16, IBX_U8));
        ibx_recipe_free(recipe);
    }
    free(in.pixels);
}

/* Runs a stage of a plan whose input lies in a ring of as few strips as can be. */
static void run_ring(const ibx_plan *plan, const ibx_image *in, ibx_store *to) {
    ibx_store ring;
    ibx_arena arena = {.poison = true};
    assert_true(ibx_store_open(&ring, &plan->band[0], plan->band[0].tight, NULL, NULL));
    for (int j = 0, next = 0; j < plan->stage->strips; j++) {
        int lo, hi;
        ibx_plan_reach(plan, 0, j, &lo, &hi);
        for (; next <= hi; next++) {
            const ibx_strip s = ibx_store_strip(&ring, next);
            for (int y = 0; y < s.rows; y++)
                memcpy(s.data + (size_t)y * s.stride,
                       (uint8_t *)in->pixels + (size_t)(s.y + y) * in->stride,
                       (size_t)s.w * (size_t)s.planes * ibx_sample_size(s.sample));
        }
        const ibx_strip s = ibx_store_strip(to, j);
        const ibx_rect out = {0, s.y, s.w, s.rows};
        assert_true(ibx_move_tile(plan, plan->stage, &ring, out, &arena, to, NULL));
    }
    ibx_arena_free(&arena);
    ibx_store_close(&ring);
}

/* The rows that a tile needs may be the last and the first of a ring, and an image in memory, as in
 * the other tests, has no ring. */
static void test_ring(void **state) {
    (void)state;
    static const char *const RECIPE[] = {"crop:31x70,4,gravity=west/flip", "median:2", "median:4",
                                         "flip/median:1/crop:33x20",       "blur:1",   "blur:2.2"};
    ibx_image in = noise(150, 90, IBX_RGB, false, IBX_U8), want;
    const ibx_info info = {.head = in.head, .sample = IBX_U8, .format = "memory", .pages = 1};
    ibx_plan_options options = usual(IBX_U8);
    options.decode_rows = options.strip_rows = 7;
    for (size_t i = 0; i < sizeof RECIPE / sizeof *RECIPE; i++) {
        ibx_recipe *recipe = ibx_recipe_parse(RECIPE[i], NULL);
        ibx_plan plan;
        assert_true(ibx_plan_make(&plan, recipe, &info, &options, NULL));
        assert_true(plan.stages == 1 && plan.stage[0].moves);
        assert_in_range(plan.band[0].tight, 2, 4);
        assert_true(ibx_apply(recipe, &in, IBX_U8, &want, NULL, NULL));
        ibx_band band = plan.band[1];
        band.stride = want.stride;
        band.strip_bytes = (size_t)band.strip_rows * want.stride;
        ibx_store to;
        assert_true(ibx_store_open(&to, &band, band.strips, NULL, NULL));
        run_ring(&plan, &in, &to);
        assert_memory_equal(to.data, want.pixels, want.stride * (size_t)want.head.h);
        ibx_store_close(&to);
        ibx_image_free(&want);
        ibx_plan_free(&plan);
        ibx_recipe_free(recipe);
    }
    free(in.pixels);
}

/* All of it with the loops for older CPUs, then with those for this one. */
int main(void) {
    if (chdir(SOURCE_DIR) != 0) return 1; /* where examples find their files */
    const pid_t older = fork();
    int failures = 0;
    if (older > 0 && waitpid(older, &failures, 0) != older) return 1;
    if (older == 0) setenv("IMBREX_CPU", "baseline", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_moving_filter),
                                       cmocka_unit_test(test_choosing),
                                       cmocka_unit_test(test_rounding),
                                       cmocka_unit_test(test_every_size),
                                       cmocka_unit_test(test_what_does_not_move),
                                       cmocka_unit_test(test_ring)};
    return failures != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
