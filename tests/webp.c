/* webp.c - the EXIF that is put into WebP files. Files are made here chunk by chunk. */
#include "codec/webp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const ibx_head HEAD = {.w = 300, .h = 0x12345, .model = IBX_RGB, .alpha = true};

/* A file of those chunks, as strings literal without their last zero. */
#define VP8X "VP8X\x0a\0\0\0\x2c\0\0\0\x2b\1\0\x44\x23\1"
#define ICCP "ICCP\3\0\0\0abc\0"
#define IMAGE "VP8L\5\0\0\0pixel\0"
#define EXIF "EXIF\3\0\0\0old\0"
#define XMP "XMP \4\0\0\0<x/>"
#define FILE_OF(chunks)                                                                            \
    (ibx_bytes) {                                                                                  \
        "RIFF----WEBP" chunks, sizeof("RIFF----WEBP" chunks) - 1                                   \
    }

static bool send(ibx_bytes file, ibx_bytes exif, ibx_memory_sink *out) {
    ibx_memory_source source;
    ibx_error err = {0};
    ibx_memory_source_init(&source, "a file", file.data, file.size);
    ibx_memory_sink_init(out);
    return ibx_webp_send(&source.source, exif, &HEAD, &out->sink, &err);
}

/* The file becomes exactly the other one, whose size is stated. */
static void expect(ibx_bytes file, ibx_bytes exif, ibx_bytes other) {
    ibx_memory_sink out;
    assert_true(send(file, exif, &out));
    assert_int_equal(out.size, other.size);
    assert_memory_equal(out.data, "RIFF", 4);
    assert_int_equal(out.data[4] | out.data[5] << 8 | out.data[6] << 16, other.size - 8);
    assert_memory_equal(out.data + 8, (const char *)other.data + 8, other.size - 8);
    free(out.data);
}

static const ibx_bytes NONE = {0}, EVEN = {"newnew", 6}, ODD = {"new", 3};

static void a_block_is_dropped(void **state) {
    (void)state;
    expect(FILE_OF(VP8X ICCP IMAGE EXIF XMP), NONE,
           FILE_OF("VP8X\x0a\0\0\0\x24\0\0\0\x2b\1\0\x44\x23\1" ICCP IMAGE XMP));
    expect(FILE_OF(VP8X ICCP IMAGE XMP EXIF), NONE,
           FILE_OF("VP8X\x0a\0\0\0\x24\0\0\0\x2b\1\0\x44\x23\1" ICCP IMAGE XMP));
    expect(FILE_OF(IMAGE), NONE, FILE_OF(IMAGE));
}

static void a_block_is_replaced(void **state) {
    (void)state;
    expect(FILE_OF(VP8X ICCP IMAGE EXIF XMP), EVEN,
           FILE_OF(VP8X ICCP IMAGE "EXIF\6\0\0\0newnew" XMP));
    expect(FILE_OF(VP8X ICCP IMAGE XMP EXIF), ODD,
           FILE_OF(VP8X ICCP IMAGE "EXIF\3\0\0\0new\0" XMP));
}

static void a_block_is_added(void **state) {
    (void)state;
    expect(FILE_OF("VP8X\x0a\0\0\0\x20\0\0\0\x2b\1\0\x44\x23\1" ICCP IMAGE), EVEN,
           FILE_OF("VP8X\x0a\0\0\0\x28\0\0\0\x2b\1\0\x44\x23\1" ICCP IMAGE "EXIF\6\0\0\0newnew"));
    expect(FILE_OF(IMAGE), ODD,
           FILE_OF("VP8X\x0a\0\0\0\x18\0\0\0\x2b\1\0\x44\x23\1" IMAGE "EXIF\3\0\0\0new\0"));
}

/* Cut anywhere but behind a chunk it is refused, in memory of just that size. */
static void what_is_no_webp_is_refused(void **state) {
    (void)state;
    const ibx_bytes whole = FILE_OF(VP8X ICCP IMAGE EXIF XMP);
    int taken = 0;
    for (size_t n = 0; n < whole.size; n++) {
        const ibx_bytes cut = {memcpy(malloc(n + 1), whole.data, n), n};
        ibx_memory_sink out;
        taken += send(cut, EVEN, &out);
        free(out.data);
        free((void *)cut.data);
    }
    assert_int_equal(taken, 3); /* behind ICCP, VP8L, EXIF */
    ibx_memory_sink out;
    assert_false(send((ibx_bytes){"RIFF----WAVEfmt \2\0\0\0ab", 22}, EVEN, &out));
    assert_false(send(FILE_OF("VP8L\xff\xff\xff\xffpixel"), EVEN, &out));
    assert_null(out.data);
}

/* A sink that takes so many writes. */
typedef struct {
    ibx_sink sink;
    int takes;
} short_sink;

static bool take(ibx_sink *sink, const void *data, size_t size, ibx_error *err) {
    (void)data, (void)size;
    short_sink *s = (short_sink *)sink;
    return s->takes-- > 0 || ibx_fail(err, IBX_FULL, "no room");
}

static void errors_of_the_sink_come_back(void **state) {
    (void)state;
    const ibx_bytes file = FILE_OF(VP8X ICCP IMAGE EXIF XMP);
    for (int takes = 0; takes <= 7; takes++) { /* head, ICCP, VP8L, EXIF: head, data, zero; XMP */
        ibx_memory_source source;
        ibx_error err = {0};
        short_sink s = {{take}, takes};
        ibx_memory_source_init(&source, "a file", file.data, file.size);
        const bool fine = ibx_webp_send(&source.source, ODD, &HEAD, &s.sink, &err);
        assert_int_equal(fine, takes == 7);
        assert_int_equal(err.code, fine ? IBX_OK : IBX_FULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_dropped),
        cmocka_unit_test(a_block_is_replaced),
        cmocka_unit_test(a_block_is_added),
        cmocka_unit_test(what_is_no_webp_is_refused),
        cmocka_unit_test(errors_of_the_sink_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
