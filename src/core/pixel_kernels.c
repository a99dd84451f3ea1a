/* pixel_kernels.c - see pixels.h. Compiled once per CPU variant.
 *
 * Plain loops that compilers vectorise, but for packing 8-bit pixels of three and four samples:
 * there explicit vectors are two to five times faster. Every path does the same float operations
 * in the same order on a sample, so all give the same bits. */
#include "core/pixels.h"

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

/* One loop per number of planes: with a constant stride it vectorises. */
#define UNPACK(name, sample, from)                                                                 \
    static void name(const float *table, const sample *restrict row, int planes, int n,            \
                     float *const plane[]) {                                                       \
        (void)table; /* look_up's alone */                                                         \
        float *restrict a = plane[0], *restrict b = plane[planes > 1],                             \
                        *restrict c = plane[planes > 2 ? 2 : 0],                                   \
                        *restrict d = plane[planes > 3 ? 3 : 0];                                   \
        switch (planes) {                                                                          \
        case 1:                                                                                    \
            for (int i = 0; i < n; i++) a[i] = from(row[i]);                                       \
            break;                                                                                 \
        case 2:                                                                                    \
            for (int i = 0; i < n; i++) a[i] = from(row[2 * i]), b[i] = from(row[2 * i + 1]);      \
            break;                                                                                 \
        case 3:                                                                                    \
            for (int i = 0; i < n; i++)                                                            \
                a[i] = from(row[3 * i]), b[i] = from(row[3 * i + 1]), c[i] = from(row[3 * i + 2]); \
            break;                                                                                 \
        default:                                                                                   \
            for (int i = 0; i < n; i++)                                                            \
                a[i] = from(row[4 * i]), b[i] = from(row[4 * i + 1]), c[i] = from(row[4 * i + 2]), \
                d[i] = from(row[4 * i + 3]);                                                       \
        }                                                                                          \
    }

#define in_table(v) table[v]
UNPACK(unpack_u8, uint8_t, from_u8)
UNPACK(unpack_u16, uint16_t, from_u16)
UNPACK(unpack_f32, float, to_f32)
UNPACK(look_up, uint8_t, in_table)

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

#ifdef __AVX2__
#define VECTOR 32
#else
#define VECTOR 16
#endif

enum { LANES = VECTOR / sizeof(float) };

typedef float floats __attribute__((vector_size(VECTOR)));
typedef int32_t ints __attribute__((vector_size(VECTOR)));
typedef uint32_t words __attribute__((vector_size(VECTOR)));

/* to_u8 of LANES samples, each in the low byte of its lane. The sum with ROUNDER holds the number
 * in its lowest bits. */
static inline words to_u8_lanes(const float *v) {
    floats x;
    memcpy(&x, v, sizeof x);
    const floats one = (floats){0} + 1;
    x = (floats)((ints)x & (x > 0));
    const ints below = x < one;
    x = (floats)(((ints)x & below) | ((ints)one & ~below));
    return (words)(x * 255 + ROUNDER) & 255;
}

/* Stores the lower three bytes of every lane in a row, and up to 4 bytes behind them that mean
 * nothing. */
static inline void store_3_of_4(words v, uint8_t *to) {
#ifdef __AVX2__
    typedef uint8_t bytes __attribute__((vector_size(16)));
    bytes half[2];
    memcpy(half, &v, sizeof half);
    for (int i = 0; i < 2; i++) {
        half[i] = __builtin_shufflevector(half[i], half[i], 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14,
                                          3, 7, 11, 15);
        memcpy(to + 12 * i, &half[i], sizeof half[i]);
    }
#else
    for (int i = 0; i < LANES; i++) {
        const uint32_t lane = v[i];
        memcpy(to + 3 * i, &lane, sizeof lane);
    }
#endif
}

/* Packs as many pixels of three or four samples as it can in whole vectors, without writing past
 * the row; returns how many. */
static int pack_u8_vectors(float *const plane[], int planes, int n, uint8_t *row) {
    int i = 0;
    if (planes == 3)
        for (; i + LANES + 2 <= n; i += LANES) /* two pixels more: see store_3_of_4 */
            store_3_of_4(to_u8_lanes(plane[0] + i) | to_u8_lanes(plane[1] + i) << 8 |
                             to_u8_lanes(plane[2] + i) << 16,
                         row + 3 * i);
    if (planes == 4)
        for (; i + LANES <= n; i += LANES) {
            const words v = to_u8_lanes(plane[0] + i) | to_u8_lanes(plane[1] + i) << 8 |
                            to_u8_lanes(plane[2] + i) << 16 | to_u8_lanes(plane[3] + i) << 24;
            memcpy(row + 4 * i, &v, sizeof v);
        }
    return i;
}

static void unpack(ibx_sample type, const void *row, int planes, int n, float *const plane[]) {
    switch (type) {
    case IBX_U8:
        unpack_u8(NULL, row, planes, n, plane);
        break;
    case IBX_U16:
        unpack_u16(NULL, row, planes, n, plane);
        break;
    case IBX_F32:
        unpack_f32(NULL, row, planes, n, plane);
        break;
    }
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
