/* png_blocks.c - see png_blocks.h.
 *
 * Codes can be read bit by bit: of codes of one length the numbers follow one another, so a code is
 * complete as soon as its number is below the end of those of its length. That is how lengths, long
 * codes and the end of a stream are read. All else goes by tables that say for the next FAST bits
 * how many can be skipped. */
#include "codec/png_blocks.h"
#include <endian.h>
#include <string.h>

enum { LONGEST = 15, SYMBOLS = 288, DISTANCES = 30, BLOCK_END = 256, FAST = 11 };

typedef struct {
    const uint8_t *data;
    size_t at, end; /* bits */
} bits;

/* The symbols of a Huffman code, by length and number. */
typedef struct {
    uint16_t count[LONGEST + 1], symbol[SYMBOLS];
    uint8_t fast[1 << FAST]; /* by the next bits: what they are, and bits to skip; 0: not known */
} code;

/* Kinds of entries. Literals are as many as fit; a length and a distance bring their extra bits. */
enum { BITS = 31, LITERALS = 32, LENGTH = 64, END = 96, DISTANCE = 128, KIND = 224 };

/* Bits behind the end are 0; the caller looks at `at` once in a while. */
static unsigned take(bits *b, unsigned n) {
    unsigned v = 0;
    for (unsigned i = 0; i < n; i++, b->at++)
        if (b->at < b->end) v |= (b->data[b->at / 8] >> b->at % 8 & 1u) << i;
    return v;
}

/* Extra bits behind a symbol of lengths: one more for each 4 further symbols. */
static unsigned length_extra(int symbol) {
    return symbol >= 265 && symbol < 285 ? (unsigned)(symbol - 261) / 4 : 0;
}

/* Behind one of distances: one more for each 2. */
static unsigned distance_extra(int symbol) {
    return symbol >= 4 ? (unsigned)(symbol - 2) / 2 : 0;
}

static uint8_t symbol_entry(int symbol, int n) {
    if (symbol < BLOCK_END) return (uint8_t)(LITERALS | n);
    if (symbol == BLOCK_END) return (uint8_t)(END | n);
    return symbol <= 285 ? (uint8_t)(LENGTH | ((unsigned)n + length_extra(symbol))) : 0;
}

static uint8_t distance_entry(int symbol, int n) {
    return symbol < DISTANCES ? (uint8_t)(DISTANCE | ((unsigned)n + distance_extra(symbol))) : 0;
}

/* A code stands in the stream from its highest bit on. */
static unsigned reversed(unsigned number, int n) {
    unsigned v = 0;
    for (int i = 0; i < n; i++) v |= (number >> i & 1) << (n - 1 - i);
    return v;
}

/* Fills c->fast. Codes of a damaged stream may have numbers that are too large. */
static void make_fast(code *c, uint8_t entry(int symbol, int n)) {
    unsigned number = 0, index = 0;
    memset(c->fast, 0, sizeof c->fast);
    for (int n = 1; n <= FAST; n++, number *= 2)
        for (int i = 0; i < c->count[n]; i++, number++, index++)
            for (unsigned v = reversed(number, n); number < 1u << n && v < 1 << FAST; v += 1u << n)
                c->fast[v] = entry(c->symbol[index], n);
}

/* Puts literals that follow one another together, and a length behind them. Goes down, since what
 * stands behind a literal has a lower index. */
static void join_literals(code *c) {
    for (int v = (1 << FAST) - 1; v >= 0; v--) {
        unsigned e = c->fast[v], n = e & BITS;
        while ((e & KIND) == LITERALS) {
            c->fast[v] = (uint8_t)(LITERALS | n);
            e = n < FAST ? c->fast[v >> n] : 0;
            if (v >> n == v) break; /* 0: itself */
            n += e & BITS;
            if (n > FAST) break;
            if ((e & KIND) == LENGTH) c->fast[v] = (uint8_t)(LENGTH | n);
        }
    }
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

static bool skip_distance(bits *b, const code *distances) {
    const int d = decode(b, distances);
    if (d < 0 || d >= DISTANCES) return false;
    b->at += distance_extra(d);
    return true;
}

/* One symbol and what belongs to it, by its bits. */
static bool skip_slowly(bits *b, const code *symbols, const code *distances, bool *end) {
    const int s = decode(b, symbols);
    *end = s == BLOCK_END;
    if (s < 0 || s > 285) return false;
    if (s <= BLOCK_END) return true;
    b->at += length_extra(s);
    return skip_distance(b, distances);
}

/* As many symbols as the tables know; there are 57 bits or more in a word. False at what they do
 * not know, and at the end of the block. */
static bool skip_fast(bits *b, const code *symbols, const code *distances) {
    enum { MASK = (1 << FAST) - 1 };
    uint64_t v;
    memcpy(&v, b->data + b->at / 8, sizeof v);
    v = le64toh(v) >> b->at % 8;
    unsigned e = symbols->fast[v & MASK];
    for (int i = 0; i < 2 && (e & KIND) == LITERALS; i++) {
        b->at += e & BITS;
        v >>= e & BITS;
        e = symbols->fast[v & MASK];
    }
    if ((e & KIND) == LITERALS) return true;
    const unsigned d = distances->fast[v >> (e & BITS) & MASK];
    if ((e & KIND) != LENGTH || !d) return false;
    b->at += (e & BITS) + (d & BITS);
    return true;
}

static bool skip_symbols(bits *b, code *symbols, code *distances) {
    bool end = false;
    make_fast(symbols, symbol_entry);
    make_fast(distances, distance_entry);
    join_literals(symbols);
    while (b->at <= b->end && !end) {
        while (b->at + 64 <= b->end && skip_fast(b, symbols, distances)) continue;
        if (!skip_slowly(b, symbols, distances, &end)) return false;
    }
    return end;
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
