/* blur.c - the Gaussian against direct sums in double, closed forms, and tile shapes. */
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Along one axis: weights of the sampled Gaussian out to 6 sigma, edges repeated. */
static void direct(const double *a, int n, ptrdiff_t step, double sigma, double *b) {
    const int r = (int)(6 * sigma) + 1;
    double *weight = malloc((size_t)(r + 1) * sizeof *weight), sum = 0;
    for (int k = 0; k <= r; k++) {
        weight[k] = exp(-k * k / (2 * sigma * sigma));
        sum += k ? 2 * weight[k] : weight[k];
    }
    for (int x = 0; x < n; x++) {
        double v = 0;
        for (int k = -r; k <= r; k++)
            v += weight[abs(k)] * a[ibx_min(ibx_max(x + k, 0), n - 1) * step];
        b[x * step] = v / sum;
    }
    free(weight);
}

static double *reference(const ibx_image *in, int p, double sigma) {
    const int w = in->head.w, h = in->head.h;
    double *a = malloc((size_t)w * (size_t)h * sizeof *a),
           *b = malloc((size_t)w * (size_t)h * sizeof *b);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) a[y * w + x] = spatial_sample(in, p, x, y);
    for (int y = 0; y < h; y++) direct(a + (ptrdiff_t)y * w, w, 1, sigma, b + (ptrdiff_t)y * w);
    for (int x = 0; x < w; x++) direct(b + x, h, w, sigma, a + x);
    free(b);
    return a;
}

/* Noise, stripes 7, 8 and 9 pixels apart (which a reduction by 8 turns into slow waves unless it
 * is done well), a hard edge, dots. */
static ibx_image hard(int w, int h) {
    ibx_image im = whole_new(w, h, IBX_GRAY, false);
    uint32_t seed = 1;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            seed = seed * 1664525U + 1013904223U;
            float v = (float)(seed >> 31);
            if (y > h / 4) v = x % (7 + 3 * y / h) == 0 ? 1 : 0;
            if (x > 3 * w / 4) v = y % 16 == 0 ? 0 : 1;
            *whole_at(&im, 0, x, y) = v;
        }
    return im;
}

static const double SIGMAS[] = {0.1, 0.5,  1,  1.5, 2,  3.3, 5,  5.4, 8,   9.3,
                                10,  10.5, 14, 21,  25, 42,  60, 100, 170, 250};
#define SIGMA_COUNT ((int)(sizeof SIGMAS / sizeof *SIGMAS))

static void at_least_50(ibx_image in, double sigma) {
    char recipe[40];
    snprintf(recipe, sizeof recipe, "blur:%g", sigma);
    ibx_image out = whole_applied(recipe, &in);
    double *expected = reference(&in, 0, sigma);
    const double psnr = spatial_psnr(&out, 0, expected);
    if (!(psnr > 50)) fail_msg("%s on %d x %d: %.1f dB", recipe, in.head.w, in.head.h, psnr);
    free(expected);
    whole_free(&in);
    whole_free(&out);
}

static void test_hard(void **s) {
    (void)s;
    for (int i = 0; i < SIGMA_COUNT; i++) at_least_50(hard(203, 149), SIGMAS[i]);
}

static void test_tiny(void **s) {
    static const int SIZES[][2] = {{1, 1}, {3, 2}, {2, 70}, {65, 1}, {64, 64}};
    (void)s;
    for (int k = 0; k < 5; k++)
        for (int i = 0; i < SIGMA_COUNT; i++)
            at_least_50(hard(SIZES[k][0], SIZES[k][1]), SIGMAS[i]);
}

/* A white pixel becomes the bell curve itself. */
static void test_impulse(void **s) {
    (void)s;
    ibx_image in = whole_new(41, 41, IBX_GRAY, false);
    *whole_at(&in, 0, 20, 20) = 1;
    ibx_image out = whole_applied("blur:3", &in);
    for (int x = 0; x < 41; x++) {
        const double bell = exp(-(x - 20) * (x - 20) / 18.) / (18 * 3.14159265358979);
        assert_true(fabs(spatial_sample(&out, 0, x, 20) - bell) < 2e-4);
    }
    whole_free(&in);
    whole_free(&out);
}

/* Constants stay, at any sigma; so do ramps, away from the edges. */
static void test_constant_and_ramp(void **s) {
    (void)s;
    for (int i = 0; i < SIGMA_COUNT; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "blur:%g", SIGMAS[i]);
        ibx_image in = whole_new(300, 9, IBX_RGB, false);
        for (int y = 0; y < 9; y++)
            for (int x = 0; x < 300; x++) {
                *whole_at(&in, 0, x, y) = 0.7F;
                *whole_at(&in, 1, x, y) = -3;
                *whole_at(&in, 2, x, y) = (float)x / 299;
            }
        ibx_image out = whole_applied(recipe, &in);
        for (int x = 0; x < 300; x++) {
            assert_true(fabs(spatial_sample(&out, 0, x, 4) - 0.7) < 1e-6);
            assert_true(fabs(spatial_sample(&out, 1, x, 4) + 3) < 4e-6);
            if (SIGMAS[i] < 40 && abs(x - 150) < 20)
                assert_true(fabs(spatial_sample(&out, 2, x, 4) - x / 299.) < 1e-4);
        }
        whole_free(&in);
        whole_free(&out);
    }
}

static void test_tiles(void **s) {
    (void)s;
    ibx_image in = spatial_noise(131, 90, IBX_RGB, true, 0);
    for (int i = 0; i < SIGMA_COUNT; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "blur:%g", SIGMAS[i]);
        spatial_same_for_tiles(recipe, &in);
    }
    spatial_same_for_tiles("blur:30,light=linear", &in);
    whole_free(&in);
}

/* The colour of transparent pixels is of no importance. */
static void test_alpha(void **s) {
    (void)s;
    for (int i = 0; i < 2; i++) {
        ibx_image in = whole_new(60, 40, IBX_RGB, true);
        for (int y = 0; y < 40; y++)
            for (int x = 0; x < 60; x++) {
                *whole_at(&in, 0, x, y) = x < 30 ? 0.5F : 1;
                *whole_at(&in, 3, x, y) = x < 30 ? 1 : 0;
            }
        ibx_image out = whole_applied(i ? "blur:9" : "blur:3", &in);
        for (int x = 0; x < 36; x++) assert_true(fabs(spatial_sample(&out, 0, x, 20) - 0.5) < 1e-5);
        assert_true(fabs(spatial_sample(&out, 3, 29, 20) + spatial_sample(&out, 3, 30, 20) - 1) <
                    2e-3);
        whole_free(&in);
        whole_free(&out);
    }
}

/* In linear light half black and half white mix to 0.7354 (encoded 0.5 linear), not to 0.5. */
static void test_light(void **s) {
    (void)s;
    ibx_image in = whole_new(64, 8, IBX_GRAY, false);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 64; x++) *whole_at(&in, 0, x, y) = (float)(x & 1);
    ibx_image out = whole_applied("blur:6,light=linear", &in);
    assert_true(fabs(spatial_sample(&out, 0, 32, 4) - ibx_linear_to_srgb(0.5)) < 1e-3);
    whole_free(&in);
    whole_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard),  cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_tiles), cmocka_unit_test(test_constant_and_ramp),
        cmocka_unit_test(test_alpha), cmocka_unit_test(test_impulse),
        cmocka_unit_test(test_light)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
