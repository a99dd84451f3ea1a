/* png_unfilter_kernels.c - differences back to rows; see png_filter.h. Compiled once per CPU
 * variant.
 *
 * Left and upper left are known only once the pixel before is done, so Average and Paeth go pixel
 * by pixel, its samples in the lanes of a vector. The chain of operations from one pixel to the
 * next is what takes the time; both are written to keep it short. */
#include "codec/png_filter.h"
#include "vector.h"

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef int16_t shorts8 __attribute__((vector_size(16)));

/* ---- pixels ------------------------------------------------------------------------------- */

/* A pixel as 16-bit numbers; the lanes beyond its size hold rubbish that does not count. */
IBX_INLINE shorts8 load_pixel(const uint8_t *p) {
    bytes8 v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, shorts8);
}

IBX_INLINE void store_pixel(uint8_t *p, shorts8 v, size_t size) {
    const bytes8 b = __builtin_convertvector(v, bytes8);
    memcpy(p, &b, size);
}

IBX_INLINE shorts8 smaller(shorts8 a, shorts8 b) {
#ifdef __clang__
    return __builtin_elementwise_min(a, b);
#else
    for (int i = 0; i < 8; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
    return a;
#endif
}

IBX_INLINE shorts8 larger(shorts8 a, shorts8 b) {
#ifdef __clang__
    return __builtin_elementwise_max(a, b);
#else
    for (int i = 0; i < 8; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
#endif
}

IBX_INLINE shorts8 choose(shorts8 use_a, shorts8 a, shorts8 b) {
    return (use_a & a) | (~use_a & b);
}

/* The one of left, above, corner that is nearest to left + above - corner, in this order where two
 * are equally near. With lo and hi for left and above in order: hi is nearest when the corner is
 * at or beyond a third of the way from hi below lo (3 corner - left - above <= lo), lo when the
 * same number is at least hi, the corner in between. */
IBX_INLINE shorts8 paeth(shorts8 left, shorts8 above, shorts8 corner) {
    const shorts8 lo = smaller(left, above), hi = larger(left, above);
    const shorts8 turn = (3 * corner - above) - left;
    return choose(turn <= lo, hi, choose(turn >= hi, lo, corner));
}

IBX_INLINE shorts8 mean(shorts8 left, shorts8 above, shorts8 corner) {
    (void)corner;
    return (left + above) >> 1;
}

typedef shorts8 prediction(shorts8 left, shorts8 above, shorts8 corner);

/* What goes from one pixel to the next. */
typedef struct {
    shorts8 left, corner, difference;
} chain;

IBX_INLINE void step(chain *c, uint8_t *row, const uint8_t *above, size_t pixel, size_t stored,
                     prediction *predict) {
    const shorts8 difference = c->difference, up = load_pixel(above);
    c->difference = load_pixel(row + pixel);
    c->left = (difference + predict(c->left, up, c->corner)) & 255;
    c->corner = up;
    store_pixel(row, c->left, stored);
}

/* A pixel of 3 or 6 bytes is stored as 4 or 8, which is one instruction, but for the last one of
 * the row: what lies behind it has been loaded before. */
IBX_INLINE void undo(uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                     prediction *predict) {
    const size_t wide = pixel == 3 ? 4 : pixel == 6 ? 8 : pixel;
    chain c = {.difference = load_pixel(row)};
    size_t i = 0;
    for (; i + wide <= n; i += pixel) step(&c, row + i, above + i, pixel, wide, predict);
    for (; i < n; i += pixel) step(&c, row + i, above + i, pixel, pixel, predict);
}

/* ---- two rows of Paeth -------------------------------------------------------------------- */

typedef uint32_t ints4 __attribute__((vector_size(16)));
typedef int64_t halves __attribute__((vector_size(16)));

/* Four bytes of each row as 16-bit numbers. */
IBX_INLINE shorts8 load_two(const uint8_t *row, const uint8_t *below) {
    uint32_t upper, lower;
    memcpy(&upper, row, sizeof upper);
    memcpy(&lower, below, sizeof lower);
    const bytes16 v = (bytes16)(ints4){upper, lower};
    return (shorts8)__builtin_shufflevector(v, (bytes16){0}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                            21, 6, 22, 7, 23);
}

/* A pixel of up to 4 bytes leaves half of the lanes free: they do the row below, one pixel behind,
 * whose pixel above is the one to the left in the first half. Both take the time of one. Of each
 * row so many bytes are stored. */
IBX_INLINE void step_two(chain *c, uint8_t *row, uint8_t *below, const uint8_t *above, size_t pixel,
                         size_t stored, size_t stored_below) {
    const shorts8 difference = c->difference;
    const halves first = (halves)load_two(above, above);
    const shorts8 up = (shorts8)__builtin_shufflevector(first, (halves)c->left, 0, 2);
    c->difference = load_two(row + pixel, below + pixel);
    c->left = (difference + paeth(c->left, up, c->corner)) & 255;
    c->corner = up;
    const bytes8 b = __builtin_convertvector(c->left, bytes8);
    memcpy(row, &b, stored);
    memcpy(below, (const uint8_t *)&b + 4, stored_below);
}

/* As in undo, the last pixels are stored in their size. In front of its first pixel the row below
 * has zeros, which stay zeros. */
IBX_INLINE void undo_two(uint8_t *row, uint8_t *below, const uint8_t *above, size_t n,
                         size_t pixel) {
    static const uint8_t ZEROS[4];
    const size_t wide = pixel == 3 ? 4 : pixel, last = n - pixel;
    chain c = {.difference = load_two(row, ZEROS)};
    below -= pixel;
    if (last > 0) step_two(&c, row, below, above, pixel, wide, 0);
    for (size_t i = pixel; i < last; i += pixel)
        step_two(&c, row + i, below + i, above + i, pixel, wide, wide);
    step_two(&c, row + last, below + last, above + last, pixel, pixel, last > 0 ? wide : 0);
    step_two(&c, row + n, below + n, above + n, pixel, 0, pixel);
}

/* ---- Sub ---------------------------------------------------------------------------------- */

#ifdef __AVX2__
/* v with its bytes moved up by k lanes, zeros behind. */
#define LANE(k, i) ((k) < 16 ? 16 - (k) + (i) : (i))
#define MOVED(v, k)                                                                                \
    __builtin_shufflevector((bytes16){0}, v, LANE(k, 0), LANE(k, 1), LANE(k, 2), LANE(k, 3),       \
                            LANE(k, 4), LANE(k, 5), LANE(k, 6), LANE(k, 7), LANE(k, 8),            \
                            LANE(k, 9), LANE(k, 10), LANE(k, 11), LANE(k, 12), LANE(k, 13),        \
                            LANE(k, 14), LANE(k, 15))
/* The pixel that begins in lane `first`, again and again. */
#define AGAIN(v, first, p)                                                                         \
    __builtin_shufflevector(                                                                       \
        v, v, (first), (first) + 1 % (p), (first) + 2 % (p), (first) + 3 % (p), (first) + 4 % (p), \
        (first) + 5 % (p), (first) + 6 % (p), (first) + 7 % (p), (first) + 8 % (p),                \
        (first) + 9 % (p), (first) + 10 % (p), (first) + 11 % (p), (first) + 12 % (p),             \
        (first) + 13 % (p), (first) + 14 % (p), (first) + 15 % (p))

/* Sums over the whole pixels of a vector by doubling, then the last pixel of the one before. */
#define UNDO_SUB(p, used)                                                                          \
    static void undo_sub_##p(uint8_t *row, size_t n) {                                             \
        bytes16 left = {0};                                                                        \
        size_t i = 0;                                                                              \
        for (; i + 16 <= n; i += (used)) {                                                         \
            bytes16 v;                                                                             \
            memcpy(&v, row + i, sizeof v);                                                         \
            v += MOVED(v, p);                                                                      \
            v += MOVED(v, 2 * (p));                                                                \
            v += MOVED(v, 4 * (p));                                                                \
            v += MOVED(v, 8 * (p));                                                                \
            v += left;                                                                             \
            left = AGAIN(v, (used) - (p), p);                                                      \
            memcpy(row + i, &v, used);                                                             \
        }                                                                                          \
        for (i = i ? i : (p); i < n; i++) row[i] = (uint8_t)(row[i] + row[i - (p)]);               \
    }
#else
/* Without a shuffle of bytes there is nothing better than a pixel at a time. */
#define UNDO_SUB(p, used)                                                                          \
    static void undo_sub_##p(uint8_t *row, size_t n) {                                             \
        uint8_t left[p] = {0};                                                                     \
        for (size_t i = 0; i < n; i += (p))                                                        \
            for (size_t k = 0; k < (p); k++)                                                       \
                row[i + k] = left[k] = (uint8_t)(row[i + k] + left[k]);                            \
    }
#endif

/* ---- by type and size --------------------------------------------------------------------- */

static void undo_up(uint8_t *restrict row, const uint8_t *restrict above, size_t n) {
    for (size_t i = 0; i < n; i++) row[i] = (uint8_t)(row[i] + above[i]);
}

#define SIZED(p, used)                                                                             \
    UNDO_SUB(p, used)                                                                              \
    static void undo_average_##p(uint8_t *row, const uint8_t *above, size_t n) {                   \
        undo(row, above, n, p, mean);                                                              \
    }                                                                                              \
    static void undo_paeth_##p(uint8_t *row, const uint8_t *above, size_t n) {                     \
        undo(row, above, n, p, paeth);                                                             \
    }
#define SMALL(p)                                                                                   \
    static void undo_two_##p(uint8_t *row, uint8_t *below, const uint8_t *above, size_t n) {       \
        undo_two(row, below, above, n, p);                                                         \
    }
SMALL(1)
SMALL(2)
SMALL(3)
SMALL(4)
SIZED(1, 16)
SIZED(2, 16)
SIZED(3, 12)
SIZED(4, 16)
SIZED(6, 12)
SIZED(8, 16)

bool IBX_OWN(ibx_png_unfilter, IBX_VARIANT)(uint8_t type, uint8_t *row, const uint8_t *above,
                                            size_t n, size_t pixel) {
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

void IBX_OWN(ibx_png_unfilter_two, IBX_VARIANT)(uint8_t *row, uint8_t *below, const uint8_t *above,
                                                size_t n, size_t pixel) {
    static void (*const UNDO[])(uint8_t *, uint8_t *, const uint8_t *,
                                size_t) = {undo_two_1, undo_two_2, undo_two_3, undo_two_4};
    if (pixel <= 4) {
        UNDO[pixel - 1](row, below, above, n);
        return;
    }
    IBX_OWN(ibx_png_unfilter, IBX_VARIANT)(4, row, above, n, pixel);
    IBX_OWN(ibx_png_unfilter, IBX_VARIANT)(4, below, row, n, pixel);
}
