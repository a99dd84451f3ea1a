/* png_unfilter_kernels.c - differences back to rows; see png_filter.h. Compiled once per CPU
 * variant.
 *
 * Left and upper left are known only once the pixel before is done, so Average and Paeth go pixel
 * by pixel, its samples in the lanes of a vector. The chain of operations from one pixel to the
 * next is what takes the time; both are written to keep it short. */
#include "codec/png_filter.h"
#include "vector.h"

enum { NONE, SUB, UP, AVERAGE, PAETH };

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

IBX_INLINE void step(chain *c, const uint8_t *from, const uint8_t *above, uint8_t *to, size_t pixel,
                     size_t stored, prediction *predict) {
    const shorts8 difference = c->difference, up = load_pixel(above);
    c->difference = load_pixel(from + pixel);
    c->left = (difference + predict(c->left, up, c->corner)) & 255;
    c->corner = up;
    store_pixel(to, c->left, stored);
}

/* A pixel of 3 or 6 bytes is stored as 4 or 8, which is one instruction, but for the last one of
 * the row: what lies behind it has been loaded before. */
IBX_INLINE void undo(const uint8_t *from, const uint8_t *above, uint8_t *to, size_t n, size_t pixel,
                     prediction *predict) {
    const size_t wide = pixel == 3 ? 4 : pixel == 6 ? 8 : pixel;
    chain c = {.difference = load_pixel(from)};
    size_t i = 0;
    for (; i + wide <= n; i += pixel) step(&c, from + i, above + i, to + i, pixel, wide, predict);
    for (; i < n; i += pixel) step(&c, from + i, above + i, to + i, pixel, pixel, predict);
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
IBX_INLINE void step_two(chain *c, const uint8_t *const from[2], const uint8_t *above,
                         uint8_t *const to[2], size_t i, size_t pixel, const size_t stored[2]) {
    const shorts8 difference = c->difference;
    const halves first = (halves)load_two(above + i, above + i);
    const shorts8 up = (shorts8)__builtin_shufflevector(first, (halves)c->left, 0, 2);
    c->difference = load_two(from[0] + i + pixel, from[1] + i);
    c->left = (difference + paeth(c->left, up, c->corner)) & 255;
    c->corner = up;
    const bytes8 b = __builtin_convertvector(c->left, bytes8);
    memcpy(to[0] + i, &b, stored[0]);
    if (stored[1]) memcpy(to[1] + i - pixel, (const uint8_t *)&b + 4, stored[1]);
}

/* As in undo, the last pixels are stored in their size. In front of its first pixel the row below
 * has zeros, which stay zeros. */
IBX_INLINE void undo_two(const uint8_t *const from[2], const uint8_t *above, uint8_t *const to[2],
                         size_t n, size_t pixel) {
    static const uint8_t ZEROS[4];
    const size_t wide = pixel == 3 ? 4 : pixel, last = n - pixel;
    chain c = {.difference = load_two(from[0], ZEROS)};
    if (last > 0) step_two(&c, from, above, to, 0, pixel, (const size_t[]){wide, 0});
    for (size_t i = pixel; i < last; i += pixel)
        step_two(&c, from, above, to, i, pixel, (const size_t[]){wide, wide});
    step_two(&c, from, above, to, last, pixel, (const size_t[]){pixel, last > 0 ? wide : 0});
    step_two(&c, from, above, to, n, pixel, (const size_t[]){0, pixel});
}

/* ---- four rows of Paeth ------------------------------------------------------------------- */

#ifdef __AVX2__
/* A vector has room for four rows. Each is two pixels behind the one above it, so that what it
 * takes from there need not be waited for. */
enum { ROWS = 4, LAG = 2, BEHIND = (ROWS - 1) * LAG };

typedef struct {
    __m256i left, before, corner, difference; /* `before` is what was left one step earlier */
} wide_chain;

/* Four bytes of each row as 16-bit numbers. */
IBX_INLINE __m256i load_four(const uint8_t *const p[ROWS]) {
    int32_t four[ROWS];
    for (int r = 0; r < ROWS; r++) memcpy(&four[r], p[r], sizeof four[r]);
    return _mm256_cvtepu8_epi16(_mm_setr_epi32(four[0], four[1], four[2], four[3]));
}

/* paeth() for signed numbers of all lanes. */
IBX_INLINE __m256i paeth_four(__m256i left, __m256i up, __m256i corner) {
    const __m256i lo = _mm256_min_epi16(left, up), hi = _mm256_max_epi16(left, up);
    const __m256i thrice = _mm256_add_epi16(corner, _mm256_add_epi16(corner, corner));
    const __m256i turn = _mm256_sub_epi16(_mm256_sub_epi16(thrice, up), left);
    const __m256i lower = _mm256_blendv_epi8(lo, corner, _mm256_cmpgt_epi16(hi, turn));
    return _mm256_blendv_epi8(hi, lower, _mm256_cmpgt_epi16(turn, lo));
}

/* `next`: the differences of the step after this. Returns four bytes of each row. */
IBX_INLINE __m256i step_four(wide_chain *c, const uint8_t *above, __m256i next) {
    int32_t first;
    memcpy(&first, above, sizeof first);
    const __m256i moved = _mm256_permute4x64_epi64(c->before, _MM_SHUFFLE(2, 1, 0, 0));
    const __m256i upper = _mm256_castsi128_si256(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(first)));
    const __m256i up = _mm256_blend_epi32(moved, upper, 3);
    const __m256i sum = _mm256_add_epi16(c->difference, paeth_four(c->left, up, c->corner));
    c->before = c->left;
    c->left = _mm256_and_si256(sum, _mm256_set1_epi16(255));
    c->corner = up;
    c->difference = next;
    return _mm256_packus_epi16(c->left, c->left);
}

IBX_INLINE void split_four(__m256i v, uint32_t pixels[ROWS]) {
    const uint64_t upper = (uint64_t)_mm256_extract_epi64(v, 0);
    const uint64_t lower = (uint64_t)_mm256_extract_epi64(v, 2);
    pixels[0] = (uint32_t)upper, pixels[1] = (uint32_t)(upper >> 32);
    pixels[2] = (uint32_t)lower, pixels[3] = (uint32_t)(lower >> 32);
}

/* Rows and the image, both with their strides. */
typedef struct {
    const uint8_t *from, *above;
    uint8_t *to;
    size_t from_stride, to_stride, pixels;
} four_rows;

/* Differences of step t: zeros in front of a row and behind it. */
IBX_INLINE __m256i edge_differences(const four_rows *f, size_t t, size_t pixel) {
    static const uint8_t ZEROS[4];
    const uint8_t *p[ROWS];
    for (size_t r = 0; r < ROWS; r++) {
        const bool inside = t >= LAG * r && t - LAG * r < f->pixels;
        p[r] = inside ? f->from + r * f->from_stride + (t - LAG * r) * pixel : ZEROS;
    }
    return load_four(p);
}

/* A step that may be beyond the ends of rows; pixels are stored in their size. */
IBX_INLINE void edge_step(wide_chain *c, const four_rows *f, size_t t, size_t pixel) {
    static const uint8_t ZEROS[4];
    uint32_t pixels[ROWS];
    const uint8_t *above = t < f->pixels ? f->above + t * pixel : ZEROS;
    split_four(step_four(c, above, edge_differences(f, t + 1, pixel)), pixels);
    for (size_t r = 0; r < ROWS; r++)
        if (t >= LAG * r && t - LAG * r < f->pixels)
            memcpy(f->to + r * f->to_stride + (t - LAG * r) * pixel, &pixels[r], pixel);
}

/* There are more than BEHIND pixels. */
IBX_INLINE void undo_four(const four_rows *rows, size_t pixel) {
    const four_rows own = *rows, *f = &own; /* which no store of bytes can change */
    const size_t wide = pixel == 3 ? 4 : pixel;
    wide_chain c = {.left = _mm256_setzero_si256(),
                    .before = _mm256_setzero_si256(),
                    .corner = _mm256_setzero_si256(),
                    .difference = edge_differences(f, 0, pixel)};
    size_t t = 0;
    for (; t < BEHIND; t++) edge_step(&c, f, t, pixel);
    for (; t + 1 < f->pixels; t++) {
        const uint8_t *p[ROWS];
        uint32_t pixels[ROWS];
        for (size_t r = 0; r < ROWS; r++)
            p[r] = f->from + r * f->from_stride + (t + 1 - LAG * r) * pixel;
        split_four(step_four(&c, f->above + t * pixel, load_four(p)), pixels);
        for (size_t r = 0; r < ROWS; r++)
            memcpy(f->to + r * f->to_stride + (t - LAG * r) * pixel, &pixels[r], wide);
    }
    for (; t < f->pixels + BEHIND; t++) edge_step(&c, f, t, pixel);
}
#endif

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
    static void undo_sub_##p(const uint8_t *from, uint8_t *to, size_t n) {                         \
        bytes16 left = {0};                                                                        \
        size_t i = 0;                                                                              \
        for (; i + 16 <= n; i += (used)) {                                                         \
            bytes16 v;                                                                             \
            memcpy(&v, from + i, sizeof v);                                                        \
            v += MOVED(v, p);                                                                      \
            v += MOVED(v, 2 * (p));                                                                \
            v += MOVED(v, 4 * (p));                                                                \
            v += MOVED(v, 8 * (p));                                                                \
            v += left;                                                                             \
            left = AGAIN(v, (used) - (p), p);                                                      \
            memcpy(to + i, &v, used);                                                              \
        }                                                                                          \
        for (; i < (p); i++) to[i] = from[i];                                                      \
        for (; i < n; i++) to[i] = (uint8_t)(from[i] + to[i - (p)]);                               \
    }
#else
/* Without a shuffle of bytes there is nothing better than a pixel at a time. */
#define UNDO_SUB(p, used)                                                                          \
    static void undo_sub_##p(const uint8_t *from, uint8_t *to, size_t n) {                         \
        uint8_t left[p] = {0};                                                                     \
        for (size_t i = 0; i < n; i += (p))                                                        \
            for (size_t k = 0; k < (p); k++)                                                       \
                to[i + k] = left[k] = (uint8_t)(from[i + k] + left[k]);                            \
    }
#endif

/* ---- by type and size --------------------------------------------------------------------- */

static void undo_up(const uint8_t *from, const uint8_t *above, uint8_t *to, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        bytes16 v, up;
        memcpy(&v, from + i, sizeof v);
        memcpy(&up, above + i, sizeof up);
        v += up;
        memcpy(to + i, &v, sizeof v);
    }
    for (; i < n; i++) to[i] = (uint8_t)(from[i] + above[i]);
}

#define SIZED(p, used)                                                                             \
    UNDO_SUB(p, used)                                                                              \
    static void undo_average_##p(const uint8_t *from, const uint8_t *above, uint8_t *to,           \
                                 size_t n) {                                                       \
        undo(from, above, to, n, p, mean);                                                         \
    }                                                                                              \
    static void undo_paeth_##p(const uint8_t *from, const uint8_t *above, uint8_t *to, size_t n) { \
        undo(from, above, to, n, p, paeth);                                                        \
    }
#define UNDO_TWO(p)                                                                                \
    static void undo_two_##p(const uint8_t *const from[2], const uint8_t *above,                   \
                             uint8_t *const to[2], size_t n) {                                     \
        undo_two(from, above, to, n, p);                                                           \
    }
#ifdef __AVX2__
#define SMALL(p)                                                                                   \
    UNDO_TWO(p)                                                                                    \
    static void undo_four_##p(const four_rows *f) {                                                \
        undo_four(f, p);                                                                           \
    }
#else
#define SMALL(p) UNDO_TWO(p)
#endif
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

static bool undo_row(uint8_t type, const uint8_t *from, const uint8_t *above, uint8_t *to, size_t n,
                     size_t pixel) {
    static const struct {
        void (*sub)(const uint8_t *, uint8_t *, size_t);
        void (*average)(const uint8_t *, const uint8_t *, uint8_t *, size_t);
        void (*paeth)(const uint8_t *, const uint8_t *, uint8_t *, size_t);
    } UNDO[] = {
        {undo_sub_1, undo_average_1, undo_paeth_1}, {undo_sub_2, undo_average_2, undo_paeth_2},
        {undo_sub_3, undo_average_3, undo_paeth_3}, {undo_sub_4, undo_average_4, undo_paeth_4},
        {undo_sub_6, undo_average_6, undo_paeth_6}, {undo_sub_8, undo_average_8, undo_paeth_8},
    };
    const size_t i = pixel <= 4 ? pixel - 1 : pixel / 2 + 1;
    switch (type) {
    case NONE:
        memmove(to, from, n);
        return true;
    case SUB:
        UNDO[i].sub(from, to, n);
        return true;
    case UP:
        undo_up(from, above, to, n);
        return true;
    case AVERAGE:
        UNDO[i].average(from, above, to, n);
        return true;
    case PAETH:
        UNDO[i].paeth(from, above, to, n);
        return true;
    default:
        return false;
    }
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Of the lines, the first of which is of type Paeth, some at once, if the next ones are, too.
 * Returns how many; 0 if the first one must be done alone. */
static int undo_some(const uint8_t *lines, int rows, const uint8_t *above, size_t n, size_t pixel,
                     uint8_t *to, size_t stride) {
    static void (*const TWO[])(const uint8_t *const[2], const uint8_t *, uint8_t *const[2],
                               size_t) = {undo_two_1, undo_two_2, undo_two_3, undo_two_4};
    const size_t line = 1 + n;
    int alike = 1;
    while (alike < 4 && alike < rows && lines[(size_t)alike * line] == PAETH) alike++;
    if (alike < 2 || pixel > 4) return 0;
#ifdef __AVX2__
    static void (*const FOUR[])(const four_rows *) = {undo_four_1, undo_four_2, undo_four_3,
                                                      undo_four_4};
    if (alike == ROWS && n / pixel > BEHIND) {
        FOUR[pixel - 1](&(four_rows){.from = lines + 1,
                                     .above = above,
                                     .to = to,
                                     .from_stride = line,
                                     .to_stride = stride,
                                     .pixels = n / pixel});
        return ROWS;
    }
#endif
    TWO[pixel - 1]((const uint8_t *const[]){lines + 1, lines + line + 1}, above,
                   (uint8_t *const[]){to, to + stride}, n);
    return 2;
}

int IBX_OWN(ibx_png_unfilter, IBX_VARIANT)(const uint8_t *lines, int rows, const uint8_t *above,
                                           size_t n, size_t pixel, uint8_t *to, size_t stride) {
    int done = 0;
    while (done < rows) {
        int now = 0;
        if (lines[0] == PAETH) now = undo_some(lines, rows - done, above, n, pixel, to, stride);
        if (!now && !undo_row(lines[0], lines + 1, above, to, n, pixel)) break;
        now = now ? now : 1;
        done += now;
        lines += (size_t)now * (1 + n);
        to += (size_t)now * stride;
        above = to - stride;
    }
    return done;
}
