/* png_filter.c - the row filters of PNG, both ways and on both CPU variants, against the standard's
 * formulas. */
#include "codec/png_filter.h"
#include "core/pixels.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#pragma weak ibx_png_unfilter_v3
#pragma weak ibx_png_unfilter_two_v3
#pragma weak ibx_png_filter_v3

enum { PAD = 16, MOST = 6000 };
static const size_t PIXELS[] = {1, 2, 3, 4, 6, 8};

typedef struct {
    uint8_t row[PAD + MOST + 64], above[PAD + MOST + 64];
} rows;

static bool has_v3(void) {
    return ibx_cpu_is_v3() && &ibx_png_unfilter_v3 != NULL;
}

/* ---- the formulas -------------------------------------------------------------------------- */

static int paeth(int left, int above, int corner) {
    const int p = left + above - corner;
    const int a = abs(p - left), b = abs(p - above), c = abs(p - corner);
    return a <= b && a <= c ? left : b <= c ? above : corner;
}

static int prediction(int type, const uint8_t *row, const uint8_t *above, size_t i, size_t pixel) {
    const int left = i < pixel ? 0 : row[i - pixel], corner = i < pixel ? 0 : above[i - pixel];
    switch (type) {
    case 1:
        return left;
    case 2:
        return above[i];
    case 3:
        return (left + above[i]) / 2;
    case 4:
        return paeth(left, above[i], corner);
    default:
        return 0;
    }
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* Smooth and noisy stretches, and every value. What lies around a row is no zero. */
static void fill(rows *r, size_t n, uint32_t seed) {
    memset(r, 0xEE, sizeof *r);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        const int noise = (seed >> 20) % 5 ? 7 : 255;
        r->row[PAD + i] = (uint8_t)(i / 9 + ((seed >> 24) & (unsigned)noise));
        r->above[PAD + i] = (uint8_t)(i / 9 + ((seed >> 16) & (unsigned)noise));
    }
}

static void check_undo(int type, size_t n, size_t pixel) {
    rows start, r;
    static uint8_t expected[MOST];
    fill(&start, n, (uint32_t)n * 7 + (uint32_t)type);
    for (size_t i = 0; i < n; i++)
        expected[i] =
            (uint8_t)(start.row[PAD + i] + prediction(type, expected, start.above + PAD, i, pixel));
    for (int variant = 0; variant <= has_v3(); variant++) {
        r = start;
        assert_true((variant ? ibx_png_unfilter_v3 : ibx_png_unfilter_baseline)(
            (uint8_t)type, r.row + PAD, r.above + PAD, n, pixel));
        assert_memory_equal(r.row + PAD, expected, n);
        assert_memory_equal(r.row + PAD + n, start.row + PAD + n, 64); /* nothing behind touched */
        assert_memory_equal(r.above, start.above, sizeof r.above);
    }
}

static void test_undo(void **state) {
    (void)state;
    for (size_t p = 0; p < 6; p++)
        for (int type = 0; type <= 4; type++) {
            for (size_t count = 1; count < 70; count++)
                check_undo(type, count * PIXELS[p], PIXELS[p]);
            check_undo(type, MOST / 24 * 24, PIXELS[p]);
        }
}

/* Two rows, as they lie in a file: a byte of type between them. */
static void check_two(size_t n, size_t pixel) {
    rows r;
    static uint8_t start[2 * MOST + 100], out[sizeof start], expected[2][MOST];
    fill(&r, n, (uint32_t)n * 5);
    memset(start, 0xEE, sizeof start);
    memcpy(start, r.row + PAD, n);
    for (size_t i = 0; i < n; i++) start[n + 1 + i] = (uint8_t)(r.row[PAD + n - 1 - i] * 3);
    for (size_t i = 0; i < n; i++)
        expected[0][i] = (uint8_t)(start[i] + prediction(4, expected[0], r.above + PAD, i, pixel));
    for (size_t i = 0; i < n; i++)
        expected[1][i] =
            (uint8_t)(start[n + 1 + i] + prediction(4, expected[1], expected[0], i, pixel));
    for (int variant = 0; variant <= has_v3(); variant++) {
        memcpy(out, start, sizeof out);
        (variant ? ibx_png_unfilter_two_v3
                 : ibx_png_unfilter_two_baseline)(out, out + n + 1, r.above + PAD, n, pixel);
        assert_memory_equal(out, expected[0], n);
        assert_int_equal(out[n], 0xEE);
        assert_memory_equal(out + n + 1, expected[1], n);
        for (size_t i = 2 * n + 1; i < sizeof out; i++) assert_int_equal(out[i], 0xEE);
    }
}

static void test_undo_two(void **state) {
    (void)state;
    for (size_t p = 0; p < 6; p++) {
        for (size_t count = 1; count < 70; count++) check_two(count * PIXELS[p], PIXELS[p]);
        check_two(MOST / 24 * 24, PIXELS[p]);
    }
}

/* Every triple of left, above and corner: a row of 4 pixels is (corner, above, ...) over
 * (left, 0, ...). */
static void test_every_paeth(void **state) {
    (void)state;
    uint8_t above[2 + 64] = {0}, row[2 + 64] = {0};
    for (int variant = 0; variant <= has_v3(); variant++)
        for (int corner = 0; corner < 256; corner++)
            for (int up = 0; up < 256; up++)
                for (int left = 0; left < 256; left++) {
                    above[0] = (uint8_t)corner;
                    above[1] = (uint8_t)up;
                    row[0] = (uint8_t)(left - corner);
                    row[1] = 0;
                    (variant ? ibx_png_unfilter_v3 : ibx_png_unfilter_baseline)(4, row, above, 2,
                                                                                1);
                    if (row[0] != left || row[1] != paeth(left, up, corner))
                        fail_msg("variant %d: %d %d %d", variant, left, up, corner);
                }
}

static void test_unknown_type(void **state) {
    (void)state;
    uint8_t row[64] = {1, 2, 3}, above[64] = {0};
    for (int type = 5; type < 256; type++)
        assert_false(ibx_png_unfilter((uint8_t)type, row, above, 3, 3));
}

/* The chosen filter has the smallest sum of those allowed, and its bytes are the formula's. The
 * first row of a band has none above it. */
static void check_choice(size_t n, size_t pixel, bool first, uint32_t seed) {
    rows r;
    static uint8_t out[1 + MOST + 64];
    fill(&r, n, seed);
    uint64_t sums[5] = {0};
    for (int f = 0; f < 5; f++)
        for (size_t i = 0; i < n; i++)
            sums[f] += (uint64_t)abs(
                (int8_t)(r.row[PAD + i] - prediction(f, r.row + PAD, r.above + PAD, i, pixel)));
    int best = 0;
    for (int f = 1; f < (first ? 2 : 5); f++)
        if (sums[f] < sums[best]) best = f;
    for (int variant = 0; variant <= has_v3(); variant++) {
        memset(out, 0xEE, sizeof out);
        (variant ? ibx_png_filter_v3 : ibx_png_filter_baseline)(
            r.row + PAD, first ? NULL : r.above + PAD, n, pixel, out);
        assert_int_equal(out[0], best);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(
                out[1 + i],
                (uint8_t)(r.row[PAD + i] - prediction(best, r.row + PAD, r.above + PAD, i, pixel)));
        for (size_t i = 1 + n; i < sizeof out; i++) assert_int_equal(out[i], 0xEE);
    }
}

static void test_choice(void **state) {
    (void)state;
    for (size_t p = 0; p < 6; p++)
        for (size_t count = 1; count < 100; count++) {
            check_choice(count * PIXELS[p], PIXELS[p], false, (uint32_t)count);
            check_choice(count * PIXELS[p], PIXELS[p], true, (uint32_t)count + 5);
        }
    check_choice(MOST, 3, false, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undo),        cmocka_unit_test(test_undo_two),
        cmocka_unit_test(test_every_paeth), cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
