/* turn_kernels.c - turns of interleaved pixels, whatever they hold; see geometry.h. Compiled once
 * per CPU variant.
 *
 * A pixel is so many bytes. Blocks of 4 x 4 pixels of the usual sizes, of RGB also of 16 x 8, are
 * transposed in vector registers; other sizes, rims and mirrored rows are loops over copies of a
 * constant size. No more is read or written than the pixels asked for: beside them others may be at
 * work. */
#include "geometry.h"

typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint16_t shorts __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));
typedef uint64_t longs __attribute__((vector_size(16)));

#define SHUFFLE __builtin_shufflevector

IBX_INLINE uint64_t load_8(const uint8_t *a) {
    uint64_t v;
    memcpy(&v, a, sizeof v);
    return v;
}

/* ---- blocks: 4 x 4 pixels, b[j][i] = a[i][j]; steps between rows in bytes, of any sign ---------
 */

/* r[j][i] = r[i][j] */
IBX_INLINE void transpose_words(words r[4]) {
    const words low01 = SHUFFLE(r[0], r[1], 0, 4, 1, 5), high01 = SHUFFLE(r[0], r[1], 2, 6, 3, 7);
    const words low23 = SHUFFLE(r[2], r[3], 0, 4, 1, 5), high23 = SHUFFLE(r[2], r[3], 2, 6, 3, 7);
    r[0] = SHUFFLE(low01, low23, 0, 1, 4, 5);
    r[1] = SHUFFLE(low01, low23, 2, 3, 6, 7);
    r[2] = SHUFFLE(high01, high23, 0, 1, 4, 5);
    r[3] = SHUFFLE(high01, high23, 2, 3, 6, 7);
}

IBX_INLINE void block_4(const uint8_t *a, ptrdiff_t a_step, uint8_t *b, ptrdiff_t b_step) {
    words r[4];
    for (int i = 0; i < 4; i++) memcpy(&r[i], a + i * a_step, 16);
    transpose_words(r);
    for (int j = 0; j < 4; j++) memcpy(b + j * b_step, &r[j], 16);
}

IBX_INLINE void block_2(const uint8_t *a, ptrdiff_t a_step, uint8_t *b, ptrdiff_t b_step) {
    const longs top = {load_8(a), load_8(a + a_step)};
    const longs bottom = {load_8(a + 2 * a_step), load_8(a + 3 * a_step)};
    const words t = (words)SHUFFLE((shorts)top, (shorts)top, 0, 4, 1, 5, 2, 6, 3, 7);
    const words u = (words)SHUFFLE((shorts)bottom, (shorts)bottom, 0, 4, 1, 5, 2, 6, 3, 7);
    const longs left = (longs)SHUFFLE(t, u, 0, 4, 1, 5), right = (longs)SHUFFLE(t, u, 2, 6, 3, 7);
    for (int j = 0; j < 4; j++) {
        const uint64_t row = (j < 2 ? left : right)[j % 2];
        memcpy(b + j * b_step, &row, sizeof row);
    }
}

/* Without byte shuffles it is the plain loops below that are fast. */
#ifdef __AVX2__
IBX_INLINE uint32_t load_4(const uint8_t *a) {
    uint32_t v;
    memcpy(&v, a, sizeof v);
    return v;
}

IBX_INLINE void block_1(const uint8_t *a, ptrdiff_t a_step, uint8_t *b, ptrdiff_t b_step) {
    const words r = {load_4(a), load_4(a + a_step), load_4(a + 2 * a_step), load_4(a + 3 * a_step)};
    const words t =
        (words)SHUFFLE((bytes)r, (bytes)r, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for (int j = 0; j < 4; j++) {
        const uint32_t row = t[j];
        memcpy(b + j * b_step, &row, sizeof row);
    }
}

/* Four pixels of three bytes, each in the lower bytes of a lane; and back. */
IBX_INLINE words load_pixels_3(const uint8_t *a) {
    const bytes v = (bytes)(longs){load_8(a), load_4(a + 8)};
    return (words)SHUFFLE(v, v, 0, 1, 2, 12, 3, 4, 5, 12, 6, 7, 8, 12, 9, 10, 11, 12);
}

IBX_INLINE void store_pixels_3(words r, uint8_t *b) {
    const bytes v = (bytes)r;
    const longs row = (longs)SHUFFLE(v, v, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    const uint64_t low = row[0];
    const uint32_t high = (uint32_t)row[1];
    memcpy(b, &low, sizeof low);
    memcpy(b + 8, &high, sizeof high);
}

IBX_INLINE void block_3(const uint8_t *a, ptrdiff_t a_step, uint8_t *b, ptrdiff_t b_step) {
    words r[4] = {load_pixels_3(a), load_pixels_3(a + a_step), load_pixels_3(a + 2 * a_step),
                  load_pixels_3(a + 3 * a_step)};
    transpose_words(r);
    store_pixels_3(r[0], b);
    store_pixels_3(r[1], b + b_step);
    store_pixels_3(r[2], b + 2 * b_step);
    store_pixels_3(r[3], b + 3 * b_step);
}

/* Eight pixels of three bytes, each in the lower bytes of a lane: columns 0 to 3 in the lower half,
 * 4 to 7 in the upper. */
IBX_INLINE __m256i load_octet_3(const uint8_t *a) {
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4,
                                            5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    const __m128i low = _mm_loadu_si128((const __m128i_u *)a);
    const __m128i high = _mm_loadu_si128((const __m128i_u *)(a + 8));
    return _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
}

/* r[j][i] = r[i][j] in both halves. */
IBX_INLINE void transpose_halves(__m256i r[4]) {
    const __m256i low01 = _mm256_unpacklo_epi32(r[0], r[1]);
    const __m256i high01 = _mm256_unpackhi_epi32(r[0], r[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(r[2], r[3]);
    const __m256i high23 = _mm256_unpackhi_epi32(r[2], r[3]);
    r[0] = _mm256_unpacklo_epi64(low01, low23);
    r[1] = _mm256_unpackhi_epi64(low01, low23);
    r[2] = _mm256_unpacklo_epi64(high01, high23);
    r[3] = _mm256_unpackhi_epi64(high01, high23);
}

IBX_INLINE void store_halves(__m256i v, uint8_t *low, uint8_t *high) {
    _mm_storeu_si128((__m128i_u *)low, _mm256_castsi256_si128(v));
    _mm_storeu_si128((__m128i_u *)high, _mm256_extracti128_si256(v, 1));
}

/* Sixteen pixels of three bytes, out of lanes, to each of two rows. The twelve bytes of four pixels
 * go to either end of a half, so that one instruction each joins them. */
IBX_INLINE void store_pairs_3(__m256i r0, __m256i r1, __m256i r2, __m256i r3, uint8_t *low,
                              uint8_t *high) {
    const __m256i to_start =
        _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, 0, 1, 2, 4, 5, 6,
                         8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i to_end = _mm256_setr_epi8(-1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14,
                                            -1, -1, -1, -1, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14);
    const __m256i a = _mm256_shuffle_epi8(r0, to_end), b = _mm256_shuffle_epi8(r1, to_start);
    const __m256i c = _mm256_shuffle_epi8(r2, to_end), d = _mm256_shuffle_epi8(r3, to_start);
    store_halves(_mm256_alignr_epi8(b, a, 4), low, high);
    store_halves((__m256i)_mm256_shuffle_ps((__m256)b, (__m256)c, 0x99), low + 16, high + 16);
    store_halves(_mm256_alignr_epi8(d, c, 12), low + 32, high + 32);
}

/* A block of 16 rows of 8 pixels. */
IBX_INLINE void large_block_3(const uint8_t *a, ptrdiff_t a_step, uint8_t *b, ptrdiff_t b_step) {
    __m256i r[4][4];
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 4; i++) r[k][i] = load_octet_3(a + (4 * k + i) * a_step);
        transpose_halves(r[k]);
    }
    for (int j = 0; j < 4; j++)
        store_pairs_3(r[0][j], r[1][j], r[2][j], r[3][j], b + j * b_step, b + (j + 4) * b_step);
}
#endif

/* ---- any rectangle -----------------------------------------------------------------------------
 */

/* Walks down bands of BAND input rows, so that every cache line of the output is completed while it
 * is at hand. */
enum { BAND = 16 };

#define TRANSPOSE_PLAIN(size, first_row)                                                           \
    for (int i = 0; i < rows; i++)                                                                 \
        for (int j = i < (first_row) ? columns & ~3 : 0; j < columns; j++)                         \
            memcpy(b + j * b_step + i * (size), a + i * a_step + j * (size), size);

#define TRANSPOSE_BLOCKS(name, size)                                                               \
    static void name(const uint8_t *restrict a, ptrdiff_t a_step, int rows, int columns,           \
                     uint8_t *restrict b, ptrdiff_t b_step) {                                      \
        const int whole = rows & ~3;                                                               \
        for (int band = 0; band < whole; band += BAND)                                             \
            for (int j = 0; j + 4 <= columns; j += 4)                                              \
                for (int i = band; i < ibx_min(band + BAND, whole); i += 4)                        \
                    block_##size(a + i * a_step + j * (size), a_step, b + j * b_step + i * (size), \
                                 b_step);                                                          \
        TRANSPOSE_PLAIN(size, whole)                                                               \
    }

#define TRANSPOSE_PIXELS(size)                                                                     \
    static void transpose_##size(const uint8_t *restrict a, ptrdiff_t a_step, int rows,            \
                                 int columns, uint8_t *restrict b, ptrdiff_t b_step) {             \
        for (; rows > BAND; rows -= BAND, a += BAND * a_step, b += BAND * (size))                  \
            for (int j = 0; j < columns; j++)                                                      \
                for (int i = 0; i < BAND; i++)                                                     \
                    memcpy(b + j * b_step + i * (size), a + i * a_step + j * (size), size);        \
        TRANSPOSE_PLAIN(size, 0)                                                                   \
    }

#ifdef __AVX2__
TRANSPOSE_BLOCKS(transpose_1, 1)
TRANSPOSE_BLOCKS(transpose_rest_3, 3)

/* What takes time here is to wait for memory. More input rows at once make whole cache lines of
 * the output, one after another; the processor does not foresee so many rows, so it is told. Past
 * the end of an image nothing is read. */
static void transpose_3(const uint8_t *restrict a, ptrdiff_t a_step, int rows, int columns,
                        uint8_t *restrict b, ptrdiff_t b_step) {
    enum { HIGH = 128, AHEAD = 64 };
    const int whole = rows & ~15, wide = columns & ~7;
    for (int band = 0; band < whole; band += HIGH)
        for (int j = 0; j < wide; j += 8)
            for (int i = band; i < ibx_min(band + HIGH, whole); i += 16) {
                const uint8_t *from = a + i * a_step + j * 3;
                for (int k = 0; k < 16; k++) __builtin_prefetch(from + k * a_step + AHEAD);
                large_block_3(from, a_step, b + j * b_step + i * 3, b_step);
            }
    transpose_rest_3(a + wide * 3, a_step, whole, columns - wide, b + wide * b_step, b_step);
    transpose_rest_3(a + whole * a_step, a_step, rows - whole, columns, b + whole * 3, b_step);
}
#else
TRANSPOSE_PIXELS(1)
TRANSPOSE_PIXELS(3)
#endif
TRANSPOSE_BLOCKS(transpose_2, 2)
TRANSPOSE_BLOCKS(transpose_4, 4)
TRANSPOSE_PIXELS(6)
TRANSPOSE_PIXELS(8)
TRANSPOSE_PIXELS(12)
TRANSPOSE_PIXELS(16)

/* b[x] = a[n - 1 - x] */
#define MIRROR(size)                                                                               \
    static void mirror_##size(const uint8_t *restrict a, int n, uint8_t *restrict b) {             \
        for (int x = 0; x < n; x++) memcpy(b + x * (size), a + (n - 1 - x) * (size), size);        \
    }
MIRROR(1)
MIRROR(2)
MIRROR(3)
MIRROR(4)
MIRROR(6)
MIRROR(8)
MIRROR(12)
MIRROR(16)

/* The loops for pixels of so many bytes. */
typedef struct {
    void (*transpose)(const uint8_t *a, ptrdiff_t a_step, int rows, int columns, uint8_t *b,
                      ptrdiff_t b_step);
    void (*mirror)(const uint8_t *a, int n, uint8_t *b);
} loops;

static loops loops_for(size_t size) {
    switch (size) {
    case 1:
        return (loops){transpose_1, mirror_1};
    case 2:
        return (loops){transpose_2, mirror_2};
    case 3:
        return (loops){transpose_3, mirror_3};
    case 4:
        return (loops){transpose_4, mirror_4};
    case 6:
        return (loops){transpose_6, mirror_6};
    case 8:
        return (loops){transpose_8, mirror_8};
    case 12:
        return (loops){transpose_12, mirror_12};
    default:
        return (loops){transpose_16, mirror_16};
    }
}

void ibx_turn_pixels(int turn, const ibx_region *in, const ibx_region *out) {
    const loops l = loops_for(in->size);
    const bool mx = ibx_turn_mirrors_x(turn), my = ibx_turn_mirrors_y(turn);
    const int w = in->at.w, h = in->at.h;
    /* Mirrored axes are walked from their other end, by a negative step. */
    const uint8_t *a = in->data + (my ? (h - 1) * in->stride : 0);
    const ptrdiff_t step = my ? -in->stride : in->stride;
    if (ibx_turn_swaps(turn)) {
        l.transpose(a, step, h, w, out->data + (mx ? (w - 1) * out->stride : 0),
                    mx ? -out->stride : out->stride);
        return;
    }
    for (int y = 0; y < h; y++) {
        uint8_t *b = out->data + y * out->stride;
        if (mx)
            l.mirror(a + y * step, w, b);
        else
            memcpy(b, a + y * step, (size_t)w * in->size);
    }
}
