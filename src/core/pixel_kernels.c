/* pixel_kernels.c - see pixels.h. Compiled once per CPU variant.
 *
 * Plain loops that compilers vectorise, but for 8-bit pixels of one, three and four samples: there
 * explicit vectors are one and a half to three times faster. Every path does the same float
 * operations in the same order on a sample, so all give the same bits. */
#include "core/pixels.h"
#include "vector.h"

/* ---- one sample --------------------------------------------------------------------------- */

/* NaN fails the first comparison and becomes 0. */
static inline float clamp01(float v) {
    v = v > 0 ? v : 0;
    return v < 1 ? v : 1;
}

/* Adding 2^23 leaves no bits for a fraction: the sum is rounded to nearest, ties to even. */
#define ROUNDER 8388608.0f

static inline uint8_t to_u8(float v) {
    return (uint8_t)(int)(clamp01(v) * 255 + ROUNDER - ROUNDER);
}

static inline uint16_t to_u16(float v) {
    return (uint16_t)(int)(clamp01(v) * 65535 + ROUNDER - ROUNDER);
}

/* Which NaN comes of two is the processor's choice, and that of operands the compiler's. */
static inline float to_f32(float v) {
    return v == v ? v : NAN;
}

static inline float from_u8(uint8_t v) {
    return (float)v * (1 / 255.0f);
}

static inline float from_u16(uint16_t v) {
    return (float)v * (1 / 65535.0f);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* One loop per number of planes: with a constant stride it vectorises. Unpacks the pixels from
 * `first` on. */
#define UNPACK(name, sample, from)                                                                 \
    static void name(const float *table, const sample *restrict row, int planes, int first, int n, \
                     float *const plane[]) {                                                       \
        (void)table; /* look_up's alone */                                                         \
        float *restrict a = plane[0], *restrict b = plane[planes > 1],                             \
                        *restrict c = plane[planes > 2 ? 2 : 0],                                   \
                        *restrict d = plane[planes > 3 ? 3 : 0];                                   \
        switch (planes) {                                                                          \
        case 1:                                                                                    \
            for (int i = first; i < n; i++) a[i] = from(row[i]);                                   \
            break;                                                                                 \
        case 2:                                                                                    \
            for (int i = first; i < n; i++) a[i] = from(row[2 * i]), b[i] = from(row[2 * i + 1]);  \
            break;                                                                                 \
        case 3:                                                                                    \
            for (int i = first; i < n; i++)                                                        \
                a[i] = from(row[3 * i]), b[i] = from(row[3 * i + 1]), c[i] = from(row[3 * i + 2]); \
            break;                                                                                 \
        default:                                                                                   \
            for (int i = first; i < n; i++)                                                        \
                a[i] = from(row[4 * i]), b[i] = from(row[4 * i + 1]), c[i] = from(row[4 * i + 2]), \
                d[i] = from(row[4 * i + 3]);                                                       \
        }                                                                                          \
    }

#define in_table(v) table[v]
UNPACK(unpack_u8, uint8_t, from_u8)
UNPACK(unpack_u16, uint16_t, from_u16)
UNPACK(unpack_f32, float, (float))
UNPACK(look_up_from, uint8_t, in_table)

/* Packs the pixels from `first` on. */
#define PACK(name, sample, to)                                                                     \
    static void name(float *const plane[], int planes, int first, int n, sample *restrict row) {   \
        const float *restrict a = plane[0], *restrict b = plane[planes > 1],                       \
                              *restrict c = plane[planes > 2 ? 2 : 0],                             \
                              *restrict d = plane[planes > 3 ? 3 : 0];                             \
        switch (planes) {                                                                          \
        case 1:                                                                                    \
            for (int i = first; i < n; i++) row[i] = to(a[i]);                                     \
            break;                                                                                 \
        case 2:                                                                                    \
            for (int i = first; i < n; i++) row[2 * i] = to(a[i]), row[2 * i + 1] = to(b[i]);      \
            break;                                                                                 \
        case 3:                                                                                    \
            for (int i = first; i < n; i++)                                                        \
                row[3 * i] = to(a[i]), row[3 * i + 1] = to(b[i]), row[3 * i + 2] = to(c[i]);       \
            break;                                                                                 \
        default:                                                                                   \
            for (int i = first; i < n; i++)                                                        \
                row[4 * i] = to(a[i]), row[4 * i + 1] = to(b[i]), row[4 * i + 2] = to(c[i]),       \
                        row[4 * i + 3] = to(d[i]);                                                 \
        }                                                                                          \
    }

PACK(pack_u8, uint8_t, to_u8)
PACK(pack_u16, uint16_t, to_u16)
PACK(pack_f32, float, to_f32)

/* ---- vectors of pixels -------------------------------------------------------------------- */

enum { LANES = IBX_LANES };
typedef uint32_t words __attribute__((vector_size(IBX_VECTOR), aligned(1), may_alias));

/* from_u8 of the lower three bytes of every lane. */
static inline void unpack_3(words v, float *a, float *b, float *c) {
    const float scale = 1 / 255.0F;
    *(ibx_floats *)a = __builtin_convertvector((ibx_ints)(v & 255), ibx_floats) * scale;
    *(ibx_floats *)b = __builtin_convertvector((ibx_ints)(v >> 8 & 255), ibx_floats) * scale;
    *(ibx_floats *)c = __builtin_convertvector((ibx_ints)(v >> 16 & 255), ibx_floats) * scale;
}

#ifdef __AVX2__
/* The bytes k, k + 3, k + 6 and k + 9 of each half, each in a lane. */
static inline ibx_ints every_third(__m256i v, int8_t k) {
    const __m256i places = _mm256_setr_epi32(0, 3, 6, 9, 0, 3, 6, 9);
    const __m256i rest = _mm256_set1_epi32((int)0x80808000);
    const __m256i add = _mm256_set1_epi32(k);
    return (ibx_ints)_mm256_shuffle_epi8(v, _mm256_or_si256(_mm256_add_epi32(places, add), rest));
}

/* A vector of pixels of three bytes. Reads 4 bytes behind them. */
static inline void unpack_rgb(const uint8_t *from, float *a, float *b, float *c) {
    const float scale = 1 / 255.0F;
    const __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i_u *)from));
    const __m256i v =
        _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i_u *)(from + 12)), 1);
    *(ibx_floats *)a = __builtin_convertvector(every_third(v, 0), ibx_floats) * scale;
    *(ibx_floats *)b = __builtin_convertvector(every_third(v, 1), ibx_floats) * scale;
    *(ibx_floats *)c = __builtin_convertvector(every_third(v, 2), ibx_floats) * scale;
}
#else
static inline void unpack_rgb(const uint8_t *from, float *a, float *b, float *c) {
    words v;
    for (int i = 0; i < LANES; i++) memcpy((uint32_t *)&v + i, from + 3 * i, sizeof(uint32_t));
    unpack_3(v, a, b, c);
}
#endif

/* Rows of single samples, of a vector of them or more; the last vector ends with the row. */
static void unpack_gray(const uint8_t *row, ptrdiff_t ahead, int n, float *to) {
    for (int i = 0; i < n; i += LANES) {
        __builtin_prefetch(row + i + ahead);
        i = ibx_min(i, n - LANES);
        *(ibx_floats *)(to + i) = ibx_floats_of(row + i) * (1 / 255.0F);
    }
}

/* Unpacks as many pixels of one, three or four samples as it can in whole vectors; returns how
 * many. */
static int unpack_u8_vectors(const uint8_t *row, ptrdiff_t ahead, int planes, int n,
                             float *const plane[]) {
    float *const a = plane[0], *const b = plane[planes > 1], *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    if (planes == 1 && n >= LANES) {
        unpack_gray(row, ahead, n, a);
        return n;
    }
    if (planes == 3) {
        for (; i + LANES + 2 <= n; i += LANES) { /* two pixels more: see above */
            __builtin_prefetch(row + 3 * i + ahead);
            unpack_rgb(row + 3 * i, a + i, b + i, c + i);
        }
        for (; i < n && n >= LANES; i += LANES) { /* the last vector ends with the row */
            uint8_t copy[3 * LANES + 4];
            i = ibx_min(i, n - LANES);
            memcpy(copy, row + 3 * i, 3 * LANES);
            unpack_rgb(copy, a + i, b + i, c + i);
        }
    }
    if (planes == 4)
        for (; i + LANES <= n; i += LANES) {
            __builtin_prefetch(row + 4 * i + ahead);
            const words v = *(const words *)(row + 4 * i);
            unpack_3(v, a + i, b + i, c + i);
            *(ibx_floats *)(plane[3] + i) =
                __builtin_convertvector((ibx_ints)(v >> 24), ibx_floats) * (1 / 255.0F);
        }
    return i;
}

#ifdef __AVX2__
/* A vector of samples from 0 to 255 as whole numbers, to nearest, ties to even. What is below is
 * still below, and NaN is the least of all: packing them as bytes makes 0 of both. */
static inline __m256i to_lanes(const float *v) {
    const __m256 most = _mm256_set1_ps(255);
    return _mm256_cvtps_epi32(_mm256_min_ps(most, _mm256_loadu_ps(v) * most));
}

/* Two times two vectors: in each half four bytes of a, of b, of c and of d. */
static inline __m256i to_fours(__m256i a, __m256i b, __m256i c, __m256i d) {
    return _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
}

/* A vector of pixels. Writes 4 bytes behind them that mean nothing. */
static inline void pack_rgb(const float *a, const float *b, const float *c, uint8_t *to) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 13, 14, 15));
    const __m256i last = to_lanes(c);
    const __m256i v = _mm256_shuffle_epi8(to_fours(to_lanes(a), to_lanes(b), last, last), order);
    _mm_storeu_si128((__m128i_u *)to, _mm256_castsi256_si128(v));
    _mm_storeu_si128((__m128i_u *)(to + 12), _mm256_extracti128_si256(v, 1));
}

static inline void pack_four(float *const plane[], int i, uint8_t *to) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i v = to_fours(to_lanes(plane[0] + i), to_lanes(plane[1] + i),
                               to_lanes(plane[2] + i), to_lanes(plane[3] + i));
    _mm256_storeu_si256((__m256i_u *)to, _mm256_shuffle_epi8(v, order));
}
#else
/* to_u8 of a vector of samples, each in the lowest byte of its lane: a sum with ROUNDER holds the
 * number in its lowest bits, and its bits grow with it. Only the highest byte holds something else.
 */
static inline words to_u8_lanes(const float *v) {
    const ibx_floats x = *(const ibx_floats *)v;
    ibx_ints sum = (ibx_ints)((ibx_floats)((ibx_ints)x & (x > 0)) * 255 + ROUNDER);
    const ibx_ints most = (ibx_ints)((ibx_floats){0} + (ROUNDER + 255));
#ifdef __clang__
    sum = __builtin_elementwise_min(sum, most);
#else
    _Pragma("GCC unroll 1") for (int i = 0; i < LANES; i++) sum[i] =
        sum[i] < most[i] ? sum[i] : most[i];
#endif
    return (words)sum;
}

/* Three samples to the lower three bytes of every lane. */
static inline words pack_3(const float *a, const float *b, const float *c) {
    return to_u8_lanes(a) | to_u8_lanes(b) << 8 | to_u8_lanes(c) << 16;
}

static inline void pack_rgb(const float *a, const float *b, const float *c, uint8_t *to) {
    const words v = pack_3(a, b, c);
    for (int i = 0; i < LANES; i++) {
        const uint32_t lane = v[i];
        memcpy(to + 3 * i, &lane, sizeof lane);
    }
}

static inline void pack_four(float *const plane[], int i, uint8_t *to) {
    *(words *)to = (pack_3(plane[0] + i, plane[1] + i, plane[2] + i) & 0xFFFFFF) |
                   to_u8_lanes(plane[3] + i) << 24;
}
#endif

/* Rows of four vectors of single samples or more; the last four end with the row. */
static void pack_gray(const float *v, int n, uint8_t *to, ptrdiff_t ahead) {
    const ibx_floats none = {0}, most = none + 255;
    for (int i = 0; i < n; i += 4 * LANES) {
        ibx_floats x[4];
        __builtin_prefetch(to + i + ahead, 1);
        i = ibx_min(i, n - 4 * LANES);
        for (int k = 0; k < 4; k++) {
            const ibx_floats some = ibx_larger(*(const ibx_floats *)(v + i + k * LANES), none);
            x[k] = ibx_smaller(some * 255, most);
        }
        ibx_store_bytes(x, to + i);
    }
}

/* Packs as many pixels of one, three or four samples as it can in whole vectors; returns how many.
 */
static int pack_u8_vectors(float *const plane[], int planes, int n, uint8_t *row, ptrdiff_t ahead) {
    const float *const a = plane[0], *const b = plane[planes > 1],
                       *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    if (planes == 1 && n >= 4 * LANES) {
        pack_gray(a, n, row, ahead);
        return n;
    }
    if (planes == 3) {
        for (; i + LANES + 2 <= n; i += LANES) { /* two pixels more: see above */
            __builtin_prefetch(row + 3 * i + ahead, 1);
            pack_rgb(a + i, b + i, c + i, row + 3 * i);
        }
        for (; i < n && n >= LANES; i += LANES) { /* the last vector ends with the row */
            uint8_t copy[3 * LANES + 4];
            i = ibx_min(i, n - LANES);
            pack_rgb(a + i, b + i, c + i, copy);
            memcpy(row + 3 * i, copy, 3 * LANES);
        }
    }
    if (planes == 4)
        for (; i + LANES <= n; i += LANES) {
            __builtin_prefetch(row + 4 * i + ahead, 1);
            pack_four(plane, i, row + 4 * i);
        }
    return i;
}

/* Asks for a row all at once. */
static void fetch(const void *row, size_t bytes) {
    for (size_t i = 0; i < bytes + 63; i += 64) __builtin_prefetch((const uint8_t *)row + i);
}

static void unpack(ibx_sample type, const void *row, ptrdiff_t ahead, int planes, int n,
                   float *const plane[]) {
    if (type != IBX_U8 || planes == 2)
        fetch((const uint8_t *)row + ahead, (size_t)n * (size_t)planes * ibx_sample_size(type));
    switch (type) {
    case IBX_U8:
        unpack_u8(NULL, row, planes, unpack_u8_vectors(row, ahead, planes, n, plane), n, plane);
        break;
    case IBX_U16:
        unpack_u16(NULL, row, planes, 0, n, plane);
        break;
    case IBX_F32:
        unpack_f32(NULL, row, planes, 0, n, plane);
        break;
    }
}

/* Four samples at once: processors load two words in the time of one, and store one. So as few
 * loads as can be are left to the table. */
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

static inline uint32_t load_word(const uint8_t *from) {
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

static inline void look_up_four(const float *table, uint32_t w, uint32_t x, uint32_t y, uint32_t z,
                                float *to) {
    *(quad *)to = (quad){table[w & 255], table[x & 255], table[y & 255], table[z & 255]};
}

#ifdef __BMI__
/* Takes one instruction, where compilers make a copy, a shift and a mask. */
#define BYTE(v, k) _bextr_u64(v, 8 * (k), 8)
#endif

static inline void look_up_eight(const float *table, const uint8_t *row, float *to) {
#ifdef __BMI__
    uint64_t v;
    memcpy(&v, row, sizeof v);
    *(quad *)to = (quad){table[v & 255], table[BYTE(v, 1)], table[BYTE(v, 2)], table[BYTE(v, 3)]};
    *(quad *)(to + 4) =
        (quad){table[BYTE(v, 4)], table[BYTE(v, 5)], table[BYTE(v, 6)], table[v >> 56]};
#else
    const uint32_t v = load_word(row), w = load_word(row + 4);
    look_up_four(table, v, v >> 8, v >> 16, v >> 24, to);
    look_up_four(table, w, w >> 8, w >> 16, w >> 24, to + 4);
#endif
}

/* Rows of eight single samples or more; the last eight end with the row. */
static int look_up_gray(const float *table, const uint8_t *row, ptrdiff_t ahead, int n, float *to) {
    const uint8_t *const end = row + n;
    for (; row + 32 <= end; row += 32, to += 32) {
        __builtin_prefetch(row + ahead);
        for (int k = 0; k < 32; k += 8) look_up_eight(table, row + k, to + k);
    }
    for (; row + 8 <= end; row += 8, to += 8) look_up_eight(table, row, to);
    if (row < end) look_up_eight(table, end - 8, to + (end - 8 - row));
    return n;
}

static void look_up(const float *table, const uint8_t *row, ptrdiff_t ahead, int planes, int n,
                    float *const plane[]) {
    float *const a = plane[0], *const b = plane[planes > 1], *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    for (; planes == 3 && i + 4 <= n; i += 4) {
        __builtin_prefetch(row + 3 * i + ahead);
        const uint32_t v = load_word(row + 3 * i), w = load_word(row + 3 * i + 4),
                       x = load_word(row + 3 * i + 8);
        look_up_four(table, v, v >> 24, w >> 16, x >> 8, a + i);
        look_up_four(table, v >> 8, w, w >> 24, x >> 16, b + i);
        look_up_four(table, v >> 16, w >> 8, x, x >> 24, c + i);
    }
    if (planes == 1 && n >= 8) i = look_up_gray(table, row, ahead, n, a);
    look_up_from(table, row, planes, i, n, plane);
}

static void pack(ibx_sample type, float *const plane[], int planes, int n, void *row,
                 ptrdiff_t ahead) {
    switch (type) {
    case IBX_U8:
        pack_u8(plane, planes, pack_u8_vectors(plane, planes, n, row, ahead), n, row);
        break;
    case IBX_U16:
        pack_u16(plane, planes, 0, n, row);
        break;
    case IBX_F32:
        pack_f32(plane, planes, 0, n, row);
        break;
    }
}

/* ---- light -------------------------------------------------------------------------------- */

/* The curved parts of the transfer functions are minimax polynomials in the distance u from 1,
 * without a constant term, so that 1 is exact, and through the point where the straight part
 * ends, so that there is no step. Fitted with weights that favour small values in `decode`, whose
 * errors `encode` multiplies by up to 13. Absolute errors: decode 1.7e-6, encode 0.4e-6, there and
 * back 5e-6, a third of a 16-bit step. */
static inline float decode(float v) {
    const float u = v - 1;
    float q = -0.10512535f;
    q = q * u - 0.3483069f;
    q = q * u - 0.4945106f;
    q = q * u - 0.35583985f;
    q = q * u - 0.17766821f;
    q = q * u + 0.1570136f;
    q = q * u + 1.5057639f;
    q = q * u + 2.274747f;
    const float curve = 1 + u * q, straight = v * (float)(1 / 12.92);
    const float tangent = 1 + u * (float)(2.4 / 1.055);
    const float inside = v <= 0.04045f ? straight : curve;
    return v > 1 ? tangent : inside;
}

/* 1.055 times 2 to the power of 5/12 (e - 127), for exponents e from 118 to 126. */
static const float POWER[16] = {[6] = 0.0784133449F, [7] = 0.104669258F,  [8] = 0.1397167F,
                                [9] = 0.186499417F,  [10] = 0.248946846F, [11] = 0.33230418F,
                                [12] = 0.443572849F, [13] = 0.592098713F, [14] = 0.790356994F};

/* Those of lanes from 2^-9 to 1. */
static inline ibx_floats power(ibx_floats v) {
    const ibx_ints exponent = (ibx_ints)v >> 23;
#ifdef __AVX2__ /* looks at the lowest three bits, in which 118 is like 126 */
    const __m256 most = _mm256_setr_ps(POWER[8], POWER[9], POWER[10], POWER[11], POWER[12],
                                       POWER[13], POWER[14], POWER[7]);
    const ibx_floats p = (ibx_floats)_mm256_permutevar8x32_ps(most, (__m256i)exponent);
    return ibx_choose(v < 0.00390625F, (ibx_floats){0} + POWER[6], p);
#else
    ibx_floats p;
    for (int i = 0; i < LANES; i++) p[i] = POWER[exponent[i] & 15];
    return p;
#endif
}

/* The curve, a power of 5/12, is the product of that of the exponent and that of the mantissa m, a
 * minimax polynomial on 1..2. NaN takes the way of the tangent. */
static inline ibx_floats encode(ibx_floats v) {
    const ibx_floats m = (ibx_floats)(((ibx_ints)v & 0x7FFFFF) | 0x3F800000);
    ibx_floats q = m * -0.00283451215F + 0.030754447F;
    q = q * m - 0.144584969F;
    q = q * m + 0.389285028F;
    q = q * m - 0.686562359F;
    q = q * m + 1.0634923F;
    q = q * m + 0.350450248F;
    const ibx_floats curve = power(v) * q - 0.055F, straight = v * 12.92F;
    const ibx_floats tangent = (v - 1.0F) * (float)(1.055 / 2.4) + 1.0F;
    return ibx_choose(v < 1.0F, ibx_choose(v <= 0.0031308F, straight, curve), tangent);
}

static void to_linear(float *v, int n) {
    for (int i = 0; i < n; i++) v[i] = decode(v[i]);
}

/* The last vector ends with the row, and is taken before the others change what they share. */
static void to_encoded(float *v, int n) {
    if (n >= LANES) {
        const ibx_floats last = encode(*(ibx_floats *)(v + n - LANES));
        for (int i = 0; i + LANES < n; i += LANES)
            *(ibx_floats *)(v + i) = encode(*(ibx_floats *)(v + i));
        *(ibx_floats *)(v + n - LANES) = last;
        return;
    }
    float rest[LANES] = {0};
    memcpy(rest, v, (size_t)n * sizeof *v);
    *(ibx_floats *)rest = encode(*(ibx_floats *)rest);
    memcpy(v, rest, (size_t)n * sizeof *v);
}

static void premultiply(float *restrict v, const float *restrict alpha, int n) {
    for (int i = 0; i < n; i++) v[i] *= alpha[i];
}

static void unpremultiply(float *restrict v, const float *restrict alpha, int n) {
    for (int i = 0; i < n; i++) {
        const float straight = v[i] / alpha[i];
        v[i] = alpha[i] > 0 ? straight : 0;
    }
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OPS JOIN(ibx_pixel_ops_, IBX_VARIANT)

extern const ibx_pixel_ops OPS;
const ibx_pixel_ops OPS = {.unpack = unpack,
                           .look_up = look_up,
                           .pack = pack,
                           .to_linear = to_linear,
                           .to_encoded = to_encoded,
                           .premultiply = premultiply,
                           .unpremultiply = unpremultiply};
