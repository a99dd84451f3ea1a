/* pixel_kernels.c - see pixels.h. Compiled once per CPU variant.
 *
 * Plain loops that compilers vectorise, but for 8-bit pixels of three and four samples: there
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

static inline float to_f32(float v) {
    return v;
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
UNPACK(unpack_f32, float, to_f32)
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

/* A vector of pixels of three bytes, each in the lower three of its lane. Reads up to 4 bytes
 * behind them. */
static inline words load_3_of_4(const uint8_t *from) {
    words v;
#ifdef __AVX2__
    typedef uint8_t half __attribute__((vector_size(16), aligned(1), may_alias));
    const half low = *(const half *)from, high = *(const half *)(from + 12);
    v = (words)__builtin_shufflevector(low, high, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12,
                                       16, 17, 18, 19, 19, 20, 21, 22, 22, 23, 24, 25, 25, 26, 27,
                                       28);
#else
    for (int i = 0; i < LANES; i++) memcpy((uint32_t *)&v + i, from + 3 * i, sizeof(uint32_t));
#endif
    return v;
}

/* Stores the lower three bytes of every lane in a row, and up to 4 bytes behind them that mean
 * nothing. */
static inline void store_3_of_4(words v, uint8_t *to) {
#ifdef __AVX2__
    typedef uint8_t bytes __attribute__((vector_size(32)));
    typedef uint8_t half __attribute__((vector_size(16), aligned(1), may_alias));
    const bytes b = __builtin_shufflevector((bytes)v, (bytes)v, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13,
                                            14, 3, 7, 11, 15, 16, 17, 18, 20, 21, 22, 24, 25, 26,
                                            28, 29, 30, 19, 23, 27, 31);
    *(half *)to =
        __builtin_shufflevector(b, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    *(half *)(to + 12) = __builtin_shufflevector(b, b, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
                                                 27, 28, 29, 30, 31);
#else
    for (int i = 0; i < LANES; i++) {
        const uint32_t lane = v[i];
        memcpy(to + 3 * i, &lane, sizeof lane);
    }
#endif
}

/* from_u8 of the lower three bytes of every lane. */
static inline void unpack_3(words v, float *a, float *b, float *c) {
    const float scale = 1 / 255.0F;
    *(ibx_floats *)a = __builtin_convertvector((ibx_ints)(v & 255), ibx_floats) * scale;
    *(ibx_floats *)b = __builtin_convertvector((ibx_ints)(v >> 8 & 255), ibx_floats) * scale;
    *(ibx_floats *)c = __builtin_convertvector((ibx_ints)(v >> 16 & 255), ibx_floats) * scale;
}

/* Unpacks as many pixels of three or four samples as it can in whole vectors; returns how many. */
static int unpack_u8_vectors(const uint8_t *row, int planes, int n, float *const plane[]) {
    float *const a = plane[0], *const b = plane[planes > 1], *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    if (planes == 3) {
        for (; i + LANES + 2 <= n; i += LANES) /* two pixels more: see load_3_of_4 */
            unpack_3(load_3_of_4(row + 3 * i), a + i, b + i, c + i);
        for (; i < n && n >= LANES; i += LANES) { /* the last vector ends with the row */
            uint8_t copy[3 * LANES + 4];
            i = ibx_min(i, n - LANES);
            memcpy(copy, row + 3 * i, 3 * LANES);
            unpack_3(load_3_of_4(copy), a + i, b + i, c + i);
        }
    }
    if (planes == 4)
        for (; i + LANES <= n; i += LANES) {
            const words v = *(const words *)(row + 4 * i);
            unpack_3(v, a + i, b + i, c + i);
            *(ibx_floats *)(plane[3] + i) =
                __builtin_convertvector((ibx_ints)(v >> 24), ibx_floats) * (1 / 255.0F);
        }
    return i;
}

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

/* Packs as many pixels of three or four samples as it can in whole vectors; returns how many. */
static int pack_u8_vectors(float *const plane[], int planes, int n, uint8_t *row) {
    const float *const a = plane[0], *const b = plane[planes > 1],
                       *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    if (planes == 3) {
        for (; i + LANES + 2 <= n; i += LANES) /* two pixels more: see store_3_of_4 */
            store_3_of_4(pack_3(a + i, b + i, c + i), row + 3 * i);
        for (; i < n && n >= LANES; i += LANES) { /* the last vector ends with the row */
            uint8_t copy[3 * LANES + 4];
            i = ibx_min(i, n - LANES);
            store_3_of_4(pack_3(a + i, b + i, c + i), copy);
            memcpy(row + 3 * i, copy, 3 * LANES);
        }
    }
    if (planes == 4)
        for (; i + LANES <= n; i += LANES)
            *(words *)(row + 4 * i) =
                (pack_3(a + i, b + i, c + i) & 0xFFFFFF) | to_u8_lanes(plane[3] + i) << 24;
    return i;
}

static void unpack(ibx_sample type, const void *row, int planes, int n, float *const plane[]) {
    switch (type) {
    case IBX_U8:
        unpack_u8(NULL, row, planes, unpack_u8_vectors(row, planes, n, plane), n, plane);
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

static void look_up(const float *table, const uint8_t *row, int planes, int n,
                    float *const plane[]) {
    float *const a = plane[0], *const b = plane[planes > 1], *const c = plane[planes > 2 ? 2 : 0];
    int i = 0;
    for (; planes == 3 && i + 4 <= n; i += 4) {
        const uint32_t v = load_word(row + 3 * i), w = load_word(row + 3 * i + 4),
                       x = load_word(row + 3 * i + 8);
        look_up_four(table, v, v >> 24, w >> 16, x >> 8, a + i);
        look_up_four(table, v >> 8, w, w >> 24, x >> 16, b + i);
        look_up_four(table, v >> 16, w >> 8, x, x >> 24, c + i);
    }
    for (; planes == 1 && i < n && n >= 8; i += 8) { /* the last eight end with the row */
        i = ibx_min(i, n - 8);
        const uint32_t v = load_word(row + i), w = load_word(row + i + 4);
        look_up_four(table, v, v >> 8, v >> 16, v >> 24, a + i);
        look_up_four(table, w, w >> 8, w >> 16, w >> 24, a + i + 4);
    }
    look_up_from(table, row, planes, i, n, plane);
}

static void pack(ibx_sample type, float *const plane[], int planes, int n, void *row) {
    switch (type) {
    case IBX_U8:
        pack_u8(plane, planes, pack_u8_vectors(plane, planes, n, row), n, row);
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
 * errors `encode` multiplies by up to 13. Absolute errors: decode 1.7e-6, encode 0.6e-6, there and
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

/* In t, the fourth root: the curve, a power of 1/2.4, is nearly straight over it. */
static inline float encode(float v) {
    const float u = sqrtf(sqrtf(v)) - 1;
    float q = -0.077270865f;
    q = q * u - 0.140536f;
    q = q * u - 0.13108872f;
    q = q * u - 0.028981388f;
    q = q * u - 0.076036654f;
    q = q * u + 0.58502084f;
    q = q * u + 1.7582968f;
    const float curve = 1 + u * q, straight = v * 12.92f;
    const float tangent = 1 + (v - 1) * (float)(1.055 / 2.4);
    const float inside = v <= 0.0031308f ? straight : curve;
    return v > 1 ? tangent : inside;
}

static void to_linear(float *v, int n) {
    for (int i = 0; i < n; i++) v[i] = decode(v[i]);
}

static void to_encoded(float *v, int n) {
    for (int i = 0; i < n; i++) v[i] = encode(v[i]);
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
