/* png_filter_kernels.c - rows to differences; see png_filter.h. Compiled once per CPU variant.
 *
 * All neighbours of a byte are known, so a vector of bytes is predicted at once, in all five ways
 * in one pass over the row. What it keeps are sums and the differences of the last way, Paeth,
 * which is the best one for nearly all rows of photographs; to predict once more in another way
 * takes less than to store all five. */
#include "codec/png_filter.h"
#include "vector.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR)));
typedef uint64_t sums __attribute__((vector_size(IBX_VECTOR)));

IBX_INLINE bytes load(const uint8_t *p) {
    bytes v;
    memcpy(&v, p, sizeof v);
    return v;
}

IBX_INLINE void store(uint8_t *p, bytes v) {
    memcpy(p, &v, sizeof v);
}

IBX_INLINE bytes smaller(bytes a, bytes b) {
#if defined __AVX2__
    return (bytes)_mm256_min_epu8((__m256i)a, (__m256i)b);
#elif defined __SSE2__
    return (bytes)_mm_min_epu8((__m128i)a, (__m128i)b);
#else
    const bytes less = (bytes)(a < b);
    return (less & a) | (~less & b);
#endif
}

IBX_INLINE bytes larger(bytes a, bytes b) {
#if defined __AVX2__
    return (bytes)_mm256_max_epu8((__m256i)a, (__m256i)b);
#elif defined __SSE2__
    return (bytes)_mm_max_epu8((__m128i)a, (__m128i)b);
#else
    const bytes less = (bytes)(a < b);
    return (less & b) | (~less & a);
#endif
}

IBX_INLINE bytes choose(bytes use_a, bytes a, bytes b) {
    return b ^ (use_a & (a ^ b));
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
    const bytes high_a = larger(above, corner), high_b = larger(left, corner);
    const bytes a = high_a - smaller(above, corner), b = high_b - smaller(left, corner);
    const bytes differ = (bytes)(high_a == above) ^ (bytes)(high_b == left);
    const bytes c = (larger(a, b) - smaller(a, b)) | ~differ;
    const bytes b_or_c = smaller(b, c);
    const bytes rest = choose((bytes)(b_or_c == b), above, corner);
    return choose((bytes)(smaller(a, b_or_c) == a), left, rest);
}

/* Adds the magnitudes of differences, each a signed byte. */
IBX_INLINE sums add_magnitudes(sums sum, bytes v) {
    const bytes magnitudes = smaller(v, -v);
#if defined __AVX2__
    return sum + (sums)_mm256_sad_epu8((__m256i)magnitudes, _mm256_setzero_si256());
#elif defined __SSE2__
    return sum + (sums)_mm_sad_epu8((__m128i)magnitudes, _mm_setzero_si128());
#else
    for (int i = 0; i < IBX_VECTOR; i++) sum[i / 8] += magnitudes[i];
    return sum;
#endif
}

/* ---- places ------------------------------------------------------------------------------- */

/* A vector of the row, and what is beside it. */
typedef struct {
    bytes here, left, above, corner;
} place;

IBX_INLINE place place_at(const uint8_t *row, const uint8_t *above, size_t pixel) {
    return (place){load(row), load(row - pixel), load(above), load(above - pixel)};
}

IBX_INLINE bytes load_part(const uint8_t *p, size_t n) {
    uint8_t part[IBX_VECTOR] = {0};
    memcpy(part, p, n);
    return load(part);
}

/* The first pixel, with nothing to its left. Lanes behind it are zeros, whose differences are 0. */
IBX_INLINE place place_first(const uint8_t *row, const uint8_t *above, size_t pixel) {
    return (place){.here = load_part(row, pixel), .above = load_part(above, pixel)};
}

/* The last n bytes, when they are no whole vector. */
IBX_INLINE place place_last(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel) {
    return (place){load_part(row, n), load_part(row - pixel, n), load_part(above, n),
                   load_part(above - pixel, n)};
}

enum { NONE, SUB, UP, AVERAGE, PAETH, KINDS };

IBX_INLINE bytes difference(int kind, place p) {
    switch (kind) {
    case SUB:
        return p.here - p.left;
    case UP:
        return p.here - p.above;
    case AVERAGE:
        return p.here - average(p.left, p.above);
    case PAETH:
        return p.here - paeth(p.left, p.above, p.corner);
    default:
        return p.here;
    }
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Returns the differences of the last kind. */
IBX_INLINE bytes add_place(sums sum[KINDS], place p, int kinds) {
    bytes v = {0};
    for (int f = 0; f < kinds; f++) {
        v = difference(f, p);
        sum[f] = add_magnitudes(sum[f], v);
    }
    return v;
}

/* The kind, of the first ones, whose differences have the smallest sum of magnitudes. Those of the
 * last of these kinds are written. */
IBX_INLINE int best_kind(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                         int kinds, uint8_t *to) {
    sums sum[KINDS] = {{0}};
    size_t i = pixel;
    const bytes first = add_place(sum, place_first(row, above, pixel), kinds);
    memcpy(to, &first, pixel);
    for (; i + IBX_VECTOR <= n; i += IBX_VECTOR)
        store(to + i, add_place(sum, place_at(row + i, above + i, pixel), kinds));
    const bytes last = add_place(sum, place_last(row + i, above + i, n - i, pixel), kinds);
    memcpy(to + i, &last, n - i);

    int best = 0;
    uint64_t least = 0;
    for (int f = 0; f < kinds; f++) {
        uint64_t total = 0;
        for (int k = 0; k < IBX_VECTOR / 8; k++) total += sum[f][k];
        if (f && total >= least) continue;
        best = f;
        least = total;
    }
    return best;
}

IBX_INLINE void write_differences(int kind, const uint8_t *row, const uint8_t *above, size_t n,
                                  size_t pixel, uint8_t *to) {
    const bytes first = difference(kind, place_first(row, above, pixel));
    size_t i = pixel;
    memcpy(to, &first, pixel);
    for (; i + IBX_VECTOR <= n; i += IBX_VECTOR)
        store(to + i, difference(kind, place_at(row + i, above + i, pixel)));
    const bytes last = difference(kind, place_last(row + i, above + i, n - i, pixel));
    memcpy(to + i, &last, n - i);
}

void IBX_OWN(ibx_png_filter, IBX_VARIANT)(const uint8_t *row, const uint8_t *above, size_t n,
                                          size_t pixel, uint8_t *line) {
    const int kind =
        above ? best_kind(row, above, n, pixel, KINDS, line + 1)
              : best_kind(row, row, n, pixel, UP, line + 1); /* which does not look above */
    line[0] = (uint8_t)kind;
    switch (kind) {
    case NONE:
        memcpy(line + 1, row, n);
        break;
    case SUB:
        if (above) write_differences(SUB, row, row, n, pixel, line + 1);
        break;
    case UP:
        write_differences(UP, row, above, n, pixel, line + 1);
        break;
    case AVERAGE:
        write_differences(AVERAGE, row, above, n, pixel, line + 1);
        break;
    default: /* Paeth, written already, as Sub is without a row above */
        break;
    }
}
