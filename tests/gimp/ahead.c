/* ahead - a result that is computed before it is asked for is that of the run, and is known from
 * what it is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "gimp/ahead.h"
#include "gimp/pixels.h"
#include <stdlib.h>

enum { W = 210, H = 160, PLANES = 3 };

static uint8_t pixels[W * H * PLANES];
static const ibx_image IMAGE = {.head = {.w = W,
                                         .h = H,
                                         .full_w = W,
                                         .full_h = H,
                                         .model = IBX_RGB,
                                         .orientation = 1,
                                         .depth = 8,
                                         .shrink = 1},
                                .stride = (size_t)W * PLANES,
                                .pixels = pixels};
static const ibx_region WHOLE = {{0, 0, W, H}, PLANES, W *PLANES, pixels};
static const ibx_rect ALL = {0, 0, W, H}, PART = {31, 22, 50, 40};

static ibx_gimp_subject subject_of(ibx_rect selected) {
    return (ibx_gimp_subject){.pixels = &IMAGE, .selected = selected, .marked = 1};
}

/* A job as the run plans it. */
static ibx_gimp_job plan(const char *recipe, ibx_rect box) {
    ibx_gimp_job job = {.head = IMAGE.head, .recipe = ibx_recipe_parse(recipe, NULL), .box = box};
    assert_non_null(job.recipe);
    job.view = ibx_view_open(job.recipe, &job.head, IBX_U8, IBX_U8, NULL, NULL);
    assert_non_null(job.view);
    const ibx_head *result = ibx_view_head(job.view);
    if (result->w != W || result->h != H) job.box = (ibx_rect){0, 0, result->w, result->h};
    return job;
}

static void forget(ibx_gimp_job *job) {
    ibx_view_free(job->view);
    ibx_recipe_free((ibx_recipe *)(uintptr_t)job->recipe);
}

/* Do both hold the same pixels in the box? */
static void assert_same(const ibx_region *a, const ibx_region *b, ibx_rect box) {
    for (int y = box.y; y < box.y + box.h; y++)
        assert_memory_equal(
            a->data + (y - a->at.y) * a->stride + (ptrdiff_t)(box.x - a->at.x) * PLANES,
            b->data + (y - b->at.y) * b->stride + (ptrdiff_t)(box.x - b->at.x) * PLANES,
            (size_t)box.w * PLANES);
}

static void test_same_as_the_run(void **state) {
    (void)state;
    static const char *const RECIPES[] = {"blur:3", "autolevels", "resize:50%", "rotate:90"};
    const ibx_rect boxes[] = {ALL, PART};
    for (int i = 0; i < 8; i++) {
        const ibx_gimp_subject subject = subject_of(boxes[i % 2]);
        ibx_gimp_job job = plan(RECIPES[i / 2], boxes[i % 2]);
        ibx_gimp_ahead *ahead = ibx_gimp_ahead_start(&subject, RECIPES[i / 2]);
        ibx_region run, result = {.data = NULL};
        assert_non_null(ahead);
        assert_true(ibx_gimp_ahead_is_of(ahead, &job));
        assert_true(ibx_gimp_ahead_take(ahead, &result, NULL, NULL));
        assert_true(ibx_gimp_compute(&job, &WHOLE, &run, NULL, NULL, NULL));
        assert_same(&run, &result, job.box);
        ibx_gimp_region_free(&run);
        ibx_gimp_region_free(&result);
        assert_false(ibx_gimp_ahead_take(ahead, &result, NULL, NULL));
        assert_null(result.data);
        ibx_gimp_ahead_free(ahead);
        forget(&job);
    }
}

static void check_is_of(const char *recipe, ibx_rect box, ibx_head head, bool expected) {
    const ibx_gimp_subject subject = subject_of(ALL);
    ibx_gimp_ahead *ahead = ibx_gimp_ahead_start(&subject, "blur:2");
    ibx_gimp_job job = plan(recipe, box);
    job.head.alpha = head.alpha;
    job.head.profile = head.profile;
    assert_non_null(ahead);
    assert_int_equal(ibx_gimp_ahead_is_of(ahead, &job), expected);
    ibx_gimp_ahead_free(ahead);
    forget(&job);
}

static void test_known_by_what_it_is_made_of(void **state) {
    (void)state;
    const ibx_head head = IMAGE.head;
    ibx_head other = head;
    check_is_of("blur:2", ALL, head, true);
    check_is_of("blur:sigma=2.0", ALL, head, true); /* another spelling */
    check_is_of("blur:3", ALL, head, false);
    check_is_of("blur:2/invert", ALL, head, false);
    check_is_of("blur:2", PART, head, false);
    other.alpha = 1;
    check_is_of("blur:2", ALL, other, false);
    other = head;
    other.profile = (ibx_bytes){pixels, 10};
    check_is_of("blur:2", ALL, other, false);
}

static void test_nothing_ahead(void **state) {
    (void)state;
    const ibx_gimp_subject all = subject_of(ALL), none = subject_of((ibx_rect){0, 0, 0, 0});
    assert_null(ibx_gimp_ahead_start(&none, "blur:2"));
    assert_null(ibx_gimp_ahead_start(&all, "blur:"));
    assert_null(ibx_gimp_ahead_start(&all, "save:x.png"));
    ibx_gimp_ahead_stop(NULL);
    ibx_gimp_ahead_free(NULL);
}

/* Long enough that it cannot have ended before it is stopped. */
static void test_stopped(void **state) {
    (void)state;
    enum { SIDE = 4000 };
    ibx_image large = IMAGE;
    large.head.w = large.head.h = large.head.full_w = large.head.full_h = SIDE;
    large.stride = (size_t)SIDE * PLANES;
    large.pixels = calloc(SIDE, large.stride);
    assert_non_null(large.pixels);
    const ibx_gimp_subject subject = {.pixels = &large, .selected = {0, 0, SIDE, SIDE}};
    ibx_gimp_ahead *ahead = ibx_gimp_ahead_start(&subject, "bilateral:20,0.2/bilateral:20,0.2");
    ibx_region result = {.data = NULL};
    assert_non_null(ahead);
    assert_false(ibx_gimp_ahead_has_ended(ahead));
    ibx_gimp_ahead_stop(ahead);
    assert_false(ibx_gimp_ahead_take(ahead, &result, NULL, NULL));
    assert_null(result.data);
    assert_true(ibx_gimp_ahead_has_ended(ahead));
    ibx_gimp_ahead_free(ahead);
    free(large.pixels);
}

int main(void) {
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 2654435761u >> 24 ^ i / 97);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_the_run), cmocka_unit_test(test_known_by_what_it_is_made_of),
        cmocka_unit_test(test_nothing_ahead), cmocka_unit_test(test_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
