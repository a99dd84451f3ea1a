/* flight.c - identical requests share one job: who is called, when, and who is not. */
#include "server/jobs/flight.h"
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What happened, one letter each, in order. */
typedef struct {
    ibx_flights *flights;
    GString *story;
} hall;

typedef struct {
    hall *hall;
    char letter;
    ibx_seat *leaves; /* another seat that is left in the callback; or NULL */
    bool again;       /* joins the same key in the callback */
} passenger;

static void landed(void *user, const void *landing) {
    const passenger *p = user;
    g_string_append_c(p->hall->story, p->letter);
    g_string_append(p->hall->story, landing);
    if (p->leaves) ibx_seat_leave(p->leaves);
    if (!p->again) return;
    bool leads;
    ibx_flight *flight;
    static passenger later;
    later = (passenger){.hall = p->hall, .letter = 'z'};
    ibx_flight_join(p->hall->flights, "k", landed, &later, &leads, &flight);
    assert_true(leads);
    ibx_flight_land(flight, "2");
}

static void emptied(void *user) {
    g_string_append_c(((hall *)user)->story, '-');
}

static int open_hall(void **state) {
    hall *h = g_new0(hall, 1);
    h->flights = ibx_flights_new();
    h->story = g_string_new("");
    *state = h;
    return 0;
}

static int close_hall(void **state) {
    hall *h = *state;
    ibx_flights_free(h->flights);
    g_string_free(h->story, TRUE);
    g_free(h);
    return 0;
}

static ibx_seat *join(hall *h, const char *key, passenger *p, bool leads, ibx_flight **flight) {
    bool is_first;
    ibx_seat *seat = ibx_flight_join(h->flights, key, landed, p, &is_first, flight);
    assert_int_equal(is_first, leads);
    return seat;
}

static void test_all_are_called_in_order(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'}, b = {.hall = h, .letter = 'b'},
              c = {.hall = h, .letter = 'c'};
    ibx_flight *first, *second, *other;
    char key[] = "k"; /* copied */
    join(h, key, &a, true, &first);
    key[0] = 'x';
    join(h, "k", &b, false, &second);
    join(h, "other", &c, true, &other);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, other);
    ibx_flight_land(first, "1");
    assert_string_equal(h->story->str, "a1b1");
    ibx_flight_land(other, "3");
    assert_string_equal(h->story->str, "a1b1c3");
}

static void test_the_leader_may_leave(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'}, b = {.hall = h, .letter = 'b'};
    ibx_flight *flight;
    ibx_seat *leader = join(h, "k", &a, true, &flight);
    ibx_flight_on_empty(flight, emptied, h);
    join(h, "k", &b, false, &flight);
    ibx_seat_leave(leader);
    ibx_flight_land(flight, "1");
    assert_string_equal(h->story->str, "b1");
}

static void test_the_last_who_leaves_ends_it(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'}, b = {.hall = h, .letter = 'b'};
    ibx_flight *flight;
    ibx_seat *one = join(h, "k", &a, true, &flight), *two = join(h, "k", &b, false, &flight);
    ibx_flight_on_empty(flight, emptied, h);
    ibx_seat_leave(one);
    assert_string_equal(h->story->str, "");
    ibx_seat_leave(two);
    assert_string_equal(h->story->str, "-");
    join(h, "k", &a, true, &flight); /* a new one */
    ibx_flight_land(flight, "2");
    assert_string_equal(h->story->str, "-a2");
}

static void test_a_leader_may_fail_to_start(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'}, b = {.hall = h, .letter = 'b'};
    ibx_flight *flight;
    ibx_seat_leave(join(h, "k", &a, true, &flight)); /* it is gone, and nobody was told */
    join(h, "k", &b, true, &flight);
    ibx_flight_land(flight, "1");
    assert_string_equal(h->story->str, "b1");
}

static void test_callbacks_may_leave_and_join(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a', .again = true}, b = {.hall = h, .letter = 'b'},
              c = {.hall = h, .letter = 'c'};
    ibx_flight *flight;
    join(h, "k", &a, true, &flight);
    ibx_flight_on_empty(flight, emptied, h);
    a.leaves = join(h, "k", &b, false, &flight);
    join(h, "k", &c, false, &flight);
    ibx_flight_land(flight, "1");
    assert_string_equal(h->story->str, "a1z2c1");
}

static void test_the_last_of_a_landing_leaves(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'}, b = {.hall = h, .letter = 'b'};
    ibx_flight *flight;
    join(h, "k", &a, true, &flight);
    ibx_flight_on_empty(flight, emptied, h);
    a.leaves = join(h, "k", &b, false, &flight);
    ibx_flight_land(flight, "1");
    assert_string_equal(h->story->str, "a1"); /* landed: nothing to cancel */
}

static void test_a_thousand_come_and_go(void **state) {
    hall *h = *state;
    passenger a = {.hall = h, .letter = 'a'};
    for (int round = 0; round < 100; round++) {
        ibx_seat *seat[10];
        ibx_flight *flight;
        for (int i = 0; i < 10; i++) seat[i] = join(h, "k", &a, i == 0, &flight);
        ibx_flight_on_empty(flight, emptied, h);
        for (int i = 0; i < 10; i++) ibx_seat_leave(seat[(i * 7 + round) % 10]);
    }
    assert_int_equal(h->story->len, 100);
    assert_int_equal(strspn(h->story->str, "-"), 100);
}

#define IN_HALL(test) cmocka_unit_test_setup_teardown(test, open_hall, close_hall)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_HALL(test_all_are_called_in_order),      IN_HALL(test_the_leader_may_leave),
        IN_HALL(test_the_last_who_leaves_ends_it),  IN_HALL(test_a_leader_may_fail_to_start),
        IN_HALL(test_callbacks_may_leave_and_join), IN_HALL(test_the_last_of_a_landing_leaves),
        IN_HALL(test_a_thousand_come_and_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
