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

/* b[j * b_step + i] = a[i * a_step + j] for i < rows, j < columns. Walks down strips of 16 input
 * rows, so that every cache line of the output is completed while it is at hand. */
static inline void ibx_transpose(const float *a, ptrdiff_t a_step, int rows, int columns, float *b,
                                 ptrdiff_t b_step) {
    const int whole_rows = rows & ~3, whole_columns = columns & ~3;
    for (int strip = 0; strip < whole_rows; strip += 16)
        for (int j = 0; j < whole_columns; j += 4)
            for (int i = strip; i < ibx_min(strip + 16, whole_rows); i += 4)
                ibx_transpose_quads(a + i * a_step + j, a_step, b + j * b_step + i, b_step);
    for (int i = 0; i < rows; i++)
        for (int j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            b[j * b_step + i] = a[i * a_step + j];
}

#endif
