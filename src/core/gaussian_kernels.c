/* gaussian_kernels.c - direct taps of gaussian.h; compiled once per CPU variant. */
#include "gaussian.h"

/* Rows that are blurred down the columns before they are blurred along. */
enum { GROUP = 8 };

/* `count` vectors of out[x] = tap[0] a[x] + sum over k of tap[k] (a[x - k step] + a[x + k step]) */
IBX_INLINE void taps(const ibx_gaussian *g, const float *a, ptrdiff_t step, float *out, int count) {
    ibx_floats sum[8];
    for (int i = 0; i < count; i++) sum[i] = ((const ibx_floats *)a)[i] * g->tap[0];
    for (int k = 1; k <= g->radius; k++) {
        const ibx_floats *lo = (const ibx_floats *)(a - k * step);
        const ibx_floats *hi = (const ibx_floats *)(a + k * step);
        for (int i = 0; i < count; i++) sum[i] += (lo[i] + hi[i]) * g->tap[k];
    }
    for (int i = 0; i < count; i++) ((ibx_floats *)out)[i] = sum[i];
}

/* A plane, or what is written of it. */
typedef struct {
    const float *from;
    ptrdiff_t from_stride;
    float *to;
    ptrdiff_t to_stride;
    int rows;
} planes;

/* `count` vectors from column x on, from top to bottom: the rows above and below stay in the first
 * cache. Eight are as many additions as a processor has under way. */
IBX_INLINE void block(const ibx_gaussian *g, const planes *t, ptrdiff_t step, int x, int count) {
    for (int y = 0; y < t->rows; y++)
        taps(g, t->from + y * t->from_stride + x, step, t->to + y * t->to_stride + x, count);
}

/* n columns of the above: along x with step 1, along y with the stride. The last vector ends with
 * the row, and may compute some samples once more; only rows shorter than a vector have a rest. */
IBX_INLINE void convolve(const ibx_gaussian *g, const planes *t, ptrdiff_t step, int n) {
    const int lanes = IBX_LANES;
    int x = 0;
    for (; x + 8 * lanes <= n; x += 8 * lanes) block(g, t, step, x, 8);
    for (; x + 2 * lanes <= n; x += 2 * lanes) block(g, t, step, x, 2);
    for (; x < n && n >= lanes; x += lanes) block(g, t, step, ibx_min(x, n - lanes), 1);
    for (; x < n; x++)
        for (int y = 0; y < t->rows; y++) {
            const float *a = t->from + y * t->from_stride + x;
            float sum = a[0] * g->tap[0];
            for (int k = 1; k <= g->radius; k++) sum += (a[-k * step] + a[k * step]) * g->tap[k];
            t->to[y * t->to_stride + x] = sum;
        }
}

/* Of a row of the scratch: an odd number of cache lines. */
static ptrdiff_t stride_of(const ibx_gaussian *across, int n) {
    return (n + 2 * across->radius + 15) / 32 * 32 + 16;
}

size_t ibx_gaussian_scratch(const ibx_gaussian *across, int n, int rows) {
    return (size_t)stride_of(across, n) * (size_t)ibx_min(rows, GROUP) * sizeof(float);
}

void ibx_gaussian_rows(const ibx_gaussian *across, const ibx_gaussian *down, const float *a,
                       ptrdiff_t stride, int n, int rows, float *scratch, float *b,
                       ptrdiff_t b_stride) {
    const ptrdiff_t wide = stride_of(across, n);
    for (int y = 0; y < rows; y += GROUP) {
        const int group = ibx_min(GROUP, rows - y);
        const planes first = {a + y * stride, stride, scratch, wide, group};
        const planes second = {scratch + across->radius, wide, b + y * b_stride, b_stride, group};
        convolve(down, &first, stride, n + 2 * across->radius);
        convolve(across, &second, 1, n);
    }
}
