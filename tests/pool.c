/* pool.c - blocks that are kept between images: theirs alone while lent, and never more kept than
 * was lent at one time. */
#include "engine/pool.h"
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LOANS = 400, AT_ONCE = 5 };

/* Sizes below and above what the heap serves, in no order. */
static size_t size_of(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (size_t)(*seed >> 8) % (3 << 20) + 1;
}

static void check_and_return(ibx_pool *pool, uint8_t *block, size_t bytes, uint8_t mark) {
    assert_int_equal((uintptr_t)block % 64, 0);
    for (size_t i = 0; i < bytes; i += 997) assert_int_equal(block[i], mark);
    assert_int_equal(block[bytes - 1], mark);
    pool->lender.take_back(&pool->lender, block);
}

/* A few blocks at a time, the oldest of which goes back: whatever was written in one stays. */
static void borrow(ibx_pool *pool, uint32_t seed) {
    uint8_t *block[AT_ONCE] = {NULL}, mark[AT_ONCE] = {0};
    size_t bytes[AT_ONCE] = {0};
    for (int i = 0; i < LOANS + AT_ONCE; i++) {
        const int k = i % AT_ONCE;
        if (block[k]) check_and_return(pool, block[k], bytes[k], mark[k]);
        block[k] = NULL;
        if (i >= LOANS) continue;
        bytes[k] = size_of(&seed);
        mark[k] = (uint8_t)(seed >> 24);
        block[k] = pool->lender.lend(&pool->lender, bytes[k]);
        assert_non_null(block[k]);
        memset(block[k], mark[k], bytes[k]);
        assert_true(pool->lent + pool->kept <= pool->most);
    }
}

static void test_one_borrower(void **state) {
    (void)state;
    ibx_pool pool;
    ibx_pool_open(&pool);
    borrow(&pool, 1);
    assert_int_equal(pool.lent, 0);
    assert_true(pool.kept <= pool.most);
    assert_true(pool.most <= (size_t)AT_ONCE * (3 << 20) + AT_ONCE * 8192);
    ibx_pool_close(&pool);
}

/* The books are right at the end; cmocka's assertions belong to one thread. */
static void test_many_borrowers(void **state) {
    (void)state;
    ibx_pool pool;
    ibx_pool_open(&pool);
    int wrong = 0;
#pragma omp parallel for num_threads(4) reduction(+ : wrong)
    for (int i = 0; i < LOANS; i++) {
        uint32_t seed = (uint32_t)i;
        const size_t bytes = size_of(&seed);
        uint8_t *block = pool.lender.lend(&pool.lender, bytes);
        memset(block, i & 255, bytes);
        for (size_t k = 0; k < bytes; k += 997) wrong += block[k] != (i & 255);
        pool.lender.take_back(&pool.lender, block);
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(pool.lent, 0);
    assert_true(pool.kept <= pool.most);
    ibx_pool_close(&pool);
}

/* A large block serves several smaller borrowers, and what comes back from them is a large one
 * again: no page is met that was not there before. */
static void test_parts(void **state) {
    (void)state;
#ifdef IBX_SANITIZED
    skip(); /* every loan is fresh then */
#endif
    enum { ALL = 8 << 20 };
    ibx_pool pool;
    ibx_pool_open(&pool);
    ibx_lender *lender = &pool.lender;
    uint8_t *whole = lender->lend(lender, ALL), *part[3];
    memset(whole, 1, ALL);
    lender->take_back(lender, whole);
    const size_t all = pool.kept;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) {
            part[i] = lender->lend(lender, (size_t)(i + 1) << 20);
            assert_true(part[i] >= whole && part[i] + ((i + 1) << 20) <= whole + ALL);
            assert_int_equal(pool.lent + pool.kept, all);
        }
        for (int i = 0; i < 3; i++) lender->take_back(lender, part[(i + round) % 3]);
        assert_int_equal(pool.kept, all);
    }
    assert_ptr_equal(lender->lend(lender, ALL), whole);
    assert_int_equal(pool.kept, 0);
    lender->take_back(lender, whole);
    ibx_pool_close(&pool);
}

/* What is too much is cut off; the rest stays. */
static void test_trim(void **state) {
    (void)state;
#ifdef IBX_SANITIZED
    skip();
#endif
    ibx_pool pool;
    ibx_pool_open(&pool);
    ibx_lender *lender = &pool.lender;
    lender->take_back(lender, lender->lend(lender, 4 << 20));
    ibx_pool_trim(&pool, 1 << 20);
    assert_int_equal(pool.kept, 1 << 20);
    assert_int_equal(pool.most, 1 << 20);
    ibx_pool_trim(&pool, 1000);
    assert_int_equal(pool.kept, 0);
    ibx_pool_close(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_borrower),
                                       cmocka_unit_test(test_many_borrowers),
                                       cmocka_unit_test(test_parts), cmocka_unit_test(test_trim)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
