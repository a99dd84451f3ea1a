/* vector.h - one vector register as a type of C, for kernels that plain loops cannot express.
 *
 * Most filters need none of this: compilers turn their loops into vector code. It is for kernels
 * that keep several sums in registers over an inner loop, or that pick a path by what a whole
 * vector holds. Operators work lane by lane; comparisons give lanes of ints, all bits set or
 * clear, to be combined by & and |. A kernel with vectors still owes the same bits on every CPU:
 * lanes are samples that know nothing of one another, and each sum has one order. */
#ifndef IBX_VECTOR_H
#define IBX_VECTOR_H

#include "filter.h"
#ifdef __SSE2__
#include <immintrin.h>
#endif

/* Bytes of a vector register, and floats in it. */
#ifdef __AVX2__
#define IBX_VECTOR 32
#else
#define IBX_VECTOR 16
#endif
#define IBX_LANES (IBX_VECTOR / (int)sizeof(float))

/* Loads and stores through a pointer to ibx_floats need no alignment beyond that of a float. */
typedef float ibx_floats __attribute__((vector_size(IBX_VECTOR), aligned(4), may_alias));
typedef int32_t ibx_ints __attribute__((vector_size(IBX_VECTOR)));

/* For small functions whose arguments decide how a loop unrolls, or which take vectors. */
#define IBX_INLINE static inline __attribute__((always_inline))

/* As many bytes as a vector has floats, as floats. One instruction and a conversion, where gcc 12
 * makes ten of __builtin_convertvector. */
IBX_INLINE ibx_floats ibx_floats_of(const uint8_t *bytes) {
#ifdef __AVX2__
    const __m128i eight = _mm_loadl_epi64((const __m128i_u *)bytes);
    return (ibx_floats)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight));
#else
    typedef uint8_t bytes16 __attribute__((vector_size(16)));
    typedef uint16_t words8 __attribute__((vector_size(16)));
    int32_t four;
    memcpy(&four, bytes, sizeof four);
    const bytes16 v = (bytes16)(ibx_ints){four};
    const words8 w = (words8)__builtin_shufflevector(v, (bytes16){0}, 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                                     20, 5, 21, 6, 22, 7, 23);
    const ibx_ints whole =
        (ibx_ints)__builtin_shufflevector(w, (words8){0}, 0, 8, 1, 9, 2, 10, 3, 11);
    return __builtin_convertvector(whole, ibx_floats);
#endif
}

/* Four vectors of values from 0 to 255 as bytes, rounded to nearest, ties to even. */
IBX_INLINE void ibx_store_bytes(const ibx_floats *v, uint8_t *to) {
#if defined __AVX2__
    const __m256i low =
        _mm256_packs_epi32(_mm256_cvtps_epi32((__m256)v[0]), _mm256_cvtps_epi32((__m256)v[1]));
    const __m256i high =
        _mm256_packs_epi32(_mm256_cvtps_epi32((__m256)v[2]), _mm256_cvtps_epi32((__m256)v[3]));
    /* Packing works within halves of 16 bytes: the fours of bytes come in the order of halves. */
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256((__m256i_u *)to,
                        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order));
#elif defined __SSE2__
    const __m128i low =
        _mm_packs_epi32(_mm_cvtps_epi32((__m128)v[0]), _mm_cvtps_epi32((__m128)v[1]));
    const __m128i high =
        _mm_packs_epi32(_mm_cvtps_epi32((__m128)v[2]), _mm_cvtps_epi32((__m128)v[3]));
    _mm_storeu_si128((__m128i_u *)to, _mm_packus_epi16(low, high));
#else
    for (int i = 0; i < 4 * IBX_LANES; i++) to[i] = (uint8_t)lrintf(((const float *)v)[i]);
#endif
}

/* The larger of two, lane by lane; b where a is NaN. */
IBX_INLINE ibx_floats ibx_larger(ibx_floats a, ibx_floats b) {
#if defined __AVX2__
    return (ibx_floats)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined __SSE2__
    return (ibx_floats)_mm_max_ps((__m128)a, (__m128)b);
#else
    const ibx_ints more = a > b;
    return (ibx_floats)((more & (ibx_ints)a) | (~more & (ibx_ints)b));
#endif
}

/* The smaller of two, lane by lane; b where a is NaN. */
IBX_INLINE ibx_floats ibx_smaller(ibx_floats a, ibx_floats b) {
#if defined __AVX2__
    return (ibx_floats)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined __SSE2__
    return (ibx_floats)_mm_min_ps((__m128)a, (__m128)b);
#else
    const ibx_ints less = a < b;
    return (ibx_floats)((less & (ibx_ints)a) | (~less & (ibx_ints)b));
#endif
}

/* a where the mask is set, b elsewhere. */
IBX_INLINE ibx_floats ibx_choose(ibx_ints mask, ibx_floats a, ibx_floats b) {
#ifdef __AVX2__
    return (ibx_floats)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (ibx_floats)((mask & (ibx_ints)a) | (~mask & (ibx_ints)b));
#endif
}

/* Is any bit set? */
IBX_INLINE bool ibx_any(ibx_ints v) {
    uint64_t part[IBX_VECTOR / 8], any = 0;
    memcpy(part, &v, sizeof v);
    for (int i = 0; i < IBX_VECTOR / 8; i++) any |= part[i];
    return any != 0;
}

#endif
