/* reduction_kernels.c - to a reduced image by tents, and back by splines; see gaussian.h. Compiled
 * once per CPU variant. */
#include "gaussian.h"

/* ---- to the reduced image ------------------------------------------------------------------- */

/* The row that stands for row y + k of an image that is `height` high: rows outside repeat its
 * edge. */
static inline const float *tent_row(int height, const ibx_tile *in, int p, int y) {
    return ibx_at(in, p, in->at.x, ibx_min(ibx_max(y, 0), height - 1));
}

static inline float tent_weight(int d, int k) {
    return (float)(d - (k < 0 ? -k : k));
}

/* `count` vectors of the tent, from column x on, in registers. */
IBX_INLINE void tent_vectors(int d, int height, const ibx_tile *in, int p, int y, int x, int count,
                             float *row) {
    ibx_floats sum[4] = {{0}, {0}, {0}, {0}};
    for (int k = 1 - d; k < d; k++) {
        const ibx_floats *a = (const ibx_floats *)(tent_row(height, in, p, y + k) + x);
        const float w = tent_weight(d, k);
        for (int i = 0; i < count; i++) sum[i] += w * a[i];
    }
    for (int i = 0; i < count; i++) ((ibx_floats *)(row + x))[i] = sum[i];
}

/* The tent (1 2 .. d .. 2 1) down the columns, around row y. */
static void tent_down(int d, int height, const ibx_tile *in, int p, int y, float *row) {
    const int lanes = IBX_LANES, n = in->at.w;
    int x = 0;
    for (; x + 4 * lanes <= n; x += 4 * lanes) tent_vectors(d, height, in, p, y, x, 4, row);
    for (; x + lanes <= n; x += lanes) tent_vectors(d, height, in, p, y, x, 1, row);
    for (; x < n; x++) {
        float sum = 0;
        for (int k = 1 - d; k < d; k++)
            sum += tent_weight(d, k) * tent_row(height, in, p, y + k)[x];
        row[x] = sum;
    }
}

/* The same along n samples: a cascade of (1 2 1), each of which drops every other sample. */
static const float *tent_along(float *row, float *spare, int n, int d) {
    for (; d > 1; d /= 2) {
        const float *restrict a = row;
        float *restrict b = spare;
        n = (n - 1) / 2;
        for (int x = 0; x < n; x++) b[x] = (a[2 * x] + a[2 * x + 2]) + 2 * a[2 * x + 1];
        spare = row;
        row = b;
    }
    return row;
}

void ibx_reduce(const ibx_reduction *r, const ibx_head *head, const ibx_tile *in, ibx_tile *out,
                void *scratch) {
    const int d = r->step, n = (out->at.w + 1) * d - 1;
    /* Columns outside the image repeat its edge: `first` on the left, the rest on the right. */
    const int first = ibx_max(in->at.x - (out->at.x - 2) * d - 1, 0);
    const int last = ibx_min(first + in->at.w, n) - 1;
    const float scale = 1.F / ((float)(d * d) * (float)(d * d));
    float *row = scratch;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            tent_down(d, head->h, in, p, (y - 1) * d, row + first);
            for (int x = 0; x < first; x++) row[x] = row[first];
            for (int x = last + 1; x < n; x++) row[x] = row[last];
            const float *sum = tent_along(row, row + n, n, d);
            float *b = ibx_at(out, p, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = sum[x] * scale;
        }
}

/* ---- back to the full size ------------------------------------------------------------------ */

/* Repeats each of n samples d times, by doubling. Returns where they are. */
static const float *widen(float *row, float *spare, int n, int d) {
    for (; d > 1; d /= 2, n *= 2) {
        const float *restrict a = row;
        float *restrict b = spare;
        for (int x = 0; x < n; x++) b[2 * x] = b[2 * x + 1] = a[x];
        spare = row;
        row = b;
    }
    return row;
}

/* b[x] = sum over k of weight k of column x times the k-th of its four reduced pixels. */
static void spline_along(const float *wide, int d, const float *weight, float *restrict b, int n) {
    const float *w0 = weight, *w1 = w0 + n, *w2 = w1 + n, *w3 = w2 + n;
    const float *a0 = wide, *a1 = a0 + d, *a2 = a1 + d, *a3 = a2 + d;
    for (int x = 0; x < n; x++)
        b[x] = a0[x] * w0[x] + a1[x] * w1[x] + a2[x] * w2[x] + a3[x] * w3[x];
}

void ibx_expand(const ibx_reduction *r, const ibx_tile *in, ibx_tile *out, void *scratch) {
    const int d = r->step, n = out->at.w, phase = out->at.x % d;
    const ptrdiff_t next = in->stride;
    float *weight = scratch, *row = weight + 4 * (ptrdiff_t)n;
    for (int k = 0; k < 4; k++)
        for (int x = 0; x < n; x++) weight[k * n + x] = r->spline[(phase + x) % d][k];
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, p, in->at.x, y / d), *w = r->spline[y % d];
            for (int x = 0; x < in->at.w; x++)
                row[x] = a[x] * w[0] + a[x + next] * w[1] + a[x + 2 * next] * w[2] +
                         a[x + 3 * next] * w[3];
            const float *wide = widen(row, row + (ptrdiff_t)in->at.w * d, in->at.w, d);
            spline_along(wide + phase, d, weight, ibx_at(out, p, out->at.x, y), n);
        }
}
