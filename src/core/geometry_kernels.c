/* geometry_kernels.c - turning and mapping of geometry.h; compiled per CPU variant. */
#include "core/transpose.h"
#include "geometry.h"

typedef ibx_quad quad;

/* ---- turning ------------------------------------------------------------------------------- */

static void copy_row(const float *restrict a, int n, bool backward, float *restrict b) {
    if (!backward) memcpy(b, a, (size_t)n * sizeof *b);
    for (int x = 0; backward && x < n; x++) b[x] = a[n - 1 - x];
}

void ibx_turn(int turn, const ibx_tile *in, ibx_tile *out) {
    const ibx_rect o = out->at, s = in->at;
    const bool mx = ibx_turn_mirrors_x(turn), my = ibx_turn_mirrors_y(turn);
    /* Mirrored axes are walked from their other end, by a negative step. */
    const ptrdiff_t step = my ? -in->stride : in->stride;
    for (int p = 0; p < out->planes; p++) {
        const float *a = ibx_at(in, p, s.x, my ? s.y + s.h - 1 : s.y);
        if (ibx_turn_swaps(turn))
            ibx_transpose(a, step, s.h, s.w, ibx_at(out, p, o.x, mx ? o.y + o.h - 1 : o.y),
                          mx ? -out->stride : out->stride);
        else
            for (int y = 0; y < o.h; y++)
                copy_row(a + y * step, o.w, mx, ibx_at(out, p, o.x, o.y + y));
    }
}

/* ---- mapping ------------------------------------------------------------------------------- */

/* Computed in this one place, so that source and kernel round alike. */
static inline double map_x(const ibx_affine *m, int x, int y) {
    return m->xx * x + (m->xy * y + m->x0);
}

static inline double map_y(const ibx_affine *m, int x, int y) {
    return m->yx * x + (m->yy * y + m->y0);
}

static inline int floor_int(double v) {
    const int i = (int)v;
    return i - (v < i);
}

/* The samples around the positions between `a` and `b`, as far as they can matter. */
static void reach(double a, double b, int whole, int *first, int *count) {
    const int low = floor_int(fmin(a, b)) - 1, high = floor_int(fmax(a, b)) + 2;
    *first = ibx_min(ibx_max(low, -2), whole + 1);
    *count = ibx_max(ibx_min(high, whole + 1), -2) - *first + 1;
}

/* The extremes lie in two opposite corners; which ones depends on the signs. */
ibx_rect ibx_affine_source(const ibx_affine *m, const ibx_head *in, ibx_rect o) {
    const int right = o.x + o.w - 1, bottom = o.y + o.h - 1;
    const bool x_same = (m->xx < 0) == (m->xy < 0), y_same = (m->yx < 0) == (m->yy < 0);
    ibx_rect r;
    reach(map_x(m, o.x, x_same ? o.y : bottom), map_x(m, right, x_same ? bottom : o.y), in->w, &r.x,
          &r.w);
    reach(map_y(m, o.x, y_same ? o.y : bottom), map_y(m, right, y_same ? bottom : o.y), in->h, &r.y,
          &r.h);
    return r;
}

/* Weights of the samples -1, 0, 1 and 2 for the position t, 0 <= t <= 1: cubics in t. */
static inline quad between_weights(int between, float t) {
    static const quad CUBIC[2][4] = {
        {{-0.5F, 1.5F, -1.5F, 0.5F}, {1, -2.5F, 2, -0.5F}, {-0.5F, 0, 0.5F, 0}, {0, 1, 0, 0}},
        {{0}, {0}, {0, -1, 1, 0}, {0, 1, 0, 0}}};
    const quad *c = CUBIC[between != IBX_BETWEEN_CATROM];
    if (between == IBX_BETWEEN_NEAREST) t = t < 0.5F ? 0 : 1;
    return ((c[0] * t + c[1]) * t + c[2]) * t + c[3];
}

/* How much of a pixel at this position lies on an image of that many pixels. */
static inline float cover(double at, int whole) {
    const double low = at + 1, high = whole - at;
    return ibx_clamp((float)(low < high ? low : high), 0, 1);
}

/* Four by four samples from `a` on. */
static inline float interpolate(const float *a, ptrdiff_t stride, quad across, quad down) {
    quad sum = down[0] * *(const quad *)a;
    sum += down[1] * *(const quad *)(a + stride);
    sum += down[2] * *(const quad *)(a + 2 * stride);
    sum += down[3] * *(const quad *)(a + 3 * stride);
    sum *= across;
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static inline void affine_pixel(const ibx_affine *m, const ibx_head *head, const ibx_tile *in,
                                ibx_tile *out, int x, int y) {
    const double u = map_x(m, x, y), v = map_y(m, x, y);
    const float share = cover(u, head->w) * cover(v, head->h), rest = 1 - share;
    const ptrdiff_t to = (ptrdiff_t)(y - out->at.y) * out->stride + (x - out->at.x);
    if (share <= 0) {
        for (int p = 0; p < out->planes; p++) out->plane[p][to] = m->backdrop[p];
        return;
    }
    const int left = floor_int(u), top = floor_int(v);
    const quad across = between_weights(m->between, (float)(u - left));
    const quad down = between_weights(m->between, (float)(v - top));
    const ptrdiff_t from = (top - 1 - in->at.y) * in->stride + (left - 1 - in->at.x);
    for (int p = 0; p < in->planes; p++)
        out->plane[p][to] = share * interpolate(in->plane[p] + from, in->stride, across, down) +
                            rest * m->backdrop[p];
    for (int p = in->planes; p < out->planes; p++)
        out->plane[p][to] = share + rest * m->backdrop[p];
}

void ibx_affine_kernel(const ibx_affine *map, const ibx_head *head, const ibx_tile *in,
                       ibx_tile *out) {
    const ibx_affine m = *map;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x = out->at.x; x < out->at.x + out->at.w; x++)
            affine_pixel(&m, head, in, out, x, y);
}
