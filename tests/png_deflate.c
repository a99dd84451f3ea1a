/* png_deflate.c - stretches of DEFLATE that were made alone and put together, read by zlib; and the
 * walk over the blocks of a stream. */
#include "codec/png_deflate.h"
#include "codec/png_blocks.h"
#include "inflated.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

enum { SIZE = 400000 };
static uint8_t data[SIZE], packed[2 * SIZE], unpacked[SIZE + 1];

/* 0: zeros, 1: noise, 2: words that repeat, 3: all of it in turn. */
static void fill(int kind) {
    uint32_t seed = 7;
    for (size_t i = 0; i < SIZE; i++) {
        seed = seed * 1664525 + 1013904223;
        const int here = kind < 3 ? kind : (int)(i / 30000 % 3);
        data[i] = here == 0   ? 0
                  : here == 1 ? (uint8_t)(seed >> 24)
                              : (uint8_t)(i % 97 * (i / 5000));
    }
}

static const int EFFORTS[] = {IBX_DEFLATE_ISAL, 1, 3, 7, 12, IBX_DEFLATE_RUNS};

static void check_stretches(int kind, const size_t *cuts, int count) {
    fill(kind);
    ibx_deflater *d = ibx_deflater_new();
    for (int e = 0; e < 7; e++) { /* the last time every stretch with another effort */
        size_t size = 0, from = 0;
        for (int i = 0; i < count; from = cuts[i], i++) {
            const size_t n = ibx_deflate(d, EFFORTS[e < 6 ? e : i % 6], data + from, cuts[i] - from,
                                         i + 1 == count, packed + size);
            assert_true(n > 0 && n <= ibx_deflate_bound(cuts[i] - from));
            size += n;
        }
        assert_int_equal(inflated(packed, size, unpacked, sizeof unpacked), from);
        assert_memory_equal(unpacked, data, from);
    }
    ibx_deflater_free(d);
}

static void test_stretches(void **state) {
    (void)state;
    static const size_t ONE[] = {SIZE}, TINY[] = {1, 2, 3, 10}, MIXED[] = {1, 70000, 70001, SIZE};
    static const size_t SHORT[] = {15, 31, 48, 66}; /* of 15 to 18 */
    for (int kind = 0; kind < 4; kind++) {
        check_stretches(kind, ONE, 1);
        check_stretches(kind, TINY, 4);
        check_stretches(kind, SHORT, 4);
        check_stretches(kind, MIXED, 4);
    }
}

/* A raw stream by zlib. */
static size_t pack(int level, int strategy) {
    z_stream z = {.next_in = data, .avail_in = SIZE, .next_out = packed, .avail_out = 2 * SIZE};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    const size_t size = z.total_out;
    deflateEnd(&z);
    return size;
}

/* The last block is found where zlib says, in streams of all kinds of blocks. */
static void check_last_block(int level, int strategy) {
    const size_t size = pack(level, strategy);
    size_t first = 0, end = 0, at = 0, before = 0;
    assert_true(ibx_deflate_last_block(packed, size, &first, &end));
    z_stream z = {.next_in = packed, .avail_in = (uInt)size};
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    do {
        z.next_out = unpacked;
        z.avail_out = sizeof unpacked;
        assert_int_equal(inflate(&z, Z_BLOCK), Z_OK);
        before = at;
        at = z.total_in * 8 - (size_t)(z.data_type & 7);
    } while (!(z.data_type & 64));
    inflateEnd(&z);
    assert_int_equal(first, before);
    assert_int_equal(end, at);
}

/* What SSE 4.2 makes of four bytes. */
static uint32_t crc32c(uint32_t crc) {
    for (int i = 0; i < 32; i++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    return crc;
}

/* The same bytes wherever the tables lie. Four bytes at the third have the hash, of 15 bits, that
 * ISA-L takes of an address in their place; so they would be found again by one deflater alone. */
static void test_places(void **state) {
    (void)state;
    enum { BYTES = 3000, AGAIN = 1000 };
    ibx_deflater *one = ibx_deflater_new(), *other = ibx_deflater_new();
    const uint32_t hash = crc32c((uint32_t)((uintptr_t)one >> 16));
    uint32_t word = 0;
    while ((crc32c(word) ^ hash) & 0x7FFF) word++;
    fill(1);
    for (int i = 0; i < BYTES; i++) data[i] %= 19; /* so that it is not stored as it is */
    memcpy(data + 2, &word, sizeof word);
    memcpy(data + AGAIN, &word, sizeof word);
    for (int last = 0; last < 2; last++) {
        const size_t n = ibx_deflate(one, IBX_DEFLATE_ISAL, data, BYTES, last, packed);
        assert_int_equal(ibx_deflate(other, IBX_DEFLATE_ISAL, data, BYTES, last, unpacked), n);
        assert_memory_equal(packed, unpacked, n);
    }
    ibx_deflater_free(one), ibx_deflater_free(other);
}

static void test_last_block(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        fill(kind);
        for (int level = 0; level <= 9; level++) check_last_block(level, Z_DEFAULT_STRATEGY);
        check_last_block(6, Z_FIXED);
        check_last_block(6, Z_HUFFMAN_ONLY);
    }
}

/* A stream that is cut ends nowhere; one that is changed may, but inside. */
static void test_damaged_blocks(void **state) {
    (void)state;
    fill(3);
    const size_t size = pack(6, Z_DEFAULT_STRATEGY);
    size_t first, end;
    for (size_t n = 0; n < size; n += 1 + n / 50) {
        uint8_t *cut = memcpy(malloc(n + 1), packed, n); /* alone, so that a sanitizer sees */
        assert_false(ibx_deflate_last_block(cut, n, &first, &end));
        free(cut);
    }
    for (size_t i = 0; i < size; i += 1 + i / 50) {
        packed[i] ^= 0x5A;
        if (ibx_deflate_last_block(packed, size, &first, &end))
            assert_true(first < end && end <= size * 8);
        packed[i] ^= 0x5A;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_last_block),
        cmocka_unit_test(test_damaged_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
