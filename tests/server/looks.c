/* looks.c - turns of sources with the scouts, their bounds, and those that are condemned. */
#include "server/jobs/looks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROOM = 300 };

typedef struct {
    ibx_looks looks;
    ibx_look look[ROOM];
    char name[ROOM][16]; /* of sources */
    int used;
} desk;

static void join(desk *d, const char *source) {
    ibx_look *look = &d->look[d->used++];
    look->source = source;
    ibx_looks_join(&d->looks, look);
}

/* The sources in the order in which one scout would look at them. */
static void assert_order(desk *d, const char *expected) {
    GString *order = g_string_new(NULL);
    ibx_look *look;
    while ((look = ibx_looks_next(&d->looks))) {
        ibx_looks_begin(&d->looks, look);
        g_string_append(order, look->source[0] ? look->source : "-");
        ibx_looks_leave(look);
    }
    assert_string_equal(order->str, expected);
    g_string_free(order, TRUE);
    assert_int_equal(d->looks.waiting.length + d->looks.begun.length, 0);
}

static void test_sources_take_turns(void **state) {
    (void)state;
    desk d = {.used = 0};
    for (int i = 0; i < 4; i++) join(&d, "a");
    for (int i = 0; i < 2; i++) join(&d, "b");
    join(&d, "c");
    assert_order(&d, "abcabaa");
    for (int i = 0; i < 3; i++) join(&d, ""); /* each a source of its own */
    join(&d, "a");
    assert_order(&d, "---a");
}

/* One that comes late waits for one of each other, not for all that they have. */
static void test_who_comes_late(void **state) {
    (void)state;
    desk d = {.used = 0};
    for (int i = 0; i < 5; i++) join(&d, "a");
    for (int i = 0; i < 2; i++) {
        ibx_looks_begin(&d.looks, &d.look[i]);
        ibx_looks_leave(&d.look[i]);
    }
    join(&d, "b");
    assert_order(&d, "abaa");
}

/* A small one comes before many large ones that are there, and these do not wait for ever. */
static void test_large_ones_take_longer(void **state) {
    (void)state;
    static const char *const LARGE[] = {"A", "B", "C"};
    desk d = {.used = 0};
    for (int i = 0; i < 3; i++) {
        d.look[d.used].bytes = 3 << 20;
        join(&d, LARGE[i]);
    }
    for (int i = 0; i < 6; i++) join(&d, "a");
    join(&d, "b");
    assert_order(&d, "abaaABCaaa");
}

/* One scout is left for small ones. */
static void test_one_large_one(void **state) {
    (void)state;
    desk d = {.used = 0};
    d.look[0].bytes = d.look[1].bytes = (1 << 20) + 1;
    d.look[2].bytes = 1 << 20;
    join(&d, "A");
    join(&d, "B");
    ibx_looks_begin(&d.looks, &d.look[0]);
    assert_null(ibx_looks_next(&d.looks));
    join(&d, "c");
    assert_ptr_equal(ibx_looks_next(&d.looks), &d.look[2]);
    ibx_looks_begin(&d.looks, &d.look[2]);
    ibx_looks_leave(&d.look[0]);
    assert_ptr_equal(ibx_looks_next(&d.looks), &d.look[1]);
}

static void test_one_look_at_a_source(void **state) {
    (void)state;
    desk d = {.used = 0};
    join(&d, "a");
    join(&d, "a");
    ibx_look *first = ibx_looks_next(&d.looks);
    assert_ptr_equal(first, &d.look[0]);
    ibx_looks_begin(&d.looks, first);
    assert_null(ibx_looks_next(&d.looks));
    join(&d, "b");
    join(&d, "");
    join(&d, "");
    assert_ptr_equal(ibx_looks_next(&d.looks), &d.look[2]);
    ibx_looks_begin(&d.looks, &d.look[2]);
    for (int i = 3; i < 5; i++) {
        assert_ptr_equal(ibx_looks_next(&d.looks), &d.look[i]);
        ibx_looks_begin(&d.looks, &d.look[i]);
    }
    ibx_looks_leave(first);
    assert_ptr_equal(ibx_looks_next(&d.looks), &d.look[1]);
    ibx_looks_leave(&d.look[1]); /* not wanted any more */
    ibx_looks_leave(&d.look[1]);
    assert_null(ibx_looks_next(&d.looks));
}

static void test_bounds(void **state) {
    (void)state;
    desk d = {.used = 0};
    while (ibx_looks_open(&d.looks, "a")) join(&d, "a");
    assert_int_equal(d.used, 64);
    while (d.used < ROOM && ibx_looks_open(&d.looks, d.name[d.used])) {
        g_snprintf(d.name[d.used], sizeof d.name[0], "%d", d.used);
        join(&d, d.name[d.used]);
    }
    assert_int_equal(d.used, 256);
    ibx_looks_leave(&d.look[100]);
    assert_true(ibx_looks_open(&d.looks, "b"));
    assert_false(ibx_looks_open(&d.looks, "a"));
}

static void test_condemned_for_a_minute(void **state) {
    (void)state;
    ibx_looks looks = {.round = 0};
    assert_false(ibx_looks_condemned(&looks, "a", "r", 0));
    ibx_looks_condemn(&looks, "a", "", 100);
    ibx_looks_condemn(&looks, "b", "", 130);
    ibx_looks_condemn(&looks, "", "", 130); /* nobody */
    assert_true(ibx_looks_condemned(&looks, "a", "r", 100));
    assert_true(ibx_looks_condemned(&looks, "a", "", 159.9));
    assert_true(ibx_looks_condemned(&looks, "b", "r", 159.9));
    assert_false(ibx_looks_condemned(&looks, "", "", 159.9));
    assert_false(ibx_looks_condemned(&looks, "a", "r", 160));
    assert_true(ibx_looks_condemned(&looks, "b", "r", 160));
    assert_false(ibx_looks_condemned(&looks, "c", "r", 160));
    ibx_looks_clear(&looks);
    assert_false(ibx_looks_condemned(&looks, "b", "r", 160));
}

/* One recipe does not close a source for others; two do. */
static void test_condemned_with_a_recipe(void **state) {
    (void)state;
    ibx_looks looks = {.round = 0};
    ibx_looks_condemn(&looks, "a", "r", 100);
    assert_true(ibx_looks_condemned(&looks, "a", "r", 101));
    assert_false(ibx_looks_condemned(&looks, "a", "rr", 101));
    assert_false(ibx_looks_condemned(&looks, "a", "", 101));
    assert_false(ibx_looks_condemned(&looks, "b", "r", 101));
    ibx_looks_condemn(&looks, "b", "s", 110);
    ibx_looks_condemn(&looks, "a", "s", 120);
    assert_true(ibx_looks_condemned(&looks, "a", "", 121));
    assert_true(ibx_looks_condemned(&looks, "a", "t", 159));
    assert_false(ibx_looks_condemned(&looks, "b", "t", 159));
    assert_false(ibx_looks_condemned(&looks, "a", "t", 160)); /* one is over */
    assert_true(ibx_looks_condemned(&looks, "a", "s", 160));
    ibx_looks_clear(&looks);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sources_take_turns),
                                       cmocka_unit_test(test_who_comes_late),
                                       cmocka_unit_test(test_large_ones_take_longer),
                                       cmocka_unit_test(test_one_large_one),
                                       cmocka_unit_test(test_one_look_at_a_source),
                                       cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_condemned_for_a_minute),
                                       cmocka_unit_test(test_condemned_with_a_recipe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
