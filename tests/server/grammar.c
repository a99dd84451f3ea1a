/* grammar - what is a request and what is not: every rule of net/grammar.h with a case that keeps
 * it and one that breaks it, and no case that depends on how the bytes were cut. */
#include "server/net/grammar.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 16384 };

/* ---- heads --------------------------------------------------------------------------------- */

#define H "Host: a\r\n"
#define GET(rest) "GET / HTTP/1.1\r\n" H rest "\r\n"

typedef struct {
    const char *text;
    size_t size; /* 0: up to its NUL */
    int status;  /* 0: accepted */
    ibx_body_framing framing;
    int64_t length;
} head_case;

static const head_case HEADS[] = {
    /* requests */
    {.text = GET("")},
    {.text = "HEAD /a?b=c&d HTTP/1.1\r\nhOsT: [::1]:8080\r\n\r\n"},
    {.text = "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n",
     .framing = IBX_BODY_LENGTH,
     .length = 5},
    {.text = GET("Content-Length:0\r\n"), .framing = IBX_BODY_LENGTH},
    {.text = GET("Content-Length: \t 999999999999999999 \t\r\n"),
     .framing = IBX_BODY_LENGTH,
     .length = 999999999999999999},
    {.text = GET("transfer-encoding: Chunked\r\n"), .framing = IBX_BODY_CHUNKED},
    {.text = "OPTIONS * HTTP/1.1\r\n" H "\r\n"},
    {.text = "GET / HTTP/1.0\r\n\r\n"},
    {.text = GET("X: caf\xc3\xa9 \t tab\r\nEmpty:\r\n")},
    {.text = GET("Expect: 100-Continue\r\nContent-Length: 1\r\n"),
     .framing = IBX_BODY_LENGTH,
     .length = 1},
    /* the request line */
    {.text = "PUT / HTTP/1.1\r\n" H "\r\n", .status = 405},
    {.text = "DELETE / HTTP/1.1\r\n" H "\r\n", .status = 405},
    {.text = "TRACE / HTTP/1.1\r\n" H "\r\n", .status = 405},
    {.text = "PATCH / HTTP/1.1\r\n" H "\r\n", .status = 405},
    {.text = "CONNECT a:1 HTTP/1.1\r\n" H "\r\n", .status = 405},
    {.text = "FETCH / HTTP/1.1\r\n" H "\r\n", .status = 501},
    {.text = "get / HTTP/1.1\r\n" H "\r\n", .status = 501},
    {.text = "PRI * HTTP/2.0\r\n\r\n", .status = 501},
    {.text = "GET / HTTP/2.0\r\n" H "\r\n", .status = 505},
    {.text = "GET / HTTP/1.2\r\n" H "\r\n", .status = 505},
    {.text = "GET / HTTP/0.9\r\n" H "\r\n", .status = 505},
    {.text = "GET /\r\n" H "\r\n", .status = 400},
    {.text = "GET / http/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET / HTTP/1.1 \r\n" H "\r\n", .status = 400},
    {.text = "GET / HTTP/1.10\r\n" H "\r\n", .status = 400},
    {.text = "GET  / HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /a b HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET\t/ HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = " GET / HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "\r\nGET / HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "G(T / HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET http://a/ HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET a:80 HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET * HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /#a HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /%zz HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /%a HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /a% HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /a%00b HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /?%0g HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "GET /caf\xc3\xa9 HTTP/1.1\r\n" H "\r\n", .status = 400},
    {.text = "\x16\x03\x01", .status = 400}, /* TLS */
    /* ends of lines and control characters */
    {.text = "GET / HTTP/1.1\n" H "\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\n" H "\n", .status = 400},
    {.text = GET("X: a\rb\r\n"), .status = 400},
    {.text = GET("X: a\r\r\n"), .status = 400},
    {.text = GET("X: a\x01\r\n"), .status = 400},
    {.text = GET("X: a\x7f\r\n"), .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", .size = 29, .status = 400},
    {.text = "GET /\0 HTTP/1.1\r\n" H "\r\n", .size = 28, .status = 400},
    {.text = "GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n", .size = 28, .status = 400},
    /* fields */
    {.text = GET("X: a\r\n b\r\n"), .status = 400},
    {.text = GET("X: a\r\n\tb\r\n"), .status = 400},
    {.text = "GET / HTTP/1.1\r\n " H "\r\n", .status = 400},
    {.text = GET("Content-Length : 5\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding\t: chunked\r\n"), .status = 400},
    {.text = GET(": a\r\n"), .status = 400},
    {.text = GET("no colon\r\n"), .status = 400},
    {.text = GET("X[]: a\r\n"), .status = 400},
    {.text = GET("X\x80: a\r\n"), .status = 400},
    /* Host */
    {.text = "GET / HTTP/1.1\r\n\r\n", .status = 400},
    {.text = GET("Host: a\r\n"), .status = 400},
    {.text = GET("host: b\r\n"), .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost:\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .status = 400},
    {.text = "GET / HTTP/1.1\r\nHost: []\r\n\r\n", .status = 400},
    /* framing */
    {.text = GET("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), .status = 400},
    {.text = GET("Content-Length: 5\r\nContent-Length: 5\r\n"), .status = 400},
    {.text = GET("Content-Length: 5\r\ncontent-length: 6\r\n"), .status = 400},
    {.text = GET("Content-Length: 5,5\r\n"), .status = 400},
    {.text = GET("Content-Length: 5, 5\r\n"), .status = 400},
    {.text = GET("Content-Length: +5\r\n"), .status = 400},
    {.text = GET("Content-Length: -5\r\n"), .status = 400},
    {.text = GET("Content-Length: 5 5\r\n"), .status = 400},
    {.text = GET("Content-Length: 0x5\r\n"), .status = 400},
    {.text = GET("Content-Length: 5a\r\n"), .status = 400},
    {.text = GET("Content-Length: 05\r\n"), .status = 400},
    {.text = GET("Content-Length: 5.0\r\n"), .status = 400},
    {.text = GET("Content-Length:\r\n"), .status = 400},
    {.text = GET("Content-Length: 1000000000000000000\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: gzip, chunked\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: chunked, identity\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: xchunked\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: \x0b"
                 "chunked\r\n"),
     .status = 400},
    {.text = GET("Transfer-Encoding: \"chunked\"\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: chunked;a\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding: identity\r\n"), .status = 400},
    {.text = GET("Transfer-Encoding:\r\n"), .status = 400},
    {.text = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .status = 400},
    {.text = GET("Expect: 200-ok\r\n"), .status = 400},
    {.text = GET("Expect: 100-continue\r\nExpect: 100-continue\r\n"), .status = 400},
    {.text = "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", .status = 400},
};

static ibx_http_verdict read_some(const uint8_t *data, size_t size, ibx_http_head *head) {
    uint8_t *copy = malloc(size ? size : 1); /* so that a sanitizer sees a byte too many */
    assert_non_null(copy);
    if (size) memcpy(copy, data, size);
    const ibx_http_verdict v = ibx_http_read_head(copy, size, LIMIT, head);
    free(copy);
    return v;
}

static void check_head(const char *text, size_t size, const head_case *expected) {
    const uint8_t *data = (const uint8_t *)text;
    ibx_http_head head;
    const ibx_http_verdict whole = read_some(data, size, &head);
    if (whole != (expected->status ? IBX_HTTP_REFUSED : IBX_HTTP_OK) ||
        head.status != expected->status)
        fail_msg("%s: %d, status %d: %s", text, whole, head.status, head.why ? head.why : "");
    if (whole == IBX_HTTP_OK) {
        assert_int_equal(head.framing, expected->framing);
        assert_int_equal(head.length, expected->length);
        assert_int_equal(head.bytes, size);
    } else {
        assert_non_null(head.why);
    }
    for (size_t n = 0; n < size; n++) {
        ibx_http_head part;
        const ibx_http_verdict v = read_some(data, n, &part);
        if (v == IBX_HTTP_MORE) continue;
        if (v != whole || part.status != head.status)
            fail_msg("%s: cut at %zu: %d, status %d", text, n, v, part.status);
    }
}

static void heads_are_accepted_or_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        check_head(HEADS[i].text, HEADS[i].size ? HEADS[i].size : strlen(HEADS[i].text), &HEADS[i]);
}

static void what_follows_a_head_is_left_alone(void **state) {
    (void)state;
    ibx_http_head head;
    const char text[] = GET("Expect: 100-continue\r\n") "\n\0 garbage";
    const ibx_http_verdict v = ibx_http_read_head((const uint8_t *)text, sizeof text, LIMIT, &head);
    assert_int_equal(v, IBX_HTTP_OK);
    assert_true(head.expects);
    assert_int_equal(head.bytes, sizeof text - sizeof "\n\0 garbage");
}

/* A head with a target of that many bytes, that many fields, and a field of that many bytes. */
static char *make_head(size_t target, int fields, size_t field) {
    const size_t room = target + 16 * (size_t)fields + field + 200;
    char *text = calloc(1, room);
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, room, "GET /");
    memset(text + n, 'a', target - 1);
    n += target - 1;
    n += (size_t)snprintf(text + n, room - n, " HTTP/1.1\r\n" H);
    for (int i = 1; i < fields; i++) n += (size_t)snprintf(text + n, room - n, "X%d: a\r\n", i);
    if (field) {
        n += (size_t)snprintf(text + n, room - n, "Y: ");
        memset(text + n, 'a', field - 5);
        n += field - 5;
        n += (size_t)snprintf(text + n, room - n, "\r\n");
    }
    snprintf(text + n, room - n, "\r\n");
    return text;
}

static void heads_have_limits(void **state) {
    (void)state;
    const size_t line = 8192 - 15, rest = 16384 - (16 + 9 + 2); /* bytes that are left for them */
    const struct {
        size_t target;
        int fields;
        size_t field;
        int status;
    } cases[] = {{line, 1, 0, 0}, {line + 1, 1, 0, 414}, {20000, 1, 0, 414},   {1, 64, 0, 0},
                 {1, 65, 0, 431}, {1, 1, rest, 0},       {1, 1, rest + 1, 431}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = make_head(cases[i].target, cases[i].fields, cases[i].field);
        check_head(text, strlen(text), &(head_case){.status = cases[i].status});
        free(text);
    }
}

/* ---- chunks -------------------------------------------------------------------------------- */

typedef struct {
    const char *text;
    size_t size; /* 0: up to its NUL */
    ibx_http_verdict verdict;
    size_t rest; /* OK: bytes behind the body */
} chunk_case;

static const chunk_case CHUNKS[] = {
    {"0\r\n\r\n", 0, IBX_HTTP_OK, 0},
    {"5\r\nhello\r\n0\r\n\r\nGET", 0, IBX_HTTP_OK, 3},
    {"5\r\n\0\n\r\nx\r\n00\r\n\r\n", 16, IBX_HTTP_OK, 0},
    {"00000000000000A\r\n0123456789\r\n0\r\n\r\n", 0, IBX_HTTP_OK, 0},
    {"5;name=value;\"x\r\nhello\r\n0;\r\n\r\n", 0, IBX_HTTP_OK, 0},
    {"fffffffffffffff\r\nabc", 0, IBX_HTTP_MORE, 0},
    {"5\r\nhel", 0, IBX_HTTP_MORE, 0},
    {"0\r\n", 0, IBX_HTTP_MORE, 0},
    {"0000000000000005\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"1000000000000000\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"ffffffffffffffffffffff\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"0x5\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"+5\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"-1\r\n", 0, IBX_HTTP_REFUSED, 0},
    {" 5\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5 \r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"g\r\n", 0, IBX_HTTP_REFUSED, 0},
    {";a\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5\rhello", 0, IBX_HTTP_REFUSED, 0},
    {"5;a\nb\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5;a\rb\r\nhello\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5;\0\r\nhello\r\n", 12, IBX_HTTP_REFUSED, 0},
    {"5\r\nhello\n0\r\n\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5\r\nhello0\r\n\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5\r\nhello!\r\n0\r\n\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"5\r\nhell\r\n0\r\n\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"0\r\nTrailer: a\r\n\r\n", 0, IBX_HTTP_REFUSED, 0},
    {"0\r\n\n", 0, IBX_HTTP_REFUSED, 0},
    {"0\r\n\rX", 0, IBX_HTTP_REFUSED, 0},
};

static ibx_http_verdict feed(const uint8_t *data, size_t size, size_t cut, size_t *used) {
    ibx_chunk_reader reader = {0};
    ibx_http_verdict v = ibx_http_read_chunks(&reader, data, cut, used);
    if (v != IBX_HTTP_MORE) return v;
    assert_int_equal(*used, cut);
    size_t more;
    v = ibx_http_read_chunks(&reader, data + cut, size - cut, &more);
    *used += more;
    assert_int_equal(reader.ended, v == IBX_HTTP_OK);
    return v;
}

static void chunks_are_accepted_or_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof CHUNKS / sizeof *CHUNKS; i++) {
        const chunk_case *c = &CHUNKS[i];
        const size_t size = c->size ? c->size : strlen(c->text);
        for (size_t cut = 0; cut <= size; cut++) {
            size_t used = 0;
            const ibx_http_verdict v = feed((const uint8_t *)c->text, size, cut, &used);
            if (v != c->verdict) fail_msg("%s: cut at %zu: %d", c->text, cut, v);
            if (v == IBX_HTTP_OK) assert_int_equal(used, size - c->rest);
        }
    }
}

static ibx_http_verdict feed_text(ibx_chunk_reader *reader, const char *text) {
    size_t used;
    return ibx_http_read_chunks(reader, (const uint8_t *)text, strlen(text), &used);
}

/* 256 bytes of extensions may be anywhere; many chunks of few are as many as one of all. */
static void extensions_are_bounded_over_the_body(void **state) {
    (void)state;
    ibx_chunk_reader reader = {0};
    for (int i = 0; i < 128; i++)
        assert_int_equal(feed_text(&reader, "1;x\r\na\r\n"), IBX_HTTP_MORE);
    ibx_chunk_reader copy = reader;
    assert_int_equal(feed_text(&copy, "1\r\na\r\n0\r\n\r\n"), IBX_HTTP_OK);
    assert_int_equal(feed_text(&reader, "1;"), IBX_HTTP_REFUSED);
    assert_int_equal(feed_text(&reader, "0\r\n\r\n"), IBX_HTTP_REFUSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_accepted_or_refused),
        cmocka_unit_test(what_follows_a_head_is_left_alone),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(chunks_are_accepted_or_refused),
        cmocka_unit_test(extensions_are_bounded_over_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
