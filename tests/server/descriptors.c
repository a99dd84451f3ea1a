/* descriptors - as many files as the operator allows, and no more connections than go with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first */
#include <cmocka.h>

#include "server/net/descriptors.h"
#include <sys/resource.h>

static struct rlimit before;

static int keep(void **state) {
    (void)state;
    return getrlimit(RLIMIT_NOFILE, &before);
}

static int restore(void **state) {
    (void)state;
    return setrlimit(RLIMIT_NOFILE, &before);
}

static void set_soft(rlim_t soft) {
    const struct rlimit limit = {soft, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void the_soft_limit_becomes_the_hard_one(void **state) {
    (void)state;
    struct rlimit after;
    set_soft(100);
    ibx_descriptors_raise();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, before.rlim_max);
    assert_int_equal(after.rlim_max, before.rlim_max);
}

static void connections_fit_below_it(void **state) {
    (void)state;
    ibx_settings settings = {.worker.count = 2, .remote.fetches = 8};
    set_soft(1024);
    const int fit = ibx_descriptors_connections(&settings);
    assert_in_range(fit, 400, 512); /* two descriptors each, and some that others need */
    settings.worker.count = 32;
    assert_in_range(ibx_descriptors_connections(&settings), 300, fit - 1);
    settings.worker.count = 2;
    set_soft(512);
    assert_int_equal(ibx_descriptors_connections(&settings), fit - 256);
    set_soft(30);
    assert_int_equal(ibx_descriptors_connections(&settings), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_soft_limit_becomes_the_hard_one, keep, restore),
        cmocka_unit_test_setup_teardown(connections_fit_below_it, keep, restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
