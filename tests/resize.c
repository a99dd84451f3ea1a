/* resize.c - resize and thumb against a reference written from the definition, in double. */
#include "geometry.h"
#include "spatial.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const KERNELS[] = IBX_KERNEL_WORDS;

/* Repeatable noise, 0 to 1. */
static float noise(uint32_t i) {
    i = (i ^ (i >> 16)) * 0x45d9f3bU;
    i = (i ^ (i >> 16)) * 0x45d9f3bU;
    return (float)((i ^ (i >> 16)) & 0xffff) / 65535;
}

/* Noise on a slope; alpha too. */
static ibx_image picture(int w, int h, ibx_model model, bool alpha) {
    ibx_image image = whole_new(w, h, model, alpha);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int p = 0; p < ibx_planes(&image.head); p++)
                *whole_at(&image, p, x, y) = 0.5F * noise((uint32_t)((p * h + y) * w + x)) +
                                             0.5F * (float)(x + y) / (float)(w + h);
    return image;
}

/* ---- the reference -------------------------------------------------------------------------- */

/* The kernels once more, from their formulas. */
static double kernel_at(const char *name, double x) {
    x = fabs(x);
    if (*name == 'l' && name[1] == 'a') {
        if (x < 1e-9) return 1;
        return x < 3 ? 3 * sin(M_PI * x) * sin(M_PI * x / 3) / (M_PI * M_PI * x * x) : 0;
    }
    if (*name == 'm') {
        if (x < 1) return 7 * x * x * x / 6 - 2 * x * x + 8.0 / 9;
        return x < 2 ? -7 * x * x * x / 18 + 2 * x * x - 10 * x / 3 + 16.0 / 9 : 0;
    }
    if (*name == 'c') {
        if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
        return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
    }
    return x < 1 ? 1 - x : 0;
}

/* The weight of input sample j (any number, also outside) for output i. */
static double weight(const char *kernel, int j, int i, double scale) {
    if (*kernel == 'n') return j == (int)floor((i + 0.5) * scale);
    if (*kernel == 'b') return fmax(fmin(j + 1, (i + 1) * scale) - fmax(j, i * scale), 0);
    return kernel_at(kernel, (j + 0.5 - (i + 0.5) * scale) / fmax(scale, 1));
}

/* Sample j of n, `step` apart in memory, edges repeated. */
static double sample(const double *v, int step, int n, int j) {
    return v[(ptrdiff_t)ibx_min(ibx_max(j, 0), n - 1) * step];
}

static double block_mean(const double *v, int step, int n, int side, int j) {
    double sum = 0;
    const int last = (n - 1) / side;
    for (int k = 0; k < side; k++)
        sum += sample(v, step, n, ibx_min(ibx_max(j, 0), last) * side + k);
    return sum / side;
}

/* The means of `side` samples that are taken first where they leave the kernel a reduction by 2.5.
 */
static int block_side(double scale, const char *kernel) {
    return *kernel == 'n' || *kernel == 'b' || scale < 5 ? 1 : (int)floor(scale / 2.5);
}

/* Output i of n samples (`step` apart in memory) resampled to m. With means, kernels are sharpened
 * by their second difference. */
static double resampled(const double *v, int step, int n, int m, int i, const char *kernel) {
    if (n == m) return sample(v, step, n, i); /* nothing to do, also for kernels that blur */
    const int side = block_side((double)n / m, kernel);
    const double scale = (double)n / m / side, raise = (1 - 1.0 / side / side) / 24;
    const int reach = (int)ceil(3 * fmax(scale, 1)) + 2, centre = (int)floor((i + 0.5) * scale);
    double sum = 0, total = 0;
    for (int j = centre - reach; j <= centre + reach; j++) {
        const double w = weight(kernel, j, i, scale),
                     beside = weight(kernel, j - 1, i, scale) + weight(kernel, j + 1, i, scale);
        const double sharp = w + raise * (2 * w - beside);
        total += sharp;
        sum += sharp * block_mean(v, step, n, side, j);
    }
    return sum / total;
}

/* Plane p of an image, scaled to w x h in the values as they are; malloc'd. */
static double *reference(const ibx_image *in, int p, int w, int h, const char *kernel) {
    const int iw = in->head.w, ih = in->head.h;
    double *a = malloc(sizeof *a * (size_t)iw * (size_t)ih);
    double *b = malloc(sizeof *b * (size_t)iw * (size_t)h);
    double *c = malloc(sizeof *c * (size_t)w * (size_t)h);
    for (int y = 0; y < ih; y++)
        for (int x = 0; x < iw; x++) a[y * iw + x] = (double)*whole_at(in, p, x, y);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < iw; x++) b[y * iw + x] = resampled(a + x, iw, ih, h, y, kernel);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) c[y * w + x] = resampled(b + y * iw, 1, iw, w, x, kernel);
    free(a);
    free(b);
    return c;
}

static void agree(int iw, int ih, int w, int h, const char *kernel) {
    char recipe[100];
    ibx_image in = picture(iw, ih, IBX_RGB, false);
    snprintf(recipe, sizeof recipe, "resize:%dx%d,fill,kernel=%s,light=encoded", w, h, kernel);
    ibx_image out = whole_applied(recipe, &in);
    assert_int_equal(out.head.w, w);
    assert_int_equal(out.head.h, h);
    for (int p = 0; p < 3; p++) {
        double *want = reference(&in, p, w, h, kernel);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                const double is = (double)*whole_at(&out, p, x, y);
                if (!(fabs(is - want[y * w + x]) < 2e-6))
                    fail_msg("%s from %dx%d, plane %d at %d,%d: %.8f is not %.8f", recipe, iw, ih,
                             p, x, y, is, want[y * w + x]);
            }
        free(want);
    }
    whole_free(&in);
    whole_free(&out);
}

/* Every kernel, up and down, by odd ratios, along one axis only, and from and to single pixels. */
static void follows_the_definition(void **state) {
    (void)state;
    static const int SIZES[][4] = {{61, 47, 19, 13}, {61, 47, 61, 13}, {61, 47, 19, 47},
                                   {17, 23, 40, 57}, {64, 48, 32, 24}, {3, 2, 7, 9},
                                   {1, 1, 5, 4},     {40, 30, 1, 1},   {3, 2, 2, 3},
                                   {700, 9, 7, 8},   {5, 650, 6, 6},   {33, 70, 34, 69}};
    for (int k = 0; KERNELS[k]; k++)
        for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
            agree(SIZES[i][0], SIZES[i][1], SIZES[i][2], SIZES[i][3], KERNELS[k]);
}

/* A wave along x, of so many cycles per output pixel, reduced from 1200 to 120 (by 4 x 4 blocks)
 * or 1200 to 240 (2 x 2): what is left of its amplitude, over what the kernel alone leaves. */
static double left_of_wave(int out, double cycles, double *alone) {
    enum { W = 1200 };
    char recipe[100];
    double worst = 0, v[W];
    ibx_image in = whole_new(W, 4 * W / out, IBX_GRAY, false);
    for (int x = 0; x < W; x++) v[x] = cos(2 * M_PI * cycles * (x + 0.5) * out / W);
    for (int y = 0; y < in.head.h; y++)
        for (int x = 0; x < W; x++) *whole_at(&in, 0, x, y) = (float)(0.5 + 0.4 * v[x]);
    snprintf(recipe, sizeof recipe, "resize:%dx4,fill,light=encoded", out);
    ibx_image is = whole_applied(recipe, &in);
    *alone = 0;
    for (int i = 10; i < out - 10; i++) {
        double want = 0, total = 0;
        for (int j = 0; j < W; j++) {
            const double w = weight("lanczos3", j, i, (double)W / out);
            want += w * v[j];
            total += w;
        }
        *alone = fmax(*alone, fabs(want / total));
        worst = fmax(worst, fabs(((double)*whole_at(&is, 0, i, 2) - 0.5) / 0.4));
    }
    whole_free(&in);
    whole_free(&is);
    return worst;
}

/* What means of `side` samples leave of a wave of so many cycles per sample. */
static double left_by_means(int side, double cycles) {
    return fabs(sin(M_PI * cycles * side) / (side * sin(M_PI * cycles)));
}

/* Blocks leave detail as it is. Of waves that are too fine, the kernel suppresses those that reach
 * it, as ever; the others alias, as small as the means have made them. */
static void blocks_pass_detail(void **state) {
    (void)state;
    static const double PASS[] = {0.05, 0.1, 0.2, 0.3, 0.4, 0.45};
    static const double STOP[] = {0.7, 1.1, 1.5, 1.9, 2.3, 2.7, 3.2, 4.1, 4.6};
    for (int out = 120; out <= 240; out += 120) {
        double alone;
        for (size_t i = 0; i < sizeof PASS / sizeof *PASS; i++) {
            const double is = left_of_wave(out, PASS[i], &alone);
            if (!(fabs(is - alone) < 0.01 * alone))
                fail_msg("to %d: %g of %g, not %g", out, is, PASS[i], alone);
        }
        for (size_t i = 0; i < sizeof STOP / sizeof *STOP; i++) {
            const double is = left_of_wave(out, STOP[i], &alone);
            const double aliased = left_by_means(480 / out, STOP[i] * out / 1200);
            const double most = STOP[i] < 1.25 ? alone : 1.1 * aliased;
            if (!(is < most + 0.02)) fail_msg("to %d: %g of %g, not %g", out, is, STOP[i], most);
        }
    }
}

/* ---- closed forms --------------------------------------------------------------------------- */

/* A constant stays: in every light, at every ratio, for every kernel, also over 100 to 1. */
static void constants_stay(void **state) {
    (void)state;
    static const char *const RECIPES[] = {"resize:5x3,fill",
                                          "resize:301x97,fill",
                                          "resize:1",
                                          "resize:1700x1,fill",
                                          "thumb:64x64",
                                          "thumb:31x90,attention",
                                          "resize:5x3,fill,light=encoded"};
    for (int k = 0; KERNELS[k]; k++)
        for (size_t r = 0; r < sizeof RECIPES / sizeof *RECIPES; r++) {
            char recipe[100];
            ibx_image in = whole_new(500, 300, IBX_RGB, true);
            for (int i = 0; i < 500 * 300; i++)
                memcpy((float *)in.pixels + (ptrdiff_t)i * 4, (float[]){0.2F, 0.8F, 1, 0.5F},
                       4 * sizeof(float));
            snprintf(recipe, sizeof recipe, "%s,kernel=%s", RECIPES[r], KERNELS[k]);
            ibx_image out = whole_applied(recipe, &in);
            for (int i = 0; i < out.head.w * out.head.h; i++) {
                const float *v = (float *)out.pixels + (ptrdiff_t)i * 4;
                assert_float_equal(v[0], 0.2F, 5e-6);
                assert_float_equal(v[1], 0.8F, 5e-6);
                assert_float_equal(v[2], 1, 5e-6);
                assert_float_equal(v[3], 0.5F, 1e-6);
            }
            whole_free(&in);
            whole_free(&out);
        }
}

/* One white and one black column become, in linear light, half the light: encoded 0.7354. */
static void light_adds_up(void **state) {
    (void)state;
    ibx_image in = whole_new(2, 1, IBX_GRAY, false);
    *whole_at(&in, 0, 1, 0) = 1;
    ibx_image linear = whole_applied("resize:1x1,fill,kernel=box", &in);
    ibx_image encoded = whole_applied("resize:1x1,fill,kernel=box,light=encoded", &in);
    assert_float_equal(*whole_at(&linear, 0, 0, 0), ibx_linear_to_srgb(0.5), 1e-5);
    assert_float_equal(*whole_at(&encoded, 0, 0, 0), 0.5F, 1e-7);
    whole_free(&in);
    whole_free(&linear);
    whole_free(&encoded);
}

/* Invisible colour does not bleed: transparent green beside opaque red gives pure red. */
static void alpha_weights(void **state) {
    (void)state;
    ibx_image in = whole_new(2, 2, IBX_RGB, true);
    for (int y = 0; y < 2; y++) {
        *whole_at(&in, 1, 0, y) = 1;
        *whole_at(&in, 0, 1, y) = *whole_at(&in, 3, 1, y) = 1;
    }
    ibx_image out = whole_applied("resize:1x1,fill,kernel=linear", &in);
    assert_float_equal(*whole_at(&out, 0, 0, 0), 1, 1e-5);
    assert_float_equal(*whole_at(&out, 1, 0, 0), 0, 1e-5);
    assert_float_equal(*whole_at(&out, 3, 0, 0), 0.5F, 1e-6);
    whole_free(&in);
    whole_free(&out);
}

/* Nearest makes no new values; box by a whole factor repeats pixels exactly. */
static void nearest_and_box_repeat(void **state) {
    (void)state;
    ibx_image in = picture(5, 4, IBX_RGB, true);
    ibx_image near = whole_applied("resize:15x12,kernel=nearest", &in);
    ibx_image box = whole_applied("resize:300%,kernel=box,light=encoded", &in);
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 15; x++)
            for (int p = 0; p < 4; p++) {
                const float want = *whole_at(&in, p, x / 3, y / 3);
                assert_true(*whole_at(&near, p, x, y) == want);
                assert_float_equal(*whole_at(&box, p, x, y), want, 1e-6);
            }
    whole_free(&in);
    whole_free(&near);
    whole_free(&box);
}

/* The same size is no step at all: the samples are the same bits. */
static void same_size_changes_nothing(void **state) {
    (void)state;
    static const char *const RECIPES[] = {"resize",
                                          "resize:31x",
                                          "resize:31x17,cover",
                                          "resize:400x400,grow=no",
                                          "thumb:31x17",
                                          "thumb:90x90,grow=no",
                                          "thumb:90x90,attention,grow=no"};
    ibx_image in = picture(31, 17, IBX_RGB, true);
    for (size_t i = 0; i < sizeof RECIPES / sizeof *RECIPES; i++) {
        ibx_image out = whole_applied(RECIPES[i], &in);
        assert_int_equal(out.head.w, 31);
        assert_memory_equal(out.pixels, in.pixels, in.stride * 17);
        whole_free(&out);
    }
    whole_free(&in);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static void sizes(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        int w, h;
    } WANT[] = {{"resize:50x50", 50, 33},
                {"resize:50x50,cover", 75, 50},
                {"resize:50x50,fill", 50, 50},
                {"resize:40x", 40, 27}, /* 26.67 */
                {"resize:x10", 15, 10},
                {"resize:45x,fill", 45, 30},
                {"resize:45x,cover", 45, 30},
                {"resize:50%", 75, 50},
                {"resize:0.1%", 1, 1},
                {"resize:33%", 50, 33}, /* 49.5 rounds up */
                {"resize:3x", 3, 2},
                {"resize:1x1", 1, 1},
                {"resize:300x300", 300, 200},
                {"resize:300x300,grow=no", 150, 100},
                {"resize:300x50,fill,grow=no", 150, 50},
                {"resize:120x120,cover,grow=no", 150, 100},
                {"thumb:60x60", 60, 60},
                {"thumb:60x60,attention", 60, 60},
                {"thumb:300x50", 300, 50},
                {"thumb:300x50,grow=no", 150, 50},
                {"thumb:300x50,attention,grow=no", 150, 50},
                {"thumb:120x120,grow=no", 120, 100},
                {"thumb:1x1", 1, 1}};
    ibx_image in = picture(150, 100, IBX_GRAY, false);
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        ibx_image out = whole_applied(WANT[i].recipe, &in);
        if (out.head.w != WANT[i].w || out.head.h != WANT[i].h)
            fail_msg("%s: %dx%d", WANT[i].recipe, out.head.w, out.head.h);
        whole_free(&out);
    }
    whole_free(&in);
}

/* Each refusal names what is wrong. */
static void refused(void **state) {
    (void)state;
    static const char *const RECIPES[][2] = {{"resize:x1000000,kernel=nearest", "1500000x1000000"},
                                             {"thumb:100x", "both sides"},
                                             {"thumb:50%", "both sides"},
                                             {"resize:0x5", "size"},
                                             {"resize:10,kernel=sinc", "kernel"}};
    ibx_image in = picture(3, 2, IBX_GRAY, false);
    for (size_t i = 0; i < sizeof RECIPES / sizeof *RECIPES; i++) {
        ibx_image out;
        ibx_error err = {0};
        assert_false(whole_apply(RECIPES[i][0], &in, &out, &err));
        assert_int_equal(err.code, IBX_USAGE);
        if (!strstr(err.text, RECIPES[i][1])) fail_msg("%s: %s", RECIPES[i][0], err.text);
    }
    whole_free(&in);
}

/* ---- tiles, shrink-on-load, windows -----------------------------------------------------------
 */

static void any_tile_gives_the_same_bits(void **state) {
    (void)state;
    static const char *const RECIPES[] = {"resize:29x23,fill",
                                          "resize:160x131,fill,kernel=catrom",
                                          "resize:7x5,fill,kernel=box",
                                          "thumb:40x20",
                                          "thumb:30x61,attention",
                                          "resize:200x3,fill,kernel=nearest",
                                          "resize:61x90,fill,kernel=mitchell,light=encoded"};
    ibx_image in = picture(90, 71, IBX_RGB, true);
    for (size_t r = 0; r < sizeof RECIPES / sizeof *RECIPES; r++)
        spatial_same_for_tiles(RECIPES[r], &in);
    whole_free(&in);
}

/* A picture that the decoder has halved, with a last column and row that are only half filled, is
 * scaled as what it stands for: outputs land where those of the full image do. */
static void shrink_on_load_keeps_positions(void **state) {
    (void)state;
    ibx_taps full = {0}, half = {0};
    assert_true(ibx_taps_make(&full, 1001, 0, 1001, 100, IBX_KERNEL_LANCZOS3, 1, NULL));
    assert_true(ibx_taps_make(&half, 501, 0, 1001 / 2.0, 100, IBX_KERNEL_LANCZOS3, 1, NULL));
    for (int i = 10; i < 90; i++) {
        double centre[2] = {0, 0};
        for (int k = 0; k < full.count; k++)
            centre[0] += (double)ibx_weights(&full, i)[k] * (full.first[i] + k + .5);
        for (int k = 0; k < half.count; k++)
            centre[1] += (double)ibx_weights(&half, i)[k] * (half.first[i] + k + .5);
        assert_float_equal(centre[0], 2 * centre[1], 0.02);
        assert_float_equal(centre[0], (i + 0.5) * 10.01, 0.02);
    }
    ibx_taps_free(&full);
    ibx_taps_free(&half);
}

/* A cut of a picture that the decoder has reduced knows which pixels it is of, turned or not, and
 * is scaled as they are. */
static void cuts_of_shrunken_pictures(void **state) {
    (void)state;
    ibx_head h = {.w = 51, .h = 40, .model = IBX_RGB, .shrink = 4, .full_w = 203, .full_h = 160};
    const ibx_rect r = ibx_cut_samples(&h, (ibx_rect){10, 8, 33, 32});
    assert_int_equal(r.x, 2);
    assert_int_equal(r.w, 9); /* 43 pixels reach into the eleventh sample */
    assert_int_equal(r.y, 2);
    assert_int_equal(r.h, 8);
    ibx_cut_full((ibx_rect){10, 8, 33, 32}, &h);
    assert_int_equal(h.w, 9);
    assert_int_equal(h.h, 8);
    assert_int_equal(h.full_x, 2);
    assert_int_equal(h.full_w, 33);
    assert_int_equal(h.full_y, 0);
    ibx_head turned = h;
    ibx_turn_head(IBX_TURN_HALF, &turned);
    assert_int_equal(turned.full_x, 1); /* 9 samples are 36 pixels */
    ibx_turn_head(IBX_TURN_CLOCKWISE, &h);
    assert_int_equal(h.w, 8);
    assert_int_equal(h.full_w, 32);
    assert_int_equal(h.full_y, 2);
    ibx_scaling s = {0};
    assert_true(
        ibx_scaling_make(&s, &turned, (ibx_area){0, 0, 33, 32}, 33, 32, IBX_KERNEL_NEAREST, NULL));
    for (int i = 0; i < 33; i++) assert_int_equal(s.columns.first[i], (i + 1) / 4);
    ibx_scaling_free(&s);
}

/* A reduced head: the size comes from the full image. Where its samples are the ones that are
 * wanted nothing is left to be done. */
static void shrink_on_load_counts_in_sizes(void **state) {
    (void)state;
    ibx_head in = {.w = 51, .h = 40, .model = IBX_RGB, .shrink = 2, .full_w = 101, .full_h = 80};
    int w, h;
    assert_true(ibx_scaled_size(&in, (ibx_extent){.percent = 50}, 0, true, "", &w, &h, NULL));
    assert_int_equal(w, 51);
    assert_int_equal(h, 40);
    ibx_scaling s = {0};
    assert_true(ibx_scaling_make(&s, &in, (ibx_area){0, 0, 101, 80}, w, h, 0, NULL));
    assert_int_equal(s.columns.out, 51);
    assert_int_equal(s.rows.out, 0);
    ibx_scaling_free(&s);
}

/* Upright or lying, the thumbnail of a lying picture is the lying thumbnail. */
static void thumb_commutes_with_turning(void **state) {
    (void)state;
    ibx_image in = picture(97, 60, IBX_RGB, false);
    ibx_image a = whole_applied("flip:transverse thumb:21x40", &in);
    ibx_image b = whole_applied("thumb:40x21 flip:transverse", &in);
    assert_int_equal(a.head.w, 21);
    for (int i = 0; i < 21 * 40 * 3; i++)
        assert_float_equal(((float *)a.pixels)[i], ((float *)b.pixels)[i], 1e-5);
    whole_free(&in);
    whole_free(&a);
    whole_free(&b);
}

/* Attention finds the one thing in a picture, wherever it is. */
static void attention_finds_the_subject(void **state) {
    (void)state;
    for (int place = 0; place <= 250; place += 25) {
        ibx_image in = picture(300, 60, IBX_RGB, false);
        for (int i = 0; i < 300 * 60 * 3; i++) ((float *)in.pixels)[i] = 0.5F;
        for (int y = 15; y < 45; y++)
            for (int x = place; x < place + 50; x++)
                for (int p = 0; p < 3; p++)
                    *whole_at(&in, p, x, y) = ((x + y) / 4) % 2 ? 0.9F : 0.2F;
        ibx_image out = whole_applied("thumb:60x60,attention", &in);
        int found = 0;
        for (int x = 0; x < 60; x++) found += fabsf(*whole_at(&out, 0, x, 30) - 0.5F) > 0.2F;
        assert_true(found >= 40);
        whole_free(&in);
        whole_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(follows_the_definition),
                                       cmocka_unit_test(blocks_pass_detail),
                                       cmocka_unit_test(constants_stay),
                                       cmocka_unit_test(light_adds_up),
                                       cmocka_unit_test(alpha_weights),
                                       cmocka_unit_test(nearest_and_box_repeat),
                                       cmocka_unit_test(same_size_changes_nothing),
                                       cmocka_unit_test(sizes),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(any_tile_gives_the_same_bits),
                                       cmocka_unit_test(shrink_on_load_keeps_positions),
                                       cmocka_unit_test(cuts_of_shrunken_pictures),
                                       cmocka_unit_test(shrink_on_load_counts_in_sizes),
                                       cmocka_unit_test(thumb_commutes_with_turning),
                                       cmocka_unit_test(attention_finds_the_subject)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
