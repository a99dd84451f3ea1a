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

/* Is any bit set? */
IBX_INLINE bool ibx_any(ibx_ints v) {
    uint64_t part[IBX_VECTOR / 8], any = 0;
    memcpy(part, &v, sizeof v);
    for (int i = 0; i < IBX_VECTOR / 8; i++) any |= part[i];
    return any != 0;
}

#endif
