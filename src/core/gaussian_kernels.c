/* gaussian_kernels.c - direct taps of gaussian.h, from floats to floats and from 8-bit samples to
 * 8-bit samples; compiled once per CPU variant. */
#include "gaussian.h"

/* Rows that are blurred down the columns before they are blurred along. */
enum { GROUP = 8 };

/* `count` vectors of sum[x] = tap[0] a[x] + sum over k of tap[k] (a[x - k step] + a[x + k step]) */
IBX_INLINE void add_taps(const ibx_gaussian *g, int radius, const float *a, ptrdiff_t step,
                         ibx_floats *sum, int count) {
    for (int i = 0; i < count; i++) sum[i] = ((const ibx_floats *)a)[i] * g->tap[0];
    for (int k = 1; k <= radius; k++) {
        const ibx_floats *lo = (const ibx_floats *)(a - k * step);
        const ibx_floats *hi = (const ibx_floats *)(a + k * step);
        for (int i = 0; i < count; i++) sum[i] += (lo[i] + hi[i]) * g->tap[k];
    }
}

/* The same for one. */
static inline float one_sum(const ibx_gaussian *g, const float *a, ptrdiff_t step) {
    float sum = a[0] * g->tap[0];
    for (int k = 1; k <= g->radius; k++) sum += (a[-k * step] + a[k * step]) * g->tap[k];
    return sum;
}

IBX_INLINE void taps(const ibx_gaussian *g, int radius, const float *a, ptrdiff_t step, float *out,
                     int count) {
    ibx_floats sum[8];
    add_taps(g, radius, a, step, sum, count);
    for (int i = 0; i < count; i++) ((ibx_floats *)out)[i] = sum[i];
}

/* A plane, or what is written of it. */
typedef struct {
    const float *from;
    ptrdiff_t from_stride;
    float *to;
    ptrdiff_t to_stride;
    int rows;
} floats;

/* `count` vectors from column x on, from top to bottom: the rows above and below stay in the first
 * cache. Eight are as many additions as a processor has under way. */
IBX_INLINE void block(const ibx_gaussian *g, int radius, const floats *t, ptrdiff_t step, int x,
                      int count) {
    for (int y = 0; y < t->rows; y++)
        taps(g, radius, t->from + y * t->from_stride + x, step, t->to + y * t->to_stride + x,
             count);
}

/* n columns of the above: along x with step 1, along y with the stride. The last vector ends with
 * the row, and may compute some samples once more; only rows shorter than a vector have a rest. */
IBX_INLINE void convolve(const ibx_gaussian *g, int radius, const floats *t, ptrdiff_t step,
                         int n) {
    const int lanes = IBX_LANES;
    int x = 0;
    for (; x + 8 * lanes <= n; x += 8 * lanes) block(g, radius, t, step, x, 8);
    for (; x + 2 * lanes <= n; x += 2 * lanes) block(g, radius, t, step, x, 2);
    for (; x < n && n >= lanes; x += lanes) block(g, radius, t, step, ibx_min(x, n - lanes), 1);
    for (; x < n; x++)
        for (int y = 0; y < t->rows; y++)
            t->to[y * t->to_stride + x] = one_sum(g, t->from + y * t->from_stride + x, step);
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
        const floats first = {a + y * stride, stride, scratch, wide, group};
        const floats second = {scratch + across->radius, wide, b + y * b_stride, b_stride, group};
        convolve(down, down->radius, &first, stride, n + 2 * across->radius);
        convolve(across, across->radius, &second, 1, n);
    }
}

/* ---- 8-bit samples -------------------------------------------------------------------------- */

/* Samples of a row, with those that they need beside them, that are blurred together: a whole
 * number of blocks. So many rows are floats at a time, beside those that they need above and below.
 */
enum { SAMPLES = 448, ROWS = 64, STRIDE = SAMPLES + 16 };

/* Rows are of interleaved samples: to the right is `planes` further. */
typedef struct {
    const ibx_gaussian *across, *down;
    int planes;
    float *rows;  /* those of the input as floats: ROWS and twice down's radius */
    float *group; /* GROUP of them blurred down the columns */
} window;

size_t ibx_gaussian_pixels_scratch(const ibx_gaussian *down) {
    return (size_t)(ROWS + 2 * down->radius + GROUP) * STRIDE * sizeof(float);
}

IBX_INLINE void float_vectors(const uint8_t *a, float *b, int count) {
    for (int i = 0; i < count; i++)
        ((ibx_floats *)b)[i] = ibx_floats_of(a + i * IBX_LANES) * (1 / 255.0F);
}

/* n samples as floats. The row that comes `ahead` bytes later is asked for: rows lie in pages of
 * their own. */
static void to_floats(const uint8_t *a, int n, ptrdiff_t ahead, float *b) {
    const int lanes = IBX_LANES;
    int i = 0;
    for (int k = 0; k < n + 63; k += 64) __builtin_prefetch(a + k + ahead);
    for (; i + 4 * lanes <= n; i += 4 * lanes) float_vectors(a + i, b + i, 4);
    for (; i + lanes <= n; i += lanes) float_vectors(a + i, b + i, 1);
    for (; i < n; i++) b[i] = (float)a[i] * (1 / 255.0F);
}

IBX_INLINE void byte_vectors(const ibx_gaussian *g, int radius, const float *a, ptrdiff_t step,
                             uint8_t *to, int count) {
    ibx_floats sum[8];
    add_taps(g, radius, a, step, sum, count);
    for (int i = 0; i < count; i++) sum[i] *= 255;
    for (int i = 0; i < count; i += 4) ibx_store_bytes(sum + i, to + i * IBX_LANES);
}

/* n samples of a row blurred along it, as they are in a file. Sums of samples from 0 to 1 by taps
 * that add up to 1 need not be clamped. */
IBX_INLINE void to_bytes(const ibx_gaussian *g, int radius, const float *a, ptrdiff_t step, int n,
                         uint8_t *to) {
    const int four = 4 * IBX_LANES;
    int i = 0;
    for (; i + 2 * four <= n; i += 2 * four) byte_vectors(g, radius, a + i, step, to + i, 8);
    for (; i < n && n >= four; i += four) {
        const int x = ibx_min(i, n - four);
        byte_vectors(g, radius, a + x, step, to + x, 4);
    }
    for (; i < n; i++) to[i] = (uint8_t)lrintf(one_sum(g, a + i, step) * 255);
}

/* Where radius and step are constants, so are all distances, and a third of the instructions is
 * saved: those of the usual radii. */
#define USUAL_RADII(call)                                                                          \
    switch (g->radius) {                                                                           \
    case 1:                                                                                        \
        call(1);                                                                                   \
        break;                                                                                     \
    case 2:                                                                                        \
        call(2);                                                                                   \
        break;                                                                                     \
    case 3:                                                                                        \
        call(3);                                                                                   \
        break;                                                                                     \
    case 4:                                                                                        \
        call(4);                                                                                   \
        break;                                                                                     \
    case 5:                                                                                        \
        call(5);                                                                                   \
        break;                                                                                     \
    default:                                                                                       \
        call(g->radius);                                                                           \
    }

static void down_columns(const ibx_gaussian *g, const floats *t, int n) {
#define CALL(radius) convolve(g, radius, t, STRIDE, n)
    USUAL_RADII(CALL)
#undef CALL
}

static void along_rgb(const ibx_gaussian *g, const float *a, int n, uint8_t *to) {
#define CALL(radius) to_bytes(g, radius, a, 3, n, to)
    USUAL_RADII(CALL)
#undef CALL
}

static void along_gray(const ibx_gaussian *g, const float *a, int n, uint8_t *to) {
#define CALL(radius) to_bytes(g, radius, a, 1, n, to)
    USUAL_RADII(CALL)
#undef CALL
}

/* `count` rows of n pixels from row y and column x of the output on; `have` of the rows that they
 * need are floats already. */
static void blur_rows(const window *w, const ibx_region *in, const ibx_region *out, int x, int y,
                      int n, int count, int have) {
    enum { AHEAD = 8 };
    const int wide = (n + 2 * w->across->radius) * w->planes, high = count + 2 * w->down->radius;
    const ptrdiff_t left = (ptrdiff_t)x * w->planes;
    for (int i = have; i < high; i++)
        to_floats(in->data + (y + i) * in->stride + left, wide,
                  y + i + AHEAD < in->at.h ? AHEAD * in->stride : 0, w->rows + i * STRIDE);
    for (int i = 0; i < count; i += GROUP) {
        const int group = ibx_min(GROUP, count - i);
        const floats down = {w->rows + (i + w->down->radius) * STRIDE, STRIDE, w->group, STRIDE,
                             group};
        down_columns(w->down, &down, wide + SAMPLES / 8 < SAMPLES ? wide : SAMPLES);
        for (int k = 0; k < group; k++) {
            const float *a = w->group + k * STRIDE + w->across->radius * w->planes;
            uint8_t *to = out->data + (y + i + k) * out->stride + left;
            if (w->planes == 3)
                along_rgb(w->across, a, n * w->planes, to);
            else if (w->planes == 1)
                along_gray(w->across, a, n * w->planes, to);
            else
                to_bytes(w->across, w->across->radius, a, w->planes, n * w->planes, to);
        }
    }
}

void ibx_gaussian_pixels(const ibx_gaussian *across, const ibx_gaussian *down, const ibx_region *in,
                         const ibx_region *out, void *scratch) {
    const int planes = (int)out->size, halo = 2 * down->radius;
    const int pixels = SAMPLES / planes - 2 * across->radius;
    float *const rows = scratch;
    const window w = {across, down, planes, rows, rows + (ROWS + halo) * STRIDE};
    for (int x = 0; x < out->at.w; x += pixels)
        for (int y = 0; y < out->at.h; y += ROWS) {
            if (y > 0) memmove(rows, rows + ROWS * STRIDE, (size_t)halo * STRIDE * sizeof *rows);
            blur_rows(&w, in, out, x, y, ibx_min(pixels, out->at.w - x),
                      ibx_min(ROWS, out->at.h - y), y > 0 ? halo : 0);
        }
}
