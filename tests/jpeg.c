/* jpeg.c - the JPEG codec against libjpeg's plainest use. */
#include "decoded.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jpeglib.h>

/* ---- the oracle: libjpeg over a buffer, one row at a time ---------------------------------- */

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf jump;
} oracle_errors;

static void oracle_exit(j_common_ptr jpeg) {
    longjmp(((oracle_errors *)jpeg->err)->jump, 1);
}

static void oracle_message(j_common_ptr jpeg, int level) {
    if (level < 0) jpeg->err->num_warnings++;
}

typedef struct {
    uint8_t *pixels;
    int w, h;
    size_t stride;
    bool clean; /* neither errors nor warnings */
} oracle;

static void oracle_rows(j_decompress_ptr jpeg, blob file, int shrink, oracle *o) {
    oracle_errors e;
    jpeg->err = jpeg_std_error(&e.base);
    e.base.error_exit = oracle_exit;
    e.base.emit_message = oracle_message;
    if (setjmp(e.jump)) return;
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, file.data, file.size);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_YCCK) jpeg->out_color_space = JCS_CMYK;
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)shrink;
    jpeg_start_decompress(jpeg);
    o->w = (int)jpeg->output_width;
    o->h = (int)jpeg->output_height;
    o->stride = (size_t)o->w * (size_t)jpeg->output_components;
    o->pixels = malloc(o->stride * (size_t)o->h);
    for (int y = 0; y < o->h; y++) {
        JSAMPROW row = o->pixels + (size_t)y * o->stride;
        jpeg_read_scanlines(jpeg, &row, 1);
        for (size_t x = 0; x < o->stride && jpeg->saw_Adobe_marker && jpeg->num_components == 4;
             x++)
            row[x] = (uint8_t)(255 - row[x]);
    }
    jpeg_finish_decompress(jpeg);
    o->clean = e.base.num_warnings == 0;
}

static oracle oracle_decode(blob file, int shrink) {
    struct jpeg_decompress_struct jpeg = {0};
    oracle o = {0};
    oracle_rows(&jpeg, file, shrink, &o);
    jpeg_destroy_decompress(&jpeg);
    return o;
}

/* ---- every file ------------------------------------------------------------------------------ */

/* Files that a decoder may take or refuse: the oracle finds no fault, or only such as do no harm;
 * the codec may not deliver other samples. */
static void compare_one(const char *path, blob file, how h, tally *t) {
    oracle o = oracle_decode(file, h.shrink ? h.shrink : 1);
    decoded d;
    ibx_error e;
    const bool ok = decode(file, h, &d, &e);
    const bool same = ok ? o.pixels && decoded_is(&d, o.w, o.h, o.stride, o.pixels) : !o.clean;
    if (!same)
        print_message("%s (strip %d, piece %zu, shrink %d): %s\n", path, h.strip, h.piece, h.shrink,
                      ok ? "differs from libjpeg" : e.text);
    tally_add(t, ok, same);
    free(o.pixels);
    if (ok) decoded_free(&d);
}

static void compare_with_oracle(const char *path, void *user) {
    static const how HOW[] = {{0},
                              {.strip = 1, .piece = 4096},
                              {.strip = 7, .piece = 777},
                              {.strip = 16, .shrink = 2},
                              {.strip = 64, .shrink = 4},
                              {.strip = 5, .shrink = 8}};
    blob file = blob_read(path);
    if (ibx_codec_jpeg.sniff(file.data, file.size) && file.size < 400000)
        for (size_t i = 0; i < sizeof HOW / sizeof *HOW; i++) compare_one(path, file, HOW[i], user);
    if (ibx_codec_jpeg.sniff(file.data, file.size) && file.size < 20000)
        compare_one(path, file, (how){.strip = 3, .piece = 1}, user);
    free(file.data);
}

static void test_files(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/jpeg-variants",
                                          "formats/jpeg-variants-jxl",
                                          "formats/jpeg-variants-ljt",
                                          "formats/exif-orientation",
                                          "formats/exif-orientation-other",
                                          "formats/icc-and-cmyk",
                                          "formats/libvips-samples",
                                          "bad/pillow",
                                          "bad/exif-invalid",
                                          "bad/libvips",
                                          "bad/wuffs",
                                          NULL};
    tally_folders(FOLDERS, "libjpeg", 400, compare_with_oracle);
}

/* ---- columns that nobody needs ------------------------------------------------------------------
 */

/* Are these columns and the rows from `top` on the same? */
static bool same_part(const decoded *a, const decoded *b, int left, int w, int top) {
    const size_t pixel = (size_t)ibx_planes(&a->info.head);
    for (int y = top; y < a->info.head.h; y++) {
        const size_t at = (size_t)y * a->stride + (size_t)left * pixel;
        if (memcmp(a->pixels + at, b->pixels + at, (size_t)w * pixel)) return false;
    }
    return true;
}

/* Columns that are needed are what they are if all are, at whatever distance from the edges of
 * blocks, and with rows left out as well. */
static void cut_some(const char *path, void *user) {
    tally *t = user;
    blob file = blob_read(path);
    const bool ours = ibx_codec_jpeg.sniff(file.data, file.size) && file.size < 100000;
    for (int shrink = 1; ours && shrink <= 2; shrink++) {
        decoded whole, part;
        if (!decode(file, (how){.strip = 16, .shrink = shrink}, &whole, NULL)) continue;
        const int w = whole.info.head.w, h = whole.info.head.h;
        for (int left = 0; left < w; left += ibx_max(w / 7, 1)) {
            const int need = ibx_min(1 + left % 50, w - left), skip = left % 3 * h / 4;
            const how cut = {
                .strip = 16, .shrink = shrink, .left = left, .need = need, .skip = skip};
            const bool ok = decode(file, cut, &part, NULL);
            const bool same = ok && same_part(&whole, &part, left, need, skip);
            if (!same) print_message("%s: %d+%d, shrink %d\n", path, left, need, shrink);
            tally_add(t, ok, same);
            if (ok) decoded_free(&part);
        }
        decoded_free(&whole);
    }
    free(file.data);
}

static void test_columns(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/jpeg-variants",     "formats/jpeg-variants-jxl",
                                          "formats/jpeg-variants-ljt", "formats/icc-and-cmyk",
                                          "formats/exif-orientation",  NULL};
    tally_folders(FOLDERS, "all columns", 400, cut_some);
}

/* ---- rows that nobody needs ---------------------------------------------------------------------
 */

/* After a skip the rest is what it is without. */
static void skip_some(const char *path, void *user) {
    static const int ROWS[] = {1, 8, 16, 17, 48, 100};
    tally *t = user;
    blob file = blob_read(path);
    if (!ibx_codec_jpeg.sniff(file.data, file.size) || file.size > 400000) {
        free(file.data);
        return;
    }
    for (int shrink = 1; shrink <= 2; shrink++) {
        decoded whole, rest;
        if (!decode(file, (how){.strip = 16, .shrink = shrink}, &whole, NULL)) continue;
        for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
            if (ROWS[i] >= whole.info.head.h) continue;
            const how skip = {.strip = 16, .shrink = shrink, .skip = ROWS[i]};
            const bool ok = decode(file, skip, &rest, NULL);
            const size_t at = (size_t)ROWS[i] * whole.stride;
            const size_t size = (size_t)whole.info.head.h * whole.stride - at;
            const bool same = ok && memcmp(whole.pixels + at, rest.pixels + at, size) == 0;
            if (!same) print_message("%s: %d rows skipped, shrink %d\n", path, ROWS[i], shrink);
            tally_add(t, ok, same);
            if (ok) decoded_free(&rest);
        }
        decoded_free(&whole);
    }
    free(file.data);
}

static void test_skip(void **state) {
    (void)state;
    static const char *const FOLDERS[] = {"formats/jpeg-variants",     "formats/jpeg-variants-jxl",
                                          "formats/jpeg-variants-ljt", "formats/icc-and-cmyk",
                                          "formats/libvips-samples",   NULL};
    tally_folders(FOLDERS, "the whole image", 100, skip_some);
}

/* ---- there and back -------------------------------------------------------------------------- */

/* Waves: photographs are smooth too. */
static uint8_t *waves(int w, int h, int planes) {
    uint8_t *p = malloc((size_t)w * (size_t)h * (size_t)planes);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < planes; c++)
                p[((size_t)y * (size_t)w + (size_t)x) * (size_t)planes + (size_t)c] =
                    (uint8_t)(128 + 60 * sin(x * 0.05 + c) + 50 * cos(y * 0.07 - c));
    return p;
}

static double psnr(const uint8_t *a, const uint8_t *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
    return sum > 0 ? 10 * log10(255.0 * 255.0 * (double)n / sum) : 99;
}

static ibx_save_job job_of(int w, int h, ibx_model model, const ibx_save_jpeg *params) {
    return (ibx_save_job){.head = {.w = w, .h = h, .model = model, .orientation = 1},
                          .sample = IBX_U8,
                          .format = ibx_format_find("jpeg"),
                          .params = params};
}

/* Horizontal and vertical sampling of the first component, from the frame header. */
static int frame_sampling(blob file) {
    for (size_t i = 2; i + 12 < file.size;) {
        const int marker = file.data[i + 1];
        if (marker >= 0xC0 && marker <= 0xC2) return file.data[i + 11];
        i += 2 + ((size_t)file.data[i + 2] << 8 | file.data[i + 3]);
    }
    return 0;
}

static void test_there_and_back(void **state) {
    (void)state;
    static const ibx_model MODELS[] = {IBX_GRAY, IBX_RGB, IBX_CMYK};
    static const int SIZES[][2] = {{1, 1}, {3, 2}, {100, 37}, {333, 250}};
    for (int m = 0; m < 3; m++)
        for (int s = 0; s < 4; s++)
            for (int variant = 0; variant < 4; variant++) {
                const ibx_save_jpeg params = {.quality = 95,
                                              .subsampling = IBX_SUBSAMPLING_AUTO,
                                              .progressive = variant & 1,
                                              .optimize = variant & 2};
                const int w = SIZES[s][0], h = SIZES[s][1];
                const ibx_save_job job = job_of(w, h, MODELS[m], &params);
                uint8_t *pixels = waves(w, h, (int)MODELS[m]);
                blob file;
                decoded d;
                ibx_error e;
                if (!encode(&job, pixels, 7, &file, &e)) fail_msg("%s", e.text);
                if (!decode(file, (how){.strip = 5}, &d, &e)) fail_msg("%s", e.text);
                assert_int_equal(d.info.head.model, MODELS[m]);
                assert_int_equal(d.info.progressive, params.progressive);
                assert_true(psnr(d.pixels, pixels, d.stride * (size_t)h) > 40);
                decoded_free(&d);
                free(file.data);
                free(pixels);
            }
}

static void test_subsampling(void **state) {
    (void)state;
    static const struct {
        int quality, subsampling, expected;
    } CASES[] = {{89, IBX_SUBSAMPLING_AUTO, 0x22},
                 {90, IBX_SUBSAMPLING_AUTO, 0x11},
                 {95, IBX_SUBSAMPLING_420, 0x22},
                 {50, IBX_SUBSAMPLING_422, 0x21},
                 {50, IBX_SUBSAMPLING_444, 0x11}};
    uint8_t *pixels = waves(32, 32, 3);
    for (int i = 0; i < 5; i++) {
        const ibx_save_jpeg params = {.quality = CASES[i].quality,
                                      .subsampling = CASES[i].subsampling};
        const ibx_save_job job = job_of(32, 32, IBX_RGB, &params);
        blob file;
        assert_true(encode(&job, pixels, 0, &file, NULL));
        assert_int_equal(frame_sampling(file), CASES[i].expected);
        free(file.data);
    }
    free(pixels);
}

/* Blocks longer than one marker, and of odd length. */
static void test_metadata_there_and_back(void **state) {
    (void)state;
    enum { IPTC = 150001, PROFILE = 200000, EXIF = 65527 };
    const ibx_save_jpeg params = {.quality = 85};
    uint8_t *bytes = calloc(1, PROFILE);
    for (int i = 132; i < PROFILE; i++) bytes[i] = (uint8_t)(i * 31 + i / 256);
    memcpy(bytes,
           (uint8_t[]){PROFILE >> 24, PROFILE >> 16 & 255, PROFILE >> 8 & 255, PROFILE & 255}, 4);
    memcpy(bytes + 16, "RGB ", 4);
    memcpy(bytes + 36, "acsp", 4);
    uint8_t *exif = calloc(1, EXIF + 1);
    memcpy(exif, "II*\0\x08\0\0\0\0\0", 10);
    for (int extra = 0; extra < 2; extra++) {
        const ibx_metadata m = {.exif = {exif, EXIF + (size_t)extra},
                                .xmp = {"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", 37},
                                .iptc = {bytes + 133, IPTC + (size_t)extra}};
        ibx_save_job job = job_of(8, 8, IBX_RGB, &params);
        uint8_t *pixels = waves(8, 8, 3);
        job.metadata = &m;
        job.head.profile = (ibx_bytes){bytes, PROFILE};
        blob file;
        decoded d;
        assert_true(encode(&job, pixels, 0, &file, NULL));
        assert_true(decode(file, (how){.piece = 1000}, &d, NULL));
        assert_int_equal(d.metadata.exif.size, extra ? 0 : EXIF); /* the longer one has no room */
        assert_int_equal(d.metadata.xmp.size, m.xmp.size);
        assert_memory_equal(d.metadata.xmp.data, m.xmp.data, m.xmp.size);
        assert_int_equal(d.metadata.iptc.size, m.iptc.size);
        assert_memory_equal(d.metadata.iptc.data, m.iptc.data, m.iptc.size);
        assert_int_equal(d.info.head.profile.size, PROFILE);
        assert_memory_equal(d.info.head.profile.data, bytes, PROFILE);
        decoded_free(&d);
        free(file.data);
        free(pixels);
    }
    free(bytes);
    free(exif);
}

/* ---- wrong input ----------------------------------------------------------------------------- */

static blob small_file(bool progressive) {
    const ibx_save_jpeg params = {.quality = 90, .progressive = progressive};
    const ibx_save_job job = job_of(40, 30, IBX_RGB, &params);
    uint8_t *pixels = waves(40, 30, 3);
    blob file;
    assert_true(encode(&job, pixels, 0, &file, NULL));
    free(pixels);
    return file;
}

static void test_truncation(void **state) {
    (void)state;
    for (int progressive = 0; progressive < 2; progressive++) {
        blob file = small_file(progressive);
        int accepted = 0;
        for (size_t n = 3; n < file.size; n++) {
            decoded d;
            ibx_error e;
            const blob cut = {memcpy(malloc(n), file.data, n), n};
            for (size_t piece = 0; piece <= 5; piece += 5) {
                assert_false(decode(cut, (how){.strip = 3, .piece = piece}, &d, &e));
                assert_int_equal(e.code, IBX_FORMAT);
                assert_string_equal(e.text, "test: Premature end of JPEG file");
            }
            if (decode(cut, (how){.strip = 3, .accept_damage = true}, &d, &e)) {
                accepted++;
                assert_int_equal(e.code, IBX_FORMAT);
                decoded_free(&d);
            }
            free(cut.data);
        }
        assert_true(accepted > (int)file.size / 4);
        free(file.data);
    }
}

static void test_flipped_bytes(void **state) {
    (void)state;
    for (int progressive = 0; progressive < 2; progressive++) {
        blob file = small_file(progressive);
        for (size_t i = 3; i < file.size; i++)
            for (int bit = 0; bit < 8; bit += 3) {
                decoded d;
                const how h = {.strip = 3, .max_pixels = 1 << 20, .accept_damage = bit == 3};
                file.data[i] ^= (uint8_t)(1 << bit);
                if (decode(file, h, &d, NULL)) decoded_free(&d);
                file.data[i] ^= (uint8_t)(1 << bit);
            }
        free(file.data);
    }
}

static void test_bytes_behind_the_end(void **state) {
    (void)state;
    blob file = small_file(false);
    decoded d;
    file.data = realloc(file.data, file.size + 1000);
    for (int i = 0; i < 1000; i++) file.data[file.size++] = (uint8_t)(i * 77);
    assert_true(decode(file, (how){0}, &d, NULL));
    decoded_free(&d);
    free(file.data);
}

/* The last scan again and again. libjpeg finds that odd, but goes on where damage is accepted. */
static void test_many_scans(void **state) {
    (void)state;
    blob file = small_file(true);
    enum { SCANS = 2000 };
    size_t scan = 0;
    for (size_t i = 2; i + 1 < file.size; i++)
        if (file.data[i] == 0xFF && file.data[i + 1] == 0xDA) scan = i;
    const size_t size = file.size - 2 - scan;
    file.data = realloc(file.data, file.size + SCANS * size);
    for (int i = 0; i < SCANS; i++)
        memcpy(file.data + scan + (size_t)i * size + size, file.data + scan, size);
    file.size = scan + (SCANS + 1) * size + 2;
    memcpy(file.data + file.size - 2, "\xFF\xD9", 2);
    decoded d;
    ibx_error e;
    if (decode(file, (how){.accept_damage = true}, &d, &e)) decoded_free(&d);
    assert_non_null(strstr(e.text, "scans"));
    free(file.data);
}

static void test_limits(void **state) {
    (void)state;
    blob file = small_file(true);
    decoded d;
    ibx_error e;
    assert_false(decode(file, (how){.max_pixels = 1199}, &d, &e));
    assert_int_equal(e.code, IBX_LIMIT);
    assert_false(decode(file, (how){.memory = 1000}, &d, &e));
    assert_int_equal(e.code, IBX_MEMORY);
    free(file.data);

    const ibx_save_jpeg params = {.quality = 90};
    ibx_save_job job = job_of(65501, 10, IBX_GRAY, &params);
    blob out;
    assert_false(encode(&job, "", 0, &out, &e));
    assert_int_equal(e.code, IBX_USAGE);
    assert_non_null(strstr(e.text, "png"));
    job = job_of(10, 10, IBX_RGB, &params);
    job.head.alpha = true;
    assert_false(encode(&job, "", 0, &out, &e));
    assert_int_equal(e.code, IBX_BUG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_columns),
        cmocka_unit_test(test_skip),        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_subsampling), cmocka_unit_test(test_metadata_there_and_back),
        cmocka_unit_test(test_truncation),  cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_many_scans),  cmocka_unit_test(test_bytes_behind_the_end),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
