/* upload.c - memory files that grow, and the purse that pays for them. */
#include "server/source/source.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void keeps_bytes(void **state) {
    (void)state;
    ibx_metrics *metrics = ibx_metrics_new();
    ibx_purse purse = {.most = 1000, .metrics = metrics, .gauge = IBX_M_INFLIGHT};
    ibx_opened opened;
    char back[8] = "";
    ibx_upload *u = ibx_upload_new(&purse, 1000);
    assert_int_equal(ibx_upload_write(u, "ab", 2), IBX_SOURCE_OK);
    assert_int_equal(ibx_upload_write(u, "", 0), IBX_SOURCE_OK);
    assert_int_equal(ibx_upload_write(u, "c", 1), IBX_SOURCE_OK);
    assert_int_equal(ibx_metric_get(metrics, IBX_M_INFLIGHT, 0), 3);
    ibx_upload_finish(u, &opened);
    assert_int_equal(opened.status, IBX_SOURCE_OK);
    assert_int_equal(opened.size, 3);
    assert_int_equal(pread(opened.fd, back, sizeof back, 0), 3);
    assert_string_equal(back, "abc");
    /* FIPS 180-2, appendix B.1 */
    assert_string_equal(opened.identity,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(purse.used, 3); /* until the caller is done with it */
    ibx_opened_close(&opened);
    assert_int_equal(opened.fd, -1);
    ibx_opened_close(&opened);
    ibx_purse_return(&purse, opened.size);
    assert_int_equal(purse.used, 0);
    assert_int_equal(ibx_metric_get(metrics, IBX_M_INFLIGHT, 0), 0);
    ibx_metrics_free(metrics);
}

static void is_sealed(void **state) {
    (void)state;
    ibx_purse purse = {.most = 10};
    ibx_opened opened;
    ibx_upload *u = ibx_upload_new(&purse, 10);
    assert_int_equal(ibx_upload_write(u, "abc", 3), IBX_SOURCE_OK);
    ibx_upload_finish(u, &opened);
    assert_int_equal(pwrite(opened.fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(opened.fd, 0), -1);
    assert_ptr_equal(mmap(NULL, 3, PROT_WRITE, MAP_SHARED, opened.fd, 0), MAP_FAILED);
    ibx_opened_close(&opened);
}

static void has_a_limit(void **state) {
    (void)state;
    ibx_purse purse = {.most = 1000};
    ibx_upload *u = ibx_upload_new(&purse, 4);
    assert_int_equal(ibx_upload_write(u, "abcd", 4), IBX_SOURCE_OK);
    assert_int_equal(ibx_upload_write(u, "e", 1), IBX_SOURCE_TOO_LARGE);
    assert_int_equal(purse.used, 4);
    ibx_upload_drop(u);
    assert_int_equal(purse.used, 0);
    ibx_upload_drop(NULL);
}

static void shares_a_purse(void **state) {
    (void)state;
    ibx_purse purse = {.most = 10};
    ibx_opened opened;
    ibx_upload *a = ibx_upload_new(&purse, 100), *b = ibx_upload_new(&purse, 100);
    assert_int_equal(ibx_upload_write(a, "123456", 6), IBX_SOURCE_OK);
    assert_int_equal(ibx_upload_write(b, "12345", 5), IBX_SOURCE_BUSY);
    assert_int_equal(ibx_upload_write(b, "1234", 4), IBX_SOURCE_OK);
    assert_int_equal(ibx_upload_write(a, "7", 1), IBX_SOURCE_BUSY);
    ibx_upload_drop(b);
    assert_int_equal(ibx_upload_write(a, "7890", 4), IBX_SOURCE_OK);
    purse.most = 5; /* a reload; what is held stays */
    assert_int_equal(ibx_upload_write(a, "x", 1), IBX_SOURCE_BUSY);
    ibx_upload_finish(a, &opened);
    assert_int_equal(opened.size, 10);
    ibx_opened_close(&opened);
    ibx_purse_return(&purse, opened.size);
    assert_int_equal(purse.used, 0);
}

enum { THREADS = 4, ROUNDS = 2000, PIECE = 100 };

/* Uploads until the purse says no, and gives up: how much went in at most is never above. */
static void *spend_and_drop(void *user) {
    ibx_purse *purse = user;
    static const char bytes[PIECE];
    for (int i = 0; i < ROUNDS; i++) {
        ibx_upload *u = ibx_upload_new(purse, 1 << 20);
        while (ibx_upload_write(u, bytes, 1 + (size_t)i % PIECE) == IBX_SOURCE_OK) {
            if (__atomic_load_n(&purse->used, __ATOMIC_RELAXED) > purse->most) abort();
        }
        ibx_upload_drop(u);
    }
    return NULL;
}

static void threads_share_it_too(void **state) {
    (void)state;
    ibx_purse purse = {.most = 1500};
    GThread *thread[THREADS];
    for (int i = 0; i < THREADS; i++) thread[i] = g_thread_new("spend", spend_and_drop, &purse);
    for (int i = 0; i < THREADS; i++) g_thread_join(thread[i]);
    assert_int_equal(purse.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_bytes),          cmocka_unit_test(is_sealed),
        cmocka_unit_test(has_a_limit),          cmocka_unit_test(shares_a_purse),
        cmocka_unit_test(threads_share_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
