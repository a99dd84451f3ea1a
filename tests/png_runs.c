/* png_runs.c - DEFLATE by runs alone: read by zlib, the same bytes from every variant, no larger
 * than zlib's own; and the Huffman codes below it. */
#include "codec/png_runs.h"
#include "codec/png_deflate.h"
#include "codec/png_huffman.h"
#include "core/pixels.h"
#include "inflated.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#pragma weak ibx_png_runs_v3

static bool has_v3(void) {
    return ibx_cpu_is_v3() && &ibx_png_runs_v3 != NULL;
}

enum { SIZE = 3 * IBX_PNG_RUNS_BLOCK + 1234 };
static uint8_t data[SIZE], packed[2 * SIZE], other[2 * SIZE], unpacked[SIZE + 1];
static ibx_png_runs_room room;

/* ---- streams ------------------------------------------------------------------------------ */

/* What zlib makes of it with this strategy. */
static size_t by_zlib(size_t size, int strategy) {
    z_stream z = {
        .next_in = data, .avail_in = (uInt)size, .next_out = other, .avail_out = sizeof other};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 9, strategy), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    const size_t n = z.total_out;
    deflateEnd(&z);
    return n;
}

/* Packs the first bytes, looks whether they come back, and returns the size. Blocks of one stream
 * may be cut anywhere, so half of it is a stretch that goes on. */
static size_t check(size_t size) {
    const size_t half = size / 2, bound = ibx_deflate_bound(size);
    memset(packed, 0xAA, bound), memset(other, 0x55, bound);
    size_t n = 0;
    for (int variant = 0; variant <= has_v3(); variant++) {
        uint8_t *to = variant ? other : packed;
        size_t (*runs)(ibx_png_runs_room *, const uint8_t *, size_t, bool, uint8_t *) =
            variant ? ibx_png_runs_v3 : ibx_png_runs_baseline;
        const size_t first = half ? runs(&room, data, half, false, to) : 0;
        const size_t second = runs(&room, data + half, size - half, true, to + first);
        assert_true(first <= ibx_deflate_bound(half));
        assert_true(second <= ibx_deflate_bound(size - half));
        if (variant) assert_int_equal(first + second, n);
        n = first + second;
    }
    if (has_v3()) assert_memory_equal(packed, other, n);
    assert_int_equal(inflated(packed, n, unpacked, sizeof unpacked), size);
    assert_memory_equal(unpacked, data, size);
    return n;
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Noise around zero, the smaller the likelier, as in filtered rows, and runs of zeros. */
static void fill_filtered(uint32_t seed, unsigned runs) {
    for (size_t i = 0; i < SIZE; i++) {
        const uint32_t r = next_random(&seed);
        const int magnitude = __builtin_ctz(r | 1 << 6) + (int)(r >> 20 & 1);
        data[i] = (uint8_t)(r >> 16 & 1 ? magnitude : -magnitude);
        if (r >> 8 & 63 || !runs) continue;
        const size_t end = i + next_random(&seed) % runs;
        for (i++; i < end && i < SIZE; i++) data[i] = data[i - 1];
        i--;
    }
}

static void fill_noise(uint32_t seed, unsigned mask) {
    for (size_t i = 0; i < SIZE; i++) data[i] = (uint8_t)(next_random(&seed) & mask);
}

static const size_t SIZES[] = {1,
                               2,
                               9,
                               64,
                               1000,
                               IBX_PNG_RUNS_BLOCK - 1,
                               IBX_PNG_RUNS_BLOCK,
                               IBX_PNG_RUNS_BLOCK + 1,
                               2 * IBX_PNG_RUNS_BLOCK + 1,
                               SIZE};

static void check_sizes(void) {
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) check(SIZES[i]);
}

static void test_streams(void **state) {
    (void)state;
    memset(data, 0, SIZE);
    check_sizes();
    for (unsigned mask = 1; mask <= 255; mask = 2 * mask + 1) {
        fill_noise(mask, mask);
        check_sizes();
    }
    for (uint32_t seed = 1; seed < 4; seed++) {
        fill_filtered(seed, 40 * seed);
        check_sizes();
    }
}

/* Every length of a run, at every place of a vector, up to the end and in front of something else.
 */
static void test_runs(void **state) {
    (void)state;
    for (size_t length = 1; length < 600; length += 1 + length / 300)
        for (size_t first = 0; first < 70; first += 1 + length / 20) {
            fill_noise(3, 255);
            memset(data + first, 7, length + 1);
            check(first + length + 1);
            check(2 * (first + length + 1));
            check(first + length + 90);
        }
    memset(data, 7, 20000);
    assert_true(check(20000) < 160);
    for (size_t i = 0; i < SIZE; i++) data[i] = (uint8_t)(i / (IBX_PNG_RUNS_LEAST + 1));
    check_sizes(); /* as many as there can be */
}

/* A byte that comes up once, where none is counted, has a code all the same. */
static void test_rare_bytes(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte += 5)
        for (size_t place = 0; place < 40; place++) {
            fill_noise(byte < 128 ? 1 : 9, 1);
            data[500 + place] = (uint8_t)byte;
            check(1000);
        }
}

/* Bytes near zero that are rare have long codes, of which eight do not fit into one word. */
static void test_long_codes(void **state) {
    (void)state;
    for (uint32_t period = 100; period < 3000; period += 700) {
        uint32_t seed = period;
        for (size_t i = 0; i < SIZE; i++) {
            const uint32_t r = next_random(&seed);
            data[i] = (uint8_t)(i % period < 70 ? r % 32 - 16 : r & 1);
        }
        check_sizes();
    }
}

/* Three quarters of the bytes are such that the quarter that is counted tells the wrong code for
 * them, its longest: a block that would grow is stored. */
static void test_wrong_counts(void **state) {
    (void)state;
    enum { PERIOD = 32, COUNTED = 8, STORED = 65535 };
    uint32_t seed = 1;
    for (size_t i = 0; i < SIZE; i++) {
        const uint32_t r = next_random(&seed);
        data[i] = (uint8_t)(i % PERIOD < COUNTED ? 1 + (uint32_t)__builtin_ctz(r | 64)
                                                 : 8 + (r >> 8) % 240);
    }
    check_sizes();
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        assert_true(check(SIZES[i]) <= SIZES[i] + 5 * (SIZES[i] / STORED + 4) + 10);
    fill_filtered(5, 40); /* and the block behind it is packed again */
    for (size_t i = 0; i < IBX_PNG_RUNS_BLOCK; i++) data[i] = (uint8_t)next_random(&seed);
    const size_t n = check(SIZE);
    assert_true(n > IBX_PNG_RUNS_BLOCK && n < IBX_PNG_RUNS_BLOCK + (SIZE - IBX_PNG_RUNS_BLOCK) / 2);
}

/* Of filtered rows it makes less than zlib does with any strategy, but for what it loses as it
 * counts one byte in four. */
static void test_sizes(void **state) {
    (void)state;
    for (unsigned runs = 0; runs < 200; runs += 40) {
        fill_filtered(runs + 1, runs);
        const size_t n = check(SIZE);
        for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_RLE; strategy++)
            assert_true(n * 1000 < by_zlib(SIZE, strategy) * 1001);
    }
}

/* ---- codes -------------------------------------------------------------------------------- */

/* Bits of all symbols. Lengths must be a complete code within the limit. */
static uint64_t cost(const uint32_t *count, int n, int most) {
    uint8_t length[IBX_HUFFMAN_SYMBOLS];
    uint64_t bits = 0, taken = 0;
    ibx_huffman_lengths(count, n, most, length);
    for (int i = 0; i < n; i++) {
        assert_true(length[i] <= most && (length[i] > 0) == (count[i] > 0));
        bits += (uint64_t)count[i] * length[i];
        if (length[i]) taken += 1ull << (most - length[i]);
    }
    assert_int_equal(taken, 1ull << most);
    return bits;
}

/* Numbers of Fibonacci make the longest codes that there are. The best code without a limit takes
 * the sum of all pairs that Huffman makes, here the sums of all beginnings; with one it takes a
 * little more, and no more than a code of equal lengths. */
static void test_codes(void **state) {
    (void)state;
    uint32_t count[24] = {1, 1};
    uint64_t sum = 2, best = 2;
    for (int i = 2; i < 24; i++) {
        count[i] = count[i - 1] + count[i - 2];
        sum += count[i];
        best += sum;
    }
    assert_true(cost(count, 24, 15) > best);
    for (int most = 5; most <= IBX_HUFFMAN_LONGEST; most++) {
        const uint64_t bits = cost(count, 24, most);
        assert_true(bits >= best && bits <= 5 * sum);
        if (most >= 14) assert_true(bits * 1000 < best * 1003);
    }
    for (int n = 2; n <= IBX_HUFFMAN_SYMBOLS; n++) {
        uint32_t equal[IBX_HUFFMAN_SYMBOLS] = {0}, seed = (uint32_t)n;
        for (int i = 0; i < n; i++) equal[i] = 3;
        cost(equal, n, 9);
        for (int i = 0; i < n; i++) equal[i] = 1 + next_random(&seed) % 1000;
        cost(equal, n, 9), cost(equal, n, 14);
    }
}

/* What the RFC's example has: lengths 3, 3, 3, 3, 3, 2, 4, 4. */
static void test_code_values(void **state) {
    (void)state;
    static const uint8_t LENGTH[] = {3, 3, 3, 3, 3, 2, 4, 4};
    static const uint16_t REVERSED[] = {2, 6, 1, 5, 3, 0, 7, 15};
    uint16_t code[8];
    ibx_huffman_codes(LENGTH, 8, code);
    assert_memory_equal(code, REVERSED, sizeof code);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),      cmocka_unit_test(test_runs),
        cmocka_unit_test(test_rare_bytes),   cmocka_unit_test(test_long_codes),
        cmocka_unit_test(test_wrong_counts), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_codes),        cmocka_unit_test(test_code_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
