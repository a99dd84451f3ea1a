/* geometry.c - crop, orient, rotate, flip, pad: tables written by hand, properties, and references
 * in double. */
#include "geometry.h"
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Noise on the grid of 16-bit samples. */
static ibx_image picture(int w, int h, ibx_model model, bool alpha) {
    return spatial_noise(w, h, model, alpha, 65535);
}

static void same(const char *what, const ibx_image *a, const ibx_image *b) {
    if (a->head.w != b->head.w || a->head.h != b->head.h)
        fail_msg("%s: %dx%d is not %dx%d", what, a->head.w, a->head.h, b->head.w, b->head.h);
    assert_int_equal(ibx_planes(&a->head), ibx_planes(&b->head));
    if (memcmp(a->pixels, b->pixels, a->stride * (size_t)a->head.h) != 0)
        fail_msg("%s: the samples differ", what);
}

/* Applies `recipe` to gray pixels given as digits ("123/456": rows) and demands the ones of `want`,
 * written alike. */
static void digits(const char *recipe, const char *have, const char *want, int orientation) {
    const int w = (int)strcspn(have, "/"), h = (int)(strlen(have) + 1) / (w + 1);
    ibx_image in = whole_new(w, h, IBX_GRAY, false);
    in.head.orientation = orientation;
    for (int i = 0; i < w * h; i++)
        ((float *)in.pixels)[i] = (float)(have[i / w * (w + 1) + i % w] - '0') / 16;
    ibx_image out = whole_applied(recipe, &in);
    char got[200];
    int n = 0;
    for (int y = 0; y < out.head.h; y++) {
        for (int x = 0; x < out.head.w; x++)
            got[n++] = (char)('0' + (int)(*whole_at(&out, 0, x, y) * 16));
        got[n++] = '/';
    }
    got[n - 1] = '\0';
    if (strcmp(got, want) != 0) fail_msg("%s (%d): %s is not %s", recipe, orientation, got, want);
    whole_free(&in);
    whole_free(&out);
}

/* ---- exact turns ---------------------------------------------------------------------------- */

/* As the EXIF standard draws them: which stored row and column is the visual top and left. */
static const char *const UPRIGHT[9] = {"",         "123/456",  "321/654",  "654/321", "456/123",
                                       "14/25/36", "41/52/63", "63/52/41", "36/25/14"};

static void orientations(void **state) {
    (void)state;
    for (int i = 1; i <= 8; i++) {
        digits("orient", "123/456", UPRIGHT[i], i);
        digits("orient:ignore", "123/456", "123/456", i);
        digits("orient:reset", "123/456", "123/456", i);
    }
}

static void orientation_tag(void **state) {
    (void)state;
    static const char *const MODE[] = {"orient", "orient:ignore", "orient:reset"};
    ibx_image in = picture(3, 2, IBX_RGB, false);
    in.head.orientation = 6;
    for (int i = 0; i < 3; i++) {
        ibx_image out = whole_applied(MODE[i], &in);
        assert_int_equal(out.head.orientation, i == 1 ? 6 : 1);
        whole_free(&out);
    }
    whole_free(&in);
}

static void flips_and_quarters(void **state) {
    (void)state;
    digits("flip", "123/456", UPRIGHT[2], 1);
    digits("flip:vertical", "123/456", UPRIGHT[4], 1);
    digits("flip:both", "123/456", UPRIGHT[3], 1);
    digits("flip:transpose", "123/456", UPRIGHT[5], 1);
    digits("flip:transverse", "123/456", UPRIGHT[7], 1);
    digits("rotate:90", "123/456", UPRIGHT[6], 1);
    digits("rotate:-270", "123/456", UPRIGHT[6], 1);
    digits("rotate:180", "123/456", UPRIGHT[3], 1);
    digits("rotate:-180,expand=no", "123/456", UPRIGHT[3], 1);
    digits("rotate:270", "123/456", UPRIGHT[8], 1);
    digits("rotate:-90", "123/456", UPRIGHT[8], 1);
    digits("rotate:360", "123/456", UPRIGHT[1], 1);
    digits("rotate:0", "123/456", UPRIGHT[1], 1);
}

/* A quarter turn that may not grow keeps whole samples, and what falls out is gone. */
static void quarter_without_growing(void **state) {
    (void)state;
    digits("rotate:90,black,expand=no", "12/34", "31/42", 1);
    digits("rotate:90,black,expand=no", "1234/5678", "0620/0730", 1);
    digits("rotate:-90,black,expand=no", "1/2/3", "0/2/0", 1);
}

/* Larger than the blocks of the loops, every remainder of 16, any number of planes. */
static void turns_of_all_sizes(void **state) {
    (void)state;
    for (int n = 1; n < 40; n++) {
        ibx_image in = picture(n, 61 - n, n % 2 ? IBX_RGB : IBX_GRAY, n % 3 == 0);
        if (n % 5 == 0) {
            whole_free(&in);
            in = picture(n, 61 - n, IBX_CMYK, false);
        }
        for (int turn = 2; turn <= 8; turn++) {
            const int w = in.head.w, h = in.head.h;
            in.head.orientation = turn;
            ibx_image out = whole_applied("orient", &in);
            assert_int_equal(out.head.w, turn > 4 ? h : w);
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++) {
                    const int to[9][2] = {
                        {0, 0},         {x, y}, {w - 1 - x, y}, {w - 1 - x, h - 1 - y},
                        {x, h - 1 - y}, {y, x}, {h - 1 - y, x}, {h - 1 - y, w - 1 - x},
                        {y, w - 1 - x}};
                    for (int p = 0; p < ibx_planes(&in.head); p++)
                        assert_true(*whole_at(&in, p, x, y) ==
                                    *whole_at(&out, p, to[turn][0], to[turn][1]));
                }
            whole_free(&out);
        }
        whole_free(&in);
    }
}

static void turns_cancel(void **state) {
    (void)state;
    static const char *const NOTHING[] = {"rotate:90 rotate:90 rotate:90 rotate:90",
                                          "rotate:90 rotate:-90",
                                          "flip flip",
                                          "flip:transpose flip:transpose",
                                          "flip:transverse flip:both flip:transpose",
                                          "rotate:90 flip flip:transpose",
                                          "rotate:180 flip:both"};
    ibx_image in = picture(45, 23, IBX_RGB, true);
    for (size_t i = 0; i < sizeof NOTHING / sizeof *NOTHING; i++) {
        ibx_image out = whole_applied(NOTHING[i], &in);
        same(NOTHING[i], &out, &in);
        whole_free(&out);
    }
    whole_free(&in);
}

/* ---- crop, pad --------------------------------------------------------------------------------
 */

static void crops(void **state) {
    (void)state;
    const char *in = "1234/5678/9:;<"; /* the characters behind 9 stand for 10 to 12 */
    digits("crop:2x1", in, "67", 1);
    digits("crop:1", in, "6", 1);
    digits("crop:2x", in, "23/67/:;", 1);
    digits("crop:x1", in, "5678", 1);
    digits("crop:50%", in, "23/67", 1);
    digits("crop:2x2,gravity=north-west", in, "12/56", 1);
    digits("crop:2x2,gravity=south-east", in, "78/;<", 1);
    digits("crop:2x2,1,1,gravity=north-west", in, "67/:;", 1);
    digits("crop:2x2,1,1,gravity=south-east", in, "23/67", 1);
    digits("crop:2x1,25%,gravity=east", in, "67", 1);
    digits("crop:2x1,1,gravity=north", in, "34", 1);
    digits("crop:1x1,1,1", in, ";", 1);
    digits("crop:9x9", in, in, 1);
    digits("crop:9x9,3,2,gravity=north-west", in, "<", 1);
    digits("crop:2x2,-1,-1,gravity=north-west", in, "1", 1);
    digits("crop", in, in, 1);
}

static void crop_outside(void **state) {
    (void)state;
    ibx_image in = picture(40, 30, IBX_CMYK, false), out;
    ibx_error err = {0};
    assert_false(whole_apply("crop:10x10,40,0,gravity=north-west", &in, &out, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_non_null(strstr(err.text, "10x10"));
    assert_non_null(strstr(err.text, "40x30"));
    assert_true(whole_apply("crop:10x10,39,0,gravity=north-west", &in, &out, &err));
    assert_int_equal(out.head.w, 1);
    whole_free(&out);
    whole_free(&in);
}

static void pads(void **state) {
    (void)state;
    digits("pad:4x4,black", "12/34", "0000/0120/0340/0000", 1);
    digits("pad:5x3,black", "12/34", "01200/03400/00000", 1);
    digits("pad:3x2,black,gravity=west", "12/34", "120/340", 1);
    digits("pad:3x2,black,gravity=east", "12/34", "012/034", 1);
    digits("pad:2x3,black,gravity=south", "12/34", "00/12/34", 1);
    digits("pad:1x1,black", "12/34", "12/34", 1);
    digits("pad:left=1,bottom=50%,background=black", "12/34", "012/034/000", 1);
    digits("pad:left=3,right=2,top=1,extend=copy", "12/34", "1111222/1111222/3333444", 1);
    digits("pad:left=3,right=2,top=1,extend=mirror", "12/34", "2211221/2211221/4433443", 1);
    digits("pad:left=3,right=2,top=1,extend=repeat", "12/34", "4343434/2121212/4343434", 1);
    digits("pad:left=5,right=5,extend=mirror", "123", "2332112332112", 1);
    digits("pad:x4,extend=repeat", "1/2/3", "1/2/3/1", 1);
}

/* A colour on gray is its luma; a colour that is not opaque adds alpha; extensions add none. */
static void pad_colours(void **state) {
    (void)state;
    ibx_image gray = picture(2, 2, IBX_GRAY, false), rgb = picture(2, 2, IBX_RGB, false);
    ibx_image a = whole_applied("pad:4x4,#0f0", &gray),
              b = whole_applied("pad:4x4,#ff000080", &rgb);
    ibx_image c = whole_applied("pad:4x4,transparent,extend=copy", &rgb);
    assert_float_equal(*whole_at(&a, 0, 0, 0), 0.7152, 1e-6);
    assert_false(a.head.alpha);
    assert_true(b.head.alpha);
    assert_float_equal(*whole_at(&b, 0, 3, 0), 1, 0);
    assert_float_equal(*whole_at(&b, 3, 3, 0), 128 / 255.0, 1e-6);
    assert_float_equal(*whole_at(&b, 3, 1, 1), 1, 0);
    assert_true(*whole_at(&b, 2, 1, 1) == *whole_at(&rgb, 2, 0, 0));
    assert_false(c.head.alpha);
    whole_free(&gray), whole_free(&rgb);
    whole_free(&a), whole_free(&b), whole_free(&c);
}

/* ---- rotation by any angle --------------------------------------------------------------------
 */

static double catrom(double x) {
    x = fabs(x);
    if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/* Plane p at a real position, from the definition: sums over every sample near it. */
static double sample(const ibx_image *in, int p, double u, double v, bool cubic) {
    double sum = 0;
    for (int y = (int)floor(v) - 3; y <= floor(v) + 3; y++)
        for (int x = (int)floor(u) - 3; x <= floor(u) + 3; x++) {
            const double w = cubic ? catrom(u - x) * catrom(v - y)
                                   : fmax(1 - fabs(u - x), 0) * fmax(1 - fabs(v - y), 0);
            sum += w * (double)*whole_at(in, p, ibx_min(ibx_max(x, 0), in->head.w - 1),
                                         ibx_min(ibx_max(y, 0), in->head.h - 1));
        }
    return sum;
}

static double overlap(double at, int whole) {
    return fmin(fmax(fmin(at + 1, whole - at), 0), 1);
}

static void rotation_follows_the_definition(void **state) {
    (void)state;
    static const double ANGLES[] = {1, 30, 45, 77.5, 120, 200, 300, -10, -100};
    ibx_image in = picture(37, 22, IBX_RGB, false);
    for (size_t i = 0; i < 2 * sizeof ANGLES / sizeof *ANGLES; i++) {
        const double degrees = ANGLES[i / 2], a = degrees * M_PI / 180;
        const bool cubic = i % 2 == 0;
        char recipe[80];
        snprintf(recipe, sizeof recipe, "rotate:%g,#336699,kernel=%s", degrees,
                 cubic ? "catrom" : "linear");
        ibx_image out = whole_applied(recipe, &in);
        const int w = out.head.w, h = out.head.h;
        assert_int_equal(w, ceil(37 * fabs(cos(a)) + 22 * fabs(sin(a))));
        assert_int_equal(h, ceil(37 * fabs(sin(a)) + 22 * fabs(cos(a))));
        assert_false(out.head.alpha);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                const double dx = x - (w - 1) / 2.0, dy = y - (h - 1) / 2.0;
                const double u = cos(a) * dx + sin(a) * dy + 18,
                             v = cos(a) * dy - sin(a) * dx + 10.5;
                const double share = overlap(u, 37) * overlap(v, 22);
                for (int p = 0; p < 3; p++) {
                    const double want =
                        share * sample(&in, p, u, v, cubic) + (1 - share) * 0.2 * (p + 1);
                    assert_float_equal(*whole_at(&out, p, x, y), want, 2e-6);
                }
            }
        whole_free(&out);
    }
    whole_free(&in);
}

/* A constant turns into itself with clean corners, and the alpha of a transparent corner is the
 * share of the pixel that is covered: no colour leaks, however thin. */
static void rotation_keeps_colour(void **state) {
    (void)state;
    ibx_image in = whole_new(31, 20, IBX_RGB, false);
    for (int i = 0; i < 31 * 20 * 3; i++) ((float *)in.pixels)[i] = (float)(i % 3 + 1) / 4;
    ibx_image out = whole_applied("rotate:33", &in);
    assert_true(out.head.alpha);
    double area = 0;
    for (int y = 0; y < out.head.h; y++)
        for (int x = 0; x < out.head.w; x++) {
            const float alpha = *whole_at(&out, 3, x, y);
            assert_in_range(alpha * 1000, 0, 1000);
            area += (double)alpha;
            for (int p = 0; p < 3 && alpha > 0.001F; p++)
                assert_float_equal(*whole_at(&out, p, x, y), (p + 1) / 4.0, 1e-5);
        }
    assert_float_equal(area, 31 * 20, 2);
    assert_float_equal(*whole_at(&out, 3, 0, 0), 0, 0);
    whole_free(&in);
    whole_free(&out);
}

/* There and back again is nearly the same smooth picture: direction and centre are right. */
static void rotation_goes_back(void **state) {
    (void)state;
    ibx_image in = whole_new(60, 60, IBX_GRAY, false);
    for (int y = 0; y < 60; y++)
        for (int x = 0; x < 60; x++)
            *whole_at(&in, 0, x, y) = (float)(0.5 + 0.4 * sin(x / 6.0) * cos(y / 9.0));
    ibx_image out = whole_applied("rotate:25,white,expand=no rotate:-25,white,expand=no", &in);
    for (int y = 20; y < 40; y++)
        for (int x = 20; x < 40; x++)
            assert_float_equal(*whole_at(&out, 0, x, y), *whole_at(&in, 0, x, y), 1e-3);
    whole_free(&in);
    whole_free(&out);
}

/* ---- tiles ------------------------------------------------------------------------------------
 */

static void any_tile_gives_the_same_bits(void **state) {
    (void)state;
    static const char *const RECIPES[] = {"rotate:90",
                                          "rotate:-17.3",
                                          "rotate:133,#12345678,kernel=nearest",
                                          "rotate:45,white,expand=no,kernel=linear",
                                          "rotate:90,white,expand=no",
                                          "flip",
                                          "flip:vertical",
                                          "flip:transverse",
                                          "orient",
                                          "crop:50x40,3,-4",
                                          "pad:150x200,#ff880080,gravity=south-east",
                                          "pad:left=200,top=33,extend=mirror",
                                          "pad:right=150,bottom=170,extend=repeat",
                                          "pad:400x300,extend=copy"};
    for (int size = 0; size < 3; size++) {
        ibx_image in = picture(size ? 2 * size - 1 : 97, size ? size : 53, IBX_RGB, size == 1);
        in.head.orientation = 6;
        for (size_t r = 0; r < sizeof RECIPES / sizeof *RECIPES; r++) {
            spatial_same_for_tiles(RECIPES[r], &in);
            ibx_image whole = whole_applied(RECIPES[r], &in);
            for (int i = 0; i < whole.head.w * whole.head.h * ibx_planes(&whole.head); i++)
                assert_true(isfinite(((float *)whole.pixels)[i]));
            whole_free(&whole);
        }
        whole_free(&in);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(orientations),
                                       cmocka_unit_test(orientation_tag),
                                       cmocka_unit_test(flips_and_quarters),
                                       cmocka_unit_test(quarter_without_growing),
                                       cmocka_unit_test(turns_of_all_sizes),
                                       cmocka_unit_test(turns_cancel),
                                       cmocka_unit_test(crops),
                                       cmocka_unit_test(crop_outside),
                                       cmocka_unit_test(pads),
                                       cmocka_unit_test(pad_colours),
                                       cmocka_unit_test(rotation_follows_the_definition),
                                       cmocka_unit_test(rotation_keeps_colour),
                                       cmocka_unit_test(rotation_goes_back),
                                       cmocka_unit_test(any_tile_gives_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
