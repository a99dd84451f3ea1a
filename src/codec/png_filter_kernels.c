/* png_filter_kernels.c - rows to differences; see png_filter.h. Compiled once per CPU variant.
 *
 * All neighbours of a byte are known, so a vector of bytes is predicted at once, in all five ways
 * in one pass over the row. */
#include "codec/png_filter.h"
#include "vector.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR)));
typedef uint16_t words __attribute__((vector_size(IBX_VECTOR)));

IBX_INLINE bytes load(const uint8_t *p) {
    bytes v;
    memcpy(&v, p, sizeof v);
    return v;
}

IBX_INLINE void store(uint8_t *p, bytes v) {
    memcpy(p, &v, sizeof v);
}

IBX_INLINE bytes distance(bytes a, bytes b) {
    const bytes less = (bytes)(a < b);
    return ((a - b) ^ less) - less;
}

/* floor((a + b) / 2) without a ninth bit. */
IBX_INLINE bytes average(bytes a, bytes b) {
    return (a & b) + (((a ^ b) >> 1) & 127);
}

/* The one of left, above, corner that is nearest to left + above - corner, in this order where two
 * are equally near. Left and above minus the corner are x and y: the third distance is |x + y|,
 * which is no smaller than |x| or |y| unless x and y have different signs; then it is the
 * difference of the two. */
IBX_INLINE bytes paeth(bytes left, bytes above, bytes corner) {
    const bytes a = distance(above, corner), b = distance(left, corner);
    const bytes same = ~(bytes)((above < corner) ^ (left < corner));
    const bytes c = distance(a, b) | same;
    const bytes use_left = (bytes)((a <= b) & (a <= c)), use_above = (bytes)(b <= c);
    return (use_left & left) | (~use_left & ((use_above & above) | (~use_above & corner)));
}

/* Adds the magnitudes of differences, each a signed byte, to sums of 16 bits. */
IBX_INLINE words add_magnitudes(words sum, bytes v) {
    const bytes negative = (bytes)(v > 127);
    const words m = (words)((v ^ negative) - negative);
    return sum + (m & 255) + (m >> 8);
}

IBX_INLINE uint64_t total(words v) {
    uint64_t sum = 0;
    for (int i = 0; i < IBX_VECTOR / 2; i++) sum += v[i];
    return sum;
}

enum { KINDS = IBX_PNG_ALL_FILTERS, PIECE = 128 * IBX_VECTOR };

/* Filters up to PIECE bytes in all five ways and adds up the magnitudes of each. 128 vectors add
 * at most 256 each to a 16-bit lane. Writes up to a vector behind n. */
static void filter_piece(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                         uint8_t *const out[KINDS], uint64_t sums[KINDS]) {
    words sum[KINDS] = {{0}};
    for (size_t i = 0; i < n; i += IBX_VECTOR) {
        const bytes v = load(row + i), left = load(row + i - pixel), up = load(above + i);
        const bytes corner = load(above + i - pixel);
        const bytes d[KINDS] = {v, v - left, v - up, v - average(left, up),
                                v - paeth(left, up, corner)};
        bytes inside = ~(bytes){0};
        if (n - i < IBX_VECTOR)
            for (size_t k = n - i; k < IBX_VECTOR; k++) inside[k] = 0;
        for (int f = 0; f < KINDS; f++) {
            store(out[f] + i, d[f]);
            sum[f] = add_magnitudes(sum[f], d[f] & inside);
        }
    }
    for (int f = 0; f < KINDS; f++) sums[f] += total(sum[f]);
}

uint8_t *IBX_OWN(ibx_png_filter, IBX_VARIANT)(const uint8_t *row, const uint8_t *above, size_t n,
                                              size_t pixel, int kinds, uint8_t *room, size_t step) {
    uint64_t sums[KINDS] = {0};
    for (size_t at = 0; at < n; at += PIECE) {
        uint8_t *out[KINDS];
        for (int f = 0; f < KINDS; f++) out[f] = room + (size_t)f * step + 1 + at;
        filter_piece(row + at, above + at, n - at < PIECE ? n - at : PIECE, pixel, out, sums);
    }
    int best = 0;
    for (int f = 1; f < kinds; f++)
        if (sums[f] < sums[best]) best = f;
    uint8_t *chosen = room + (size_t)best * step;
    chosen[0] = (uint8_t)best;
    return chosen;
}
