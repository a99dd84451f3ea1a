/* geometry_kernels.c - the loops behind geometry.h that touch pixels; compiled per CPU variant.
 *
 * Lanes are rows or columns that know nothing of one another, and each sum has one fixed order, so
 * the width of a vector changes no bit. */
#include "core/pixels.h"
#include "geometry.h"

enum { LANES = IBX_LANES };
typedef ibx_floats vec;
typedef float quad __attribute__((vector_size(16), aligned(4), may_alias));

/* b[j][i] = a[i][j] of 4 x 4 samples; steps between rows in floats, of any sign. */
static inline void transpose_quads(const float *a, ptrdiff_t a_step, float *b, ptrdiff_t b_step) {
    const quad r0 = *(const quad *)a, r1 = *(const quad *)(a + a_step);
    const quad r2 = *(const quad *)(a + 2 * a_step), r3 = *(const quad *)(a + 3 * a_step);
    const quad low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
    const quad high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    const quad low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
    const quad high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    *(quad *)b = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    *(quad *)(b + b_step) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    *(quad *)(b + 2 * b_step) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    *(quad *)(b + 3 * b_step) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/* b[j * b_step + i] = a[i * a_step + j] for i < rows, j < columns. Walks down strips of 16 input
 * rows, so that every cache line of the output is completed while it is at hand. */
static void transpose(const float *a, ptrdiff_t a_step, int rows, int columns, float *b,
                      ptrdiff_t b_step) {
    const int whole_rows = rows & ~3, whole_columns = columns & ~3;
    for (int strip = 0; strip < whole_rows; strip += 16)
        for (int j = 0; j < whole_columns; j += 4)
            for (int i = strip; i < ibx_min(strip + 16, whole_rows); i += 4)
                transpose_quads(a + i * a_step + j, a_step, b + j * b_step + i, b_step);
    for (int i = 0; i < rows; i++)
        for (int j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            b[j * b_step + i] = a[i * a_step + j];
}

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
            transpose(a, step, s.h, s.w, ibx_at(out, p, o.x, mx ? o.y + o.h - 1 : o.y),
                      mx ? -out->stride : out->stride);
        else
            for (int y = 0; y < o.h; y++)
                copy_row(a + y * step, o.w, mx, ibx_at(out, p, o.x, o.y + y));
    }
}

/* ---- scaling: rows ------------------------------------------------------------------------- */

/* Asks for the rows of `count` vectors that output row y needs and the one before it does not:
 * a processor does not foresee steps from row to row. */
IBX_INLINE void fetch_rows(const ibx_taps *t, const ibx_tile *in, int p, int x, int y, int count) {
    for (int k = t->first[y - 1] + t->count; k < t->first[y] + t->count; k++)
        for (int i = 0; i < count * LANES; i += 16) __builtin_prefetch(ibx_at(in, p, x + i, k));
}

/* `count` vectors of columns from x on, from top to bottom: the input rows stay in the first cache,
 * the sums in registers for all taps. Eight are as many additions as a processor has under way. */
IBX_INLINE void rows_block(const ibx_taps *t, const ibx_tile *in, ibx_tile *out, int p, int x,
                           int count) {
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        const float *a = ibx_at(in, p, x, t->first[y]), *w = ibx_weights(t, y);
        vec sum[8] = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}};
        if (y + 1 < out->at.y + out->at.h) fetch_rows(t, in, p, x, y + 1, count);
        for (int k = 0; k < t->count; k++, a += in->stride)
            for (int i = 0; i < count; i++) sum[i] += w[k] * ((const vec *)a)[i];
        vec *b = (vec *)ibx_at(out, p, x, y);
        for (int i = 0; i < count; i++) b[i] = sum[i];
    }
}

static void rows_column(const ibx_taps *t, const ibx_tile *in, ibx_tile *out, int p, int x) {
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        const float *a = ibx_at(in, p, x, t->first[y]), *w = ibx_weights(t, y);
        float sum = 0;
        for (int k = 0; k < t->count; k++) sum += w[k] * a[k * in->stride];
        *ibx_at(out, p, x, y) = sum;
    }
}

/* The last block ends with the row, and may compute some columns once more. */
static void rows_plane(const ibx_taps *t, const ibx_tile *in, ibx_tile *out, int p) {
    enum { WIDE = 8 * LANES };
    const int begin = out->at.x, end = begin + out->at.w;
    int x = begin;
    for (; x < end && end - begin >= WIDE; x += WIDE)
        rows_block(t, in, out, p, ibx_min(x, end - WIDE), 8);
    for (; x < end && end - begin >= LANES; x += LANES)
        rows_block(t, in, out, p, ibx_min(x, end - LANES), 1);
    for (; x < end; x++) rows_column(t, in, out, p, x);
}

static void rows_head(const ibx_call *c, ibx_head *head) {
    ibx_scaling_head(c, c->in.w, ibx_scaling_of(c)->rows.out, head);
}

/* The input samples that n outputs from i on look at: *first and how many. */
static int taps_source(const ibx_taps *t, int i, int n, int *first) {
    const int last = i + n - 1;
    *first = t->first[i];
    return t->first[last] + t->count - *first;
}

static ibx_rect rows_source(const ibx_call *c, ibx_rect out) {
    out.h = taps_source(&ibx_scaling_of(c)->rows, out.y, out.h, &out.y);
    return out;
}

static void rows_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    for (int p = 0; p < out->planes; p++) rows_plane(&ibx_scaling_of(c)->rows, in, out, p);
}

/* ---- scaling: rows of 8-bit samples --------------------------------------------------------- */

/* Interleaved samples of a row that are resampled from top to bottom at once: so few that as many
 * of their rows as an output row looks at stay in the first cache, as floats. */
enum { SAMPLES = 320, BLOCK_SAMPLES = 8 * LANES };

/* The last `count` input rows, row k in place k mod count. */
typedef struct {
    float *data;
    int count, next; /* next: place of the row to come */
} ring;

/* n samples as encoded values. What lies `ahead` bytes behind them is asked for. */
static void to_floats(const uint8_t *a, ptrdiff_t ahead, int n, float *b) {
    int i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) {
        __builtin_prefetch(a + i + ahead);
        for (int j = 0; j < 4; j++)
            ((vec *)(b + i))[j] = ibx_floats_of(a + i + j * LANES) * (1 / 255.0F);
    }
    for (; i < n && n >= LANES; i += LANES) { /* the last vector ends with the row */
        i = ibx_min(i, n - LANES);
        *(vec *)(b + i) = ibx_floats_of(a + i) * (1 / 255.0F);
    }
    for (; i < n; i++) b[i] = (float)a[i] * (1 / 255.0F);
}

/* As floats, the part of row k that begins at sample `from`. Rows lie in pages of their own: those
 * to come are asked for, and behind the last the first of the columns beside. */
static void next_row(const ibx_packed *in, bool linear, int k, ptrdiff_t from, int n, ring *r) {
    enum { AHEAD = 8 };
    const int row = k - in->at.y, later = row + AHEAD, over = later - in->at.h;
    const uint8_t *next = over < 0 ? in->row[later] : in->row[ibx_min(over, row)] + n;
    const ptrdiff_t ahead = next - in->row[row];
    float *const to[] = {r->data + (ptrdiff_t)r->next * SAMPLES};
    r->next = r->next + 1 < r->count ? r->next + 1 : 0;
    if (linear)
        ibx_pixel_loops()->look_up(in->value, in->row[row] + from, ahead, 1, n, to);
    else
        to_floats(in->row[row] + from, ahead, n, to[0]);
}

IBX_INLINE void add_run(const float *a, const float *w, int n, vec *sum) {
    for (int k = 0; k < n; k++, a += SAMPLES)
        for (int i = 0; i < 8; i++) sum[i] += w[k] * ((const vec *)a)[i];
}

/* Output row y of n samples, of which the ring holds all that it looks at. */
static void sum_rows(const ibx_taps *t, const ring *r, int y, int n, float *to) {
    const float *w = ibx_weights(t, y);
    const int place = t->first[y] % r->count, run = r->count - place;
    for (int x = 0; x < n; x += BLOCK_SAMPLES) {
        vec sum[8] = {{0}, {0}, {0}, {0}, {0}, {0}, {0}, {0}};
        add_run(r->data + (ptrdiff_t)place * SAMPLES + x, w, run, sum);
        add_run(r->data + x, w + run, place, sum);
        for (int i = 0; i < 8; i++) ((vec *)(to + x))[i] = sum[i];
    }
}

/* Four pixels of three samples in every half of a vector, or in all of it. */
#ifdef __AVX2__
#define IN_HALVES(a, b, i, j, k, l)                                                                \
    __builtin_shufflevector(a, b, i, j, k + 4, l + 4, i + 4, j + 4, k + 8, l + 8)
static inline vec load_halves(const float *v) {
    return __builtin_shufflevector(*(const quad *)v, *(const quad *)(v + 12), 0, 1, 2, 3, 4, 5, 6,
                                   7);
}
#else
#define IN_HALVES(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
static inline vec load_halves(const float *v) {
    return *(const vec *)v;
}
#endif

/* A vector of pixels of three samples. */
static inline void to_plane_vectors(const float *v, float *a, float *b, float *c) {
    const vec v0 = load_halves(v), v1 = load_halves(v + 4), v2 = load_halves(v + 8);
    const vec begin = IN_HALVES(v0, v1, 1, 2, 4, 5); /* b0 c0 b1 c1 */
    const vec end = IN_HALVES(v1, v2, 2, 3, 5, 6);   /* a2 b2 a3 b3 */
    *(vec *)a = IN_HALVES(v0, end, 0, 3, 4, 6);
    *(vec *)b = IN_HALVES(begin, end, 0, 2, 5, 7);
    *(vec *)c = IN_HALVES(begin, v2, 1, 3, 4, 7);
}

static void to_planes(const float *restrict v, int n, float *restrict a, float *restrict b,
                      float *restrict c) {
    int x = 0;
    for (; x + LANES <= n; x += LANES) to_plane_vectors(v + 3 * x, a + x, b + x, c + x);
    for (; x < n; x++) {
        a[x] = v[3 * x];
        b[x] = v[3 * x + 1];
        c[x] = v[3 * x + 2];
    }
}

/* A ring for the rows that an output row looks at. */
static size_t rows_scratch(const ibx_call *c, ibx_rect out) {
    (void)out;
    return (size_t)ibx_scaling_of(c)->rows.count * SAMPLES * sizeof(float);
}

/* All rows of n pixels from column x on. */
static void packed_columns(const ibx_call *c, const ibx_packed *in, ibx_tile *out, int x, int n) {
    const ibx_taps *t = &ibx_scaling_of(c)->rows;
    const bool linear = ibx_scaling_of(c)->light & IBX_LINEAR;
    const ptrdiff_t from = (ptrdiff_t)(x - in->at.x) * in->planes;
    float sum[SAMPLES] = {0};
    int k = t->first[out->at.y];
    ring r = {c->scratch, t->count, k % t->count};
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        for (; k < t->first[y] + t->count; k++) next_row(in, linear, k, from, n * in->planes, &r);
        sum_rows(t, &r, y, n * in->planes, sum);
        if (in->planes == 1)
            memcpy(ibx_at(out, 0, x, y), sum, (size_t)n * sizeof *sum);
        else
            to_planes(sum, n, ibx_at(out, 0, x, y), ibx_at(out, 1, x, y), ibx_at(out, 2, x, y));
    }
}

/* In parts of whole blocks, as like as they can be. */
static void rows_packed(const ibx_call *c, const ibx_packed *in, ibx_tile *out) {
    const int block = BLOCK_SAMPLES / in->planes, most = SAMPLES / BLOCK_SAMPLES;
    const int blocks = (out->at.w + block - 1) / block, parts = (blocks + most - 1) / most;
    for (int i = 0; i < parts; i++) {
        const int x = blocks * i / parts * block;
        const int end = ibx_min(blocks * (i + 1) / parts * block, out->at.w);
        packed_columns(c, in, out, out->at.x + x, end - x);
    }
}

const ibx_filter ibx_scale_rows = {.name = "scale-rows",
                                   .summary = "Resample down the columns.",
                                   .category = "geometry",
                                   .head = rows_head,
                                   .wants = ibx_scaling_wants,
                                   .source = rows_source,
                                   .scratch = rows_scratch,
                                   .kernel = rows_kernel,
                                   .packed = rows_packed};

/* ---- scaling: columns ---------------------------------------------------------------------- */

/* Rows that are resampled together: those of two vectors. */
enum { GROUP = 2 * LANES };

/* Output sample of GROUP rows at once: even and odd taps are summed apart, which halves the wait
 * for additions. `a` is transposed: GROUP floats per input column. */
static inline void column_group(const float *a, const float *w, int n, float *b) {
    vec even[2] = {{0}, {0}}, odd[2] = {{0}, {0}};
    int k = 0;
    for (; k + 1 < n; k += 2, a += 2 * (ptrdiff_t)GROUP)
        for (int i = 0; i < 2; i++) {
            even[i] += w[k] * ((const vec *)a)[i];
            odd[i] += w[k + 1] * ((const vec *)(a + GROUP))[i];
        }
    for (int i = 0; i < 2; i++) {
        if (k < n) even[i] += w[k] * ((const vec *)a)[i];
        ((vec *)b)[i] = even[i] + odd[i];
    }
}

/* The output rows y to y + GROUP - 1 of plane p (or as many as there are). The input is transposed
 * as a whole into `turned`, the output in small blocks back. */
static void columns_group(const ibx_taps *t, const ibx_tile *in, ibx_tile *out, int p, int y,
                          float *turned) {
    enum { BLOCK = 16 };
    const ibx_rect o = out->at;
    const int rows = ibx_min(GROUP, o.y + o.h - y);
    float block[BLOCK * GROUP];
    transpose(ibx_at(in, p, in->at.x, y), in->stride, rows, in->at.w, turned, GROUP);
    for (int x = o.x; x < o.x + o.w; x += BLOCK) {
        const int n = ibx_min(BLOCK, o.x + o.w - x);
        for (int i = 0; i < n; i++)
            column_group(turned + (ptrdiff_t)(t->first[x + i] - in->at.x) * GROUP,
                         ibx_weights(t, x + i), t->count, block + i * GROUP);
        transpose(block, GROUP, n, rows, ibx_at(out, p, x, y), out->stride);
    }
}

static void columns_head(const ibx_call *c, ibx_head *head) {
    ibx_scaling_head(c, ibx_scaling_of(c)->columns.out, c->in.h, head);
}

static ibx_rect columns_source(const ibx_call *c, ibx_rect out) {
    out.w = taps_source(&ibx_scaling_of(c)->columns, out.x, out.w, &out.x);
    return out;
}

static size_t columns_scratch(const ibx_call *c, ibx_rect out) {
    return (size_t)columns_source(c, out).w * GROUP * sizeof(float);
}

/* In the last group, lanes of rows that do not exist are computed from stale rows or zeros, and
 * thrown away. */
static void columns_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    memset(c->scratch, 0, (size_t)in->at.w * GROUP * sizeof(float));
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y += GROUP)
            columns_group(&ibx_scaling_of(c)->columns, in, out, p, y, c->scratch);
}

const ibx_filter ibx_scale_columns = {.name = "scale-columns",
                                      .summary = "Resample along the rows.",
                                      .category = "geometry",
                                      .head = columns_head,
                                      .wants = ibx_scaling_wants,
                                      .source = columns_source,
                                      .scratch = columns_scratch,
                                      .kernel = columns_kernel};

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
