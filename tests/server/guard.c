/* guard - which bytes may go on and by when, with a clock that the test turns. */
#include "server/net/guard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /b HTTP/1.1\r\nHost: a\r\n"

enum { SECOND = 1000000 };

static const ibx_settings SETTINGS = {.limits = {.header_ms = 10000,
                                                 .header_bytes = 1024,
                                                 .body_ms = 60000,
                                                 .body_rate = 1000,
                                                 .idle_ms = 75000,
                                                 .requests = 3}};

static void put(ibx_guard *g, const char *text, size_t size) {
    while (size > 0) {
        size_t room;
        uint8_t *to = ibx_guard_room(g, &room);
        assert_non_null(to);
        const size_t n = size < room ? size : room;
        memcpy(to, text, n);
        ibx_guard_put(g, n);
        text += n;
        size -= n;
    }
}

static void put_text(ibx_guard *g, const char *text) {
    put(g, text, strlen(text));
}

/* What may go on at once is exactly this. */
static void expect(ibx_guard *g, const char *text, int64_t now) {
    char got[2000];
    size_t size = 0, n;
    while ((n = ibx_guard_take(g, got + size, 7, now)) > 0) {
        size += n;
        if (size == strlen(text)) break;
    }
    assert_int_equal(size, strlen(text));
    assert_memory_equal(got, text, size);
}

static void expect_nothing(ibx_guard *g, int64_t now) {
    char byte;
    assert_int_equal(ibx_guard_take(g, &byte, 1, now), 0);
}

static void a_head_goes_on_when_it_is_complete(void **state) {
    (void)state;
    ibx_guard g;
    ibx_guard_init(&g, &SETTINGS, 0);
    for (size_t i = 0; i + 1 < strlen(HEAD); i++) {
        put(&g, &HEAD[i], 1);
        expect_nothing(&g, 0);
        assert_false(ibx_guard_ready(&g));
    }
    put_text(&g, "\n");
    assert_true(ibx_guard_ready(&g));
    expect(&g, HEAD, 0);
    assert_int_equal(g.phase, IBX_GUARD_REPLY);
    ibx_guard_clear(&g);
}

static void requests_go_on_one_by_one(void **state) {
    (void)state;
    ibx_guard g;
    ibx_guard_init(&g, &SETTINGS, 0);
    put_text(&g, POST "Content-Length: 5\r\n\r\nhello" HEAD);
    expect(&g, POST "Content-Length: 5\r\n\r\nhello", 0);
    assert_int_equal(g.phase, IBX_GUARD_REPLY);
    expect(&g, HEAD, 0);
    put_text(&g, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nG");
    expect(&g, POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n", 0);
    expect(&g, "3\r\nabc\r\n0\r\n\r\n", 0);
    expect_nothing(&g, 0);
    assert_int_equal(g.phase, IBX_GUARD_OVER); /* three were allowed */
    ibx_guard_clear(&g);
}

static void what_is_refused_stays(void **state) {
    (void)state;
    ibx_guard g;
    ibx_guard_init(&g, &SETTINGS, 0);
    put_text(&g, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    expect(&g, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0);
    put_text(&g, "1\r\nx\r\n 0\r\n\r\n" HEAD);
    expect_nothing(&g, 0);
    assert_int_equal(g.phase, IBX_GUARD_REFUSED);
    assert_int_equal(g.status, 400);
    ibx_guard_clear(&g);
}

static void a_body_waits_for_continue(void **state) {
    (void)state;
    static const char ASKS[] = POST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    ibx_guard g;
    ibx_guard_init(&g, &SETTINGS, 0);
    put_text(&g, ASKS);
    expect(&g, ASKS, 0);
    assert_int_equal(g.phase, IBX_GUARD_EXPECT);
    ibx_guard_reply(&g, "HTTP/1.1 100 Continue\r\n\r\n", 25, SECOND);
    assert_int_equal(g.phase, IBX_GUARD_BODY);
    put_text(&g, "ab");
    expect(&g, "ab", SECOND);
    put_text(&g, ASKS);
    expect(&g, ASKS, SECOND);
    ibx_guard_reply(&g, "HTTP/1.1 413 Content Too Large\r\n", 32, SECOND);
    put_text(&g, HEAD); /* a body that looks like a request */
    expect_nothing(&g, SECOND);
    assert_int_equal(g.phase, IBX_GUARD_OVER);
    ibx_guard_clear(&g);
}

static void what_is_owed_is_told(void **state) {
    (void)state;
    ibx_guard g;
    char got[200];
    ibx_guard_init(&g, &SETTINGS, 0);
    assert_int_equal(ibx_guard_owed(&g), 0);
    put_text(&g, POST "Content-Length: 9\r\n\r\nabc");
    assert_true(ibx_guard_take(&g, got, sizeof got, 0) > 0);
    assert_int_equal(ibx_guard_owed(&g), 6); /* three are here */
    assert_int_equal(ibx_guard_take(&g, got, 2, 0), 2);
    assert_int_equal(ibx_guard_owed(&g), 6);
    put_text(&g, "defghi" POST "Transfer-Encoding: chunked\r\n\r\n1");
    while (ibx_guard_take(&g, got, 1, 0) > 0 && g.requests < 2) continue;
    assert_int_equal(g.requests, 2);
    while (g.pass > 0) assert_true(ibx_guard_take(&g, got, 1, 0) > 0);
    assert_true(ibx_guard_owed(&g) == INT64_MAX);
    put_text(&g, "\r\na\r\n0\r\n\r\n");
    while (g.phase == IBX_GUARD_BODY) assert_true(ibx_guard_take(&g, got, 1, 0) > 0);
    assert_int_equal(ibx_guard_owed(&g), 0);
    ibx_guard_clear(&g);
}

static void the_end_cuts_requests_off(void **state) {
    (void)state;
    static const char *const PARTS[] = {"GET", POST "Content-Length: 5\r\n\r\nhell",
                                        POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        ibx_guard g;
        char got[200];
        ibx_guard_init(&g, &SETTINGS, 0);
        ibx_guard_end(&g);
        assert_int_equal(g.phase, IBX_GUARD_IDLE); /* nothing had begun */
        put_text(&g, PARTS[i]);
        while (ibx_guard_take(&g, got, sizeof got, 0) > 0) continue;
        ibx_guard_end(&g);
        assert_int_equal(g.phase, IBX_GUARD_REFUSED);
        assert_int_equal(g.status, 400);
        ibx_guard_clear(&g);
    }
}

static void deadlines_follow_the_phase(void **state) {
    (void)state;
    ibx_guard g;
    ibx_guard_init(&g, &SETTINGS, SECOND);
    assert_int_equal(ibx_guard_deadline(&g), 76 * SECOND);
    put_text(&g, "P");
    expect_nothing(&g, 2 * SECOND);
    assert_int_equal(ibx_guard_deadline(&g), 12 * SECOND);
    put_text(&g, "O");
    expect_nothing(&g, 9 * SECOND); /* from the first byte, whatever comes then */
    assert_int_equal(ibx_guard_deadline(&g), 12 * SECOND);
    put_text(&g, "ST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    expect(&g, POST "Content-Length: 100000\r\n\r\n", 10 * SECOND);
    assert_int_equal(ibx_guard_deadline(&g), 15 * SECOND); /* 5 s of grace */
    char block[1000] = {0};
    put(&g, block, 1000);
    assert_int_equal(ibx_guard_take(&g, block, 1000, 12 * SECOND), 1000);
    assert_int_equal(ibx_guard_deadline(&g), 16 * SECOND); /* 1000 bytes are worth a second */
    for (int i = 1; i < 99; i++) {
        put(&g, block, 1000);
        assert_int_equal(ibx_guard_take(&g, block, 1000, 13 * SECOND), 1000);
    }
    assert_int_equal(ibx_guard_deadline(&g), 70 * SECOND); /* 60 s in all */
    put(&g, block, 1000);
    assert_int_equal(ibx_guard_take(&g, block, 1000, 20 * SECOND), 1000);
    assert_int_equal(ibx_guard_deadline(&g), INT64_MAX); /* our turn */
    ibx_guard_ask(&g, 30 * SECOND);
    assert_int_equal(ibx_guard_deadline(&g), 105 * SECOND);
    ibx_guard_clear(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_goes_on_when_it_is_complete),
        cmocka_unit_test(requests_go_on_one_by_one),
        cmocka_unit_test(what_is_refused_stays),
        cmocka_unit_test(a_body_waits_for_continue),
        cmocka_unit_test(what_is_owed_is_told),
        cmocka_unit_test(the_end_cuts_requests_off),
        cmocka_unit_test(deadlines_follow_the_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
