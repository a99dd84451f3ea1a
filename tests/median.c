/* median.c - the median against sorting every window, for each kind of samples and tile shapes. */
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int compare(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float middle(const ibx_image *in, int p, int x, int y, int r, float *window) {
    int n = 0;
    for (int j = y - r; j <= y + r; j++)
        for (int i = x - r; i <= x + r; i++) window[n++] = (float)spatial_sample(in, p, i, j);
    qsort(window, (size_t)n, sizeof *window, compare);
    return window[n / 2];
}

static void check(ibx_image in, int r) {
    char recipe[40];
    snprintf(recipe, sizeof recipe, "median:%d", r);
    ibx_image out = whole_applied(recipe, &in);
    float *window = malloc((size_t)((2 * r + 1) * (2 * r + 1)) * sizeof *window);
    const int step = r < 8 ? 1 : 7; /* sorting large windows takes time: look at some */
    for (int p = 0; p < ibx_planes(&in.head); p++)
        for (int y = 0; y < in.head.h; y += step)
            for (int x = 0; x < in.head.w; x += step)
                if (*whole_at(&out, p, x, y) != middle(&in, p, x, y, r, window))
                    fail_msg("%s: plane %d, %d,%d", recipe, p, x, y);
    free(window);
    spatial_same_for_tiles(recipe, &in);
    whole_free(&in);
    whole_free(&out);
}

/* Two levels, far apart; a ramp; noise. Each takes another path through the levels. */
static ibx_image mixed(int w, int h) {
    ibx_image im = spatial_noise(w, h, IBX_RGB, false, 255);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            *whole_at(&im, 0, x, y) = (x / 5 + y / 3) & 1 ? 255 * (1 / 255.F) : 0;
            *whole_at(&im, 1, x, y) = (float)((x + 2 * y) & 255) * (1 / 255.F);
        }
    return im;
}

static void test_8_bit(void **s) {
    static const int RADII[] = {1, 2, 3, 4, 7, 8, 15, 33};
    (void)s;
    for (int i = 0; i < 8; i++) {
        check(mixed(i < 5 ? 150 : 61, i < 5 ? 70 : 40), RADII[i]);
        check(spatial_noise(37, 21, IBX_RGB, true, 255), RADII[i]);
    }
    check(mixed(12, 9), 100);
}

static void test_16_bit_and_float(void **s) {
    static const int RADII[] = {1, 2, 3, 4, 5, 9, 20};
    (void)s;
    for (int i = 0; i < 7; i++) {
        check(spatial_noise(67, 33, IBX_GRAY, true, 65535), RADII[i]);
        check(spatial_noise(67, 33, IBX_RGB, false, 0), RADII[i]);
    }
    check(spatial_noise(10, 11, IBX_GRAY, false, 0), 100);
}

static void test_tiny(void **s) {
    (void)s;
    for (int r = 1; r < 6; r++) {
        check(spatial_noise(1, 1, IBX_RGB, true, 255), r);
        check(spatial_noise(3, 2, IBX_RGB, true, 0), r);
        check(spatial_noise(1, 50, IBX_GRAY, false, 255), r);
    }
}

/* Samples next to the 8-bit grid, and -0, are not on it: they must come out as they went in. */
static void test_next_to_the_grid(void **s) {
    (void)s;
    for (int r = 1; r <= 4; r += 3) {
        ibx_image in = whole_new(20, 20, IBX_RGB, false);
        for (int i = 0; i < 400; i++) {
            *whole_at(&in, 0, i % 20, i / 20) = nextafterf(100 * (1 / 255.F), 1);
            *whole_at(&in, 1, i % 20, i / 20) = -0.F;
            *whole_at(&in, 2, i % 20, i / 20) = INFINITY;
        }
        ibx_image out = whole_applied(r == 1 ? "median:1" : "median:4", &in);
        assert_memory_equal(in.pixels, out.pixels, in.stride * 20);
        whole_free(&in);
        whole_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_8_bit), cmocka_unit_test(test_16_bit_and_float),
        cmocka_unit_test(test_tiny), cmocka_unit_test(test_next_to_the_grid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
