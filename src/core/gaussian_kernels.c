/* gaussian_kernels.c - direct taps of gaussian.h, from floats to floats and from 8-bit samples to
 * 8-bit samples; compiled once per CPU variant. */
#include "gaussian.h"

/* Rows that are blurred down the columns before they are blurred along. */
enum { GROUP = 8 };

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

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

/* Large radii: floats from row to row of what is blurred at a time, an odd number of cache lines,
 * and how many of them are in use at most. */
enum { STRIDE = 464, SAMPLES = STRIDE - 16 };

/* Rows are of interleaved samples: to the right is `planes` further. */
typedef struct {
    const ibx_gaussian *across, *down;
    int planes;
    float *group; /* rows blurred down the columns: THROUGH or GROUP of them */
    float *rows;  /* large radii: those of the input as floats, STAGED and twice down's radius */
} window;

/* A vector of samples as floats. */
IBX_INLINE ibx_floats values(const uint8_t *a) {
    return ibx_floats_of(a) * (1 / 255.0F);
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
enum { USUAL = 5 };
#define USUAL_RADII(call)                                                                          \
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
    case USUAL:                                                                                    \
        call(USUAL);                                                                               \
        break

#define CALL(radius) to_bytes(g, radius, a, 3, n, to)
static void along_rgb(const ibx_gaussian *g, const float *a, int n, uint8_t *to) {
    switch (g->radius) {
        USUAL_RADII(CALL);
    default:
        CALL(g->radius);
    }
}
#undef CALL

#define CALL(radius) to_bytes(g, radius, a, 1, n, to)
static void along_gray(const ibx_gaussian *g, const float *a, int n, uint8_t *to) {
    switch (g->radius) {
        USUAL_RADII(CALL);
    default:
        CALL(g->radius);
    }
}
#undef CALL

/* n pixels of a row of the group, to row y of `out` from column x on. */
static void finish_row(const window *w, const ibx_region *out, int x, int y, int n,
                       const float *row) {
    const float *a = row + w->across->radius * w->planes;
    uint8_t *to = out->data + y * out->stride + (ptrdiff_t)x * w->planes;
    if (w->planes == 3)
        along_rgb(w->across, a, n * w->planes, to);
    else if (w->planes == 1)
        along_gray(w->across, a, n * w->planes, to);
    else
        to_bytes(w->across, w->across->radius, a, w->planes, n * w->planes, to);
}

/* ---- 8-bit samples, usual radii -------------------------------------------------------------- */

/* So many samples of a row are finished together, a whole number of blocks and as many as a tile
 * has in RGB, in so many rows: a whole number of turns of the registers for the radius of sigma 1.
 * They stay in the second cache, WIDE floats from row to row. */
enum { FINISHED = 1536, THROUGH = 14, WIDE = FINISHED + 80 };

/* A vector of columns, `rows` high: the rows of the input that a sum needs pass through the
 * registers, so that each is read and becomes floats once. */
IBX_INLINE void column(const ibx_gaussian *g, int radius, const uint8_t *a, ptrdiff_t stride,
                       int rows, float *to) {
    const int all = 2 * radius + 1;
    ibx_floats row[2 * USUAL + 1], tap[USUAL + 1];
    for (int k = 0; k <= radius; k++) tap[k] = (ibx_floats){0} + g->tap[k];
    for (int i = 0; i + 1 < all; i++, a += stride) row[i] = values(a);
    for (int y = 0; y < rows; y += all) UNROLL for (int i = 0; i < all; i++) {
            if (y + i >= rows) return;
            row[(i + all - 1) % all] = values(a);
            ibx_floats sum = row[(i + radius) % all] * tap[0];
            UNROLL for (int k = 1; k <= radius; k++) sum +=
                (row[(i + radius - k) % all] + row[(i + radius + k) % all]) * tap[k];
            *(ibx_floats *)to = sum;
            a += stride;
            to += WIDE;
        }
}

/* n columns, at least a vector of them; the last ends with the row. */
IBX_INLINE void columns(const ibx_gaussian *g, int radius, const uint8_t *a, ptrdiff_t stride,
                        int n, int rows, float *to) {
    for (int x = 0; x < n; x += IBX_LANES) {
        const int i = ibx_min(x, n - IBX_LANES);
        column(g, radius, a + i, stride, rows, to + i);
    }
}

static void columns_of(const ibx_gaussian *g, const uint8_t *a, ptrdiff_t stride, int n, int rows,
                       float *to) {
#define CALL(radius) columns(g, radius, a, stride, n, rows, to)
    switch (g->radius) { USUAL_RADII(CALL); }
#undef CALL
}

/* Rows that will be needed. They lie in pages of their own, where a processor does not foresee
 * them, and it has few requests under way: they are asked for one by one, between others that are
 * computed. */
typedef struct {
    const uint8_t *first;
    ptrdiff_t stride;
    int bytes, rows;
} coming;

/* Those behind the next THROUGH rows; behind the last rows, the first of the tile beside. */
static coming look_ahead(const window *w, const ibx_region *in, const ibx_region *out, int x, int y,
                         int n) {
    const int halo = 2 * w->down->radius, next = y + THROUGH + halo;
    coming c = {in->data + (ptrdiff_t)x * w->planes, in->stride,
                (n + 2 * w->across->radius) * w->planes, ibx_min(THROUGH + halo, in->at.h)};
    if (next >= in->at.h) {
        c.first += out->at.w * w->planes;
    } else {
        c.first += next * in->stride;
        c.rows = ibx_min(THROUGH, in->at.h - next);
    }
    return c;
}

/* Part k of `count`. */
static void fetch(const coming *c, int k, int count) {
    for (int y = c->rows * k / count; y < c->rows * (k + 1) / count; y++)
        for (int i = 0; i < c->bytes + 63; i += 64)
            __builtin_prefetch(c->first + y * c->stride + i);
}

/* THROUGH rows of n pixels, or as many as there are, from row y and column x on. */
static void usual_rows(const window *w, const ibx_region *in, const ibx_region *out, int x, int y,
                       int n) {
    const int wide = (n + 2 * w->across->radius) * w->planes;
    const int count = ibx_min(THROUGH, out->at.h - y);
    const coming next = look_ahead(w, in, out, x, y, n);
    columns_of(w->down, in->data + y * in->stride + (ptrdiff_t)x * w->planes, in->stride, wide,
               count, w->group);
    for (int k = 0; k < count; k++) {
        fetch(&next, k, count);
        finish_row(w, out, x, y + k, n, w->group + k * WIDE);
    }
}

/* Row by row, so that few pages are in use at a time. No part is narrower than `least`: the last
 * may finish some pixels once more. */
static void blur_usual(const window *w, const ibx_region *in, const ibx_region *out, int least) {
    const int pixels = FINISHED / w->planes;
    for (int y = 0; y < out->at.h; y += THROUGH)
        for (int x = 0; x < out->at.w; x += pixels) {
            const int from = ibx_min(x, out->at.w - least);
            usual_rows(w, in, out, from, y, ibx_min(pixels, out->at.w - from));
        }
}

/* ---- 8-bit samples, large radii -------------------------------------------------------------- */

/* So many rows are floats at a time, beside those that they need above and below. */
enum { STAGED = 64 };

/* n samples as floats. The row that comes `ahead` bytes later is asked for: rows lie in pages of
 * their own. */
static void to_floats(const uint8_t *a, int n, ptrdiff_t ahead, float *b) {
    const int lanes = IBX_LANES;
    int i = 0;
    for (int k = 0; k < n + 63; k += 64) __builtin_prefetch(a + k + ahead);
    for (; i + 4 * lanes <= n; i += 4 * lanes)
        for (int j = 0; j < 4; j++) ((ibx_floats *)(b + i))[j] = values(a + i + j * lanes);
    for (; i + lanes <= n; i += lanes) *(ibx_floats *)(b + i) = values(a + i);
    for (; i < n; i++) b[i] = (float)a[i] * (1 / 255.0F);
}

/* `count` rows of n pixels from row y and column x of the output on; `have` of the rows that they
 * need are floats already. */
static void blur_rows(const window *w, const ibx_region *in, const ibx_region *out, int x, int y,
                      int n, int count, int have) {
    enum { AHEAD = 8 };
    const int wide = (n + 2 * w->across->radius) * w->planes, high = count + 2 * w->down->radius;
    const int padded = wide + SAMPLES / 8 < SAMPLES ? wide : SAMPLES;
    for (int i = have; i < high; i++)
        to_floats(in->data + (y + i) * in->stride + (ptrdiff_t)x * w->planes, wide,
                  y + i + AHEAD < in->at.h ? AHEAD * in->stride : 0, w->rows + i * STRIDE);
    for (int i = 0; i < count; i += GROUP) {
        const int group = ibx_min(GROUP, count - i);
        const floats down = {w->rows + (i + w->down->radius) * STRIDE, STRIDE, w->group, STRIDE,
                             group};
        convolve(w->down, w->down->radius, &down, STRIDE, padded);
        for (int k = 0; k < group; k++) finish_row(w, out, x, y + i + k, n, w->group + k * STRIDE);
    }
}

static void blur_large(const window *w, const ibx_region *in, const ibx_region *out) {
    const int halo = 2 * w->down->radius;
    const int pixels = SAMPLES / w->planes - 2 * w->across->radius;
    for (int x = 0; x < out->at.w; x += pixels)
        for (int y = 0; y < out->at.h; y += STAGED) {
            if (y > 0)
                memmove(w->rows, w->rows + STAGED * STRIDE,
                        (size_t)halo * STRIDE * sizeof *w->rows);
            blur_rows(w, in, out, x, y, ibx_min(pixels, out->at.w - x),
                      ibx_min(STAGED, out->at.h - y), y > 0 ? halo : 0);
        }
}

size_t ibx_gaussian_pixels_scratch(const ibx_gaussian *down) {
    _Static_assert(THROUGH * WIDE <= (GROUP + STAGED) * STRIDE, "room for usual radii");
    return (size_t)(GROUP + STAGED + 2 * down->radius) * STRIDE * sizeof(float);
}

void ibx_gaussian_pixels(const ibx_gaussian *across, const ibx_gaussian *down, const ibx_region *in,
                         const ibx_region *out, void *scratch) {
    enum { LEAST = 4 * IBX_LANES }; /* pixels of a strip, a block of samples or more */
    float *const group = scratch;
    const window w = {across, down, (int)out->size, group, group + GROUP * STRIDE};
    if (across->radius <= USUAL && down->radius <= USUAL && out->at.w >= LEAST)
        blur_usual(&w, in, out, LEAST);
    else
        blur_large(&w, in, out);
}
