/* planes.h - interleaved floats of three samples to planes; for kernels. */
#ifndef IBX_CORE_PLANES_H
#define IBX_CORE_PLANES_H

#include "core/transpose.h"

/* Four pixels of three samples in every half of a vector, or in all of it. */
#ifdef __AVX2__
#define IBX_IN_HALVES(a, b, i, j, k, l)                                                            \
    __builtin_shufflevector(a, b, i, j, k + 4, l + 4, i + 4, j + 4, k + 8, l + 8)
static inline ibx_floats ibx_load_halves(const float *v) {
    return __builtin_shufflevector(*(const ibx_quad *)v, *(const ibx_quad *)(v + 12), 0, 1, 2, 3, 4,
                                   5, 6, 7);
}
#else
#define IBX_IN_HALVES(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
static inline ibx_floats ibx_load_halves(const float *v) {
    return *(const ibx_floats *)v;
}
#endif

/* A vector of pixels of three samples. */
static inline void ibx_plane_vectors(const float *v, float *a, float *b, float *c) {
    const ibx_floats v0 = ibx_load_halves(v), v1 = ibx_load_halves(v + 4),
                     v2 = ibx_load_halves(v + 8);
    const ibx_floats begin = IBX_IN_HALVES(v0, v1, 1, 2, 4, 5); /* b0 c0 b1 c1 */
    const ibx_floats end = IBX_IN_HALVES(v1, v2, 2, 3, 5, 6);   /* a2 b2 a3 b3 */
    *(ibx_floats *)a = IBX_IN_HALVES(v0, end, 0, 3, 4, 6);
    *(ibx_floats *)b = IBX_IN_HALVES(begin, end, 0, 2, 5, 7);
    *(ibx_floats *)c = IBX_IN_HALVES(begin, v2, 1, 3, 4, 7);
}

static inline void ibx_to_planes(const float *restrict v, int n, float *restrict a,
                                 float *restrict b, float *restrict c) {
    int x = 0;
    for (; x + IBX_LANES <= n; x += IBX_LANES) ibx_plane_vectors(v + 3 * x, a + x, b + x, c + x);
    for (; x < n; x++) {
        a[x] = v[3 * x];
        b[x] = v[3 * x + 1];
        c[x] = v[3 * x + 2];
    }
}

#endif
