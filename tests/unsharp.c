/* unsharp.c - unsharp masking against the filter `blur`, closed forms, and tile shapes. */
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static double luma(const ibx_image *im, int x, int y) {
    return 0.299 * spatial_sample(im, 0, x, y) + 0.587 * spatial_sample(im, 1, x, y) +
           0.114 * spatial_sample(im, 2, x, y);
}

/* The size of a difference less the threshold, times the amount. */
static double added(double difference, double threshold, double amount) {
    const double size = fabs(difference) - threshold;
    return size > 0 ? copysign(size, difference) * amount : 0;
}

static void check(double sigma, double amount, double threshold, bool rgb) {
    char recipe[100], blur[40];
    snprintf(recipe, sizeof recipe, "unsharp:%g,amount=%g,threshold=%g,on=%s", sigma, amount,
             threshold, rgb ? "rgb" : "luma");
    snprintf(blur, sizeof blur, "blur:%g", sigma);
    ibx_image in = spatial_noise(70, 50, IBX_RGB, false, 0), out = whole_applied(recipe, &in);
    ibx_image soft = whole_applied(blur, &in);
    for (int y = 0; y < 50; y++)
        for (int x = 0; x < 70; x++)
            for (int p = 0; p < 3; p++) {
                const double here = spatial_sample(&in, p, x, y);
                const double d = rgb ? here - spatial_sample(&soft, p, x, y)
                                     : luma(&in, x, y) - luma(&soft, x, y);
                const double e = spatial_sample(&out, p, x, y) - here - added(d, threshold, amount);
                if (!(fabs(e) < 0.005 * amount)) fail_msg("%s: off by %g", recipe, e);
            }
    whole_free(&in);
    whole_free(&out);
    whole_free(&soft);
}

static void test_blur(void **s) {
    (void)s;
    for (int rgb = 0; rgb < 2; rgb++) {
        check(0.1, 1, 0, rgb);
        check(0.8, 0.8, 0, rgb);
        check(2, 3, 0.05, rgb);
        check(20, 0.3, 0.01, rgb);
    }
}

/* Amount 0, flat areas and differences below the threshold change nothing, to the last bit. */
static void test_nothing(void **s) {
    (void)s;
    ibx_image in = spatial_noise(40, 30, IBX_RGB, true, 255);
    ibx_image a = whole_applied("unsharp:2,amount=0", &in);
    ibx_image b = whole_applied("unsharp:2,amount=5,threshold=1", &in);
    assert_memory_equal(a.pixels, in.pixels, in.stride * 30);
    assert_memory_equal(b.pixels, in.pixels, in.stride * 30);
    whole_free(&a);
    whole_free(&b);
    whole_free(&in);
}

/* A white pixel on black next to transparent pixels: they have no say, and stay as they are. */
static void test_alpha(void **s) {
    (void)s;
    ibx_image in = whole_new(30, 20, IBX_GRAY, true);
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 30; x++) {
            *whole_at(&in, 0, x, y) = x < 15 ? 0.5F : 1;
            *whole_at(&in, 1, x, y) = x < 15 ? 1 : 0;
        }
    ibx_image out = whole_applied("unsharp:2", &in);
    for (int x = 0; x < 30; x++)
        assert_true(fabs(spatial_sample(&out, 0, x, 10) - (x < 15 ? 0.5 : 1)) < 1e-6);
    whole_free(&in);
    whole_free(&out);
}

static void test_tiles(void **s) {
    static const char *const RECIPES[] = {"unsharp:0.1", "unsharp:1,on=rgb",
                                          "unsharp:7,threshold=0.1", "unsharp:20,amount=10,on=rgb"};
    (void)s;
    ibx_image in = spatial_noise(131, 70, IBX_RGB, true, 255),
              gray = spatial_noise(3, 2, IBX_GRAY, false, 0);
    for (int i = 0; i < 4; i++) {
        spatial_same_for_tiles(RECIPES[i], &in);
        spatial_same_for_tiles(RECIPES[i], &gray);
    }
    whole_free(&in);
    whole_free(&gray);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blur), cmocka_unit_test(test_nothing),
                                       cmocka_unit_test(test_alpha), cmocka_unit_test(test_tiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
