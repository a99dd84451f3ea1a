/* stream.c - sources and sinks in memory, and the cursor over any source. */
#include "decoded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_source_gives_all_once(void **state) {
    (void)state;
    ibx_memory_source s;
    const uint8_t *data = NULL;
    size_t size = 0;
    ibx_memory_source_init(&s, "name", "abc", 3);
    assert_string_equal(s.source.name, "name");
    assert_int_equal(s.source.size, 3);
    assert_int_equal(s.source.fd, -1);
    assert_true(s.source.next(&s.source, &data, &size, NULL));
    assert_int_equal(size, 3);
    assert_memory_equal(data, "abc", 3);
    assert_ptr_equal(data, s.source.whole);
    for (int i = 0; i < 2; i++) {
        assert_true(s.source.next(&s.source, &data, &size, NULL));
        assert_int_equal(size, 0);
    }
}

static void test_sink_grows(void **state) {
    (void)state;
    ibx_memory_sink s;
    ibx_memory_sink_init(&s);
    assert_true(s.sink.write(&s.sink, "", 0, NULL));
    assert_int_equal(s.size, 0);
    for (int i = 0; i < 100000; i++) {
        const uint8_t three[] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
        assert_true(s.sink.write(&s.sink, three, 1 + (size_t)i % 3, NULL));
    }
    assert_int_equal(s.size, 33334 + 2 * 33333 + 3 * 33333);
    assert_true(s.room >= s.size && s.room < 4 * s.size);
    assert_int_equal(s.data[s.size - 1], 99999 & 255);
    free(s.data);
}

static void test_sink_refuses_the_impossible(void **state) {
    (void)state;
    ibx_memory_sink s;
    ibx_error e = {0};
    ibx_memory_sink_init(&s);
    s.size = 10;
    assert_false(s.sink.write(&s.sink, "x", SIZE_MAX - 4, &e));
    assert_int_equal(e.code, IBX_MEMORY);
}

/* Any pieces, read in any portions, are the same bytes. */
static void test_cursor_joins_chunks(void **state) {
    (void)state;
    uint8_t bytes[1000], got[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t piece = 1; piece < 1200; piece += 37)
        for (size_t portion = 1; portion < 300; portion += 41) {
            pieces p;
            pieces_init(&p, (blob){bytes, sizeof bytes}, piece);
            ibx_cursor c = {.source = &p.source};
            size_t at = 0, n = portion;
            while (n == portion) {
                const size_t room = sizeof got - at;
                assert_true(
                    ibx_cursor_read(&c, got + at, portion < room ? portion : room, &n, NULL));
                at += n;
                if (at == sizeof got) break;
            }
            assert_int_equal(at, sizeof bytes);
            assert_memory_equal(got, bytes, sizeof bytes);
            assert_true(ibx_cursor_read(&c, got, 1, &n, NULL));
            assert_int_equal(n, 0);
            assert_true(c.ended);
            pieces_free(&p);
        }
}

static bool refuse(ibx_source *source, const uint8_t **data, size_t *size, ibx_error *err) {
    (void)data;
    (void)size;
    return ibx_fail(err, IBX_IO, "%s: cannot be read", source->name);
}

/* What the source says is what the codecs say, whether damage is accepted or not. */
static void test_read_errors_come_through(void **state) {
    (void)state;
    const ibx_codec *codecs[] = {&ibx_codec_jpeg, &ibx_codec_png};
    for (int i = 0; i < 4; i++) {
        ibx_source s = {.name = "disk", .next = refuse, .size = -1, .fd = -1};
        const ibx_decode_limits limits = {.accept_damage = i >= 2};
        ibx_info info;
        ibx_error e = {0};
        assert_null(codecs[i % 2]->open(&s, &limits, &info, &e));
        assert_int_equal(e.code, IBX_IO);
        assert_string_equal(e.text, "disk: cannot be read");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_gives_all_once),
        cmocka_unit_test(test_sink_grows),
        cmocka_unit_test(test_sink_refuses_the_impossible),
        cmocka_unit_test(test_cursor_joins_chunks),
        cmocka_unit_test(test_read_errors_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
