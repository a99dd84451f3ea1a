/* png_filter.c - the row filters of PNG as loops over vectors of 16 bytes. */
#include "codec/png_filter.h"
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t words8 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef int16_t shorts8 __attribute__((vector_size(16)));

/* ---- back: left and upper-left are known only once the pixel before is done ------------------ */

/* A pixel as 16-bit numbers; the lanes beyond its size hold rubbish that is never stored. */
static inline shorts8 load_pixel(const uint8_t *p) {
    bytes8 v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, shorts8);
}

static inline void store_pixel(uint8_t *p, shorts8 v, size_t pixel) {
    const bytes8 b = __builtin_convertvector(v, bytes8);
    memcpy(p, &b, pixel);
}

static inline shorts8 magnitude(shorts8 v) {
    const shorts8 sign = v >> 15;
    return (v ^ sign) - sign;
}

/* The one of left, above, upper left that is nearest to left + above - upper left, in this order
 * where two are equally near. */
static inline shorts8 paeth(shorts8 left, shorts8 above, shorts8 corner) {
    const shorts8 to_above = above - corner, to_left = left - corner;
    const shorts8 a = magnitude(to_above), b = magnitude(to_left);
    const shorts8 c = magnitude(to_above + to_left);
    const shorts8 use_left = (a <= b) & (a <= c), use_above = b <= c;
    return (use_left & left) | (~use_left & ((use_above & above) | (~use_above & corner)));
}

static inline void undo_sub(uint8_t *row, size_t n, size_t pixel) {
    shorts8 left = {0};
    for (size_t i = 0; i < n; i += pixel) {
        left = (left + load_pixel(row + i)) & 255;
        store_pixel(row + i, left, pixel);
    }
}

static inline void undo_average(uint8_t *row, const uint8_t *above, size_t n, size_t pixel) {
    shorts8 left = {0};
    for (size_t i = 0; i < n; i += pixel) {
        left = (load_pixel(row + i) + ((left + load_pixel(above + i)) >> 1)) & 255;
        store_pixel(row + i, left, pixel);
    }
}

static inline void undo_paeth(uint8_t *row, const uint8_t *above, size_t n, size_t pixel) {
    shorts8 left = {0}, corner = {0};
    for (size_t i = 0; i < n; i += pixel) {
        const shorts8 up = load_pixel(above + i);
        left = (load_pixel(row + i) + paeth(left, up, corner)) & 255;
        corner = up;
        store_pixel(row + i, left, pixel);
    }
}

static void undo_up(uint8_t *restrict row, const uint8_t *restrict above, size_t n) {
    for (size_t i = 0; i < n; i++) row[i] = (uint8_t)(row[i] + above[i]);
}

/* The loops above with the size of a pixel known to the compiler. */
#define SIZED(pixel)                                                                               \
    static void undo_sub_##pixel(uint8_t *row, size_t n) {                                         \
        undo_sub(row, n, pixel);                                                                   \
    }                                                                                              \
    static void undo_average_##pixel(uint8_t *row, const uint8_t *above, size_t n) {               \
        undo_average(row, above, n, pixel);                                                        \
    }                                                                                              \
    static void undo_paeth_##pixel(uint8_t *row, const uint8_t *above, size_t n) {                 \
        undo_paeth(row, above, n, pixel);                                                          \
    }
SIZED(1)
SIZED(2)
SIZED(3)
SIZED(4)
SIZED(6)
SIZED(8)

bool ibx_png_unfilter(uint8_t type, uint8_t *row, const uint8_t *above, size_t n, size_t pixel) {
    static const struct {
        void (*sub)(uint8_t *, size_t);
        void (*average)(uint8_t *, const uint8_t *, size_t);
        void (*paeth)(uint8_t *, const uint8_t *, size_t);
    } UNDO[] = {
        {undo_sub_1, undo_average_1, undo_paeth_1}, {undo_sub_2, undo_average_2, undo_paeth_2},
        {undo_sub_3, undo_average_3, undo_paeth_3}, {undo_sub_4, undo_average_4, undo_paeth_4},
        {undo_sub_6, undo_average_6, undo_paeth_6}, {undo_sub_8, undo_average_8, undo_paeth_8},
    };
    const size_t i = pixel <= 4 ? pixel - 1 : pixel / 2 + 1;
    switch (type) {
    case 0:
        return true;
    case 1:
        UNDO[i].sub(row, n);
        return true;
    case 2:
        undo_up(row, above, n);
        return true;
    case 3:
        UNDO[i].average(row, above, n);
        return true;
    case 4:
        UNDO[i].paeth(row, above, n);
        return true;
    default:
        return false;
    }
}

/* ---- there: all neighbours are known --------------------------------------------------------- */

static inline bytes16 load(const uint8_t *p) {
    bytes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(uint8_t *p, bytes16 v) {
    memcpy(p, &v, sizeof v);
}

static inline bytes16 distance(bytes16 a, bytes16 b) {
    const bytes16 less = (bytes16)(a < b);
    return ((a - b) ^ less) - less;
}

/* floor((a + b) / 2) without a ninth bit. */
static inline bytes16 average(bytes16 a, bytes16 b) {
    return (a & b) + (((a ^ b) >> 1) & 127);
}

/* As above, in bytes. Left and above minus the corner are x and y: the third distance is
 * |x + y|, which is no smaller than |x| or |y| unless x and y have different signs; then it is the
 * difference of the two. */
static inline bytes16 paeth16(bytes16 left, bytes16 above, bytes16 corner) {
    const bytes16 a = distance(above, corner), b = distance(left, corner);
    const bytes16 same = ~(bytes16)((above < corner) ^ (left < corner));
    const bytes16 c = distance(a, b) | same;
    const bytes16 use_left = (bytes16)((a <= b) & (a <= c)), use_above = (bytes16)(b <= c);
    return (use_left & left) | (~use_left & ((use_above & above) | (~use_above & corner)));
}

/* Adds the magnitudes of 16 differences, each a signed byte, to sums of 16 bits. */
static inline words8 add_magnitudes(words8 sum, bytes16 v) {
    const bytes16 negative = (bytes16)(v > 127);
    const words8 m = (words8)((v ^ negative) - negative);
    return sum + (m & 255) + (m >> 8);
}

static uint64_t total(words8 v) {
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum += v[i];
    return sum;
}

enum { LANES = 16, KINDS = 5, PIECE = 128 * LANES };

/* Filters up to PIECE bytes in all five ways and adds up the magnitudes of each. 128 vectors add
 * at most 256 each to a 16-bit lane. Writes up to 15 bytes behind n. */
static void filter_piece(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                         uint8_t *const out[KINDS], uint64_t sums[KINDS]) {
    words8 sum[KINDS] = {{0}};
    for (size_t i = 0; i < n; i += LANES) {
        const bytes16 v = load(row + i), left = load(row + i - pixel), up = load(above + i);
        const bytes16 corner = load(above + i - pixel);
        const bytes16 d[KINDS] = {v, v - left, v - up, v - average(left, up),
                                  v - paeth16(left, up, corner)};
        bytes16 inside = ~(bytes16){0};
        if (n - i < LANES)
            for (size_t k = n - i; k < LANES; k++) inside[k] = 0;
        for (int f = 0; f < KINDS; f++) {
            store(out[f] + i, d[f]);
            sum[f] = add_magnitudes(sum[f], d[f] & inside);
        }
    }
    for (int f = 0; f < KINDS; f++) sums[f] += total(sum[f]);
}

uint8_t *ibx_png_filter(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                        uint8_t *room, size_t step) {
    uint64_t sums[KINDS] = {0};
    for (size_t at = 0; at < n; at += PIECE) {
        uint8_t *out[KINDS];
        for (int f = 0; f < KINDS; f++) out[f] = room + (size_t)f * step + 1 + at;
        filter_piece(row + at, above + at, n - at < PIECE ? n - at : PIECE, pixel, out, sums);
    }
    int best = 0;
    for (int f = 1; f < KINDS; f++)
        if (sums[f] < sums[best]) best = f;
    uint8_t *chosen = room + (size_t)best * step;
    chosen[0] = (uint8_t)best;
    return chosen;
}
