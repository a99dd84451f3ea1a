/* box_blur.c - the mean of a square against sums in double, closed forms, and tile shapes. */
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const int RADII[] = {0, 1, 2, 7, 15, 31, 32, 33, 64, 200, 1000};
#define RADIUS_COUNT ((int)(sizeof RADII / sizeof *RADII))

/* Mean of 2r + 1 samples around each of n, edges repeated. */
static void mean(const double *a, int n, ptrdiff_t step, int r, double *b) {
    for (int x = 0; x < n; x++) {
        double sum = 0;
        for (int k = -r; k <= r; k++) sum += a[ibx_min(ibx_max(x + k, 0), n - 1) * step];
        b[x * step] = sum / (2 * r + 1);
    }
}

static double *reference(const ibx_image *in, int p, int r) {
    const int w = in->head.w, h = in->head.h;
    double *a = malloc((size_t)w * (size_t)h * sizeof *a);
    double *b = malloc((size_t)w * (size_t)h * sizeof *b);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) a[y * w + x] = spatial_sample(in, p, x, y);
    for (int y = 0; y < h; y++) mean(a + (ptrdiff_t)y * w, w, 1, r, b + (ptrdiff_t)y * w);
    for (int x = 0; x < w; x++) mean(b + x, h, w, r, a + x);
    free(b);
    return a;
}

static void test_reference(void **s) {
    (void)s;
    for (int i = 0; i < RADIUS_COUNT; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "box_blur:%d", RADII[i]);
        ibx_image in = spatial_noise(131, 90, IBX_RGB, false, 0);
        ibx_image out = whole_applied(recipe, &in);
        for (int p = 0; p < 3; p++) {
            double *expected = reference(&in, p, RADII[i]);
            const double worst = spatial_worst(&out, p, expected);
            if (!(worst < 1e-6)) fail_msg("%s: off by %g", recipe, worst);
            free(expected);
        }
        whole_free(&in);
        whole_free(&out);
    }
}

static void test_tiles(void **s) {
    (void)s;
    ibx_image in = spatial_noise(131, 90, IBX_RGB, true, 0),
              one = spatial_noise(1, 1, IBX_GRAY, false, 0);
    for (int i = 0; i < RADIUS_COUNT; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "box_blur:%d", RADII[i]);
        spatial_same_for_tiles(recipe, &in);
        spatial_same_for_tiles(recipe, &one);
    }
    whole_free(&in);
    whole_free(&one);
}

/* Stripes as wide as the window vanish, a white pixel becomes a square. */
static void test_closed_forms(void **s) {
    (void)s;
    ibx_image in = whole_new(40, 40, IBX_RGB, false);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++) {
            *whole_at(&in, 0, x, y) = x % 7 < 3 ? 1 : 0;
            *whole_at(&in, 1, x, y) = x == 20 && y == 20 ? 49 : 0;
            *whole_at(&in, 2, x, y) = 0.3F;
        }
    ibx_image out = whole_applied("box_blur:3", &in);
    for (int y = 0; y < 40; y++)
        for (int x = 4; x < 36; x++) {
            assert_true(fabs(spatial_sample(&out, 0, x, y) - 3 / 7.) < 1e-6);
            const bool inside = abs(x - 20) <= 3 && abs(y - 20) <= 3;
            assert_true(fabs(spatial_sample(&out, 1, x, y) - inside) < 1e-5);
            assert_true(fabs(spatial_sample(&out, 2, x, y) - (double)0.3F) < 1e-6);
        }
    whole_free(&in);
    whole_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference),
                                       cmocka_unit_test(test_tiles),
                                       cmocka_unit_test(test_closed_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
