/* codec.c - which codec takes which file, and that libvips stays away until it is needed. */
#include "codec/codec.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Is a library of that name mapped into this process? */
static bool is_loaded(const char *name) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    bool found = false;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) found |= strstr(line, name) != NULL;
    fclose(maps);
    return found;
}

static const ibx_codec *reader_of(const char *bytes, size_t n, ibx_error *err) {
    return ibx_codec_for_reading((const uint8_t *)bytes, n, err);
}

static const ibx_codec *writer_of(const char *format, ibx_error *err) {
    return ibx_codec_for_writing(ibx_format_find(format), err);
}

static void test_jpeg_and_png_need_no_module(void **state) {
    (void)state;
    assert_ptr_equal(reader_of("\xFF\xD8\xFF\xE0", 4, NULL), &ibx_codec_jpeg);
    assert_ptr_equal(reader_of("\x89PNG\r\n\x1a\n", 8, NULL), &ibx_codec_png);
    assert_ptr_equal(writer_of("jpeg", NULL), &ibx_codec_jpeg);
    assert_ptr_equal(writer_of("png", NULL), &ibx_codec_png);
    assert_false(is_loaded("libvips"));
}

/* Signatures that are cut short are nobody's but libvips'. */
static void test_others_load_the_module_once(void **state) {
    (void)state;
    ibx_error e = {0};
    const ibx_codec *codec = reader_of("GIF89a", 6, &e);
    if (!codec) fail_msg("%s", e.text);
    assert_string_equal(codec->name, "vips");
    assert_true(is_loaded("libvips"));
    assert_ptr_equal(reader_of("\xFF\xD8", 2, NULL), codec);
    assert_ptr_equal(reader_of("\x89PNG", 4, NULL), codec);
    assert_ptr_equal(reader_of("", 0, NULL), codec);
    assert_ptr_equal(writer_of("webp", NULL), codec);
    assert_ptr_equal(writer_of("tiff", NULL), codec);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_and_png_need_no_module),
        cmocka_unit_test(test_others_load_the_module_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
