/* png.c - the PNG codec against libpng's own whole-image reader and writer. */
#include "codec/png_band.h"
#include "decoded.h"
#include "libpng.h"
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- every file ------------------------------------------------------------------------------ */

static void compare_with_libpng(const char *path, void *user) {
    blob file = blob_read(path);
    int w = 0, h = 0;
    size_t stride = 0;
    if (file.size < 8 || png_sig_cmp(file.data, 0, 8)) {
        free(file.data);
        return;
    }
    uint8_t *expected = libpng_decode(file.data, file.size, &w, &h, &stride);
    static const how HOW[] = {{0},
                              {.strip = 1, .piece = 1},
                              {.strip = 7, .piece = 7},
                              {.strip = 16, .piece = 4096},
                              {.strip = 64, .piece = 100000}};
    for (size_t i = 0; i < sizeof HOW / sizeof *HOW; i++) {
        decoded d;
        ibx_error e;
        const bool ok = decode(file, HOW[i], &d, &e);
        const bool same =
            ok == (expected != NULL) && (!ok || decoded_is(&d, w, h, stride, expected));
        if (!same)
            print_message("%s (strip %d, piece %zu): %s\n", path, HOW[i].strip, HOW[i].piece,
                          ok ? "differs from libpng" : e.text);
        tally_add(user, ok, same);
        if (ok) decoded_free(&d);
    }
    free(expected);
    free(file.data);
}

static void test_files(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/pngsuite",
                                          "formats/png-libpng",
                                          "formats/png-apng",
                                          "formats/libvips-samples",
                                          "formats/jpeg-variants-jxl",
                                          "formats/heic",
                                          "bad/libpng-crashers",
                                          "bad/libspng-crashers",
                                          "bad/pillow",
                                          "bad/wuffs",
                                          NULL};
    tally_folders(FOLDERS, "libpng", 1000, compare_with_libpng);
}

/* ---- there and back -------------------------------------------------------------------------- */

static const ibx_model MODELS[] = {IBX_GRAY, IBX_RGB};

/* Smooth in the first half, noise in the second, so that all filters are chosen. */
static uint8_t *test_pixels(const ibx_save_job *job) {
    const size_t n = (size_t)job->head.w * (size_t)job->head.h * (size_t)ibx_planes(&job->head);
    const size_t sample = job->sample == IBX_U16 ? 2 : 1;
    uint8_t *p = malloc(n * sample);
    uint32_t seed = 1;
    for (size_t i = 0; i < n * sample; i++) {
        seed = seed * 1664525 + 1013904223;
        p[i] = i < n * sample / 2 ? (uint8_t)(i / 3 + (seed >> 30)) : (uint8_t)(seed >> 24);
    }
    return p;
}

static void there_and_back(int w, int h, ibx_model model, bool alpha, ibx_sample sample,
                           ibx_save_png params, int strip) {
    const ibx_save_job job = {
        .head = {.w = w, .h = h, .model = model, .alpha = alpha, .orientation = 1},
        .sample = sample,
        .format = ibx_format_find("png"),
        .params = &params};
    uint8_t *pixels = test_pixels(&job);
    blob file;
    decoded d;
    ibx_error e = {0};
    if (!encode(&job, pixels, strip, &file, &e)) fail_msg("%s", e.text);
    if (!decode(file, (how){.strip = 5}, &d, &e)) fail_msg("%s", e.text);
    assert_int_equal(d.info.head.w, w);
    assert_int_equal(d.info.head.h, h);
    assert_int_equal(d.info.head.model, model);
    assert_int_equal(d.info.head.alpha, alpha);
    assert_int_equal(d.info.head.depth, sample == IBX_U16 ? 16 : 8);
    assert_int_equal(d.info.sample, sample);
    assert_int_equal(d.info.progressive, params.interlace);
    assert_memory_equal(d.pixels, pixels, d.stride * (size_t)h);

    int ow, oh;
    size_t stride;
    uint8_t *expected = libpng_decode(file.data, file.size, &ow, &oh, &stride);
    assert_non_null(expected); /* libpng agrees that the file is in order */
    assert_memory_equal(expected, pixels, stride * (size_t)h);
    free(expected);
    decoded_free(&d);
    free(file.data);
    free(pixels);
}

static void test_there_and_back(void **state) {
    (void)state;
    static const int SIZES[][2] = {{1, 1}, {3, 2}, {17, 40}, {640, 90}, {5000, 3}, {9000, 80}};
    for (int s = 0; s < 6; s++)
        for (int m = 0; m < 2; m++)
            for (int variant = 0; variant < 4; variant++)
                for (int c = IBX_PNG_FAST; c <= IBX_PNG_SMALL + 1; c++)
                    there_and_back(
                        SIZES[s][0], SIZES[s][1], MODELS[m], variant & 1,
                        variant & 2 ? IBX_U16 : IBX_U8,
                        (ibx_save_png){.compression = c % 3, .interlace = c > IBX_PNG_SMALL},
                        c % 2 ? 0 : 7);
}

/* Less than a band, one, some, and one and a part. */
static void test_same_bytes_for_any_strip(void **state) {
    (void)state;
    static const int STRIP[] = {1, 10, 91, 512, 600, 1024};
    const ibx_save_png params = {.compression = IBX_PNG_DEFAULT};
    const ibx_save_job job = {.head = {.w = 700, .h = 1100, .model = IBX_RGB, .orientation = 1},
                              .sample = IBX_U8,
                              .format = ibx_format_find("png"),
                              .params = &params};
    uint8_t *pixels = test_pixels(&job);
    blob first, other;
    assert_true(encode(&job, pixels, 0, &first, NULL));
    for (size_t i = 0; i < sizeof STRIP / sizeof *STRIP; i++) {
        assert_true(encode(&job, pixels, STRIP[i], &other, NULL));
        assert_int_equal(first.size, other.size);
        assert_memory_equal(first.data, other.data, first.size);
        free(other.data);
    }
    free(first.data);
    free(pixels);
}

/* Bands made alone, from the last to the first, each in a press of its own: put together they are
 * the file's compressed data. */
static void test_bands_stand_alone(void **state) {
    (void)state;
    for (int compression = IBX_PNG_FAST; compression <= IBX_PNG_SMALL; compression++) {
        const ibx_save_png params = {.compression = compression};
        const ibx_save_job job = {.head = {.w = 30000, .h = 70, .model = IBX_RGB, .orientation = 1},
                                  .sample = IBX_U8,
                                  .format = ibx_format_find("png"),
                                  .params = &params};
        const ibx_png_layout layout = ibx_png_layout_of(&job);
        uint8_t *pixels = test_pixels(&job);
        blob file;
        assert_true(encode(&job, pixels, 11, &file, NULL));
        assert_in_range(layout.rows, 1, 35); /* two bands at least */
        size_t end = file.size - 12;         /* of the last IDAT chunk, in front of IEND */
        for (int y = (layout.h - 1) / layout.rows * layout.rows; y >= 0; y -= layout.rows) {
            const ibx_strip band = {IBX_U8,
                                    3,
                                    30000,
                                    y,
                                    ibx_min(layout.rows, layout.h - y),
                                    layout.row_bytes,
                                    pixels + (size_t)y * layout.row_bytes};
            ibx_png_press *press = ibx_png_press_new(&layout);
            assert_true(ibx_png_press_band(press, &band, NULL));
            const ibx_png_piece piece = ibx_png_press_piece(press);
            const size_t behind = 4 + (y + band.rows == layout.h ? 4 : 0);
            assert_memory_equal(file.data + end - behind - piece.size, piece.data, piece.size);
            end -= 8 + (y ? 0 : 2) + piece.size + behind;
            ibx_png_press_free(press);
        }
        assert_int_equal(end, 8 + 25);
        free(file.data);
        free(pixels);
    }
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* A few levels in short stretches, with some noise: by runs the filtered lines are shorter than the
 * unfiltered ones by a search, and these than the filtered ones by a search. Once the unfiltered
 * ones were compressed by runs, to 1.47 MB in place of 1.05. */
static void test_runs_are_of_filtered_lines(void **state) {
    (void)state;
    enum { W = 1900, H = 1024, TILE = 4096, STRETCH = 6, LEVELS = 13, NOISE = 5 };
    uint32_t seed = 517529673;
    uint8_t tile[TILE], *pixels = malloc((size_t)W * H);
    assert_non_null(pixels);
    for (int i = 0; i < TILE; i++) tile[i] = (uint8_t)next_random(&seed);
    for (int i = 0; i < W * H; i++) {
        const int level = tile[(i % W / STRETCH * 7 + i / W * 131) % TILE] % LEVELS;
        pixels[i] = (uint8_t)((unsigned)level * (256 / LEVELS) + next_random(&seed) % NOISE);
    }
    const ibx_png_layout layout = {
        .h = H, .rows = H, .pixel = 1, .row_bytes = W, .compression = IBX_PNG_DEFAULT};
    const ibx_strip band = {
        .sample = IBX_U8, .planes = 1, .w = W, .rows = H, .stride = W, .data = pixels};
    ibx_png_press *press = ibx_png_press_new(&layout);
    assert_true(ibx_png_press_band(press, &band, NULL));
    assert_in_range(ibx_png_press_piece(press).size, 1, 1200000);
    ibx_png_press_free(press);
    free(pixels);
}

static void test_metadata_there_and_back(void **state) {
    (void)state;
    const ibx_save_png params = {.compression = IBX_PNG_DEFAULT};
    const ibx_metadata m = {.exif = {"II*\0\x08\0\0\0\0\0\0\0\0\0", 14},
                            .xmp = {"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", 37}};
    const ibx_save_job job = {.head = {.w = 2, .h = 2, .model = IBX_GRAY, .orientation = 1},
                              .sample = IBX_U8,
                              .format = ibx_format_find("png"),
                              .params = &params,
                              .metadata = &m};
    blob file;
    decoded d;
    assert_true(encode(&job, "abcd", 0, &file, NULL));
    assert_true(decode(file, (how){0}, &d, NULL));
    assert_int_equal(d.metadata.exif.size, 14);
    assert_memory_equal(d.metadata.exif.data, m.exif.data, 14);
    assert_int_equal(d.metadata.xmp.size, 37);
    assert_memory_equal(d.metadata.xmp.data, m.xmp.data, 37);
    decoded_free(&d);
    free(file.data);
}

/* ---- damage ------------------------------------------------------------------------------------
 */

static blob small_file(bool interlace) {
    const ibx_save_png params = {.compression = IBX_PNG_DEFAULT, .interlace = interlace};
    const ibx_save_job job = {.head = {.w = 24, .h = 20, .model = IBX_RGB, .orientation = 1},
                              .sample = IBX_U8,
                              .format = ibx_format_find("png"),
                              .params = &params};
    uint8_t *pixels = test_pixels(&job);
    blob file;
    assert_true(encode(&job, pixels, 0, &file, NULL));
    free(pixels);
    return file;
}

/* Cut at every byte: an error, never a picture. Accepted damage: a picture and a warning once the
 * header is complete. */
static void test_truncation(void **state) {
    (void)state;
    for (int interlace = 0; interlace < 2; interlace++) {
        blob file = small_file(interlace);
        for (size_t n = 8; n < file.size; n++) {
            decoded d;
            ibx_error e;
            const blob cut = {memcpy(malloc(n), file.data, n), n};
            for (size_t piece = 0; piece <= 5; piece += 5) {
                assert_false(decode(cut, (how){.strip = 3, .piece = piece}, &d, &e));
                assert_int_equal(e.code, IBX_FORMAT);
            }
            const bool ok = decode(cut, (how){.strip = 3, .accept_damage = true}, &d, &e);
            assert_int_equal(e.code, IBX_FORMAT);
            assert_int_equal(ok, n >= 8 + 25 + 8);
            if (ok) decoded_free(&d);
            free(cut.data);
        }
        free(file.data);
    }
}

/* A noisy picture without the last bytes of its compressed data, or with one of them changed: the
 * rows in front of that are there. */
static void check_rows_before(ibx_sample sample, int strip, bool cut) {
    enum { W = 40, H = 60, LOST = 4 };
    const ibx_save_png params = {.compression = IBX_PNG_FAST};
    const ibx_save_job job = {.head = {.w = W, .h = H, .model = IBX_RGB, .orientation = 1},
                              .sample = sample,
                              .format = ibx_format_find("png"),
                              .params = &params};
    const size_t row = (size_t)W * 3 * (sample == IBX_U16 ? 2 : 1);
    uint8_t *pixels = test_pixels(&job);
    blob file;
    decoded d;
    ibx_error e;
    assert_true(encode(&job, pixels, 0, &file, NULL));
    const size_t place = file.size - 3 * row; /* noise is as long as its rows */
    if (cut)
        file.size = place;
    else
        file.data[place] ^= 0x24;
    assert_true(decode(file, (how){.strip = strip, .accept_damage = true}, &d, &e));
    assert_int_equal(e.code, IBX_FORMAT);
    assert_memory_equal(d.pixels, pixels, (H - LOST) * row);
    decoded_free(&d);
    free(file.data);
    free(pixels);
}

static void test_rows_before_damage(void **state) {
    (void)state;
    for (int strip = 0; strip <= 50; strip += 25)
        for (int cut = 0; cut < 2; cut++) {
            check_rows_before(IBX_U8, strip, cut);
            check_rows_before(IBX_U16, strip, cut);
        }
}

/* One byte changed anywhere: checksums cover all of it, so it is found. */
static void test_flipped_bytes(void **state) {
    (void)state;
    for (int interlace = 0; interlace < 2; interlace++) {
        blob file = small_file(interlace);
        for (size_t i = 0; i < file.size; i++) {
            decoded d;
            file.data[i] ^= 0x24;
            assert_false(decode(file, (how){.strip = 3, .max_pixels = 1 << 20}, &d, NULL));
            if (decode(file, (how){.accept_damage = true, .max_pixels = 1 << 20}, &d, NULL))
                decoded_free(&d);
            file.data[i] ^= 0x24;
        }
        free(file.data);
    }
}

static void test_limits(void **state) {
    (void)state;
    blob file = small_file(true);
    decoded d;
    ibx_error e;
    assert_true(decode(file, (how){.max_pixels = 480}, &d, &e));
    decoded_free(&d);
    assert_false(decode(file, (how){.max_pixels = 479}, &d, &e));
    assert_int_equal(e.code, IBX_LIMIT);
    assert_false(decode(file, (how){.memory = 1000}, &d, &e));
    assert_int_equal(e.code, IBX_MEMORY);
    free(file.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_same_bytes_for_any_strip),
        cmocka_unit_test(test_bands_stand_alone),
        cmocka_unit_test(test_runs_are_of_filtered_lines),
        cmocka_unit_test(test_metadata_there_and_back),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_rows_before_damage),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
