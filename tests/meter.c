/* meter.c - accounts of processor time: laps divide a task, meters add up in the promised order. */
#include "engine/meter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const ibx_cost LOAD = {.kind = IBX_COST_LOAD};

static ibx_cost step(ibx_cost_kind kind, int number, const char *name, const char *pass) {
    return (ibx_cost){.kind = kind, .number = number, .name = name, .pass = pass};
}

/* Processor time goes to laps as the wall clock says, all of it. */
static void test_division(void **state) {
    (void)state;
    const ibx_cost blur = step(IBX_COST_STEP, 1, "blur", "rows");
    ibx_meter *meter = ibx_meters_new(1);
    assert_non_null(meter);
    ibx_meter_begin(meter);
    usleep(10000);
    ibx_meter_lap(meter, LOAD, 1e6);
    usleep(100000);
    ibx_meter_lap(meter, blur, 2e6);
    ibx_meter_end(meter, 8000000000);
    ibx_meter_begin(meter); /* what went before has been divided and is not divided again */
    usleep(1000);
    ibx_meter_lap(meter, LOAD, 1e6);
    ibx_meter_end(meter, 1000000000);
    ibx_stats stats = {0};
    ibx_meters_end(meter, 1, &stats);
    assert_int_equal(stats.costs, 2);
    assert_int_equal(stats.cost[0].kind, IBX_COST_LOAD);
    assert_true(stats.cost[0].seconds > 1 && stats.cost[0].seconds - 1 < stats.cost[1].seconds);
    assert_float_equal(stats.cost[0].seconds + stats.cost[1].seconds, 9, 1e-9);
    assert_float_equal(stats.cost[0].megapixels, 2, 1e-9);
    assert_float_equal(stats.cost[1].megapixels, 2, 1e-9);
    ibx_stats_free(&stats);
    assert_null(stats.cost);
}

/* Accounts of two threads, met in different orders; equal names need not be the same string. */
static void test_order(void **state) {
    (void)state;
    static const char JPEG[] = "jpeg", SAME[] = "jpeg";
    const ibx_cost first[] = {step(IBX_COST_STEP, 2, "resize", "rows"),
                              step(IBX_COST_STEP, 2, "resize", "columns"),
                              step(IBX_COST_STEP, 1, "tone", "tone"),
                              {.kind = IBX_COST_DECODE, .name = JPEG}};
    const ibx_cost second[] = {{.kind = IBX_COST_ENCODE, .name = SAME},
                               {.kind = IBX_COST_DECODE, .name = SAME},
                               step(IBX_COST_LOOK, 1, "tone", "tone"),
                               step(IBX_COST_STEP, 2, "resize", "columns"),
                               LOAD};
    ibx_meter *meter = ibx_meters_new(2);
    assert_non_null(meter);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        ibx_meter_add(&meter[0], first[i], 1000000000, 5e6);
    for (size_t i = 0; i < sizeof second / sizeof *second; i++)
        ibx_meter_add(&meter[1], second[i], 1000000000, 5e6);
    ibx_stats stats = {0};
    ibx_meters_end(meter, 2, &stats);
    const struct {
        ibx_cost_kind kind;
        const char *pass;
        double seconds;
    } expected[] = {{IBX_COST_DECODE, NULL, 2}, {IBX_COST_LOAD, NULL, 1},
                    {IBX_COST_LOOK, "tone", 1}, {IBX_COST_STEP, "tone", 1},
                    {IBX_COST_STEP, "rows", 1}, {IBX_COST_STEP, "columns", 2},
                    {IBX_COST_ENCODE, NULL, 1}};
    assert_int_equal(stats.costs, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < stats.costs; i++) {
        assert_int_equal(stats.cost[i].kind, expected[i].kind);
        assert_float_equal(stats.cost[i].seconds, expected[i].seconds, 1e-9);
        assert_float_equal(stats.cost[i].megapixels, 5 * expected[i].seconds, 1e-9);
        if (expected[i].pass) assert_string_equal(stats.cost[i].pass, expected[i].pass);
    }
    ibx_stats_free(&stats);
}

/* Without accounts every call is allowed and does nothing. */
static void test_off(void **state) {
    (void)state;
    ibx_stats stats = {0};
    ibx_meter_begin(NULL);
    ibx_meter_lap(NULL, LOAD, 1);
    ibx_meter_end(NULL, 1);
    ibx_meter_add(NULL, LOAD, 1, 1);
    ibx_meters_end(NULL, 3, &stats);
    assert_null(stats.cost);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_division),
                                       cmocka_unit_test(test_order), cmocka_unit_test(test_off)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
