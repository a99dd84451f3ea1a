/* traceparent.c - W3C Trace Context: what counts as a trace, and what is sent on. */
#include "server/api/traceparent.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736" /* the example of the recommendation */
#define PARENT "00f067aa0ba902b7"

static void test_example(void **state) {
    (void)state;
    ibx_traceparent trace;
    assert_true(ibx_traceparent_read(&trace, "00-" TRACE "-" PARENT "-01"));
    assert_string_equal(trace.trace_id, TRACE);
    assert_string_equal(trace.parent_id, PARENT);
    assert_true(trace.sampled);
}

static void test_flags(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool sampled;
    } CASES[] = {{"00-" TRACE "-" PARENT "-00", false},
                 {"00-" TRACE "-" PARENT "-02", false}, /* not ours to understand */
                 {"00-" TRACE "-" PARENT "-0b", true},
                 {"00-" TRACE "-" PARENT "-f0", false},
                 {"00-" TRACE "-" PARENT "-ff", true}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ibx_traceparent trace;
        char next[IBX_TRACEPARENT_ROOM];
        assert_true(ibx_traceparent_read(&trace, CASES[i].header));
        assert_int_equal(trace.sampled, CASES[i].sampled);
        ibx_traceparent_print(&trace, next);
        assert_string_equal(next + strlen(next) - 3, CASES[i].sampled ? "-01" : "-00");
    }
}

/* 3.2.4 and 4.2: what follows in a later version begins with a dash. */
static void test_later_versions(void **state) {
    (void)state;
    ibx_traceparent trace;
    assert_true(ibx_traceparent_read(&trace, "01-" TRACE "-" PARENT "-01"));
    assert_true(ibx_traceparent_read(&trace, "fe-" TRACE "-" PARENT "-01-what is to come"));
    assert_string_equal(trace.trace_id, TRACE);
    assert_false(ibx_traceparent_read(&trace, "01-" TRACE "-" PARENT "-01.what"));
    assert_false(ibx_traceparent_read(&trace, "00-" TRACE "-" PARENT "-01-what"));
    assert_false(ibx_traceparent_read(&trace, "ff-" TRACE "-" PARENT "-01"));
}

static void test_invalid(void **state) {
    (void)state;
    static const char *const INVALID[] = {NULL,
                                          "",
                                          "00",
                                          "00-",
                                          TRACE,
                                          "00-" TRACE,
                                          "00-" TRACE "-",
                                          "00-" TRACE "-" PARENT,
                                          "00-" TRACE "-" PARENT "-",
                                          "00-" TRACE "-" PARENT "-0",
                                          "00-" TRACE "-" PARENT "-011",
                                          " 00-" TRACE "-" PARENT "-01",
                                          "00-" TRACE "-" PARENT "-01 ",
                                          "0-" TRACE "-" PARENT "-01",
                                          "0g-" TRACE "-" PARENT "-01",
                                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
                                          "00-" TRACE "-00F067AA0BA902B7-01",
                                          "00-00000000000000000000000000000000-" PARENT "-01",
                                          "00-" TRACE "-0000000000000000-01",
                                          "00-4bf92f3577b34da6a3ce929d0e0e473-" PARENT "-01",
                                          "00-" TRACE "0-" PARENT "-01",
                                          "00-" TRACE "-" PARENT "-0x",
                                          "00_" TRACE "-" PARENT "-01",
                                          "00-" TRACE "_" PARENT "-01",
                                          "00-" TRACE "-" PARENT "_01",
                                          "00-4bf92f3577b34da6\r\n3ce929d0e0e4736-" PARENT "-01"};
    for (size_t i = 0; i < sizeof INVALID / sizeof *INVALID; i++) {
        ibx_traceparent trace;
        char next[IBX_TRACEPARENT_ROOM] = "x";
        char *exact = INVALID[i] ? strdup(INVALID[i]) : NULL; /* a sanitizer sees its end */
        if (ibx_traceparent_read(&trace, exact)) fail_msg("\"%s\" is taken", INVALID[i]);
        free(exact);
        assert_string_equal(trace.trace_id, "");
        ibx_traceparent_print(&trace, next);
        assert_string_equal(next, "");
    }
}

/* What we ask for is part of the trace, and we are its parent; each time another one. */
static void test_sent_on(void **state) {
    (void)state;
    ibx_traceparent trace[2], again;
    char next[IBX_TRACEPARENT_ROOM];
    for (int i = 0; i < 2; i++) {
        assert_true(ibx_traceparent_read(&trace[i], "00-" TRACE "-" PARENT "-01"));
        ibx_traceparent_print(&trace[i], next);
        assert_true(ibx_traceparent_read(&again, next));
        assert_string_equal(again.trace_id, TRACE);
        assert_string_equal(again.parent_id, trace[i].span_id);
        assert_string_not_equal(trace[i].span_id, PARENT);
    }
    assert_string_not_equal(trace[0].span_id, trace[1].span_id);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_example), cmocka_unit_test(test_flags),
                                       cmocka_unit_test(test_later_versions),
                                       cmocka_unit_test(test_invalid),
                                       cmocka_unit_test(test_sent_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
