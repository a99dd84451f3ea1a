/* png_blocks.c - see png_blocks.h.
 *
 * Codes are read bit by bit: of codes of one length the numbers follow one another, so a code is
 * complete as soon as its number is below the end of those of its length. No tables have to be
 * built for it, and a stream that is well compressed has few codes. */
#include "codec/png_blocks.h"
#include <string.h>

enum { LONGEST = 15, SYMBOLS = 288, DISTANCES = 30, BLOCK_END = 256 };

typedef struct {
    const uint8_t *data;
    size_t at, end; /* bits */
} bits;

/* The symbols of a Huffman code, by length and number. */
typedef struct {
    uint16_t count[LONGEST + 1], symbol[SYMBOLS];
} code;

/* Bits behind the end are 0; the caller looks at `at` once in a while. */
static unsigned take(bits *b, unsigned n) {
    unsigned v = 0;
    for (unsigned i = 0; i < n; i++, b->at++)
        if (b->at < b->end) v |= (b->data[b->at / 8] >> b->at % 8 & 1u) << i;
    return v;
}

static void make_code(code *c, const uint8_t *lengths, int n) {
    uint16_t next[LONGEST + 1] = {0};
    memset(c, 0, sizeof *c);
    for (int i = 0; i < n; i++) c->count[lengths[i]]++;
    c->count[0] = 0;
    for (int k = 1; k < LONGEST; k++) next[k + 1] = next[k] + c->count[k];
    for (int i = 0; i < n; i++)
        if (lengths[i]) c->symbol[next[lengths[i]]++] = (uint16_t)i;
}

/* The next symbol; -1 if no code fits. */
static int decode(bits *b, const code *c) {
    int number = 0, first = 0, index = 0;
    for (int k = 1; k <= LONGEST; k++) {
        number |= (int)take(b, 1);
        const int count = c->count[k];
        if (number - first < count) return c->symbol[index + number - first];
        index += count;
        first = (first + count) * 2;
        number *= 2;
    }
    return -1;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static bool skip_stored(bits *b) {
    b->at = (b->at + 7) / 8 * 8;
    const unsigned n = take(b, 16);
    b->at += 16 + 8 * (size_t)n;
    return b->at <= b->end;
}

/* Lengths and distances bring extra bits, one more for each 4 or 2 further symbols. */
static bool skip_symbols(bits *b, const code *symbols, const code *distances) {
    while (b->at <= b->end) {
        const int s = decode(b, symbols);
        if (s == BLOCK_END) return true;
        if (s < 0 || s > 285) return false;
        if (s < BLOCK_END) continue;
        if (s >= 265 && s < 285) b->at += (size_t)(s - 261) / 4;
        const int d = decode(b, distances);
        if (d < 0 || d >= DISTANCES) return false;
        if (d >= 4) b->at += (size_t)(d - 2) / 2;
    }
    return false;
}

static bool skip_fixed(bits *b) {
    uint8_t lengths[SYMBOLS];
    code symbols, distances;
    for (int i = 0; i < SYMBOLS; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make_code(&symbols, lengths, SYMBOLS);
    memset(lengths, 5, DISTANCES);
    make_code(&distances, lengths, DISTANCES);
    return skip_symbols(b, &symbols, &distances);
}

/* Reads `n` lengths of codes, which are in a code themselves. */
static bool read_lengths(bits *b, const code *c, uint8_t *lengths, int n) {
    int i = 0;
    while (i < n) {
        const int s = decode(b, c);
        if (s < 0) return false;
        if (s < 16) {
            lengths[i++] = (uint8_t)s;
            continue;
        }
        if (s == 16 && !i) return false;
        const uint8_t again = s == 16 ? lengths[i - 1] : 0;
        int times = s == 16   ? 3 + (int)take(b, 2)
                    : s == 17 ? 3 + (int)take(b, 3)
                              : 11 + (int)take(b, 7);
        if (times > n - i) return false;
        for (; times; times--) lengths[i++] = again;
    }
    return b->at <= b->end;
}

static bool skip_dynamic(bits *b) {
    static const uint8_t ORDER[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[SYMBOLS + 32] = {0};
    code symbols, distances;
    const int n = 257 + (int)take(b, 5), d = 1 + (int)take(b, 5), m = 4 + (int)take(b, 4);
    for (int i = 0; i < m; i++) lengths[ORDER[i]] = (uint8_t)take(b, 3);
    make_code(&symbols, lengths, 19);
    if (n > SYMBOLS || !read_lengths(b, &symbols, lengths, n + d)) return false;
    make_code(&symbols, lengths, n);
    make_code(&distances, lengths + n, d);
    return skip_symbols(b, &symbols, &distances);
}

bool ibx_deflate_last_block(const uint8_t *stream, size_t size, size_t *first, size_t *end) {
    bits b = {stream, 0, size * 8};
    for (;;) {
        *first = b.at;
        const bool last = take(&b, 1);
        const unsigned type = take(&b, 2);
        if (type == 3 || !(type == 0 ? skip_stored : type == 1 ? skip_fixed : skip_dynamic)(&b))
            return false;
        if (b.at > b.end) return false;
        *end = b.at;
        if (last) return true;
    }
}
