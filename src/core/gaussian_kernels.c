/* gaussian_kernels.c - direct taps of gaussian.h; compiled once per CPU variant. */
#include "gaussian.h"

/* `count` vectors of out[x] = tap[0] a[x] + sum over k of tap[k] (a[x - k step] + a[x + k step]) */
IBX_INLINE void taps(const ibx_gaussian *g, const float *a, ptrdiff_t step, float *out, int count) {
    ibx_floats sum[4];
    for (int i = 0; i < count; i++) sum[i] = ((const ibx_floats *)a)[i] * g->tap[0];
    for (int k = 1; k <= g->radius; k++) {
        const ibx_floats *lo = (const ibx_floats *)(a - k * step);
        const ibx_floats *hi = (const ibx_floats *)(a + k * step);
        for (int i = 0; i < count; i++) sum[i] += (lo[i] + hi[i]) * g->tap[k];
    }
    for (int i = 0; i < count; i++) ((ibx_floats *)out)[i] = sum[i];
}

/* n samples of the above: along x with step 1, along y with the stride. The last vector ends with
 * the row, and may compute some samples once more; only rows shorter than a vector have a rest. */
static void convolve(const ibx_gaussian *g, const float *a, ptrdiff_t step, float *out, int n) {
    const int lanes = IBX_LANES;
    int x = 0;
    for (; x + 4 * lanes <= n; x += 4 * lanes) taps(g, a + x, step, out + x, 4);
    for (; x + lanes <= n; x += lanes) taps(g, a + x, step, out + x, 1);
    if (x < n && n >= lanes) {
        taps(g, a + n - lanes, step, out + n - lanes, 1);
        x = n;
    }
    for (; x < n; x++) {
        float sum = a[x] * g->tap[0];
        for (int k = 1; k <= g->radius; k++) sum += (a[x - k * step] + a[x + k * step]) * g->tap[k];
        out[x] = sum;
    }
}

void ibx_gaussian_row(const ibx_gaussian *across, const ibx_gaussian *down, const float *a,
                      ptrdiff_t stride, int n, float *row, float *b) {
    convolve(down, a, stride, row, n + 2 * across->radius);
    convolve(across, row + across->radius, 1, b, n);
}
