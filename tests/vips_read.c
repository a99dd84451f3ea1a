/* vips_read.c - the libvips module reads: strips, refusals, light, limits, damage, threads. */
#include "pictures.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the corpus ---------------------------------------------------------------------------- */

static bool is_ours(const char *path) {
    static const char *const SUFFIX[] = {".tif",  ".tiff", ".webp", ".gif",
                                         ".avif", ".heic", ".heif"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof SUFFIX / sizeof *SUFFIX; i++)
        if (!strcmp(dot, SUFFIX[i])) return true;
    return false;
}

static void check_ways(const picture *whole, blob file, int fd) {
    const ways WAYS[] = {{.strip = 1}, {.strip = 7}, {.strip = 64}, {.strip = 50, .fd = fd}};
    for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
        picture other;
        ibx_error err;
        assert_true(picture_read(file, WAYS[i], &other, &err));
        assert_same(whole, &other);
        free(other.pixels);
    }
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0); /* others read this file by pread */
}

static void check_strips(const char *path, void *user) {
    int *count = user;
    if (!is_ours(path)) return;
    blob file = blob_read(path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    picture whole;
    ibx_error err;
    if (picture_read(file, (ways){0}, &whole, &err)) {
        check_ways(&whole, file, fd);
        (*count)++;
    } else {
        assert_true(strstr(err.text, "a file: ") == err.text);
        assert_int_equal(err.code, IBX_FORMAT);
    }
    free(whole.pixels);
    free(file.data);
    close(fd);
}

static void strips_give_the_same_samples(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/tiff", "formats/heic", "formats/gif-webp-anim",
                                          "formats/avif-pillow", "formats/exif-orientation-other"};
    int count = 0;
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        if (!for_each_file(FOLDERS[i], check_strips, &count)) {
            printf("no test data in %s: set IMBREX_DATA\n", data_folder());
            skip();
        }
    printf("%d files\n", count);
    assert_true(count > 80);
}

static picture from_corpus(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", data_folder(), name);
    blob file = blob_read(path);
    if (!file.data) {
        printf("no %s: set IMBREX_DATA\n", path);
        skip();
    }
    picture p;
    ibx_error err;
    if (!picture_read(file, (ways){0}, &p, &err)) fail_msg("%s: %s", name, err.text);
    free(file.data);
    return p;
}

/* libheif turns the picture itself; TIFF leaves that to us. */
static void orientation_is_applied_once(void **state) {
    (void)state;
    picture p = from_corpus("formats/exif-orientation-other/g4_orientation_6.tif");
    assert_int_equal(p.info.head.orientation, 6);
    free(p.pixels);
    p = from_corpus("formats/libvips-samples/avif-orientation-6.avif");
    assert_int_equal(p.info.head.orientation, 1);
    assert_int_equal(p.info.head.h, 4032); /* portrait */
    free(p.pixels);
}

/* Ten bits are spread over sixteen, so that white is 65535. */
static void formats_pages_and_depth_are_told(void **state) {
    (void)state;
    picture p = from_corpus("formats/heic/heif__RGB_10__128x128.heif");
    assert_string_equal(p.info.format, "heic");
    assert_int_equal(p.info.head.depth, 16);
    const uint16_t *v = (const uint16_t *)(void *)p.pixels;
    for (size_t i = 0; i < p.size / 2; i++) assert_int_equal(v[i] & 63, v[i] >> 10);
    free(p.pixels);
    p = from_corpus("formats/tiff/multipage.tiff");
    assert_string_equal(p.info.format, "tiff");
    assert_true(p.info.pages > 1);
    free(p.pixels);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static char pnm[] = "P6\n2 1\n255\n\1\2\3\4\5\6";
static const blob PNM = {(uint8_t *)pnm, sizeof pnm - 1};

static void untrusted_loaders_are_allowed_per_call(void **state) {
    (void)state;
    const char *const allowed[] = {"svg", "ppm", NULL};
    picture p;
    ibx_error err;
    for (int round = 0; round < 2; round++) {
        assert_false(picture_read(PNM, (ways){0}, &p, &err));
        assert_non_null(strstr(err.text, "is a PPM image"));
        assert_non_null(strstr(err.text, "--allow-loader ppm"));
        assert_true(picture_read(PNM, (ways){.limits.allow_loaders = allowed}, &p, &err));
        assert_string_equal(p.info.format, "ppm");
        assert_memory_equal(p.pixels, "\1\2\3\4\5\6", 6);
        free(p.pixels);
    }
}

static void what_is_no_image_is_said(void **state) {
    (void)state;
    static char text[] = "To whom it may concern";
    static char svg[] = "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    static char tiff[] = "II*\0\10\0\0\0\5\0and nothing of what was promised";
    const struct {
        blob file;
        const char *words;
    } CASES[] = {{{(uint8_t *)text, sizeof text - 1}, "is not an image"},
                 {{(uint8_t *)svg, sizeof svg - 1}, "is an SVG drawing"},
                 {{(uint8_t *)tiff, sizeof tiff - 1}, "is a damaged TIFF"},
                 {{(uint8_t *)text, 0}, "is an empty file"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        picture p;
        ibx_error err;
        assert_false(picture_read(CASES[i].file, (ways){0}, &p, &err));
        assert_int_equal(err.code, IBX_FORMAT);
        if (!strstr(err.text, CASES[i].words)) fail_msg("%s: %s", CASES[i].words, err.text);
    }
}

/* ---- light, limits, damage ----------------------------------------------------------------- */

static void float_samples_are_light(void **state) {
    (void)state;
    const char *const allowed[] = {"ppm", NULL};
    const float light[] = {0, 0.25F, 0.5F, 1, 2, 0.001F};
    uint8_t file[64] = "PF\n2 1\n-1.0\n";
    memcpy(file + 12, light, sizeof light);
    picture p;
    ibx_error err;
    const blob pfm = {file, 12 + sizeof light};
    assert_true(picture_read(pfm, (ways){.limits.allow_loaders = allowed}, &p, &err));
    assert_int_equal(p.info.sample, IBX_F32);
    assert_int_equal(p.info.head.depth, 32);
    for (int i = 0; i < 6; i++) {
        const float got = ((const float *)(void *)p.pixels)[i];
        assert_true(fabs(got - ibx_linear_to_srgb(light[i])) < 2e-5);
    }
    free(p.pixels);
}

static blob tiff_of(const char *settings, int w, int h) {
    const task t = task_of("tiff", settings, w, h, IBX_RGB, false, IBX_U8);
    size_t size;
    void *pixels = chart(&t.head, IBX_U8, &size);
    blob out = {0};
    ibx_error err = {0};
    assert_true(write_file(&t, pixels, 0, &out, &err));
    free(pixels);
    return out;
}

static void limits_hold(void **state) {
    (void)state;
    blob file = tiff_of("compression=none", 100, 50);
    picture p;
    ibx_error err;
    assert_false(picture_read(file, (ways){.limits.max_pixels = 4999}, &p, &err));
    assert_int_equal(err.code, IBX_LIMIT);
    assert_non_null(strstr(err.text, "100 x 50"));
    assert_false(picture_read(file, (ways){.limits.memory = 1000}, &p, &err));
    assert_int_equal(err.code, IBX_MEMORY);
    assert_true(picture_read(file, (ways){.limits.max_pixels = 5000}, &p, &err));
    free(p.pixels);
    free(file.data);
}

/* The upper third of the rows is whole and stays so. */
static void damage_is_an_error_unless_accepted(void **state) {
    (void)state;
    blob file = tiff_of("compression=lzw", 200, 400);
    picture good, p;
    ibx_error err;
    assert_true(picture_read(file, (ways){0}, &good, &err));
    memset(file.data + file.size * 6 / 10, 0xff, file.size * 3 / 10);
    assert_false(picture_read(file, (ways){.strip = 16}, &p, &err));
    assert_int_equal(err.code, IBX_FORMAT);
    free(p.pixels);
    const ways accept = {.strip = 16, .limits.accept_damage = true};
    assert_true(picture_read(file, accept, &p, &err));
    assert_int_equal(err.code, IBX_FORMAT); /* the warning */
    assert_memory_equal(p.pixels, good.pixels, (size_t)200 * 3 * 128);
    free(p.pixels);
    free(good.pixels);
    free(file.data);
}

/* ---- threads ------------------------------------------------------------------------------- */

/* Writes, reads back in strips and compares; false if anything is wrong. */
static bool errand(int i) {
    static const char *const FORMATS[] = {"tiff", "webp", "gif"};
    const task t = task_of(FORMATS[i % 3], i % 3 == 1 ? "lossless=yes" : "", 97 + i, 61, IBX_RGB,
                           false, IBX_U8);
    size_t size;
    void *pixels = chart(&t.head, IBX_U8, &size);
    blob out = {0};
    ibx_error err = {0};
    picture p = {0};
    const bool fine = write_file(&t, pixels, 5, &out, &err) &&
                      picture_read(out, (ways){.strip = 9}, &p, &err) &&
                      worst(&p, pixels, &t.head) <= (i % 3 == 2 ? 90 : 0);
    free(p.pixels);
    free(pixels);
    free(out.data);
    return fine;
}

static void threads_do_not_meet(void **state) {
    (void)state;
    int failures = 0;
#pragma omp parallel for num_threads(4) schedule(dynamic) reduction(+ : failures)
    for (int i = 0; i < 24; i++) failures += !errand(i);
    assert_int_equal(failures, 0);
}

static void a_decoder_may_change_threads(void **state) {
    (void)state;
    blob file = tiff_of("compression=deflate", 120, 96);
    picture good;
    ibx_error err = {0};
    assert_true(picture_read(file, (ways){0}, &good, &err));
    uint8_t *pixels = calloc(1, good.size);
    ibx_source source = {
        .name = "a file", .size = (int64_t)file.size, .fd = -1, .whole = file.data};
    const ibx_codec *codec = ibx_codec_for_reading(file.data, 64, &err);
    ibx_info info;
    void *d = codec->open(&source, &(ibx_decode_limits){0}, &info, &err);
    int failures = 0;
#pragma omp parallel for ordered schedule(static, 1) num_threads(4) reduction(+ : failures)
    for (int y = 0; y < 96; y += 8)
#pragma omp ordered
    {
        const ibx_strip s = {.planes = 3,
                             .w = 120,
                             .y = y,
                             .rows = 8,
                             .stride = (size_t)120 * 3,
                             .data = pixels + (size_t)y * 120 * 3};
        failures += !codec->read(d, &s, NULL);
    }
    assert_int_equal(failures, 0);
    assert_memory_equal(pixels, good.pixels, good.size);
    codec->close(d);
    free(pixels);
    free(good.pixels);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_give_the_same_samples),
        cmocka_unit_test(orientation_is_applied_once),
        cmocka_unit_test(formats_pages_and_depth_are_told),
        cmocka_unit_test(untrusted_loaders_are_allowed_per_call),
        cmocka_unit_test(what_is_no_image_is_said),
        cmocka_unit_test(float_samples_are_light),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(damage_is_an_error_unless_accepted),
        cmocka_unit_test(threads_do_not_meet),
        cmocka_unit_test(a_decoder_may_change_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
