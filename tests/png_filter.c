/* png_filter.c - the row filters of PNG, both ways and on both CPU variants, against the standard's
 * formulas. */
#include "codec/png_filter.h"
#include "core/pixels.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#pragma weak ibx_png_unfilter_v3
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

enum { LINES = 9, GAP = 5 };
typedef int unfilter(const uint8_t *lines, int rows, const uint8_t *above, size_t n, size_t pixel,
                     uint8_t *to, size_t stride);

/* Lines as they lie in a file, of these types, and what must come out. */
typedef struct {
    uint8_t above[PAD + MOST + 64], lines[LINES * (1 + MOST) + 64], expected[LINES][MOST];
} image;

static void fill_image(image *m, const int *types, int count, size_t n, size_t pixel) {
    rows r;
    memset(m, 0xEE, sizeof *m);
    for (int y = 0; y < count; y++) {
        uint8_t *line = m->lines + (size_t)y * (1 + n);
        fill(&r, n, (uint32_t)n * 7 + (uint32_t)(types[y] * 10 + y));
        if (!y) memcpy(m->above, r.above, sizeof m->above);
        line[0] = (uint8_t)types[y];
        memcpy(line + 1, r.row + PAD, n);
        const uint8_t *above = y ? m->expected[y - 1] : m->above + PAD;
        for (size_t i = 0; i < n; i++)
            m->expected[y][i] =
                (uint8_t)(line[1 + i] + prediction(types[y], m->expected[y], above, i, pixel));
    }
}

/* Where the lines are: types, and what lies behind, are not touched. */
static void check_here(unfilter *f, const image *m, int count, size_t n, size_t pixel) {
    static uint8_t out[sizeof m->lines];
    memcpy(out, m->lines, sizeof out);
    assert_int_equal(f(out, count, m->above + PAD, n, pixel, out + 1, 1 + n), count);
    for (int y = 0; y < count; y++) {
        const size_t line = (size_t)y * (1 + n);
        assert_int_equal(out[line], m->lines[line]);
        assert_memory_equal(out + line + 1, m->expected[y], n);
    }
    const size_t end = (size_t)count * (1 + n);
    assert_memory_equal(out + end, m->lines + end, 64);
}

/* Somewhere else: nothing between the rows and behind them is touched. */
static void check_apart(unfilter *f, const image *m, int count, size_t n, size_t pixel) {
    static uint8_t out[LINES * (MOST + GAP) + 64];
    const size_t stride = n + GAP;
    memset(out, 0xAA, sizeof out);
    assert_int_equal(f(m->lines, count, m->above + PAD, n, pixel, out, stride), count);
    for (int y = 0; y < count; y++) {
        assert_memory_equal(out + (size_t)y * stride, m->expected[y], n);
        for (size_t i = n; i < stride; i++) assert_int_equal(out[(size_t)y * stride + i], 0xAA);
    }
    for (size_t i = 0; i < 64; i++) assert_int_equal(out[(size_t)count * stride + i], 0xAA);
}

static void check_undo(const int *types, int count, size_t n, size_t pixel) {
    static image m;
    fill_image(&m, types, count, n, pixel);
    const image before = m;
    for (int variant = 0; variant <= has_v3(); variant++) {
        unfilter *f = variant ? ibx_png_unfilter_v3 : ibx_png_unfilter_baseline;
        check_here(f, &m, count, n, pixel);
        if (n >= IBX_PNG_SLACK) check_apart(f, &m, count, n, pixel);
    }
    assert_memory_equal(&m, &before, sizeof m);
}

static void test_undo(void **state) {
    (void)state;
    for (size_t p = 0; p < 6; p++)
        for (int type = 0; type <= 4; type++) {
            for (size_t count = 1; count < 70; count++)
                check_undo(&type, 1, count * PIXELS[p], PIXELS[p]);
            check_undo(&type, 1, MOST / 24 * 24, PIXELS[p]);
        }
}

/* Rows of Paeth are done by fours and by twos, where there are so many in a row. */
static void test_undo_rows(void **state) {
    (void)state;
    static const int TYPES[][LINES] = {
        {4, 4, 4, 4, 4, 4, 4, 4, 4}, {2, 4, 4, 4, 4, 1, 4, 4, 3}, {4, 0, 4, 4, 4, 2, 4, 4, 4}};
    for (size_t p = 0; p < 6; p++)
        for (size_t t = 0; t < 3; t++)
            for (int count = 2; count <= LINES; count++) {
                for (size_t w = 1; w < 40; w += 1 + w / 12)
                    check_undo(TYPES[t], count, w * PIXELS[p], PIXELS[p]);
                check_undo(TYPES[t], count, MOST / 24 * 24, PIXELS[p]);
            }
}

/* Every triple of left, above and corner: a row of 4 pixels is (corner, above, ...) over
 * (left, 0, ...). */
static void test_every_paeth(void **state) {
    (void)state;
    uint8_t above[2 + 64] = {0}, line[3 + 64] = {4}, *row = line + 1;
    for (int variant = 0; variant <= has_v3(); variant++)
        for (int corner = 0; corner < 256; corner++)
            for (int up = 0; up < 256; up++)
                for (int left = 0; left < 256; left++) {
                    above[0] = (uint8_t)corner;
                    above[1] = (uint8_t)up;
                    row[0] = (uint8_t)(left - corner);
                    row[1] = 0;
                    (variant ? ibx_png_unfilter_v3 : ibx_png_unfilter_baseline)(line, 1, above, 2,
                                                                                1, row, 3);
                    if (row[0] != left || row[1] != paeth(left, up, corner))
                        fail_msg("variant %d: %d %d %d", variant, left, up, corner);
                }
}

/* Those in front of it are done, those behind are not. */
static void test_unknown_type(void **state) {
    (void)state;
    const uint8_t above[64] = {0};
    for (int type = 5; type < 256; type++) {
        uint8_t lines[64] = {1, 1, 1, 1, (uint8_t)type, 2, 2, 2, 1, 3, 3, 3};
        assert_int_equal(ibx_png_unfilter(lines, 3, above, 3, 1, lines + 1, 4), 1);
        static const uint8_t EXPECTED[] = {1, 2, 3};
        assert_memory_equal(lines + 1, EXPECTED, 3);
        assert_int_equal(lines[5], 2), assert_int_equal(lines[10], 3);
    }
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
        cmocka_unit_test(test_undo),        cmocka_unit_test(test_undo_rows),
        cmocka_unit_test(test_every_paeth), cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
