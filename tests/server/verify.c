/* verify - large entries of an earlier server are read in a thread, and never by who finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "reading.h"
#include "server/cache/check.h"
#include "turns.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 3 << 20, SMALL = 1000 };

static char folder[64];
static ibx_metrics *metrics;
static ibx_cache *cache;
static ibx_checks *checks;
static int done;

static void on_done(void *user) {
    done += *(int *)user;
}

static const char *key_of(int n) {
    static char key[65];
    snprintf(key, sizeof key, "%064x", n);
    return key;
}

static void open_cache(void) {
    ibx_error err;
    ibx_checks_free(checks);
    ibx_cache_close(cache);
    cache = ibx_cache_open(folder, (int64_t)64 << 20, metrics, &err);
    assert_non_null(cache);
    checks = ibx_checks_new(cache);
}

static void store(int n, size_t size) {
    GBytes *body = g_bytes_new_take(g_malloc0(size), size);
    ibx_cache_store(cache, key_of(n), "", body);
    g_bytes_unref(body);
    ibx_cache_settle(cache);
}

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/imbrex-verify-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    metrics = ibx_metrics_new();
    open_cache();
    store(1, LARGE);
    store(2, SMALL);
    done = 0;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    char command[100];
    ibx_checks_free(checks);
    ibx_cache_close(cache);
    checks = NULL;
    cache = NULL;
    ibx_metrics_free(metrics);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bool has(int n) {
    ibx_cached found;
    const bool is = ibx_cache_find(cache, key_of(n), &found);
    if (is) ibx_cache_release(&found);
    return is;
}

static int64_t counted(int result) {
    return ibx_metric_get(metrics, IBX_M_CACHE, result);
}

static void flip_a_byte(int n) {
    char path[200];
    const char *key = key_of(n);
    snprintf(path, sizeof path, "%s/%.2s/%.2s/%s", folder, key, key + 2, key);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "x", 1, 5000), 1);
    close(fd);
}

static void reads_elsewhere(void **state) {
    (void)state;
    int one = 1;
    assert_false(ibx_cache_is_unverified(cache, key_of(1))); /* it was written here */
    open_cache();
    assert_true(ibx_cache_is_unverified(cache, key_of(1)));
    assert_false(ibx_cache_is_unverified(cache, key_of(2))); /* quickly read */
    assert_false(ibx_cache_is_unverified(cache, key_of(3)));
    const int64_t before = bytes_read("thread-self");
    ibx_check_begin(checks, key_of(1), on_done, &one);
    UNTIL(done == 1);
    assert_false(ibx_cache_is_unverified(cache, key_of(1)));
    assert_true(has(1));
    assert_in_range(bytes_read("thread-self") - before, 0, 10000);
    assert_int_equal(counted(IBX_CACHE_HIT), 1);
}

static void finds_damage(void **state) {
    (void)state;
    int one = 1;
    open_cache();
    flip_a_byte(1);
    ibx_check_begin(checks, key_of(1), on_done, &one);
    UNTIL(done == 1);
    assert_int_equal(counted(IBX_CACHE_CORRUPT), 1);
    assert_false(has(1));
    assert_int_equal(counted(IBX_CACHE_MISS), 1);
}

/* Who has left is not told, and the end does not wait for him. */
static void is_cancelled(void **state) {
    (void)state;
    int one = 1, many = 100;
    open_cache();
    ibx_check_cancel(ibx_check_begin(checks, key_of(1), on_done, &many));
    ibx_check_begin(checks, key_of(3), on_done, &one);
    UNTIL(done > 0);
    assert_int_equal(done, 1);
    ibx_check_begin(checks, key_of(1), on_done, &many);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(reads_elsewhere), TEST(finds_damage),
                                       TEST(is_cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
