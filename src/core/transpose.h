/* transpose.h - rows of floats become columns; for kernels. */
#ifndef IBX_CORE_TRANSPOSE_H
#define IBX_CORE_TRANSPOSE_H

#include "vector.h"

typedef float ibx_quad __attribute__((vector_size(16), aligned(4), may_alias));

/* b[j][i] = a[i][j] of 4 x 4 samples; steps between rows in floats, of any sign. */
IBX_INLINE void ibx_transpose_quads(const float *a, ptrdiff_t a_step, float *b, ptrdiff_t b_step) {
    const ibx_quad r0 = *(const ibx_quad *)a, r1 = *(const ibx_quad *)(a + a_step);
    const ibx_quad r2 = *(const ibx_quad *)(a + 2 * a_step),
                   r3 = *(const ibx_quad *)(a + 3 * a_step);
    const ibx_quad low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
    const ibx_quad high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const ibx_quad low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
    const ibx_quad high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    *(ibx_quad *)b = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    *(ibx_quad *)(b + b_step) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    *(ibx_quad *)(b + 2 * b_step) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    *(ibx_quad *)(b + 3 * b_step) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

#ifdef __AVX2__
IBX_INLINE ibx_floats ibx_load_pair(const float *low, const float *high) {
    return (ibx_floats)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)),
                                            _mm_loadu_ps(high), 1);
}

/* The same of 8 x 4 samples: four rows in each half of a vector. */
IBX_INLINE void ibx_transpose_eight(const float *a, ptrdiff_t a_step, float *b, ptrdiff_t b_step) {
    const float *a4 = a + 4 * a_step;
    const ibx_floats r0 = ibx_load_pair(a, a4), r1 = ibx_load_pair(a + a_step, a4 + a_step);
    const ibx_floats r2 = ibx_load_pair(a + 2 * a_step, a4 + 2 * a_step),
                     r3 = ibx_load_pair(a + 3 * a_step, a4 + 3 * a_step);
    const ibx_floats low01 = __builtin_shufflevector(r0, r1, 0, 8, 1, 9, 4, 12, 5, 13);
    const ibx_floats high01 = __builtin_shufflevector(r0, r1, 2, 10, 3, 11, 6, 14, 7, 15);
    const ibx_floats low23 = __builtin_shufflevector(r2, r3, 0, 8, 1, 9, 4, 12, 5, 13);
    const ibx_floats high23 = __builtin_shufflevector(r2, r3, 2, 10, 3, 11, 6, 14, 7, 15);
    *(ibx_floats *)b = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
    *(ibx_floats *)(b + b_step) = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
    *(ibx_floats *)(b + 2 * b_step) =
        __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
    *(ibx_floats *)(b + 3 * b_step) =
        __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
}
#endif

/* Rows from `i` to the one before `end`, both multiples of 4, of four columns. */
IBX_INLINE void ibx_transpose_four_columns(const float *a, ptrdiff_t a_step, int i, int end,
                                           float *b, ptrdiff_t b_step) {
#ifdef __AVX2__
    for (; i + 8 <= end; i += 8) ibx_transpose_eight(a + i * a_step, a_step, b + i, b_step);
#endif
    for (; i < end; i += 4) ibx_transpose_quads(a + i * a_step, a_step, b + i, b_step);
}

/* b[j * b_step + i] = a[i * a_step + j] for i < rows, j < columns. Walks down strips of 16 input
 * rows, so that every cache line of the output is completed while it is at hand. */
static inline void ibx_transpose(const float *a, ptrdiff_t a_step, int rows, int columns, float *b,
                                 ptrdiff_t b_step) {
    const int whole_rows = rows & ~3, whole_columns = columns & ~3;
    for (int strip = 0; strip < whole_rows; strip += 16)
        for (int j = 0; j < whole_columns; j += 4)
            ibx_transpose_four_columns(a + j, a_step, strip, ibx_min(strip + 16, whole_rows),
                                       b + j * b_step, b_step);
    for (int i = 0; i < rows; i++)
        for (int j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            b[j * b_step + i] = a[i * a_step + j];
}

#endif
