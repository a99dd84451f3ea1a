/* png_runs_kernels.c - see png_runs.h. Compiled once per CPU variant.
 *
 * Two passes over a block: one splits it into pieces and counts, one writes. */
#include "codec/png_huffman.h"
#include "codec/png_runs.h"
#include "vector.h"
#include <endian.h>

/* The longest code of a byte: four of them and what is left of a byte fit into 64 bits. */
enum { MOST_BITS = 14, END = 256, LENGTHS = 29, SYMBOLS = END + 1 + LENGTHS };
enum { SHORTEST = 3, LONGEST = 258 }; /* repetitions that DEFLATE has */

/* ---- pieces ------------------------------------------------------------------------------- */

/* Bit k: p[k] is the byte in front of it once more. */
IBX_INLINE uint64_t same_as_before(const uint8_t *p) {
    uint64_t same = 0;
#if defined __AVX2__
    for (int k = 0; k < 64; k += 32) {
        const __m256i here = _mm256_loadu_si256((const __m256i_u *)(p + k));
        const __m256i before = _mm256_loadu_si256((const __m256i_u *)(p + k - 1));
        const int equal = _mm256_movemask_epi8(_mm256_cmpeq_epi8(here, before));
        same |= (uint64_t)(uint32_t)equal << k;
    }
#elif defined __SSE2__
    for (int k = 0; k < 64; k += 16) {
        const __m128i here = _mm_loadu_si128((const __m128i_u *)(p + k));
        const __m128i before = _mm_loadu_si128((const __m128i_u *)(p + k - 1));
        same |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(here, before)) << k;
    }
#else
    for (int k = 0; k < 64; k++) same |= (uint64_t)(p[k] == p[k - 1]) << k;
#endif
    return same;
}

/* Where the byte before is repeated often enough for the first time, from `i` on; else `end`. There
 * is a byte in front of `i`. */
IBX_INLINE size_t next_run(const uint8_t *data, size_t i, size_t end) {
    while (i + 64 <= end) {
        uint64_t runs = same_as_before(data + i);
        runs &= runs >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        runs &= runs >> 2;
        if (runs) return i + (size_t)__builtin_ctzll(runs);
        i += 64 - (IBX_PNG_RUNS_LEAST - 1);
    }
    for (size_t n = 0; i < end; i++) {
        n = data[i] == data[i - 1] ? n + 1 : 0;
        if (n == IBX_PNG_RUNS_LEAST) return i + 1 - IBX_PNG_RUNS_LEAST;
    }
    return end;
}

/* How often it is repeated. */
IBX_INLINE size_t run_length(const uint8_t *data, size_t i, size_t end) {
    const size_t first = i;
    while (i + 8 <= end) {
        uint64_t here, before;
        memcpy(&here, data + i, sizeof here);
        memcpy(&before, data + i - 1, sizeof before);
        const uint64_t differ = le64toh(here ^ before);
        if (differ) return i - first + (size_t)__builtin_ctzll(differ) / 8;
        i += 8;
    }
    while (i < end && data[i] == data[i - 1]) i++;
    return i - first;
}

/* Of the bytes from `i` on those are counted whose place in the data is in every fourth word. */
enum { WORD = 8, SAMPLED = 4, STEP = SAMPLED * WORD };

IBX_INLINE void count_bytes(ibx_png_runs_room *r, const uint8_t *data, size_t i, size_t end) {
    for (size_t word = i / STEP * STEP; word < end; word += STEP) {
        if (word >= i && word + WORD <= end)
            for (size_t k = 0; k < WORD; k++) r->bytes[k % 4][data[word + k]]++;
        else
            for (size_t k = word < i ? i - word : 0; k < WORD && word + k < end; k++)
                r->bytes[k % 4][data[word + k]]++;
    }
}

/* The largest magnitude of the bytes, each a signed number. */
IBX_INLINE unsigned largest_of(const uint8_t *p, size_t n) {
    uint8_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t negative = (uint8_t)-p[i], m = p[i] < negative ? p[i] : negative;
        largest = m > largest ? m : largest;
    }
    return largest;
}

/* Splits data[from..end) and returns the number of pieces. The last one has no repetition. */
static size_t split(ibx_png_runs_room *r, const uint8_t *data, size_t from, size_t end) {
    size_t pieces = 0, i = from;
    memset(r->bytes, 0, sizeof r->bytes);
    memset(r->lengths, 0, sizeof r->lengths);
    for (;;) {
        const size_t run = next_run(data, i > 0 ? i : 1, end);
        count_bytes(r, data, i, run);
        r->piece[pieces] = (uint32_t)(run - i) << 9;
        i = run;
        if (run == end) return pieces + 1;
        for (size_t left = run_length(data, run, end); left > 0; pieces++) {
            size_t n = left < LONGEST ? left : LONGEST;
            if (left > n && left - n < SHORTEST) n -= SHORTEST;
            r->lengths[n]++;
            if (i > run) r->piece[pieces] = 0;
            r->piece[pieces] |= (uint32_t)n;
            left -= n;
            i += n;
        }
    }
}

/* ---- bits --------------------------------------------------------------------------------- */

typedef struct {
    uint8_t *at;
    uint64_t bits;  /* not yet written, the first one lowest */
    uint32_t count; /* in its six lowest bits; what is above them is rubbish */
} writer;

/* How many bits, up to 31, and above COUNT the bits. So both need one operation. */
enum { COUNT = 8 };

IBX_INLINE void put(writer *w, uint32_t code) {
    w->bits |= (uint64_t)(code >> COUNT) << (w->count & 63);
    w->count += code;
}

/* Writes whole bytes; fewer than 8 bits stay. */
IBX_INLINE void flush(writer *w) {
    const uint64_t bits = htole64(w->bits);
    memcpy(w->at, &bits, sizeof bits);
    w->at += (w->count & 63) / 8;
    w->bits >>= w->count & 56;
    w->count &= 7;
}

/* ---- codes -------------------------------------------------------------------------------- */

/* Symbol of a length, and its extra bits. */
typedef struct {
    int symbol;
    unsigned extra, value;
} length_code;

static length_code code_of_length(int n) {
    const unsigned v = (unsigned)(n - SHORTEST);
    if (n == LONGEST) return (length_code){END + LENGTHS, 0, 0};
    if (v < 8) return (length_code){END + 1 + (int)v, 0, 0};
    const unsigned extra = 29u - (unsigned)__builtin_clz(v);
    return (length_code){END + 1 + (int)(4 * extra + (v >> extra)), extra, v & ((1u << extra) - 1)};
}

typedef struct {
    uint8_t length[SYMBOLS];
    uint16_t code[SYMBOLS];
    uint32_t byte[256];
    uint32_t run[LONGEST + 1]; /* with its distance, 1, which is a single bit */
} codes;

static void make_codes(const ibx_png_runs_room *r, unsigned largest, codes *c) {
    uint32_t count[SYMBOLS] = {[END] = 1};
    for (int i = 0; i < 256; i++) {
        count[i] = r->bytes[0][i] + r->bytes[1][i] + r->bytes[2][i] + r->bytes[3][i];
        count[i] *= SAMPLED;
        if (!count[i] && (unsigned)(i < 128 ? i : 256 - i) <= largest) count[i] = 1;
    }
    for (int n = SHORTEST; n <= LONGEST; n++) count[code_of_length(n).symbol] += r->lengths[n];
    ibx_huffman_lengths(count, SYMBOLS, MOST_BITS, c->length);
    ibx_huffman_codes(c->length, SYMBOLS, c->code);
    for (int i = 0; i < 256; i++) c->byte[i] = (uint32_t)c->code[i] << COUNT | c->length[i];
    for (int n = SHORTEST; n <= LONGEST; n++) {
        const length_code l = code_of_length(n);
        const unsigned bits = c->length[l.symbol];
        c->run[n] = (c->code[l.symbol] | l.value << bits) << COUNT | (bits + l.extra + 1);
    }
}

/* ---- the head of a block -------------------------------------------------------------------- */

enum { SAME = 16, ZEROS = 17, MANY_ZEROS = 18, OF_LENGTHS = 19, ALL = SYMBOLS + 1 };

/* The lengths of the codes, repetitions put together: a symbol, and its extra bits above. Returns
 * how many. */
static int shorten(const uint8_t *length, uint16_t *to) {
    int n = 0;
    for (int i = 0, times; i < ALL; i += times) {
        for (times = 1; i + times < ALL && length[i + times] == length[i];) times++;
        if (!length[i] && times >= 11) {
            times = ibx_min(times, 138);
            to[n++] = (uint16_t)(MANY_ZEROS | (times - 11) << 8);
        } else if (!length[i] && times >= 3) {
            to[n++] = (uint16_t)(ZEROS | (times - 3) << 8);
        } else if (i > 0 && times >= 3 && length[i] == length[i - 1]) {
            times = ibx_min(times, 6);
            to[n++] = (uint16_t)(SAME | (times - 3) << 8);
        } else {
            times = 1;
            to[n++] = length[i];
        }
    }
    return n;
}

static void put_head(writer *w, const codes *c, bool last) {
    static const uint8_t ORDER[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    static const unsigned EXTRA[] = {[SAME] = 2, [ZEROS] = 3, [MANY_ZEROS] = 7};
    uint8_t all[ALL], length[OF_LENGTHS];
    uint16_t shortened[ALL], code[OF_LENGTHS];
    uint32_t count[OF_LENGTHS] = {0};
    memcpy(all, c->length, SYMBOLS);
    all[SYMBOLS] = 1; /* of the only distance */
    const int n = shorten(all, shortened);
    for (int i = 0; i < n; i++) count[shortened[i] & 255]++;
    ibx_huffman_lengths(count, OF_LENGTHS, 7, length);
    ibx_huffman_codes(length, OF_LENGTHS, code);
    put(w,
        (last | 2u << 1 | (SYMBOLS - 257u) << 3 | 0u << 8 | (OF_LENGTHS - 4u) << 13) << COUNT | 17);
    for (int i = 0; i < OF_LENGTHS; i++) flush(w), put(w, (uint32_t)length[ORDER[i]] << COUNT | 3);
    for (int i = 0; i < n; i++) {
        const int symbol = shortened[i] & 255;
        flush(w);
        put(w, (uint32_t)code[symbol] << COUNT | length[symbol]);
        put(w, (uint32_t)shortened[i] >> 8 << COUNT | EXTRA[symbol < SAME ? 0 : symbol]);
    }
    flush(w);
}

/* ---- blocks ------------------------------------------------------------------------------- */

IBX_INLINE void put_bytes(writer *w, const uint32_t *code, const uint8_t *p, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int k = 0; k < 4; k++) put(w, code[p[i + (size_t)k]]);
        flush(w);
    }
    for (; i < n; i++) put(w, code[p[i]]);
    flush(w);
}

static void put_block(writer *w, ibx_png_runs_room *r, const uint8_t *data, size_t from, size_t end,
                      bool last) {
    codes c;
    const size_t pieces = split(r, data, from, end);
    make_codes(r, largest_of(data + from, end - from), &c);
    put_head(w, &c, last);
    writer own = *w; /* its parts stay in registers */
    const uint8_t *p = data + from;
    for (size_t i = 0; i < pieces; i++) {
        const size_t bytes = r->piece[i] >> 9, times = r->piece[i] & 511;
        put_bytes(&own, c.byte, p, bytes);
        if (times) put(&own, c.run[times]), flush(&own);
        p += bytes + times;
    }
    put(&own, (uint32_t)c.code[END] << COUNT | c.length[END]);
    flush(&own);
    *w = own;
}

/* Goes on to the next whole byte. */
IBX_INLINE void fill_byte(writer *w) {
    w->count += 7;
    flush(w);
    w->bits = w->count = 0;
}

/* A block as it is, in as many blocks as DEFLATE needs for that. */
static void store_block(writer *w, const uint8_t *data, size_t size, bool last) {
    enum { MOST = 65535 };
    for (size_t n; size > 0; data += n, size -= n) {
        n = size < MOST ? size : MOST;
        put(w, (uint32_t)(last && n == size) << COUNT | 3);
        fill_byte(w);
        const uint16_t lengths[] = {htole16((uint16_t)n), htole16((uint16_t)~n)};
        memcpy(w->at, lengths, sizeof lengths);
        memcpy(w->at + sizeof lengths, data, n);
        w->at += sizeof lengths + n;
    }
}

/* Codes from bytes that are counted in part may be wrong for the others, so that a block grows, by
 * three quarters at most (ibx_deflate_bound has room for one): then it is stored. */
static void put_shorter(writer *w, ibx_png_runs_room *r, const uint8_t *data, size_t from,
                        size_t end, bool last) {
    const writer before = *w;
    put_block(w, r, data, from, end, last);
    if ((size_t)(w->at - before.at) <= end - from) return;
    *w = before;
    store_block(w, data + from, end - from, last);
}

/* Fills the last byte, behind the head of an empty stored block if the stream goes on. */
static void put_end(writer *w, bool last) {
    static const uint8_t EMPTY[] = {0, 0, 0xFF, 0xFF}; /* its length, and that again inverted */
    if (!last) put(w, 3);
    fill_byte(w);
    if (last) return;
    memcpy(w->at, EMPTY, sizeof EMPTY);
    w->at += sizeof EMPTY;
}

size_t IBX_OWN(ibx_png_runs, IBX_VARIANT)(ibx_png_runs_room *room, const uint8_t *data, size_t size,
                                          bool last, uint8_t *out) {
    writer w = {.at = out};
    for (size_t from = 0, end; from < size; from = end) {
        end = size - from <= IBX_PNG_RUNS_BLOCK ? size : from + IBX_PNG_RUNS_BLOCK;
        put_shorter(&w, room, data, from, end, last && end == size);
    }
    put_end(&w, last);
    return (size_t)(w.at - out);
}
