/* Colour filters against closed forms, and look-up tables against their files. */
#include "whole.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static ibx_image pixel(double r, double g, double b) {
    ibx_image image = whole_new(1, 1, IBX_RGB, false);
    *whole_at(&image, 0, 0, 0) = (float)r;
    *whole_at(&image, 1, 0, 0) = (float)g;
    *whole_at(&image, 2, 0, 0) = (float)b;
    return image;
}

/* Applies the recipe to *image, in place. */
static void through(const char *recipe, ibx_image *image) {
    ibx_image out;
    ibx_error err = {0};
    if (!whole_apply(recipe, image, &out, &err)) fail_msg("%s: %s", recipe, err.text);
    whole_free(image);
    *image = out;
}

/* The pixel (r, g, b) after the recipe. */
static void after(const char *recipe, double r, double g, double b, double out[3]) {
    ibx_image image = pixel(r, g, b);
    through(recipe, &image);
    for (int p = 0; p < 3; p++)
        out[p] = (double)*whole_at(&image, image.head.model == IBX_RGB ? p : 0, 0, 0);
    whole_free(&image);
}

static void near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.9g is not %.9g", value, expected);
}

static void near3(const double v[3], double r, double g, double b, double tolerance) {
    near(v[0], r, tolerance);
    near(v[1], g, tolerance);
    near(v[2], b, tolerance);
}

static double luma(const double v[3]) {
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
}

static void test_saturation(void **unused) {
    (void)unused;
    const double in[3] = {0.7, 0.4, 0.2};
    double v[3];
    after("saturation:0", 0.7, 0.4, 0.2, v);
    near3(v, luma(in), luma(in), luma(in), 1e-6);
    after("saturation:2.5", 0.7, 0.4, 0.2, v);
    near(luma(v), luma(in), 1e-6);
    near(v[0] - v[2], 2.5 * 0.5, 1e-6);
}

/* OKLab of encoded sRGB, in double precision. */
static void oklab(const double rgb[3], double lab[3]) {
    const double r = ibx_srgb_to_linear(rgb[0]), g = ibx_srgb_to_linear(rgb[1]),
                 b = ibx_srgb_to_linear(rgb[2]);
    const double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

/* Lightness and chroma stay, the hue turns by the angle. */
static void test_hue(void **unused) {
    (void)unused;
    const double angles[] = {30, 90, -120, 180};
    for (size_t i = 0; i < sizeof angles / sizeof *angles; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "hue:%g", angles[i]);
        double in[3] = {0.6, 0.45, 0.4}, out[3], a[3], b[3];
        after(recipe, in[0], in[1], in[2], out);
        oklab(in, a);
        oklab(out, b);
        near(b[0], a[0], 1e-5);
        near(hypot(b[1], b[2]), hypot(a[1], a[2]), 1e-5);
        const double turn = remainder(atan2(b[2], b[1]) - atan2(a[2], a[1]), 2 * M_PI);
        near(cos(turn), cos(angles[i] * M_PI / 180), 1e-3);
        near(sin(turn), sin(angles[i] * M_PI / 180), 1e-3);
        after(recipe, 0.5, 0.5, 0.5, out);
        near3(out, 0.5, 0.5, 0.5, 1e-5);
    }
}

static void test_grayscale(void **unused) {
    (void)unused;
    double v[3];
    after("grayscale", 0.7, 0.4, 0.2, v);
    near(v[0], 0.2126 * 0.7 + 0.7152 * 0.4 + 0.0722 * 0.2, 1e-6);
    after("grayscale:luma601", 0.7, 0.4, 0.2, v);
    near(v[0], 0.299 * 0.7 + 0.587 * 0.4 + 0.114 * 0.2, 1e-6);
    after("grayscale:mix,r=1,g=-0.5,b=2", 0.7, 0.4, 0.2, v);
    near(v[0], 0.7 - 0.2 + 0.4, 1e-6);
    after("grayscale:lightness", 0.7, 0.4, 0.2, v);
    near(ibx_srgb_to_linear(v[0]),
         0.2126 * ibx_srgb_to_linear(0.7) + 0.7152 * ibx_srgb_to_linear(0.4) +
             0.0722 * ibx_srgb_to_linear(0.2),
         1e-5);
    ibx_image image = whole_new(5, 3, IBX_RGB, true);
    *whole_at(&image, 1, 4, 2) = 1;
    *whole_at(&image, 3, 4, 2) = 0.25f;
    through("grayscale:keep_rgb=yes", &image);
    assert_int_equal(image.head.model, IBX_RGB);
    for (int p = 0; p < 3; p++) near((double)*whole_at(&image, p, 4, 2), 0.7152, 1e-6);
    through("grayscale", &image);
    assert_int_equal(image.head.model, IBX_GRAY);
    assert_true(image.head.alpha);
    near((double)*whole_at(&image, 0, 4, 2), 0.7152, 1e-6);
    near((double)*whole_at(&image, 1, 4, 2), 0.25, 0);
    whole_free(&image);
}

static void test_flatten(void **unused) {
    (void)unused;
    ibx_image image = whole_new(3, 1, IBX_RGB, true);
    for (int x = 0; x < 3; x++) {
        *whole_at(&image, 0, x, 0) = 0.8f;
        *whole_at(&image, 3, x, 0) = (float)x / 2;
    }
    through("flatten:#ff8000", &image);
    assert_false(image.head.alpha);
    near((double)*whole_at(&image, 0, 0, 0), 1, 0);
    near((double)*whole_at(&image, 1, 1, 0), 64 / 255.0, 1e-6);
    near((double)*whole_at(&image, 0, 1, 0), 0.9, 1e-6);
    near((double)*whole_at(&image, 0, 2, 0), (double)0.8f, 0);
    whole_free(&image);
    image = whole_new(2, 2, IBX_GRAY, true);
    through("flatten", &image);
    assert_int_equal(image.head.model, IBX_GRAY);
    near((double)*whole_at(&image, 0, 1, 1), 1, 0);
    whole_free(&image);
    image = whole_new(2, 2, IBX_GRAY, true);
    through("flatten:#f00", &image);
    assert_int_equal(image.head.model, IBX_RGB);
    near((double)*whole_at(&image, 0, 1, 1), 1, 0);
    near((double)*whole_at(&image, 1, 1, 1), 0, 0);
    whole_free(&image);
    whole_refused("flatten:transparent", "opaque");
}

/* Linear sRGB of a chromaticity at luminance 1. */
static void light_of(double x, double y, double rgb[3]) {
    const double xyz[3] = {x / y, 1, (1 - x - y) / y};
    rgb[0] = 3.2404542 * xyz[0] - 1.5371385 * xyz[1] - 0.4985314 * xyz[2];
    rgb[1] = -0.9692660 * xyz[0] + 1.8760108 * xyz[1] + 0.0415560 * xyz[2];
    rgb[2] = 0.0556434 * xyz[0] - 0.2040259 * xyz[1] + 1.0572252 * xyz[2];
}

/* Illuminant A, a black body of 2856 K (CIE 015), becomes the black body of 6500 K. */
static void test_white_balance(void **unused) {
    (void)unused;
    double v[3], from[3], to[3];
    light_of(0.4476, 0.4074, from);
    light_of(0.3135, 0.3237, to);
    for (int i = 0; i < 3; i++) from[i] = ibx_linear_to_srgb(from[i] / 4);
    after("white_balance:2856", from[0], from[1], from[2], v);
    for (int i = 0; i < 3; i++) near(ibx_srgb_to_linear(v[i]) * 4, to[i], 0.01);
    after("white_balance:9000", 0.5, 0.5, 0.5, v);
    assert_true(v[0] > 0.51 && v[2] < 0.49); /* higher is warmer */
    after("white_balance:6500,tint=50", 0.5, 0.5, 0.5, v);
    assert_true(v[0] > v[1] + 0.02 && v[2] > v[1] + 0.02); /* magenta */
    for (int t = 1667; t <= 25000; t += 1111)
        for (int tint = -150; tint <= 150; tint += 150) {
            char recipe[60];
            snprintf(recipe, sizeof recipe, "white_balance:%d,tint=%d", t, tint);
            after(recipe, 1, 1, 1, v);
            for (int i = 0; i < 3; i++) assert_true(fabs(v[i]) < 50);
        }
}

/* A gray picture under coloured light becomes gray again. */
static void test_automatic(void **unused) {
    (void)unused;
    const char *const recipes[] = {"white_balance:auto=gray_world",
                                   "white_balance:auto=white_patch", "white_balance:auto=shades"};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        ibx_image image = whole_new(40, 30, IBX_RGB, false);
        for (int k = 0; k < 1200; k++) {
            const double light[3] = {0.9, 0.7, 0.4}, gray = 0.1 + 0.8 * (k * 37 % 1200) / 1200;
            for (int p = 0; p < 3; p++)
                *whole_at(&image, p, k % 40, k / 40) = (float)ibx_linear_to_srgb(light[p] * gray);
        }
        through(recipes[i], &image);
        for (int k = 0; k < 1200; k++) {
            const double r = (double)*whole_at(&image, 0, k % 40, k / 40),
                         g = (double)*whole_at(&image, 1, k % 40, k / 40),
                         b = (double)*whole_at(&image, 2, k % 40, k / 40);
            near(r, g, 2e-3);
            near(b, g, 2e-3);
        }
        whole_free(&image);
    }
}

/* Writes a .cube file; its name is at `path`. */
static void write_cube(char path[40], const char *text) {
    memcpy(path, "/tmp/imbrex-cube-XXXXXX", sizeof "/tmp/imbrex-cube-XXXXXX");
    const int handle = mkstemp(path);
    assert_true(handle >= 0);
    assert_int_equal(write(handle, text, strlen(text)), strlen(text));
    close(handle);
}

/* A cube of n nodes with f at every node. */
static char *cube_text(int n, void (*f)(const double in[3], double out[3])) {
    char *text = malloc((size_t)n * (size_t)n * (size_t)n * 32 + 100), *s = text;
    s += sprintf(s, "# a comment\r\nTITLE \"test\"\nLUT_3D_SIZE %d\n\n", n);
    for (int b = 0; b < n; b++)
        for (int g = 0; g < n; g++)
            for (int r = 0; r < n; r++) {
                double v[3];
                f((const double[]){r / (n - 1.0), g / (n - 1.0), b / (n - 1.0)}, v);
                s += sprintf(s, "%.6f %.6f %.6f\n", v[0], v[1], v[2]);
            }
    return text;
}

static void linear(const double in[3], double out[3]) {
    out[0] = 0.9 * in[0] + 0.05 * in[2];
    out[1] = 0.2 + 0.5 * in[1] - 0.1 * in[0];
    out[2] = 1 - in[2];
}

/* Both interpolations are exact for a linear function. */
static void test_lut_linear(void **unused) {
    (void)unused;
    const int sizes[] = {2, 5, 33, 129};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        char path[40], recipe[100], *text = cube_text(sizes[i / 2], linear);
        write_cube(path, text);
        free(text);
        snprintf(recipe, sizeof recipe, "lut3d:\"%s\"%s", path, i & 1 ? ",interp=trilinear" : "");
        ibx_image image = whole_new(211, 3, IBX_RGB, false);
        for (int x = 0; x < 633; x++)
            for (int p = 0; p < 3; p++)
                *whole_at(&image, p, x % 211, x / 211) = (float)(x * (7 * p + 3) % 633) / 632.0f;
        through(recipe, &image);
        for (int x = 0; x < 633; x++) {
            double in[3], out[3];
            for (int p = 0; p < 3; p++) in[p] = (x * (7 * p + 3) % 633) / 632.0;
            linear(in, out);
            for (int p = 0; p < 3; p++)
                near((double)*whole_at(&image, p, x % 211, x / 211), out[p], 3e-6);
        }
        whole_free(&image);
        unlink(path);
    }
}

/* Curves alone, with a domain; curves in front of a cube; gray in, colour out; strength. */
static void test_lut_curves(void **unused) {
    (void)unused;
    char path[40], recipe[100];
    double v[3];
    write_cube(path,
               "LUT_1D_SIZE 3\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 2 1 1\n0 0 1\n.5 1e-1 5E-1\n1 1 0\n");
    snprintf(recipe, sizeof recipe, "lut3d:\"%s\"", path);
    after(recipe, 0.5, 0.25, 0.75, v);
    near3(v, 0.25, 0.05, 0.25, 1e-6);
    after(recipe, 9, -1, NAN, v);
    near(v[0], 1, 1e-6);
    near(v[1], 0, 1e-6);
    snprintf(recipe, sizeof recipe, "lut3d:\"%s\",0.5", path);
    after(recipe, 0.5, 0.25, 0.75, v);
    near3(v, 0.375, 0.15, 0.5, 1e-6);
    unlink(path);
    write_cube(path, "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 4\nLUT_3D_SIZE 2\n0 0 0\n1 1 1\n"
                     "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 .5\n1 0 .5\n0 1 .5\n1 1 .5\n");
    snprintf(recipe, sizeof recipe, "lut3d:\"%s\"", path);
    after(recipe, 2, 1, 4, v);
    near3(v, 0.5, 0.25, 0.5, 1e-6);
    ibx_image gray = whole_new(1, 1, IBX_GRAY, true);
    *whole_at(&gray, 0, 0, 0) = 2;
    *whole_at(&gray, 1, 0, 0) = 0.75f;
    through(recipe, &gray);
    assert_int_equal(gray.head.model, IBX_RGB);
    near((double)*whole_at(&gray, 2, 0, 0), 0.25, 1e-6);
    near((double)*whole_at(&gray, 3, 0, 0), 0.75, 0);
    whole_free(&gray);
    unlink(path);
}

static void test_lut_errors(void **unused) {
    (void)unused;
    const struct {
        const char *text, *why;
    } cases[] = {{"LUT_3D_SIZE 2\n0 0 0\n1 0\n", "line 3"},
                 {"LUT_3D_SIZE 2\n0 0 0\n1 0 0 0\n", "line 3"},
                 {"LUT_3D_SIZE 2\n0 0 0\n", "1 of 8"},
                 {"LUT_3D_SIZE 200\n", "line 1"},
                 {"LUT_3D_SIZE 2\nLUT_3D_SIZE 3\n", "line 2"},
                 {"0 0 0\n", "line 1"},
                 {"\n\nhello\n", "line 3"},
                 {"", "not a text"},
                 {"LUT_1D_SIZE 2\nDOMAIN_MAX 0 1 1\n0 0 0\n1 1 1\n", "domain"},
                 {"LUT_1D_SIZE 2\n0 0 0\n1 1 1\n2 2 2\n", "line 4"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[40], recipe[100];
        write_cube(path, cases[i].text);
        snprintf(recipe, sizeof recipe, "lut3d:\"%s\"", path);
        whole_refused(recipe, cases[i].why);
        whole_refused(recipe, path);
        unlink(path);
    }
    whole_refused("lut3d:\"/nonexistent.cube\"", "/nonexistent.cube");
    whole_refused("lut3d", ".cube");
}

/* 33 x 33 x 33 nodes are read in under 10 ms; the best of 5 counts. */
static void test_lut_speed(void **unused) {
    (void)unused;
    char path[40], recipe[100], *text = cube_text(33, linear);
    write_cube(path, text);
    free(text);
    snprintf(recipe, sizeof recipe, "lut3d:\"%s\"", path);
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        struct timespec a, b;
        ibx_image image = pixel(0, 0, 0);
        clock_gettime(CLOCK_MONOTONIC, &a);
        through(recipe, &image);
        clock_gettime(CLOCK_MONOTONIC, &b);
        best =
            fmin(best, (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
        whole_free(&image);
    }
    unlink(path);
    print_message("a 33-node cube in %.2f ms\n", best);
#if defined __OPTIMIZE__ && !defined IBX_SANITIZED
    assert_true(best < 10);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saturation),    cmocka_unit_test(test_hue),
        cmocka_unit_test(test_grayscale),     cmocka_unit_test(test_flatten),
        cmocka_unit_test(test_white_balance), cmocka_unit_test(test_automatic),
        cmocka_unit_test(test_lut_linear),    cmocka_unit_test(test_lut_curves),
        cmocka_unit_test(test_lut_errors),    cmocka_unit_test(test_lut_speed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
