/* Tone filters against closed forms, and the histogram filters against OpenCV's. */
#include "whole.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A ramp of 8-bit values in every channel, at different speeds, with alpha 1 but for one pixel. */
static ibx_image ramp(ibx_model model, bool alpha) {
    ibx_image image = whole_new(64, 16, model, alpha);
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 64; x++) {
            for (int p = 0; p < (int)model; p++)
                *whole_at(&image, p, x, y) = (float)(((x + 64 * y) * (p + 1) / 4) & 255) / 255.0f;
            if (alpha) *whole_at(&image, model, x, y) = x == 5 && y == 5 ? 0 : 1;
        }
    return image;
}

static double difference(const ibx_image *a, const ibx_image *b) {
    assert_int_equal(ibx_planes(&a->head), ibx_planes(&b->head));
    const size_t n = a->stride / sizeof(float) * (size_t)a->head.h;
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)((float *)a->pixels)[i] - (double)((float *)b->pixels)[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

/* The only pixel of a 1 x 1 gray image of value v, after the recipe. */
static double one(const char *recipe, double v) {
    ibx_image in = whole_new(1, 1, IBX_GRAY, false);
    *whole_at(&in, 0, 0, 0) = (float)v;
    ibx_image out = whole_applied(recipe, &in);
    const double result = (double)*whole_at(&out, 0, 0, 0);
    whole_free(&in);
    whole_free(&out);
    return result;
}

static void near(double value, double expected, double tolerance) {
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%.9g is not %.9g", value, expected);
}

/* Settings at rest give back the same samples, outside 0..1 too. */
static void test_identity(void **unused) {
    (void)unused;
    const char *const recipes[] = {"brightness",
                                   "exposure",
                                   "gamma",
                                   "levels",
                                   "curves",
                                   "saturation",
                                   "hue",
                                   "white_balance",
                                   "curves:\"0,0 0.5,0.5 1,1\"",
                                   ("lut3d:\"" SOURCE_DIR "/samples/warm.cube\",0")};
    const ibx_model models[] = {IBX_GRAY, IBX_RGB};
    for (size_t i = 0; i < 4 * sizeof recipes / sizeof *recipes; i++) {
        ibx_image in = ramp(models[i & 1], i & 2);
        *whole_at(&in, 0, 3, 3) = -0.25f;
        *whole_at(&in, 0, 4, 3) = 2.5f;
        ibx_image out = whole_applied(recipes[i / 4], &in);
        if (difference(&in, &out) != 0) fail_msg("%s changes something", recipes[i / 4]);
        whole_free(&in);
        whole_free(&out);
    }
}

/* No tone filter touches alpha. */
static void test_alpha(void **unused) {
    (void)unused;
    const char *const recipes[] = {
        "brightness:0.2",     "exposure:1",     "gamma:2",  "levels:0.2,0.7,1.5",
        "curves:\"0,1 1,0\"", "autolevels:5,5", "equalize", "clahe"};
    for (size_t i = 0; i < 2 * sizeof recipes / sizeof *recipes; i++) {
        const ibx_model model = i & 1 ? IBX_RGB : IBX_GRAY;
        ibx_image in = ramp(model, true), out = whole_applied(recipes[i / 2], &in);
        for (int x = 0; x < 64; x++)
            assert_true(*whole_at(&out, model, x, 5) == *whole_at(&in, model, x, 5));
        assert_true(difference(&in, &out) > 1e-4);
        whole_free(&in);
        whole_free(&out);
    }
}

static void test_brightness(void **unused) {
    (void)unused;
    near(one("brightness:0.25", 0.5), 0.75, 1e-6);
    near(one("brightness:0.5", 0.75), 1.25, 1e-6); /* not clipped */
    near(one("brightness:contrast=-1", 0.9), 0.5, 1e-6);
    near(one("brightness:contrast=0.5", 0.6), 0.5 + 0.1 * tan(1.5 * M_PI / 4), 1e-6);
    near(one("brightness:contrast=0.5,pivot=0.6", 0.6), 0.6, 1e-6);
    assert_true(one("brightness:contrast=1", 128 / 255.0) > 1);
    assert_true(one("brightness:contrast=1", 127 / 255.0) < 0);
}

static void test_exposure(void **unused) {
    (void)unused;
    const double v = 0.4, linear = ibx_srgb_to_linear(v);
    near(one("exposure:1", v), ibx_linear_to_srgb(2 * linear), 1e-5);
    near(one("exposure:-2.5", v), ibx_linear_to_srgb(linear * exp2(-2.5)), 1e-5);
    near(one("exposure:0,black=0.05", v), ibx_linear_to_srgb((linear - 0.05) / 0.95), 1e-5);
    near(one("exposure:0,black=0.05", 1), 1, 1e-5);
    assert_true(one("exposure:2", 0.9) > 1);
    near(one("exposure:3/exposure:-3", 0.9), 0.9, 1e-5); /* highlights come back */
}

static void test_gamma(void **unused) {
    (void)unused;
    const double values[] = {0.1, 0.45, 0.999, 1.7, 2.2, 10};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char recipe[40];
        snprintf(recipe, sizeof recipe, "gamma:%g", values[i]);
        for (int v = 0; v <= 255; v++)
            near(one(recipe, v / 255.0), pow((float)(v / 255.0), 1 / (double)(float)values[i]),
                 4e-7);
        assert_true(one(recipe, 1) == 1 && one(recipe, 0) == 0);
        near(one(recipe, -0.5), -0.5, 0);
    }
}

static void test_levels(void **unused) {
    (void)unused;
    near(one("levels:0.2,0.6", 0.3), 0.25, 1e-6);
    near(one("levels:0.2,0.6", 0.1), 0, 0);
    near(one("levels:0.2,0.6", 0.7), 1, 0);
    near(one("levels:0.2,0.6,2", 0.3), 0.5, 1e-6);
    near(one("levels:0.2,0.6,2,0.1,0.9", 0.3), 0.5, 1e-6);
    near(one("levels:0.2,0.6,2,0.1,0.9", 0), 0.1, 1e-6);
    near(one("levels:out_black=1,out_white=0", 0.3), 0.7, 1e-6);
    whole_refused("levels:0.5,0.5", "in_black");
    whole_refused("levels:in_white=0", "in_white");
}

static void test_curves(void **unused) {
    (void)unused;
    near(one("curves:\"0,0 0.5,0.25 1,1\",linear", 0.25), 0.125, 1e-6);
    near(one("curves:\"0,0 0.5,0.25 1,1\",linear", 0.75), 0.625, 1e-6);
    near(one("curves:\"0,0 0.5,0.25 1,1\"", 0.5), 0.25, 1e-6);
    near(one("curves:\"0.2,0.3 0.8,0.6\"", 0.1), 0.3, 1e-6);
    near(one("curves:\"0.2,0.3 0.8,0.6\"", 0.5), 0.45, 1e-6);
    near(one("curves:\"0,0 1,1\",linear", 3), 3, 0);
    near(one("curves:\"0,1 1,0\"", -0.5), 1.5, 1e-5);
    /* between two points the curve stays between them, and does not turn round */
    double last = 0;
    for (int v = 0; v <= 1000; v++) {
        const double y = one("curves:\"0,0 0.3,0.05 0.35,0.9 0.7,0.92 1,1\"", v / 1000.0);
        if (v > 300 && v < 350) assert_true(y >= 0.0499 && y <= 0.9001);
        assert_true(y >= last - 1e-6);
        last = y;
    }
    whole_refused("curves:\"0,0\"", "two points");
    whole_refused("curves:\"0,0 0.5,0.5 0.5,0.6\"", "rise");
    whole_refused("curves:\"0,0 1,1.5\"", "point 2");
    whole_refused("curves:\"0,0 1;1\"", "point 2");
}

/* An image of which 2 % is black, 2 % white, and the rest between 0.3 and 0.5. */
static void test_autolevels(void **unused) {
    (void)unused;
    ibx_image in = whole_new(100, 10, IBX_RGB, false);
    for (int i = 0; i < 1000; i++)
        for (int p = 0; p < 3; p++)
            *whole_at(&in, p, i % 100, i / 100) = i < 20     ? 0
                                                  : i >= 980 ? 1
                                                             : (float)(76 + i % 51 + p) / 255.0f;
    ibx_image out = whole_applied("autolevels:0,0", &in);
    assert_true(difference(&in, &out) == 0);
    whole_free(&out);
    out = whole_applied("autolevels:2,2", &in); /* 76 to 128, all channels alike */
    near((double)*whole_at(&out, 0, 51, 0), 0, 1e-5);
    near((double)*whole_at(&out, 2, 50, 1), (76 + 150 % 51 + 2 - 76) / 52.0, 1e-5);
    whole_free(&out);
    out = whole_applied("autolevels:2,2,yes", &in);
    for (int p = 0; p < 3; p++) near((double)*whole_at(&out, p, 60, 1), (160 % 51) / 50.0, 1e-5);
    whole_free(&out);
    whole_free(&in);
    near(one("autolevels", 0.4), 0.4, 1e-7); /* flat */
}

/* 1000 pixels, 500 of them 10/255, 300 of 20/255, 200 of 200/255. */
static void test_equalize(void **unused) {
    (void)unused;
    for (int colour = 0; colour < 2; colour++) {
        const ibx_model model = colour ? IBX_RGB : IBX_GRAY;
        ibx_image in = whole_new(100, 10, model, false);
        for (int i = 0; i < 1000; i++)
            for (int p = 0; p < (int)model; p++)
                *whole_at(&in, p, i % 100, i / 100) = (float)(i < 500   ? 10
                                                              : i < 800 ? 20
                                                                        : 200) /
                                                      255.0f;
        ibx_image out = whole_applied("equalize", &in);
        for (int p = 0; p < (int)model; p++) {
            near((double)*whole_at(&out, p, 0, 0), 0, 1e-6);
            near((double)*whole_at(&out, p, 0, 6), 300 / 500.0, 1e-6);
            near((double)*whole_at(&out, p, 0, 9), 1, 1e-6);
        }
        whole_free(&out);
        whole_free(&in);
    }
    near(one("equalize", 0.4), 0.4, 1e-6); /* flat */
}

/* What transparent pixels hide does not count. */
static void test_hidden(void **unused) {
    (void)unused;
    const char *const recipes[] = {"autolevels:0,0", "equalize", "clahe",
                                   "white_balance:auto=gray_world"};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        ibx_image in = ramp(IBX_RGB, true);
        for (int p = 0; p < 3; p++) *whole_at(&in, p, 5, 5) = 0.9f;
        ibx_image a = whole_applied(recipes[i], &in);
        for (int p = 0; p < 3; p++) *whole_at(&in, p, 5, 5) = 0.1f;
        ibx_image b = whole_applied(recipes[i], &in);
        for (int p = 0; p < 3; p++) *whole_at(&a, p, 5, 5) = *whole_at(&b, p, 5, 5);
        assert_true(difference(&a, &b) == 0);
        whole_free(&in);
        whole_free(&a);
        whole_free(&b);
    }
}

/* Runs a command that reads and writes raw 8-bit gray, 768 x 640. False if it cannot run here. */
static bool rival(const char *python, const uint8_t *in, uint8_t *out, size_t n) {
    char path[] = "/tmp/imbrex-tone-XXXXXX", command[900];
    const int handle = mkstemp(path);
    assert_true(handle >= 0);
    FILE *f = fdopen(handle, "wb");
    assert_int_equal(fwrite(in, 1, n, f), n);
    fclose(f);
    snprintf(command, sizeof command,
             "/usr/bin/python3 -c 'import cv2, sys, numpy as np; "
             "v = np.fromfile(\"%s\", np.uint8).reshape(640, 768); v = %s; "
             "sys.stdout.buffer.write(v.tobytes())' 2>/dev/null",
             path, python);
    FILE *pipe = popen(command, "r");
    const bool ok = pipe && fread(out, 1, n, pipe) == n;
    if (pipe) pclose(pipe);
    remove(path);
    return ok;
}

/* Against OpenCV: equalizeHist within its rounding; CLAHE, which there puts the
 * remainder of the clipped counts into the dark bins and cells half a pixel off, more loosely. */
static void test_opencv(void **unused) {
    (void)unused;
    enum { W = 768, H = 640 };
    static uint8_t bytes[W * H], other[W * H];
    uint32_t random = 1;
    for (int i = 0; i < W * H; i++) {
        random = random * 1664525u + 1013904223u;
        const int x = i % W, y = i / W;
        const int wave = (int)(90 + 50 * sin(x / 72.0) + 30 * cos(y / 56.0));
        bytes[i] = (uint8_t)(wave + (int)(random >> 28));
    }
    ibx_image in = whole_new(W, H, IBX_GRAY, false);
    for (int i = 0; i < W * H; i++) ((float *)in.pixels)[i] = (float)bytes[i] / 255.0f;
    const struct {
        const char *recipe, *python;
        double mean, worst;
    } cases[] = {{"equalize", "cv2.equalizeHist(v)", 0.51, 1},
                 {"clahe:8,clip=3", "cv2.createCLAHE(3, (8, 8)).whole_applied(v)", 2, 12},
                 {"clahe:4,clip=2", "cv2.createCLAHE(2, (4, 4)).whole_applied(v)", 2, 12}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        if (!rival(cases[k].python, bytes, other, sizeof other)) {
            whole_free(&in);
            print_message("OpenCV for /usr/bin/python3 is missing\n");
            skip();
        }
        ibx_image out = whole_applied(cases[k].recipe, &in);
        double sum = 0, worst = 0;
        for (int i = 0; i < W * H; i++) {
            const double d = fabs(255 * (double)((float *)out.pixels)[i] - other[i]);
            sum += d / (W * H);
            worst = fmax(worst, d);
        }
        print_message("%s: %.3f levels from OpenCV, at most %.2f\n", cases[k].recipe, sum, worst);
        assert_true(sum < cases[k].mean && worst <= cases[k].worst);
        whole_free(&out);
    }
    whole_free(&in);
}

/* Tiny images with samples that are no colours at all, through every example of every tone and
 * colour filter: no crash, and no change of size. What is finite stays so where nothing else is. */
static void test_hostile(void **unused) {
    (void)unused;
    const float values[] = {NAN, INFINITY, -INFINITY, 1e30f, -5, 0.5f, 1e-30f};
    size_t count, runs = 0;
    const ibx_filter *const *filters = ibx_filters(&count);
    assert_int_equal(chdir(SOURCE_DIR), 0); /* examples name files of the checkout */
    for (size_t f = 0; f < count; f++)
        for (int e = 0; e < 4 && filters[f]->examples[e]; e++)
            for (int kind = 0; kind < 8; kind++) {
                if (strcmp(filters[f]->category, "tone") != 0 &&
                    strcmp(filters[f]->category, "colour") != 0)
                    continue;
                ibx_image in = whole_new(kind & 1 ? 1 : 3, kind & 1 ? 1 : 2,
                                         kind & 2 ? IBX_RGB : IBX_GRAY, kind & 4);
                const int n = in.head.w * in.head.h * ibx_planes(&in.head);
                for (int i = 0; i < n; i++) ((float *)in.pixels)[i] = values[(i * 5 + kind) % 7];
                ibx_image out = whole_applied(filters[f]->examples[e], &in);
                assert_int_equal(out.head.w, in.head.w);
                whole_free(&out);
                for (int i = 0; i < n; i++) ((float *)in.pixels)[i] = (float)(i % 3) / 2;
                out = whole_applied(filters[f]->examples[e], &in);
                for (int i = 0; i < out.head.w * out.head.h * ibx_planes(&out.head); i++)
                    assert_true(isfinite(((float *)out.pixels)[i]));
                whole_free(&out);
                whole_free(&in);
                runs++;
            }
    assert_true(runs > 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),   cmocka_unit_test(test_alpha),
        cmocka_unit_test(test_brightness), cmocka_unit_test(test_exposure),
        cmocka_unit_test(test_gamma),      cmocka_unit_test(test_levels),
        cmocka_unit_test(test_curves),     cmocka_unit_test(test_autolevels),
        cmocka_unit_test(test_equalize),   cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_opencv),     cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
