/* apply.c - the engine through ibx_apply: samples survive, users can stop it, errors are values. */
#include "imbrex.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static ibx_image new_image(int w, int h, ibx_model model, bool alpha, ibx_sample sample) {
    static const size_t SIZE[] = {1, 2, 4};
    ibx_image im = {.head = {.w = w, .h = h, .model = model, .alpha = alpha, .orientation = 1},
                    .sample = sample};
    im.head.depth = (int)SIZE[sample] * 8;
    im.stride = (size_t)w * (size_t)ibx_planes(&im.head) * SIZE[sample];
    im.pixels = calloc((size_t)h, im.stride);
    assert_non_null(im.pixels);
    return im;
}

static ibx_image apply(const char *text, const ibx_image *in, int threads) {
    ibx_error err = {0};
    const ibx_limits limits = {.threads = threads};
    ibx_image out = {.pixels = NULL};
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe || !ibx_apply(recipe, in, in->sample, &out, &limits, &err))
        fail_msg("%s: %s", text, err.text);
    ibx_recipe_free(recipe);
    return out;
}

/* A recipe that changes nothing returns every 8- and 16-bit value as it was. */
static void test_samples_survive(void **state) {
    (void)state;
    ibx_image in = new_image(256, 256, IBX_GRAY, true, IBX_U16);
    uint16_t *v = in.pixels;
    for (int i = 0; i < 65536; i++) v[2 * i] = (uint16_t)i, v[2 * i + 1] = (uint16_t)(65535 - i);
    ibx_image out = apply("", &in, 2);
    assert_memory_equal(in.pixels, out.pixels, 65536 * 4);
    ibx_image_free(&out);
    out = apply("invert/invert", &in, 2);
    assert_memory_equal(in.pixels, out.pixels, 65536 * 4);
    ibx_image_free(&out);
    free(in.pixels);
}

/* Rows that are further apart than they are long, and turned images. */
static void test_strides_and_turns(void **state) {
    (void)state;
    ibx_image in = new_image(200, 150, IBX_RGB, false, IBX_U8);
    uint8_t *v = in.pixels;
    for (int i = 0; i < 200 * 150 * 3; i++) v[i] = (uint8_t)(i * 7 + i / 600);
    ibx_image part = in;
    part.head.w = 100;
    ibx_image out = apply("rotate:90/rotate:90/rotate:180", &part, 2);
    assert_int_equal(out.stride, 300);
    for (int y = 0; y < 150; y++)
        assert_memory_equal((uint8_t *)out.pixels + y * 300, v + y * 600, 300);
    ibx_image_free(&out);
    free(in.pixels);
}

static void test_large_images_use_several_threads_and_agree(void **state) {
    (void)state;
    ibx_image in = new_image(1200, 900, IBX_RGB, false, IBX_U8);
    uint8_t *v = in.pixels;
    for (int i = 0; i < 1200 * 900 * 3; i++) v[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
    static const char *const RECIPE[] = {"blur:3/unsharp:1", "autolevels/blur:20",
                                         "resize:333x/rotate:90/equalize"};
    for (size_t i = 0; i < sizeof RECIPE / sizeof *RECIPE; i++) {
        ibx_image one = apply(RECIPE[i], &in, 1), four = apply(RECIPE[i], &in, 4);
        assert_int_equal(one.head.w, four.head.w);
        assert_memory_equal(one.pixels, four.pixels, one.stride * (size_t)one.head.h);
        ibx_image_free(&one);
        ibx_image_free(&four);
    }
    free(in.pixels);
}

/* 8-bit samples become linear light by a table, floats by the polynomial that it was made by: the
 * same picture, to the bit. */
static void test_table_is_the_curve(void **state) {
    (void)state;
    static const ibx_model MODEL[] = {IBX_GRAY, IBX_RGB};
    for (int m = 0; m < 2; m++) {
        ibx_image bytes = new_image(300, 200, MODEL[m], false, IBX_U8);
        ibx_image floats = new_image(300, 200, MODEL[m], false, IBX_F32), out[2];
        for (int i = 0; i < 300 * 200 * (int)MODEL[m]; i++) {
            ((uint8_t *)bytes.pixels)[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
            ((float *)floats.pixels)[i] = (float)((uint8_t *)bytes.pixels)[i] * (1 / 255.0f);
        }
        ibx_error err = {0};
        ibx_recipe *recipe = ibx_recipe_parse("resize:50%/blur:2,light=linear", &err);
        assert_true(ibx_apply(recipe, &bytes, IBX_F32, &out[0], NULL, &err));
        assert_true(ibx_apply(recipe, &floats, IBX_F32, &out[1], NULL, &err));
        assert_memory_equal(out[0].pixels, out[1].pixels, out[0].stride * 100);
        for (int i = 0; i < 2; i++) ibx_image_free(&out[i]);
        ibx_recipe_free(recipe);
        free(bytes.pixels), free(floats.pixels);
    }
}

static void test_cancel(void **state) {
    (void)state;
    ibx_image in = new_image(500, 500, IBX_RGB, false, IBX_U8), out;
    const atomic_bool cancel = true;
    const ibx_limits limits = {.cancel = &cancel, .threads = 2};
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse("blur:2", &err);
    assert_false(ibx_apply(recipe, &in, IBX_U8, &out, &limits, &err));
    assert_int_equal(err.code, IBX_CANCELLED);
    assert_null(out.pixels);
    ibx_recipe_free(recipe);
    free(in.pixels);
}

static void test_errors(void **state) {
    (void)state;
    ibx_image in = new_image(50, 50, IBX_RGB, false, IBX_U8), out;
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse("blur:2/save:png", &err);
    assert_false(ibx_apply(recipe, &in, IBX_U8, &out, NULL, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_non_null(strstr(err.text, "step 2"));
    ibx_recipe_free(recipe);
    const ibx_limits limits = {.max_pixels = 2000};
    recipe = ibx_recipe_parse("", &err);
    assert_false(ibx_apply(recipe, &in, IBX_U8, &out, &limits, &err));
    assert_int_equal(err.code, IBX_LIMIT);
    ibx_recipe_free(recipe);
    free(in.pixels);
}

/* A front-end may apply recipes from several threads of its own at the same time. */
static void *apply_often(void *image) {
    for (int i = 0; i < 5; i++) {
        ibx_image out = apply("blur:1/autolevels", image, 2);
        ibx_image_free(&out);
    }
    return NULL;
}

static void test_from_several_threads(void **state) {
    (void)state;
    ibx_image in = new_image(300, 200, IBX_RGB, true, IBX_U8);
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, apply_often, &in), 0);
    for (int i = 0; i < 3; i++) pthread_join(thread[i], NULL);
    free(in.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_survive),
        cmocka_unit_test(test_strides_and_turns),
        cmocka_unit_test(test_large_images_use_several_threads_and_agree),
        cmocka_unit_test(test_table_is_the_curve),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_from_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
