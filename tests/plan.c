/* plan.c - plans of recipes for headers, without a pixel: stages, bands, order, memory. */
#include "header.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct {
    ibx_recipe *recipe;
    ibx_plan plan;
} planned;

static planned plan_of(const char *recipe, const ibx_info *info, const ibx_plan_options *options) {
    ibx_error err = {0};
    planned p = {.recipe = ibx_recipe_parse(recipe, &err)};
    if (!p.recipe || !ibx_plan_make(&p.plan, p.recipe, info, options, &err))
        fail_msg("%s: %s", recipe, err.text);
    return p;
}

static void done(planned *p) {
    ibx_plan_free(&p->plan);
    ibx_recipe_free(p->recipe);
}

static ibx_error refusal(const char *recipe, const ibx_info *info,
                         const ibx_plan_options *options) {
    ibx_error err = {0};
    ibx_plan plan;
    ibx_recipe *parsed = ibx_recipe_parse(recipe, &err);
    if (!parsed) fail_msg("%s: %s", recipe, err.text);
    assert_false(ibx_plan_make(&plan, parsed, info, options, &err));
    ibx_recipe_free(parsed);
    return err;
}

static void test_point_filters_share_a_stage(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("invert/gamma:1.2/blur:1/saturation:1.3/unsharp", &info, &USUAL);
    assert_int_equal(p.plan.stages, 1);
    assert_int_equal(p.plan.stage[0].count, 5);
    assert_false(p.plan.band[0].whole);
    done(&p);
}

/* The memory of a streaming plan depends on the width of an image, not on its height. */
static void test_rings_bound_memory(void **state) {
    (void)state;
    const ibx_info low = photo(4000, 4000), high = photo(4000, 200000);
    planned a = plan_of("blur:2/unsharp:1", &low, &USUAL);
    planned b = plan_of("blur:2/unsharp:1", &high, &USUAL);
    assert_true(b.plan.bytes <= a.plan.bytes + a.plan.bytes / 2);
    done(&a);
    done(&b);
}

static void test_turning_keeps_the_whole_image(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("rotate:90", &info, &USUAL);
    assert_true(p.plan.band[0].whole);
    assert_true(p.plan.band[0].native); /* 8-bit samples, not floats */
    assert_int_equal(p.plan.band[0].slots, p.plan.band[0].strips);
    assert_true(p.plan.stage[0].waits);
    done(&p);
}

/* What is kept whole is the small image where there is one. */
static void test_turns_what_is_small(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("resize:400x400/rotate:90", &info, &USUAL);
    assert_false(p.plan.band[0].whole);
    assert_int_equal(p.plan.stages, 2);
    assert_true(p.plan.band[1].whole);
    done(&p);
}

static void test_looks_come_first(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("autolevels", &info, &USUAL);
    assert_int_equal(p.plan.stages, 2);
    assert_int_equal(p.plan.stage[0].count, 0);
    assert_int_equal(p.plan.stage[0].scan, 0);
    assert_int_equal(p.plan.stage[1].in, 0);
    assert_true(p.plan.stage[1].waits);
    assert_true(p.plan.band[0].whole);
    done(&p);
    p = plan_of("rotate:90/autolevels", &info, &USUAL);
    assert_true(p.plan.stage[0].waits);
    assert_int_equal(p.plan.stage[0].scan, 1);
    done(&p);
}

/* Large halos behind one another: a band in between costs less than computing rims twice. */
static void test_halos_cut_stages(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("unsharp:20/unsharp:20", &info, &USUAL);
    assert_true(p.plan.stages >= 2);
    assert_false(p.plan.band[1].whole);
    done(&p);
}

/* A large reduction of large images: blocks are averaged straight from the decoder's samples, and a
 * ring of low strips is all that is kept of them. */
static void test_blocks_read_packed_samples(void **state) {
    (void)state;
    ibx_info info = photo(30000, 30000);
    info.shrinks = 0;
    planned p = plan_of("resize:10%", &info, &USUAL);
    assert_true(p.plan.pass[0].packed);
    assert_int_equal(p.plan.stage[0].count, 1);
    assert_true(p.plan.band_bytes < 70000000);
    assert_int_equal(p.plan.save[0].head.w, 3000);
    assert_int_equal(p.plan.save[0].head.h, 3000);
    done(&p);
    p = plan_of("resize:25%", &info, &USUAL); /* by rows, which overlap: no low strips */
    assert_true(p.plan.pass[0].packed);
    assert_true(p.plan.stage[0].overlap < 1.25);
    done(&p);
    const char *const NOT[] = {"invert/resize:10%", "save:png/resize:10%"};
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++) {
        p = plan_of(NOT[i], &info, &USUAL);
        assert_false(p.plan.pass[0].packed);
        done(&p);
    }
    info.sample = IBX_U16;
    p = plan_of("resize:10%", &info, &USUAL);
    assert_false(p.plan.pass[0].packed);
    done(&p);
}

static void test_crop_moves_forward(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("blur:1/invert/gamma:2/crop:100x100", &info, &USUAL);
    assert_string_equal(p.plan.pass[1].filter->name, "crop");
    assert_int_equal(p.plan.notes, 1);
    assert_non_null(strstr(p.plan.note[0], "crop moved in front of invert"));
    done(&p);
}

/* EXIF orientation 6 is applied behind the resize, whose sides change places. */
static void test_orientation_moves_behind_resize(void **state) {
    (void)state;
    ibx_info info = photo(4000, 3000);
    info.head.orientation = 6;
    planned p = plan_of("resize:300x800", &info, &USUAL);
    assert_true(p.plan.notes >= 1);
    assert_int_equal(p.plan.save[0].head.w, 300);
    assert_int_equal(p.plan.save[0].head.h, 400);
    assert_int_equal(p.plan.save[0].head.orientation, 1);
    assert_false(p.plan.band[0].whole);
    done(&p);
    p = plan_of("blur:1", &info, &USUAL);
    assert_int_equal(p.plan.save[0].head.w, 3000);
    assert_int_equal(p.plan.save[0].head.h, 4000);
    done(&p);
}

/* Shrink-on-load halves the image only where twice that is left to do, and never changes the
 * size of the output. */
static void test_shrink_on_load(void **state) {
    (void)state;
    for (int w = 400; w < 4400; w += 37) {
        const ibx_info info = photo(w, w * 2 / 3 + w % 5);
        ibx_info full = info;
        full.shrinks = 0;
        planned p = plan_of("resize:501x501", &info, &USUAL);
        planned q = plan_of("resize:501x501", &full, &USUAL);
        const ibx_head *a = &p.plan.save[0].head, *b = &q.plan.save[0].head;
        assert_int_equal(a->w, b->w);
        assert_int_equal(a->h, b->h);
        assert_int_equal(q.plan.shrink, 1);
        assert_int_equal(p.plan.shrink,
                         (w + 1) / 2 >= 2 * a->w && w >= 4 * a->w && info.head.h >= 4 * a->h ? 2
                                                                                             : 1);
        done(&p);
        done(&q);
    }
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("blur:2/resize:100x100", &info, &USUAL);
    assert_int_equal(p.plan.shrink, 1);
    done(&p);
}

/* So it does behind a cut, a turn and colour management, but not behind a look at the pixels. */
static void test_shrink_on_load_waits(void **state) {
    (void)state;
    ibx_info info = photo(4000, 3001);
    info.head.orientation = 6;
    planned p = plan_of("crop:1001x801,500,33,gravity=north-west/resize:100x", &info, &USUAL);
    assert_int_equal(p.plan.shrink, 2);
    assert_int_equal(p.plan.save[0].head.w, 100);
    assert_int_equal(p.plan.save[0].head.h, 80);
    assert_int_equal(p.plan.save[0].head.shrink, 1);
    done(&p);
    p = plan_of("crop:1000x800/save:png/resize:100x", &info, &USUAL);
    assert_int_equal(p.plan.shrink, 1);
    done(&p);
    p = plan_of("crop:1000x800/blur/resize:100x", &info, &USUAL);
    assert_int_equal(p.plan.shrink, 1);
    done(&p);
}

/* Of a pyramid the level is taken that has the size that is wanted, else one of twice that. */
static void test_levels(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        int shrink, passes;
    } CASES[] = {{"resize:2000x1500,fill", 2, 0},
                 {"resize:500x375,fill", 8, 0},
                 {"resize:501x375,fill", 2, 1},
                 {"resize:499x375,fill", 4, 1},
                 {"resize:10x10", 8, 2},
                 {"resize:2001x1500,fill", 1, 1},
                 {"crop:512x1024,512,1024,gravity=north-west/resize:64x128,fill", 8, 1},
                 {"crop:512x1024,513,1024,gravity=north-west/resize:64x128,fill", 8, 2}};
    ibx_info info = photo(4000, 3000);
    info.shrinks = 2 + 4 + 8;
    info.levels = true;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        planned p = plan_of(CASES[i].recipe, &info, &USUAL);
        if (p.plan.shrink != CASES[i].shrink || p.plan.passes != CASES[i].passes)
            fail_msg("%s: 1/%d, %d passes", CASES[i].recipe, p.plan.shrink, p.plan.passes);
        done(&p);
    }
}

/* The decoder is told of a reduction that it leaves out detail for, rounded down, or of a blur that
 * averages as much, if nobody looks at the image in front of it. */
static void test_coarse(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        int coarse;
    } CASES[] = {{"resize:500x375", 8},
                 {"resize:501x375,fill", 7},
                 {"resize:500x300,fill", 8},
                 {"resize:100x750,fill", 4},
                 {"resize:1000x750", 4},
                 {"resize:1001x751", 0},
                 {"crop:2000x1500/resize:250x188,fill", 7},
                 {"crop:1000x750/resize:500x375", 0},
                 {"resize:500x375/blur:1", 8},
                 {"blur:1/resize:500x375", 0},
                 {"save:png/resize:500x375", 0},
                 {"resize:2000x1500/resize:500x375", 0},
                 {"blur:1", 0},
                 {"blur:1.9", 0},
                 {"blur:2", 4},
                 {"blur:4.3/exposure:1", 8},
                 {"crop:300x200/blur:2", 4},
                 {"exposure:1/blur:2", 0},
                 {"save:png/blur:2", 0},
                 {"box_blur:9", 0}};
    ibx_info info = photo(4000, 3000);
    for (info.coarsens = 0; info.coarsens <= 4; info.coarsens += 4)
        for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
            planned p = plan_of(CASES[i].recipe, &info, &USUAL);
            if (p.plan.coarse != (info.coarsens ? CASES[i].coarse : 0))
                fail_msg("%s: %d", CASES[i].recipe, p.plan.coarse);
            done(&p);
        }
    info.coarsens = 8;
    planned p = plan_of("resize:600x450", &info, &USUAL);
    assert_int_equal(p.plan.coarse, 0);
    done(&p);
}

/* No row of pixels that a decoder fills begins at a vector, however wide the image is. */
static void test_rows_of_decoders(void **state) {
    (void)state;
    for (int w = 1; w <= 64; w++) {
        const ibx_info info = photo(w, 100);
        planned p = plan_of("brightness:0.1", &info, &USUAL);
        const ibx_band *band = &p.plan.band[0];
        for (int y = 0; y < band->strip_rows; y++)
            assert_true((band->lead + (size_t)y * band->stride) % 16 != 0);
        assert_true(band->lead + 3 * (size_t)w <= band->stride);
        done(&p);
    }
}

/* Of the columns, too, the decoder is told which are needed. */
static void test_columns_that_a_crop_needs(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("crop:100x100,gravity=north-west,x=50,y=1000/blur:2", &info, &USUAL);
    assert_int_equal(p.plan.band[0].left, 50);
    assert_int_equal(p.plan.band[0].right, 150);
    done(&p);
    p = plan_of("resize:400x300/crop:100x100,gravity=north-west,x=200", &info, &USUAL);
    const ibx_band *band = &p.plan.band[0];
    assert_int_equal(p.plan.shrink, 2);
    assert_in_range(band->left, 1000 - 60, 1000);
    assert_in_range(band->right, 1500, 1500 + 60);
    done(&p);
    p = plan_of("crop:100x100/save:png/invert", &info, &USUAL);
    assert_int_equal(p.plan.band[0].right - p.plan.band[0].left, 100);
    done(&p);
    p = plan_of("save:png/crop:100x100", &info, &USUAL);
    assert_int_equal(p.plan.band[0].left, 0);
    assert_int_equal(p.plan.band[0].right, 4000);
    done(&p);
}

/* Only the strips that a crop needs are decoded. */
static void test_strips_that_a_crop_needs(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p = plan_of("crop:100x100,gravity=north-west,x=50,y=1000/blur:2", &info, &USUAL);
    const ibx_band *band = p.plan.band;
    assert_int_equal(band->first, 1000 / band->strip_rows);
    assert_int_equal(band->last, 1099 / band->strip_rows);
    done(&p);
    p = plan_of("blur:2", &info, &USUAL);
    assert_int_equal(p.plan.band->first, 0);
    assert_int_equal(p.plan.band->last, p.plan.band->strips - 1);
    done(&p);
}

/* Components are used where nothing needs RGB, and only there. */
static void test_components(void **state) {
    (void)state;
    ibx_info info = photo(4000, 3000);
    info.chroma = (ibx_chroma){true, 1, 0};
    static const char *const USED[] = {"blur:2", "blur:8", "save:jpeg",
                                       "blur:2/save:jpeg,quality=95,subsampling=422",
                                       "blur:2/blur:1"};
    static const char *const NOT[] = {"blur:2,light=linear",
                                      "blur:2/invert",
                                      "resize:50%",
                                      "blur:2/save:webp",
                                      "blur:2/save:jpeg/save:jpeg,name=b",
                                      "blur:2/save:jpeg,quality=95",
                                      "blur:0.5"};
    for (size_t i = 0; i < sizeof USED / sizeof *USED; i++) {
        planned p = plan_of(USED[i], &info, &USUAL);
        assert_non_null(p.plan.component);
        assert_true(p.plan.notes > 0);
        done(&p);
    }
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++) {
        planned p = plan_of(NOT[i], &info, &USUAL);
        if (p.plan.component) fail_msg("%s", NOT[i]);
        done(&p);
    }
    info.head.orientation = 6;
    planned p = plan_of("blur:2", &info, &USUAL);
    assert_null(p.plan.component);
    done(&p);
}

/* 4:2:2 becomes 4:2:0: chroma is halved once more, and its strips are of the same rows as luma's.
 */
static void test_chroma_strips(void **state) {
    (void)state;
    ibx_info info = photo(4001, 3001);
    info.chroma = (ibx_chroma){true, 1, 0};
    planned p = plan_of("blur:2", &info, &USUAL);
    const ibx_plan *luma = p.plan.component, *chroma = luma + 1;
    assert_int_equal(luma->input.w, 4001);
    assert_int_equal(chroma->input.w, 2001);
    assert_int_equal(chroma->input.h, 3001);
    assert_int_equal(chroma->save->head.w, 2001);
    assert_int_equal(chroma->save->head.h, 1501);
    assert_int_equal(chroma->band[0].strip_rows, luma->band[0].strip_rows);
    assert_int_equal(chroma->band[1].strip_rows * 2, luma->band[1].strip_rows);
    for (int b = 0; b < 2; b++) {
        assert_int_equal(chroma->band[b].strips, luma->band[b].strips);
        assert_int_equal(chroma->band[b].slots, luma->band[b].slots);
    }
    done(&p);
}

static void test_saves(void **state) {
    (void)state;
    const ibx_info info = photo(4000, 3000);
    planned p =
        plan_of("resize:2000x/save:png/resize:500x/save:jpeg,quality=70/invert", &info, &USUAL);
    assert_int_equal(p.plan.saves, 3);
    assert_int_equal(p.plan.save[0].head.w, 2000);
    assert_int_equal(p.plan.save[1].head.w, 500);
    assert_string_equal(p.plan.save[2].format->name, "jpeg"); /* the input's own */
    for (int b = 0; b <= p.plan.stages; b++) assert_false(p.plan.band[b].whole);
    done(&p);
}

static void test_alpha_is_flattened_for_jpeg_only(void **state) {
    (void)state;
    ibx_info info = photo(400, 300);
    info.head.alpha = true;
    planned p = plan_of("save:png/save:jpeg", &info, &USUAL);
    assert_true(p.plan.save[0].head.alpha);
    assert_int_equal(p.plan.save[0].tail, -1);
    assert_false(p.plan.save[1].head.alpha);
    assert_true(p.plan.save[1].tail >= 0);
    done(&p);
}

static void test_sixteen_bits_stay(void **state) {
    (void)state;
    ibx_info info = photo(400, 300);
    info.sample = IBX_U16;
    info.head.depth = 16;
    planned p = plan_of("blur:1/save:png/save:jpeg/save:png,depth=8", &info, &USUAL);
    assert_int_equal(p.plan.save[0].sample, IBX_U16);
    assert_int_equal(p.plan.save[1].sample, IBX_U8);
    assert_int_equal(p.plan.save[2].sample, IBX_U8);
    done(&p);
}

/* A whole band that does not fit goes into a file; what never fits is refused with both numbers. */
static void test_memory(void **state) {
    (void)state;
    const ibx_info info = photo(20000, 20000);
    ibx_plan_options options = USUAL;
    options.memory = 200 << 20;
    planned p = plan_of("rotate:90", &info, &options);
    assert_true(p.plan.band[0].mapped);
    assert_true(p.plan.bytes <= options.memory);
    assert_true(p.plan.mapped_bytes >= 1200000000);
    done(&p);
    options.memory = 4 << 20;
    const ibx_error err = refusal("blur:2", &info, &options);
    assert_int_equal(err.code, IBX_MEMORY);
    assert_non_null(strstr(err.text, "--memory"));
}

/* What only helps threads that would idle is given up before a plan is refused, and never counted
 * where there is one thread. */
static void test_pressers(void **state) {
    (void)state;
    const ibx_info info = photo(3000, 2000);
    ibx_plan_options options = USUAL;
    options.threads = 8;
    planned p = plan_of("median:3/save:png", &info, &options);
    assert_int_equal(p.plan.save->pressers, 9);
    assert_true(p.plan.band[p.plan.stages].slots >= 9);
    const size_t ample = p.plan.bytes;
    options.memory = ample - 1;
    done(&p);
    p = plan_of("median:3/save:png", &info, &options);
    assert_int_equal(p.plan.save->pressers, 0);
    assert_true(p.plan.bytes < ample);
    done(&p);
    options.threads = 1;
    p = plan_of("median:3/save:png", &info, &options);
    assert_int_equal(p.plan.save->pressers, 0);
    done(&p);
}

/* Components are held against the budget, not the RGB that they replace. */
static void test_memory_of_components(void **state) {
    (void)state;
    ibx_info info = photo(3000, 2000);
    info.chroma = (ibx_chroma){true, 1, 1};
    ibx_plan_options options = USUAL;
    options.threads = 16;
    planned p = plan_of("blur:4", &info, &options);
    const size_t bytes = p.plan.bytes;
    done(&p);
    options.memory = bytes;
    p = plan_of("blur:4", &info, &options);
    assert_non_null(p.plan.component);
    done(&p);
    options.memory = bytes - 1;
    assert_int_equal(refusal("blur:4", &info, &options).code, IBX_MEMORY);
}

static void test_monsters_are_refused(void **state) {
    (void)state;
    const ibx_info info = photo(1000, 1000);
    const ibx_error err = refusal("resize:100000x100000", &info, &USUAL);
    assert_int_equal(err.code, IBX_LIMIT);
    assert_non_null(strstr(err.text, "step 1 (resize)"));
    assert_non_null(strstr(err.text, "--max-pixels"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_point_filters_share_a_stage),
        cmocka_unit_test(test_rings_bound_memory),
        cmocka_unit_test(test_turning_keeps_the_whole_image),
        cmocka_unit_test(test_turns_what_is_small),
        cmocka_unit_test(test_looks_come_first),
        cmocka_unit_test(test_halos_cut_stages),
        cmocka_unit_test(test_crop_moves_forward),
        cmocka_unit_test(test_blocks_read_packed_samples),
        cmocka_unit_test(test_orientation_moves_behind_resize),
        cmocka_unit_test(test_shrink_on_load),
        cmocka_unit_test(test_shrink_on_load_waits),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_coarse),
        cmocka_unit_test(test_rows_of_decoders),
        cmocka_unit_test(test_columns_that_a_crop_needs),
        cmocka_unit_test(test_strips_that_a_crop_needs),
        cmocka_unit_test(test_components),
        cmocka_unit_test(test_chroma_strips),
        cmocka_unit_test(test_saves),
        cmocka_unit_test(test_alpha_is_flattened_for_jpeg_only),
        cmocka_unit_test(test_sixteen_bits_stay),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_pressers),
        cmocka_unit_test(test_memory_of_components),
        cmocka_unit_test(test_monsters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
