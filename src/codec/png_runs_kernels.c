/* png_runs_kernels.c - see png_runs.h. Compiled once per CPU variant.
 *
 * Two passes over a block: one finds its runs and counts, one writes. */
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

/* The same for fewer than 64 bytes. */
IBX_INLINE uint64_t same_in_rest(const uint8_t *p, size_t n) {
    uint64_t same = 0;
    for (size_t k = 0; k < n; k++, p++) same |= (uint64_t)(p[0] == p[-1]) << k;
    return same;
}

/* Finds the runs in data[i..end), a byte in front of which there is, and writes where each begins
 * and ends. Returns how many numbers these are. Most of the time would go into branches that are
 * guessed wrong, so four numbers are written where there may be none. */
IBX_INLINE size_t find_runs(const uint8_t *data, size_t i, size_t end, uint32_t *edges) {
    enum { AHEAD = IBX_PNG_RUNS_LEAST - 1, STEP = 64 - AHEAD, AT_ONCE = 4 };
    uint64_t open = 0;
    size_t n = 0;
    for (bool whole = true; whole; i += STEP) {
        whole = i + 64 <= end;
        uint64_t runs = whole ? same_as_before(data + i) : same_in_rest(data + i, end - i);
        runs &= runs >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        runs &= runs >> 2; /* bits of runs but for the last ones, AHEAD of each */
        uint64_t turns = (runs ^ (runs << 1 | open)) & ((1ull << STEP) - 1);
        uint32_t *to = edges + n;
        open = runs >> (STEP - 1) & 1;
        n += (size_t)__builtin_popcountll(turns);
        do
            for (int k = 0; k < AT_ONCE; k++, turns &= turns - 1)
                *to++ = (uint32_t)i + (uint32_t)__builtin_ctzll(turns | 1ull << 63);
        while (turns);
    }
    for (size_t k = 1; k < n; k += 2) edges[k] += AHEAD;
    return n;
}

/* The length of the next repetition of `left`: of DEFLATE's, none of which leaves too few. */
IBX_INLINE size_t next_repetition(size_t left) {
    if (left <= LONGEST) return left;
    return left - LONGEST < SHORTEST ? LONGEST - SHORTEST : LONGEST;
}

/* Bytes are counted whose place in the data is in every fourth word. */
enum { WORD = 8, SAMPLED = 4, STEP = SAMPLED * WORD };

/* All of them, as if there were no runs. */
IBX_INLINE void count_bytes(ibx_png_runs_room *r, const uint8_t *data, size_t from, size_t end) {
    for (size_t word = from / STEP * STEP; word < end; word += STEP) {
        if (word >= from && word + WORD <= end)
            for (size_t k = 0; k < WORD; k++) r->bytes[k][data[word + k]]++;
        else
            for (size_t k = word < from ? from - word : 0; k < WORD && word + k < end; k++)
                r->bytes[k][data[word + k]]++;
    }
}

/* How many places in front of this one are counted. */
IBX_INLINE size_t counted(size_t place) {
    const size_t rest = place % STEP;
    return place / STEP * WORD + (rest < WORD ? rest : WORD);
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

/* Finds the runs of data[from..end), returns twice their number, and counts what is to be written.
 */
static size_t split(ibx_png_runs_room *r, const uint8_t *data, size_t from, size_t end) {
    memset(r->bytes, 0, sizeof r->bytes);
    memset(r->lengths, 0, sizeof r->lengths);
    count_bytes(r, data, from, end);
    const size_t edges = find_runs(data, from > 0 ? from : 1, end, r->edge);
    for (size_t i = 0; i < edges; i += 2) {
        const size_t run = r->edge[i], after = r->edge[i + 1];
        r->bytes[0][data[run]] -= (uint32_t)(counted(after) - counted(run));
        for (size_t left = after - run, n; left > 0; left -= n) {
            n = next_repetition(left);
            r->lengths[n]++;
        }
    }
    return edges;
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
        for (int k = 0; k < WORD; k++) count[i] += r->bytes[k][i];
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

/* ---- bytes -------------------------------------------------------------------------------- */

IBX_INLINE void put_singly(writer *w, const uint32_t *code, const uint8_t *p, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int k = 0; k < 4; k++) put(w, code[p[i + (size_t)k]]);
        flush(w);
    }
    for (; i < n; i++) put(w, code[p[i]]);
    flush(w);
}

#ifdef __AVX2__
/* Bytes of filtered photographs are hardly ever further from zero than 16: the codes of those that
 * are not also as a vector for each part of them, the same in both halves; for 0 to 15, and for -16
 * to -1. So 32 are looked up by a few instructions. */
typedef struct {
    const uint32_t *code; /* of all bytes */
    __m256i low[2], high[2], length[2];
} byte_codes;

IBX_INLINE __m256i twice(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)p));
}

static byte_codes make_byte_codes(const uint32_t *code) {
    uint8_t part[3][2][16];
    for (int i = 0; i < 32; i++) {
        const uint32_t c = code[i < 16 ? i : 224 + i];
        part[0][i / 16][i % 16] = (uint8_t)(c >> COUNT);
        part[1][i / 16][i % 16] = (uint8_t)(c >> COUNT >> 8);
        part[2][i / 16][i % 16] = (uint8_t)c;
    }
    byte_codes b = {.code = code};
    for (int i = 0; i < 2; i++) {
        b.low[i] = twice(part[0][i]);
        b.high[i] = twice(part[1][i]);
        b.length[i] = twice(part[2][i]);
    }
    return b;
}

/* 0 for places whose highest bit is set in both. */
IBX_INLINE __m256i look_up(const __m256i table[2], __m256i positive, __m256i negative) {
    return _mm256_or_si256(_mm256_shuffle_epi8(table[0], positive),
                           _mm256_shuffle_epi8(table[1], negative));
}

/* Codes of some bytes in a row, and how many bits they have together, in lanes of 64 bits. */
typedef struct {
    __m256i code, length;
} joined;

/* Of 4 bytes each, from lanes of 16 bits. */
IBX_INLINE joined join_four(__m256i code, __m256i length) {
    const __m256i low = _mm256_set1_epi32(0xFFFF), lower = _mm256_set1_epi64x(0xFFFFFFFF);
    const __m256i first = _mm256_and_si256(length, low);
    const __m256i later = _mm256_sllv_epi32(_mm256_srli_epi32(code, 16), first);
    const __m256i two = _mm256_or_si256(_mm256_and_si256(code, low), later);
    const __m256i bits = _mm256_add_epi32(first, _mm256_srli_epi32(length, 16));
    const __m256i first_two = _mm256_and_si256(bits, lower);
    const __m256i later_two = _mm256_sllv_epi64(_mm256_srli_epi64(two, 32), first_two);
    return (joined){_mm256_or_si256(_mm256_and_si256(two, lower), later_two),
                    _mm256_add_epi64(first_two, _mm256_srli_epi64(bits, 32))};
}

/* Writes four lanes, of at most 56 bits each, when fewer than 8 bits are waiting. */
IBX_INLINE void put_lanes(writer *w, joined j) {
    uint64_t code[4], length[4];
    _mm256_storeu_si256((__m256i_u *)code, j.code);
    _mm256_storeu_si256((__m256i_u *)length, j.length);
    for (int k = 0; k < 4; k++) {
        w->bits |= code[k] << w->count;
        w->count += (uint32_t)length[k];
        flush(w);
    }
}

/* Writes the lanes of a and b, by twos in turn: 8 bytes at once where they have 56 bits or less. */
IBX_INLINE void put_by_eight(writer *w, joined a, joined b) {
    const joined first = {_mm256_unpacklo_epi64(a.code, b.code),
                          _mm256_unpacklo_epi64(a.length, b.length)};
    const joined second = {_mm256_unpackhi_epi64(a.code, b.code),
                           _mm256_unpackhi_epi64(a.length, b.length)};
    const __m256i bits = _mm256_add_epi64(first.length, second.length);
    const __m256i many = _mm256_cmpgt_epi64(bits, _mm256_set1_epi64x(56));
    if (__builtin_expect(_mm256_testz_si256(many, many), 1)) {
        const __m256i later = _mm256_sllv_epi64(second.code, first.length);
        put_lanes(w, (joined){_mm256_or_si256(first.code, later), bits});
        return;
    }
    enum { LOWER = 0x20, HIGHER = 0x31 };
    put_lanes(w, (joined){_mm256_permute2x128_si256(a.code, b.code, LOWER),
                          _mm256_permute2x128_si256(a.length, b.length, LOWER)});
    put_lanes(w, (joined){_mm256_permute2x128_si256(a.code, b.code, HIGHER),
                          _mm256_permute2x128_si256(a.length, b.length, HIGHER)});
}

/* Up to 32 bytes, of a vector that is there as a whole. False if one is not near zero. */
IBX_INLINE bool put_near(writer *w, const byte_codes *c, const uint8_t *p, size_t n) {
    const __m256i lanes =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                         21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    const __m256i v = _mm256_loadu_si256((const __m256i_u *)p);
    const __m256i used = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)n), lanes);
    const __m256i above = _mm256_add_epi8(v, _mm256_set1_epi8(16)); /* 0 to 31 if it is near */
    const __m256i far = _mm256_and_si256(_mm256_and_si256(above, _mm256_set1_epi8(-32)), used);
    if (__builtin_expect(!_mm256_testz_si256(far, far), 0)) return false;

    const __m256i top = _mm256_set1_epi8(-128), outside = _mm256_andnot_si256(used, top);
    const __m256i positive = _mm256_or_si256(v, outside);
    const __m256i negative = _mm256_or_si256(_mm256_xor_si256(v, top), outside);
    const __m256i low = look_up(c->low, positive, negative);
    const __m256i high = look_up(c->high, positive, negative);
    const __m256i length = look_up(c->length, positive, negative);
    const __m256i zero = _mm256_setzero_si256();
    const joined even =
        join_four(_mm256_unpacklo_epi8(low, high), _mm256_unpacklo_epi8(length, zero));
    const joined odd =
        join_four(_mm256_unpackhi_epi8(low, high), _mm256_unpackhi_epi8(length, zero));
    put_by_eight(w, even, odd);
    return true;
}

/* Of the bytes at p n are written; there are `left` in all. */
IBX_INLINE void put_bytes(writer *w, const byte_codes *c, const uint8_t *p, size_t n, size_t left) {
    for (size_t i = 0; i < n; i += 32) {
        const size_t here = n - i < 32 ? n - i : 32;
        if (left - i < 32 || !put_near(w, c, p + i, here)) put_singly(w, c->code, p + i, here);
    }
}
#else
typedef struct {
    const uint32_t *code;
} byte_codes;

IBX_INLINE byte_codes make_byte_codes(const uint32_t *code) {
    return (byte_codes){code};
}

IBX_INLINE void put_bytes(writer *w, const byte_codes *c, const uint8_t *p, size_t n, size_t left) {
    (void)left;
    put_singly(w, c->code, p, n);
}
#endif

/* ---- blocks ------------------------------------------------------------------------------- */

static void put_block(writer *w, ibx_png_runs_room *r, const uint8_t *data, size_t from, size_t end,
                      bool last) {
    codes c;
    const size_t edges = split(r, data, from, end);
    make_codes(r, largest_of(data + from, end - from), &c);
    put_head(w, &c, last);
    const byte_codes bytes = make_byte_codes(c.byte);
    writer own = *w; /* its parts stay in registers */
    size_t at = from;
    for (size_t i = 0; i < edges; i += 2) {
        const size_t run = r->edge[i], after = r->edge[i + 1];
        put_bytes(&own, &bytes, data + at, run - at, end - at);
        for (size_t left = after - run, n; left > 0; left -= n) {
            n = next_repetition(left);
            put(&own, c.run[n]), flush(&own);
        }
        at = after;
    }
    put_bytes(&own, &bytes, data + at, end - at, end - at);
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
