/* reduction_kernels.c - to a reduced image by tents, and back by splines; see gaussian.h. Compiled
 * once per CPU variant. */
#include "core/planes.h"
#include "gaussian.h"

/* ---- to the reduced image ------------------------------------------------------------------- */

/* Weights of the tent (1 2 .. d .. 2 1) around row y of an image that is `height` high. Rows
 * outside repeat its edge, so their weights go to its first or last row. `weight` starts as zeros.
 * Returns how many rows from *first on. */
static int tent_rows(int d, int height, int y, int *first, float *weight) {
    *first = ibx_min(ibx_max(y + 1 - d, 0), height - 1);
    const int n = ibx_max(ibx_min(y + d, height), 1) - *first;
    for (int k = 1 - d; k < d; k++)
        weight[ibx_min(ibx_max(y + k, 0), height - 1) - *first] += (float)(d - (k < 0 ? -k : k));
    return n;
}

/* `count` vectors of the sum of n weighted rows, in registers. */
IBX_INLINE void tent_vectors(const float *a, ptrdiff_t stride, const float *w, int n, float *row,
                             int count) {
    ibx_floats sum[8] = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}};
    for (int k = 0; k < n; k++, a += stride)
        for (int i = 0; i < count; i++) sum[i] += w[k] * ((const ibx_floats *)a)[i];
    for (int i = 0; i < count; i++) ((ibx_floats *)row)[i] = sum[i];
}

/* The tent down the columns, around row y. */
static void tent_down(int d, int height, const ibx_tile *in, int p, int y, float *row) {
    const int lanes = IBX_LANES, wide = in->at.w;
    float w[2 * IBX_REDUCTION_STEP] = {0};
    int first, x = 0;
    const int n = tent_rows(d, height, y, &first, w);
    const float *a = ibx_at(in, p, in->at.x, first);
    for (; x + 8 * lanes <= wide; x += 8 * lanes) tent_vectors(a + x, in->stride, w, n, row + x, 8);
    for (; x + lanes <= wide; x += lanes) tent_vectors(a + x, in->stride, w, n, row + x, 1);
    for (; x < wide; x++) {
        float sum = 0;
        for (int k = 0; k < n; k++) sum += w[k] * a[k * in->stride + x];
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

/* Where the columns of a tile's input stand in a row that reaches over the image's edge. */
typedef struct {
    int d, n, first, last;
    float *row, *spare;
} line;

/* Columns outside the image repeat its edge: `first` on the left, the rest on the right. */
static line line_of(int d, ibx_rect in, ibx_rect out, float *row, float *spare) {
    const int n = (out.w + 1) * d - 1, first = ibx_max(in.x - (out.x - 2) * d - 1, 0);
    return (line){d, n, first, ibx_min(first + in.w, n) - 1, row, spare};
}

/* Row y of plane p of the reduced image, from the sums down the columns. */
static void finish(const line *l, ibx_tile *out, int p, int y) {
    const float d2 = (float)(l->d * l->d), scale = 1.F / (d2 * d2);
    float *row = l->row;
    for (int x = 0; x < l->first; x++) row[x] = row[l->first];
    for (int x = l->last + 1; x < l->n; x++) row[x] = row[l->last];
    const float *sum = tent_along(row, l->spare, l->n, l->d);
    float *b = ibx_at(out, p, out->at.x, y);
    for (int x = 0; x < out->at.w; x++) b[x] = sum[x] * scale;
}

void ibx_reduce(const ibx_reduction *r, const ibx_head *head, const ibx_tile *in, ibx_tile *out,
                void *scratch) {
    const int d = r->step;
    float *row = scratch;
    const line l = line_of(d, in->at, out->at, row, row + (out->at.w + 1) * d);
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            tent_down(d, head->h, in, p, (y - 1) * d, row + l.first);
            finish(&l, out, p, y);
        }
}

/* `count` vectors of the sum of n weighted rows of samples, from `from` on. */
IBX_INLINE void tent_samples(const uint8_t *const *row, ptrdiff_t from, const float *w, int n,
                             float *to, int count) {
    ibx_floats sum[8] = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}};
    for (int k = 0; k < n; k++)
        for (int i = 0; i < count; i++)
            sum[i] += w[k] * (ibx_floats_of(row[k] + from + i * IBX_LANES) * (1 / 255.0F));
    for (int i = 0; i < count; i++) ((ibx_floats *)(to + from))[i] = sum[i];
}

/* Asks for the rows that the next sums need and these do not. */
static void fetch(const ibx_packed *in, int from, int count, int bytes) {
    for (int k = from; k < ibx_min(from + count, in->at.h); k++)
        for (int i = 0; i < bytes; i += 64) __builtin_prefetch(in->row[k] + i);
}

/* Weighted rows of samples, as they are. */
static void add_rows(const uint8_t *const *row, const float *w, int n, int wide, float *to) {
    const int lanes = IBX_LANES;
    int x = 0;
    for (; x + 8 * lanes <= wide; x += 8 * lanes) tent_samples(row, x, w, n, to, 8);
    for (; x + lanes <= wide; x += lanes) tent_samples(row, x, w, n, to, 1);
    for (; x < wide; x++) {
        float sum = 0;
        for (int k = 0; k < n; k++) sum += w[k] * ((float)row[k][x] * (1 / 255.0F));
        to[x] = sum;
    }
}

void ibx_reduce_packed(const ibx_reduction *r, const ibx_head *head, const ibx_packed *in,
                       ibx_tile *out, void *scratch) {
    const int d = r->step, room = (out->at.w + 1) * d, planes = in->planes;
    const int wide = in->at.w * planes;
    float *row = scratch, *spare = row + 3 * room, *sums = spare + room;
    line l[3] = {0};
    for (int p = 0; p < planes; p++) l[p] = line_of(d, in->at, out->at, row + p * room, spare);
    float *const to = planes > 1 ? sums : row + l[0].first;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        float w[2 * IBX_REDUCTION_STEP] = {0};
        int first;
        const int n = tent_rows(d, head->h, (y - 1) * d, &first, w);
        const uint8_t *const *rows = in->row + (first - in->at.y);
        fetch(in, first - in->at.y + n, d, wide);
        add_rows(rows, w, n, wide, to);
        if (planes > 1)
            ibx_to_planes(sums, in->at.w, l[0].row + l[0].first, l[1].row + l[1].first,
                          l[2].row + l[2].first);
        for (int p = 0; p < planes; p++) finish(&l[p], out, p, y);
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

/* `count` vectors of `rows` rows between the same four rows at `a`. */
IBX_INLINE void between(const float *const a[4], const float (*w)[4], int rows, int x, float *b,
                        ptrdiff_t stride, int count) {
    ibx_floats v[4][2];
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < count; i++) v[k][i] = ((const ibx_floats *)(a[k] + x))[i];
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < count; i++)
            ((ibx_floats *)(b + y * stride + x))[i] =
                v[0][i] * w[y][0] + v[1][i] * w[y][1] + v[2][i] * w[y][2] + v[3][i] * w[y][3];
}

static void spline_down(const float *const a[4], const float (*w)[4], int rows, float *b,
                        ptrdiff_t stride, int n) {
    const int lanes = IBX_LANES;
    int x = 0;
    for (; x + 2 * lanes <= n; x += 2 * lanes) between(a, w, rows, x, b, stride, 2);
    for (; x + lanes <= n; x += lanes) between(a, w, rows, x, b, stride, 1);
    for (; x < n; x++)
        for (int y = 0; y < rows; y++)
            b[y * stride + x] =
                a[0][x] * w[y][0] + a[1][x] * w[y][1] + a[2][x] * w[y][2] + a[3][x] * w[y][3];
}

/* Four reduced rows at the full width wait in a ring for the rows between them. */
void ibx_expand(const ibx_reduction *r, const ibx_tile *in, ibx_tile *out, void *scratch) {
    const int d = r->step, n = out->at.w, end = out->at.y + out->at.h, phase = out->at.x % d;
    float *weight = scratch, *ring = weight + 4 * (ptrdiff_t)n, *row = ring + 4 * (ptrdiff_t)n;
    for (int k = 0; k < 4; k++)
        for (int x = 0; x < n; x++) weight[k * n + x] = r->spline[(phase + x) % d][k];
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y, made = in->at.y; y < end;) {
            const int top = y / d, rows = ibx_min((top + 1) * d, end) - y;
            const float *four[4];
            for (; made < top + 4; made++) {
                memcpy(row, ibx_at(in, p, in->at.x, made), (size_t)in->at.w * sizeof *row);
                const float *wide = widen(row, row + (ptrdiff_t)in->at.w * d, in->at.w, d);
                spline_along(wide + phase, d, weight, ring + made % 4 * (ptrdiff_t)n, n);
            }
            for (int k = 0; k < 4; k++) four[k] = ring + (top + k) % 4 * (ptrdiff_t)n;
            spline_down(four, r->spline + y % d, rows, ibx_at(out, p, out->at.x, y), out->stride,
                        n);
            y += rows;
        }
}
