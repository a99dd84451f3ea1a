/* vips_write.c - the libvips module writes: round trips, metadata, refusals, errors of the sink. */
#include "core/param.h"
#include "pictures.h"
#include <lcms2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* EXIF with Make "ABC" and 300 pixels per inch. */
static const char EXIF[] = "II*\0\10\0\0\0\3\0"
                           "\x0f\1\2\0\4\0\0\0ABC\0"
                           "\x1a\1\5\0\1\0\0\0\x32\0\0\0"
                           "\x1b\1\5\0\1\0\0\0\x32\0\0\0"
                           "\0\0\0\0\x2c\1\0\0\1\0\0";

/* ---- round trips --------------------------------------------------------------------------- */

/* The strip height makes no difference to the file, and what is read is what was written. */
static void round_trip(const char *format, const char *settings, ibx_model model, bool alpha,
                       ibx_sample sample, double tolerance) {
    const task t = task_of(format, settings, 301, 203, model, alpha, sample);
    size_t size;
    void *pixels = chart(&t.head, sample, &size);
    blob whole = {0}, rows = {0};
    ibx_error err = {0};
    picture p;
    if (!write_file(&t, pixels, 0, &whole, &err)) fail_msg("%s:%s: %s", format, settings, err.text);
    assert_true(write_file(&t, pixels, 7, &rows, &err));
    assert_int_equal(whole.size, rows.size);
    assert_memory_equal(whole.data, rows.data, whole.size);
    if (!picture_read(whole, (ways){0}, &p, &err))
        fail_msg("%s:%s: %s", format, settings, err.text);
    assert_string_equal(p.info.format, format);
    assert_int_equal(p.info.sample, sample);
    assert_int_equal(p.info.head.w, 301);
    assert_int_equal(p.info.head.h, 203);
    assert_int_equal(p.info.head.alpha, alpha);
    const double off = worst(&p, pixels, &t.head);
    if (off > tolerance) fail_msg("%s:%s model %d: off by %g", format, settings, model, off);
    free(p.pixels);
    free(pixels);
    free(whole.data);
    free(rows.data);
}

static void tiff_keeps_every_sample(void **state) {
    (void)state;
    static const char *const HOW[] = {"compression=none",    "compression=lzw",
                                      "compression=deflate", "compression=zstd,tiled=yes",
                                      "pyramid=yes",         "bigtiff=yes"};
    static const ibx_sample SAMPLES[] = {IBX_U8, IBX_U16};
    for (size_t i = 0; i < sizeof HOW / sizeof *HOW; i++)
        for (int s = 0; s < 2; s++) {
            round_trip("tiff", HOW[i], IBX_RGB, false, SAMPLES[s], 0);
            round_trip("tiff", HOW[i], IBX_RGB, true, SAMPLES[s], 0);
            round_trip("tiff", HOW[i], IBX_GRAY, false, SAMPLES[s], 0);
            round_trip("tiff", HOW[i], IBX_GRAY, true, SAMPLES[s], 0);
            round_trip("tiff", HOW[i], IBX_CMYK, false, SAMPLES[s], 0);
        }
    round_trip("tiff", "compression=jpeg,quality=95", IBX_RGB, false, IBX_U8, 40);
}

static void other_formats_come_close(void **state) {
    (void)state;
    round_trip("webp", "lossless=yes", IBX_RGB, false, IBX_U8, 0);
    round_trip("webp", "lossless=yes", IBX_RGB, true, IBX_U8, 0);
    round_trip("webp", "lossless=yes", IBX_GRAY, false, IBX_U8, 0);
    round_trip("webp", "quality=95", IBX_RGB, false, IBX_U8, 40);
    round_trip("avif", "lossless=yes,effort=0", IBX_RGB, false, IBX_U8, 0);
    round_trip("avif", "lossless=yes,effort=0", IBX_RGB, true, IBX_U8, 0);
    round_trip("avif", "lossless=yes,effort=0", IBX_GRAY, false, IBX_U8, 0);
    round_trip("avif", "lossless=yes,effort=0", IBX_GRAY, true, IBX_U8, 0);
    round_trip("avif", "quality=90,effort=0", IBX_RGB, true, IBX_U8, 40);
    round_trip("gif", "dither=0", IBX_RGB, false, IBX_U8, 60);
}

/* A store above 64 MB lies in a mapped file; the picture must not care. */
static void large_pictures_pass_through_a_file(void **state) {
    (void)state;
    const ibx_metadata m = {.exif = {EXIF, sizeof EXIF}};
    task t = task_of("tiff", "compression=none", 4000, 3000, IBX_RGB, false, IBX_U16);
    size_t size;
    void *pixels = chart(&t.head, IBX_U16, &size);
    t.metadata = &m;
    assert_true(size > (size_t)64 << 20);
    blob out = {0};
    ibx_error err = {0};
    picture p;
    assert_true(write_file(&t, pixels, 64, &out, &err));
    assert_true(picture_read(out, (ways){.strip = 64}, &p, &err));
    assert_memory_equal(p.pixels, pixels, size);
    assert_non_null(memmem(out.data + size, out.size - size, "\x0f\1\2\0\4\0\0\0ABC", 12));
    free(p.pixels);
    free(pixels);
    free(out.data);
}

/* GIF has palettes of 2^n colours; never more than asked for. */
static void gif_counts_its_colours(void **state) {
    (void)state;
    const task t = task_of("gif", "colours=20,dither=0", 64, 64, IBX_RGB, false, IBX_U8);
    size_t size;
    void *pixels = chart(&t.head, IBX_U8, &size);
    blob out = {0};
    ibx_error err = {0};
    picture p;
    assert_true(write_file(&t, pixels, 0, &out, &err));
    assert_true(picture_read(out, (ways){0}, &p, &err));
    const int planes = ibx_planes(&p.info.head);
    uint32_t seen[64];
    int count = 0;
    for (size_t i = 0; i < (size_t)64 * 64; i++) {
        const uint8_t *v = p.pixels + i * (size_t)planes;
        const uint32_t colour = (uint32_t)(v[0] << 16 | v[1] << 8 | v[2]);
        int k = 0;
        while (k < count && seen[k] != colour) k++;
        if (k == count) seen[count++] = colour;
        assert_true(count <= 20);
    }
    assert_true(count > 8);
    free(p.pixels);
    free(pixels);
    free(out.data);
}

/* ---- metadata ------------------------------------------------------------------------------ */

static const char XMP[] = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"></x:xmpmeta>";

static bool holds(ibx_bytes block, const void *part, size_t size) {
    return block.size && memmem(block.data, block.size, part, size);
}

static size_t srgb_profile(char *profile, size_t room) {
    cmsUInt32Number size = (cmsUInt32Number)room;
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    assert_true(cmsSaveProfileToMem(srgb, profile, &size));
    cmsCloseProfile(srgb);
    return size;
}

/* In TIFF there are no blocks, but the same values. */
static void check_metadata(const char *format) {
    char profile[8192];
    const size_t profile_size = srgb_profile(profile, sizeof profile);
    const ibx_metadata m = {.exif = {EXIF, sizeof EXIF}, .xmp = {XMP, sizeof XMP - 1}};
    task t = task_of(format, "", 40, 30, IBX_RGB, false, IBX_U8);
    t.metadata = &m;
    t.head.profile = (ibx_bytes){profile, profile_size};
    size_t size;
    void *pixels = chart(&t.head, IBX_U8, &size);
    blob out = {0};
    ibx_error err = {0};
    assert_true(write_file(&t, pixels, 0, &out, &err));

    ibx_source source = {.name = format, .size = (int64_t)out.size, .fd = -1, .whole = out.data};
    const ibx_codec *codec = ibx_codec_for_reading(out.data, 64, &err);
    ibx_info info;
    void *d = codec->open(&source, &(ibx_decode_limits){0}, &info, &err);
    assert_non_null(d);
    assert_int_equal(info.head.profile.size, profile_size);
    assert_memory_equal(info.head.profile.data, profile, profile_size);
    assert_true(holds(info.metadata.xmp, XMP, sizeof XMP - 1));
    const char *start = info.metadata.exif.data;
    assert_non_null(start);
    assert_true(!memcmp(start, "II*", 4) || !memcmp(start, "MM\0*", 4));
    assert_true(holds(info.metadata.exif, "ABC", 4));
    if (strcmp(format, "tiff") != 0) {
        assert_int_equal(info.metadata.exif.size, sizeof EXIF);
        assert_memory_equal(start, EXIF, sizeof EXIF);
    }
    codec->close(d);
    free(pixels);
    free(out.data);
}

static void metadata_comes_back(void **state) {
    (void)state;
    check_metadata("tiff");
    check_metadata("webp");
    check_metadata("avif");
}

/* Where no EXIF is to be embedded, with a profile or without, files get none of what libvips would
 * make up: neither a block under its format's name nor the version that it writes into one. */
static void nothing_is_made_up(void **state) {
    (void)state;
    static const char *const FORMATS[] = {"avif", "webp", "tiff"};
    char profile[8192];
    const ibx_bytes srgb = {profile, srgb_profile(profile, sizeof profile)};
    for (int i = 0; i < 6; i++) {
        task t = task_of(FORMATS[i / 2], "", 40, 30, IBX_RGB, false, IBX_U8);
        size_t size;
        void *pixels = chart(&t.head, IBX_U8, &size);
        blob out = {0};
        if (i % 2) t.head.profile = srgb;
        assert_true(write_file(&t, pixels, 0, &out, NULL));
        const ibx_bytes file = {out.data, out.size};
        assert_int_equal(holds(file, profile, srgb.size), i % 2);
        assert_false(holds(file, "Exif", 4) || holds(file, "EXIF", 4) || holds(file, "0210", 4));
        free(pixels);
        free(out.data);
    }
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void expect_refusal(task t, const char *words) {
    size_t size;
    void *pixels = chart(&t.head, t.sample, &size);
    blob out = {0};
    ibx_error err = {0};
    assert_false(write_file(&t, pixels, 0, &out, &err));
    assert_int_equal(err.code, IBX_USAGE);
    if (!strstr(err.text, words)) fail_msg("\"%s\" is not in: %s", words, err.text);
    free(pixels);
    free(out.data);
}

static void formats_refuse_what_they_cannot_hold(void **state) {
    (void)state;
    expect_refusal(task_of("webp", "", 16384, 2, IBX_RGB, false, IBX_U8), "16383");
    expect_refusal(task_of("avif", "", 9, 9, IBX_CMYK, false, IBX_U8), "CMYK");
    expect_refusal(task_of("tiff", "compression=jpeg", 9, 9, IBX_RGB, true, IBX_U8),
                   "transparency");
    expect_refusal(task_of("tiff", "compression=jpeg", 9, 9, IBX_RGB, false, IBX_U16), "8 bits");
}

static bool full(ibx_sink *sink, const void *data, size_t size, ibx_error *err) {
    (void)sink, (void)data, (void)size;
    return ibx_fail(err, IBX_FULL, "no room");
}

static void errors_of_the_sink_come_back(void **state) {
    (void)state;
    static const char *const FORMATS[] = {"tiff", "webp", "avif", "gif"};
    static const ibx_metadata NONE = {0};
    const task t = task_of("tiff", "", 64, 64, IBX_RGB, false, IBX_U8);
    size_t size;
    uint8_t *pixels = chart(&t.head, IBX_U8, &size);
    for (int i = 0; i < 4; i++) {
        const ibx_format *format = ibx_format_find(FORMATS[i]);
        void *params = params_of(format, "");
        const ibx_save_job job = {
            .head = t.head, .format = format, .params = params, .metadata = &NONE};
        ibx_error err = {0};
        ibx_sink sink = {full};
        const ibx_codec *codec = ibx_codec_for_writing(format, &err);
        void *e = codec->create(&sink, &job, &err);
        const ibx_strip all = {
            .planes = 3, .w = 64, .rows = 64, .stride = (size_t)64 * 3, .data = pixels};
        assert_true(codec->write(e, &all, &err));
        assert_false(codec->finish(e, &err));
        assert_int_equal(err.code, IBX_FULL);
        codec->destroy(e);
        ibx_params_free(format->params, params);
    }
    free(pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiff_keeps_every_sample),
        cmocka_unit_test(other_formats_come_close),
        cmocka_unit_test(large_pictures_pass_through_a_file),
        cmocka_unit_test(gif_counts_its_colours),
        cmocka_unit_test(metadata_comes_back),
        cmocka_unit_test(nothing_is_made_up),
        cmocka_unit_test(formats_refuse_what_they_cannot_hold),
        cmocka_unit_test(errors_of_the_sink_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
