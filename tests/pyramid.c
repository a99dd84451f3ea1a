/* pyramid.c - smaller copies in a TIFF: found, read where they are wanted, in the right place; and
 * files of which a part is read. */
#include "core/pixels.h"
#include "pictures.h"
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { W = 701, H = 523 }; /* neither can be halved often */

/* A file of the chart. */
static blob pyramid(const char *settings, ibx_model model, bool alpha, ibx_sample sample) {
    const task t = task_of("tiff", settings, W, H, model, alpha, sample);
    size_t size;
    void *pixels = chart(&t.head, sample, &size);
    blob out = {0};
    ibx_error err = {0};
    assert_true(write_file(&t, pixels, 0, &out, &err));
    free(pixels);
    return out;
}

static picture read_as(blob file, ways way) {
    picture p;
    ibx_error err;
    if (!picture_read(file, way, &p, &err)) fail_msg("%s", err.text);
    return p;
}

/* ---- levels ---------------------------------------------------------------------------------- */

static double at(const picture *p, int x, int y, int plane) {
    const int n = ibx_planes(&p->info.head);
    const size_t i = ((size_t)y * (size_t)p->info.head.w + (size_t)x) * (size_t)n + (size_t)plane;
    return p->info.sample == IBX_U8 ? p->pixels[i] / 255.0
                                    : ((const uint16_t *)(void *)p->pixels)[i] / 65535.0;
}

/* Mean of the pixels that a sample of a level stands for. */
static double mean(const picture *whole, int shrink, int x, int y, int plane) {
    double sum = 0;
    int n = 0;
    for (int j = y * shrink; j < (y + 1) * shrink && j < H; j++)
        for (int i = x * shrink; i < (x + 1) * shrink && i < W; i++, n++)
            sum += at(whole, i, j, plane);
    return sum / n;
}

/* Levels are means of the picture, where they should be; at the far edges what was cut off by
 * rounding down is a repetition. */
static void check_level(blob file, const picture *whole, int shrink) {
    const picture p = read_as(file, (ways){.shrink = shrink});
    assert_int_equal(p.info.head.w, (W + shrink - 1) / shrink);
    assert_int_equal(p.info.head.h, (H + shrink - 1) / shrink);
    double sum = 0, most = 0;
    for (int y = 0; y < p.info.head.h; y++)
        for (int x = 0; x < p.info.head.w; x++)
            for (int c = 0; c < ibx_planes(&p.info.head); c++) {
                const double off = fabs(at(&p, x, y, c) - mean(whole, shrink, x, y, c));
                const bool inner = x < W / shrink && y < H / shrink;
                sum += off;
                if (inner) most = fmax(most, off);
            }
    const double n = (double)p.info.head.w * p.info.head.h * ibx_planes(&p.info.head);
    if (most > 0.02 || sum / n > 0.01)
        fail_msg("1/%d is off by up to %.4f, %.4f in the mean", shrink, most, sum / n);
    free(p.pixels);
}

static void levels_are_the_picture(void **state) {
    (void)state;
    static const struct {
        const char *settings;
        ibx_model model;
        bool alpha;
        ibx_sample sample;
    } FILES[] = {{"compression=deflate,pyramid=yes", IBX_RGB, false, IBX_U8},
                 {"compression=none,pyramid=yes", IBX_RGB, false, IBX_U8},
                 {"compression=lzw,pyramid=yes", IBX_RGB, true, IBX_U16},
                 {"compression=none,pyramid=yes", IBX_GRAY, false, IBX_U16}};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        blob file = pyramid(FILES[i].settings, FILES[i].model, FILES[i].alpha, FILES[i].sample);
        const picture whole = read_as(file, (ways){0});
        assert_true(whole.info.levels);
        assert_int_equal(whole.info.shrinks, 2 + 4);
        for (int shrink = 2; shrink <= 4; shrink *= 2) check_level(file, &whole, shrink);
        free(whole.pixels);
        free(file.data);
    }
}

/* Pages that are not marked as copies are none, though they have the size. */
static void other_pages_are_no_levels(void **state) {
    (void)state;
    blob file = pyramid("compression=deflate", IBX_RGB, false, IBX_U8);
    picture p = read_as(file, (ways){0});
    assert_int_equal(p.info.shrinks, 0);
    assert_false(p.info.levels);
    free(p.pixels);
    free(file.data);

    file = pyramid("compression=deflate,pyramid=yes", IBX_RGB, false, IBX_U8);
    for (size_t i = 0; i + 12 <= file.size; i++) { /* NewSubfileType, one LONG, 1 */
        static const uint8_t COPY[] = {0xfe, 0, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0};
        if (!memcmp(file.data + i, COPY, sizeof COPY)) file.data[i + 8] = 0;
    }
    p = read_as(file, (ways){0});
    assert_true(p.info.pages > 1);
    assert_int_equal(p.info.shrinks, 0);
    free(p.pixels);
    free(file.data);
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* What is asked for is the same as in the whole. */
static void check_part(blob file, const picture *whole, ways way) {
    const picture p = read_as(file, way);
    const size_t pixel = (size_t)ibx_planes(&p.info.head) * ibx_sample_size(p.info.sample);
    const size_t row = pixel * (size_t)p.info.head.w;
    assert_int_equal(p.size, whole->size);
    for (int y = 0; y < p.info.head.h; y++) {
        const size_t part = (size_t)y * row + (size_t)way.left * pixel;
        if (y >= way.skip)
            assert_memory_equal(p.pixels + part, whole->pixels + part, (size_t)way.need * pixel);
        else
            assert_int_equal(p.pixels[part], 0x5a);
    }
    free(p.pixels);
}

static void parts_are_the_same(void **state) {
    (void)state;
    static const char *const SETTINGS[] = {
        "compression=deflate", "compression=none", "compression=deflate,tiled=yes",
        "compression=none,tiled=yes", "compression=lzw,pyramid=yes"};
    static const int LEFT[] = {0, 1, 255, 256, 300, 700}, SKIP[] = {0, 64, 256, 448};
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        blob file = pyramid(SETTINGS[i], IBX_RGB, false, IBX_U8);
        const picture whole = read_as(file, (ways){0});
        for (size_t k = 0; k < 24; k++) {
            const int left = LEFT[k % 6], skip = left ? SKIP[k / 6] : 0;
            const int need = ibx_min(1 + 60 * (int)(k % 4), W - left);
            check_part(file, &whole, (ways){.strip = 64, .skip = skip, .left = left, .need = need});
        }
        free(whole.pixels);
        free(file.data);
    }
}

/* ---- recipes --------------------------------------------------------------------------------- */

static bool take(void *user, int output, const void *data, size_t size) {
    blob *b = user;
    (void)output;
    b->data = realloc(b->data, b->size + size);
    assert_non_null(b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static int file_of(blob file) {
    const int fd = memfd_create("pyramid", MFD_CLOEXEC);
    assert_int_equal(write(fd, file.data, file.size), (ssize_t)file.size);
    return fd;
}

/* A recipe, with a PNG as its end, applied to a file. */
static decoded apply(const char *text, blob file) {
    ibx_error err = {0};
    ibx_times times = {0};
    blob out = {0};
    decoded d;
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    const int fd = file_of(file);
    const ibx_conversion c = {.fd = fd, .name = "a.tif", .recipe = recipe};
    if (!ibx_convert(&c, NULL, take, &out, &times, &err)) fail_msg("%s: %s", text, err.text);
    assert_true(decode(out, (how){0}, &d, &err));
    close(fd);
    free(out.data);
    ibx_recipe_free(recipe);
    return d;
}

static double psnr(const decoded *a, const decoded *b) {
    double sum = 0;
    const size_t n = (size_t)a->info.head.h * a->stride;
    assert_int_equal(a->info.head.w, b->info.head.w);
    assert_int_equal(a->info.head.h, b->info.head.h);
    for (size_t i = 0; i < n; i++) sum += pow(a->pixels[i] - b->pixels[i], 2);
    return 10 * log10(255.0 * 255.0 * (double)n / fmax(sum, 1));
}

/* Whatever part is reduced: it is as from the file that has no copies. */
static void recipes_give_the_same_picture(void **state) {
    (void)state;
    static const char *const RECIPES[] = {
        "resize:50%/save:png",
        "resize:25%/save:png",
        "resize:10%/save:png",
        "resize:175x130,fill/save:png",
        "thumb:40x50/save:png",
        "resize:20%,light=encoded/save:png",
        "crop:256x256,128,256,gravity=north-west/resize:64x64,fill/save:png",
        "crop:256x256,256,128,gravity=north-west/resize:128x128,fill/save:png",
        "crop:333x222,17,101,gravity=north-west/resize:61x41,fill/save:png",
        "crop:190x181,gravity=south-east/resize:40%/save:png",
        "crop:301x300,7,5,gravity=south-east/thumb:33x20/save:png",
        "orient/crop:400x401,3,7,gravity=north-east/crop:300x280/resize:40x40/save:png",
        "resize:176x131,fill/crop:64x64,100,60,gravity=north-west/save:png"};
    blob with = pyramid("compression=deflate,pyramid=yes", IBX_RGB, false, IBX_U8);
    blob without = pyramid("compression=deflate", IBX_RGB, false, IBX_U8);
    for (size_t i = 0; i < sizeof RECIPES / sizeof *RECIPES; i++) {
        decoded a = apply(RECIPES[i], with), b = apply(RECIPES[i], without);
        const double db = psnr(&a, &b);
        printf("%5.1f dB  %s\n", db, RECIPES[i]);
        if (db < 40) fail_msg("%s: %.1f dB", RECIPES[i], db);
        decoded_free(&a);
        decoded_free(&b);
    }
    free(with.data);
    free(without.data);
}

/* Megapixels that a recipe for a file is expected to cost. */
static double forecast(const char *text, blob file) {
    ibx_error err = {0};
    ibx_forecast f;
    ibx_recipe *recipe = ibx_recipe_parse(text, &err);
    if (!recipe) fail_msg("%s: %s", text, err.text);
    const int fd = file_of(file);
    const ibx_conversion c = {.fd = fd, .name = "a.tif", .recipe = recipe};
    if (!ibx_convert_look(&c, &f, &err)) fail_msg("%s: %s", text, err.text);
    const double megapixels = f.megapixels;
    ibx_forecast_free(&f);
    ibx_recipe_free(recipe);
    close(fd);
    return megapixels;
}

/* Where a decoder goes to the pixels directly, the others cost nothing: servers admit by that. */
static void parts_are_cheap(void **state) {
    (void)state;
    static const char CUT[] = "crop:64x64,500,400,gravity=north-west/save:png";
    static const char LEVEL[] = "resize:176x131,fill/crop:64x64,0,0,gravity=north-west/save:png";
    blob tiles = pyramid("compression=deflate,tiled=yes,pyramid=yes", IBX_RGB, false, IBX_U8);
    blob strips = pyramid("compression=deflate", IBX_RGB, false, IBX_U8);
    const double whole = W * H * 1e-6, tile = 64 * 64 * 1e-6;
    assert_in_range(forecast(CUT, tiles) / tile, 3, 6); /* decoded, moved, encoded */
    assert_in_range(forecast(LEVEL, tiles) / tile, 3, 6);
    assert_true(forecast(CUT, strips) > 0.8 * whole);
    assert_true(forecast(LEVEL, strips) > 0.4 * whole);
    free(tiles.data);
    free(strips.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_the_picture), cmocka_unit_test(other_pages_are_no_levels),
        cmocka_unit_test(parts_are_the_same), cmocka_unit_test(parts_are_cheap),
        cmocka_unit_test(recipes_give_the_same_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
