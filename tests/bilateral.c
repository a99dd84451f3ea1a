/* bilateral.c - the bilateral filter against direct sums in double, closed forms, tile shapes. */
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Plane p of the result at x, y. */
static double expected(const ibx_image *in, int p, int x, int y, double space, double range) {
    const int r = ibx_max(1, (int)floor(1.5 * space + 0.5)), colours = (int)in->head.model;
    double sum = 0, total = 0;
    for (int dy = -r; dy <= r; dy++)
        for (int dx = -r; dx <= r; dx++) {
            if (dx * dx + dy * dy > r * r) continue;
            double square = 0;
            for (int i = 0; i < colours; i++) {
                const double d =
                    spatial_sample(in, i, x, y) - spatial_sample(in, i, x + dx, y + dy);
                square += d * d;
            }
            double weight =
                exp(-(dx * dx + dy * dy) / (2 * space * space) - square / (2 * range * range));
            if (in->head.alpha) weight *= spatial_sample(in, colours, x + dx, y + dy);
            sum += weight * spatial_sample(in, p, x + dx, y + dy);
            total += weight;
        }
    return total > 1e-30 ? sum / total : spatial_sample(in, p, x, y);
}

static void check(ibx_image in, double space, double range) {
    char recipe[60];
    snprintf(recipe, sizeof recipe, "bilateral:%g,sigma_r=%g", space, range);
    ibx_image out = whole_applied(recipe, &in);
    for (int y = 0; y < in.head.h; y++)
        for (int x = 0; x < in.head.w; x++)
            for (int p = 0; p < (int)in.head.model; p++) {
                const double e = spatial_sample(&out, p, x, y) -
                                 expected(&in, p, x, y, (double)(float)space, (double)(float)range);
                if (!(fabs(e) < 5e-4)) fail_msg("%s: %d,%d off by %g", recipe, x, y, e);
            }
    spatial_same_for_tiles(recipe, &in);
    whole_free(&in);
    whole_free(&out);
}

static void test_reference(void **s) {
    (void)s;
    check(spatial_noise(45, 33, IBX_RGB, false, 0), 3, 0.1);
    check(spatial_noise(45, 33, IBX_RGB, true, 255), 1, 0.5);
    check(spatial_noise(45, 33, IBX_GRAY, false, 0), 0.5, 0.02);
    check(spatial_noise(45, 33, IBX_GRAY, true, 255), 5, 0.3);
    check(spatial_noise(24, 20, IBX_RGB, false, 0), 20, 1);
    check(spatial_noise(3, 2, IBX_RGB, false, 0), 20, 0.005);
    check(spatial_noise(1, 1, IBX_GRAY, false, 0), 2, 0.1);
}

/* A step far higher than sigma_r stays, to the last digits; constants stay. */
static void test_edge(void **s) {
    (void)s;
    ibx_image in = whole_new(40, 10, IBX_RGB, false);
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 40; x++)
            for (int p = 0; p < 3; p++) *whole_at(&in, p, x, y) = x < 20 ? 0.2F : 0.9F;
    ibx_image out = whole_applied("bilateral:3,sigma_r=0.05", &in);
    for (int x = 0; x < 40; x++)
        assert_true(fabs(spatial_sample(&out, 1, x, 5) - (x < 20 ? 0.2 : 0.9)) < 1e-6);
    whole_free(&in);
    whole_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference),
                                       cmocka_unit_test(test_edge)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
