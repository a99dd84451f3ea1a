/* median.c - the median against sorting every window, for each kind of samples and tile shapes. */
#include "core/rank_networks.h"
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

/* 0 and -0 are equal, so that it is the method which decides between them: not by the tile. */
static void test_zeros(void **s) {
    (void)s;
    ibx_image in = spatial_noise(40, 30, IBX_GRAY, false, 1);
    for (int i = 0; i < 1200; i++)
        *whole_at(&in, 0, i % 40, i / 40) = *whole_at(&in, 0, i % 40, i / 40) > 0 ? 0.F : -0.F;
    spatial_same_for_tiles("median:1", &in);
    spatial_same_for_tiles("median:2", &in);
    spatial_same_for_tiles("median:3", &in);
    whole_free(&in);
}

/* ---- networks ------------------------------------------------------------------------------- */

/* Zeros and ones for sorted parts of `size` samples, the last of them of `rest`; number `n` of them
 * counts the ones of each part. False after the last. */
static bool sorted_parts(int n, int parts, int size, int rest, int *v) {
    for (int p = 0; p < parts; p++) {
        const int length = p + 1 < parts ? size : rest, ones = n % (length + 1);
        for (int i = 0; i < length; i++) *v++ = i >= length - ones;
        n /= length + 1;
    }
    return n == 0;
}

static void order(int *v, int i, int j) {
    if (v[i] <= v[j]) return;
    v[i] = 0;
    v[j] = 1;
}

/* The sample of rank `first` + r, of `count`, must be got[r] for r < n. */
static void check_ranks(const int *in, int count, int first, const int *got, int n) {
    int ones = 0;
    for (int i = 0; i < count; i++) ones += in[i];
    for (int r = 0; r < n; r++) assert_int_equal(got[r], first + r >= count - ones);
}

/* By the principle of zeros and ones: right for all of them, right for all samples. */
#define CHECK(network, out, parts, size, rest, first, n)                                           \
    do {                                                                                           \
        int in[42], v[42], got[42], number = 0;                                                    \
        const int count = ((parts)-1) * (size) + (rest);                                           \
        for (; sorted_parts(number, parts, size, rest, in); number++) {                            \
            memcpy(v, in, sizeof in);                                                              \
            network(ORDER) out(TAKE) check_ranks(in, count, first, got, n);                        \
        }                                                                                          \
        assert_true(number > count);                                                               \
    } while (0)
#define ORDER(i, j) order(v, i, j);
#define TAKE(r, i) got[r] = v[i];
#define IN_ORDER(take) memcpy(got, v, sizeof v);

static void test_networks(void **s) {
    (void)s;
    CHECK(IBX_COLUMN_3, IN_ORDER, 2, 1, 1, 0, 2);
    CHECK(IBX_COLUMN_5, IN_ORDER, 4, 1, 1, 0, 4);
    CHECK(IBX_COLUMN_7, IN_ORDER, 6, 1, 1, 0, 6);
    CHECK(IBX_SORT_3, IN_ORDER, 3, 1, 1, 0, 3);
    CHECK(IBX_SORT_5, IN_ORDER, 5, 1, 1, 0, 5);
    CHECK(IBX_SORT_7, IN_ORDER, 7, 1, 1, 0, 7);
    CHECK(IBX_GROUP_3, IBX_GROUP_OUT_3, 2, 2, 2, 0, 4);
    CHECK(IBX_GROUP_5, IBX_GROUP_OUT_5, 2, 4, 4, 0, 8);
    CHECK(IBX_GROUP_7, IBX_GROUP_OUT_7, 3, 6, 6, 0, 18);
    CHECK(IBX_CORE_3, IBX_CORE_OUT_3, 2, 4, 2, 1, 4);
    CHECK(IBX_CORE_5, IBX_CORE_OUT_5, 3, 8, 4, 7, 6);
    CHECK(IBX_CORE_7, IBX_CORE_OUT_7, 3, 18, 6, 17, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_8_bit),    cmocka_unit_test(test_16_bit_and_float),
        cmocka_unit_test(test_tiny),     cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_networks), cmocka_unit_test(test_next_to_the_grid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
