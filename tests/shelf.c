/* shelf.c - plans that are used again: for images that are alike, and for no others. */
#include "engine/shelf.h"
#include "header.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <omp.h>

static ibx_recipe *open_for(ibx_shelf *shelf, const char *text) {
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    ibx_shelf_open(shelf);
    return recipe;
}

static void done(ibx_shelf *shelf, ibx_recipe *recipe) {
    ibx_shelf_close(shelf);
    ibx_recipe_free(recipe);
}

static const ibx_plan *take(ibx_shelf *shelf, const ibx_recipe *recipe, const ibx_info *info) {
    ibx_error err = {0};
    const ibx_plan *plan = ibx_shelf_take(shelf, recipe, info, &USUAL, &err);
    if (!plan) fail_msg("%s", err.text);
    return plan;
}

/* Does an image with header b get the plan that was made for a? */
static bool shared(const char *text, const ibx_info *a, const ibx_info *b) {
    ibx_shelf shelf;
    ibx_recipe *recipe = open_for(&shelf, text);
    const ibx_plan *first = take(&shelf, recipe, a), *second = take(&shelf, recipe, b);
    const bool same = first == second;
    ibx_shelf_give_back(&shelf, second);
    ibx_shelf_give_back(&shelf, first);
    done(&shelf, recipe);
    return same;
}

static void test_headers_that_are_alike(void **state) {
    (void)state;
    const ibx_info a = photo(200, 160), b = photo(200, 160);
    ibx_info other[15];
    for (int i = 0; i < 15; i++) other[i] = a;
    other[0].head.w = other[0].head.full_w = 201;
    other[1].head.h = other[1].head.full_h = 161;
    other[2].head.model = IBX_GRAY;
    other[3].head.alpha = true;
    other[4].head.orientation = 6;
    other[5].chroma = (ibx_chroma){true, 1, 1};
    other[6].shrinks = 6;
    other[7].decoder_bytes = 1;
    other[8].format = "png";
    other[9].sample = IBX_U16;
    other[10].progressive = true;
    other[11].coarsens = 4;
    other[12].direct = true;
    other[13].head.depth = 16;
    other[14].levels = true;
    assert_true(shared("resize:100x100/unsharp", &a, &b));
    for (int i = 0; i < 15; i++)
        if (shared("resize:100x100/unsharp", &a, &other[i])) fail_msg("kind %d shares", i);
}

/* Bytes between members are anything, and say nothing. */
static void test_bytes_between_members(void **state) {
    (void)state;
    const size_t between = offsetof(ibx_info, head.alpha) + sizeof(bool);
    assert_true(between < offsetof(ibx_info, head.orientation));
    const ibx_info a = photo(200, 160);
    ibx_info b = a;
    ((unsigned char *)&b)[between] ^= 1;
    assert_true(shared("blur:1", &a, &b));
}

/* What a scan saw is the image's own. */
static void test_scans_are_not_shared(void **state) {
    (void)state;
    const ibx_info a = photo(200, 160);
    assert_false(shared("autolevels", &a, &a));
    assert_false(shared("resize:50x50/equalize/blur:1", &a, &a));
}

static void test_profiles_are_not_shared(void **state) {
    (void)state;
    ibx_info a = photo(200, 160);
    a.head.profile = (ibx_bytes){"?", 1};
    assert_false(shared("blur:1", &a, &a));
}

/* The formats that names and options ask for are part of a kind. */
static void test_formats(void **state) {
    (void)state;
    ibx_error err = {0};
    const ibx_info a = photo(200, 160);
    ibx_shelf shelf;
    ibx_recipe *recipe = open_for(&shelf, "blur:1");
    const ibx_format *format[] = {ibx_format_find("png"), ibx_format_find("jpeg")};
    const ibx_plan *plan[3];
    for (int i = 0; i < 3; i++) {
        ibx_plan_options options = USUAL;
        options.formats = &format[i % 2];
        plan[i] = ibx_shelf_take(&shelf, recipe, &a, &options, &err);
        assert_non_null(plan[i]);
        assert_ptr_equal(plan[i]->save[0].format, format[i % 2]);
    }
    assert_ptr_equal(plan[0], plan[2]);
    for (int i = 0; i < 3; i++) ibx_shelf_give_back(&shelf, plan[i]);
    done(&shelf, recipe);
}

/* A plan that had to leave its place is good until it is given back; the last kinds stay. */
static void test_the_oldest_leaves(void **state) {
    (void)state;
    ibx_shelf shelf;
    ibx_recipe *recipe = open_for(&shelf, "resize:50%");
    const ibx_info first = photo(100, 100);
    const ibx_plan *oldest = take(&shelf, recipe, &first);
    for (int i = 1; i <= IBX_SHELF_PLACES; i++) {
        const ibx_info info = photo(100 + i, 100);
        ibx_shelf_give_back(&shelf, take(&shelf, recipe, &info));
    }
    const ibx_plan *again = take(&shelf, recipe, &first);
    assert_ptr_not_equal(oldest, again);
    assert_int_equal(oldest->save[0].head.w, 50);
    assert_int_equal(again->save[0].head.w, 50);
    ibx_shelf_give_back(&shelf, oldest);
    ibx_shelf_give_back(&shelf, again);
    done(&shelf, recipe);
}

static void test_a_plan_that_fails(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_shelf shelf;
    ibx_recipe *recipe = open_for(&shelf, "resize:50000x50000,fit=fill");
    const ibx_info info = photo(100, 100);
    assert_null(ibx_shelf_take(&shelf, recipe, &info, &USUAL, &err));
    assert_int_equal(err.code, IBX_LIMIT);
    ibx_shelf_give_back(&shelf, NULL);
    done(&shelf, recipe);
}

/* More threads than places, more kinds than places. */
static void test_threads(void **state) {
    (void)state;
    ibx_shelf shelf;
    ibx_recipe *recipe = open_for(&shelf, "resize:50%/blur:1");
    int wrong = 0;
#pragma omp parallel for num_threads(4) reduction(+ : wrong) schedule(dynamic)
    for (int i = 0; i < 2000; i++) {
        const int w = 100 + 2 * (i % (IBX_SHELF_PLACES + 2));
        const ibx_info info = photo(w, 100);
        const ibx_plan *plan = ibx_shelf_take(&shelf, recipe, &info, &USUAL, NULL);
        wrong += !plan || plan->save[0].head.w != w / 2;
        ibx_shelf_give_back(&shelf, plan);
    }
    assert_int_equal(wrong, 0);
    done(&shelf, recipe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_that_are_alike),
        cmocka_unit_test(test_bytes_between_members),
        cmocka_unit_test(test_scans_are_not_shared),
        cmocka_unit_test(test_profiles_are_not_shared),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_the_oldest_leaves),
        cmocka_unit_test(test_a_plan_that_fails),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
