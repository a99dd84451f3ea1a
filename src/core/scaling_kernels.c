/* scaling_kernels.c - the passes of geometry.h that resample; compiled per CPU variant.
 *
 * Lanes are rows or columns that know nothing of one another, and each sum has one fixed order, so
 * the width of a vector changes no bit. */
#include "core/pixels.h"
#include "core/planes.h"
#include "core/transpose.h"
#include "geometry.h"

enum { LANES = IBX_LANES };
typedef ibx_floats vec;

/* Those of the same variant: to pick one for every row would take longer than to call it. */
extern const ibx_pixel_ops IBX_OWN(ibx_pixel_ops, IBX_VARIANT);

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
        IBX_OWN(ibx_pixel_ops, IBX_VARIANT)
            .look_up(in->value, in->row[row] + from, ahead, 1, n, to);
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
            ibx_to_planes(sum, n, ibx_at(out, 0, x, y), ibx_at(out, 1, x, y), ibx_at(out, 2, x, y));
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

/* Output pixel of GROUP rows at once: even and odd taps are summed apart, which halves the wait for
 * additions. `a` is transposed: GROUP floats per sample of an input column, `planes` samples. Those
 * of the output are `b_step` from one another. */
IBX_INLINE void column_group(const float *a, int planes, const float *w, int n, float *b,
                             ptrdiff_t b_step) {
    vec even[6] = {{0}, {0}, {0}, {0}, {0}, {0}}, odd[6] = {{0}, {0}, {0}, {0}, {0}, {0}};
    const int count = 2 * planes;
    int k = 0;
    for (; k + 1 < n; k += 2, a += 2 * (ptrdiff_t)planes * GROUP)
        for (int i = 0; i < count; i++) {
            even[i] += w[k] * ((const vec *)a)[i];
            odd[i] += w[k + 1] * ((const vec *)a)[count + i];
        }
    for (int i = 0; i < count; i++) {
        if (k < n) even[i] += w[k] * ((const vec *)a)[i];
        ((vec *)(b + i / 2 * b_step))[i % 2] = even[i] + odd[i];
    }
}

/* The output rows y to y + GROUP - 1 (or as many as there are) of `planes` planes from p on, from
 * input columns that stand transposed in `turned`, the first of them column `left`. The output is
 * transposed back in small blocks. */
IBX_INLINE void columns_group(const ibx_taps *t, const float *turned, int planes, int left,
                              ibx_tile *out, int p, int y) {
    enum { BLOCK = 16 };
    const ibx_rect o = out->at;
    const int rows = ibx_min(GROUP, o.y + o.h - y);
    float block[3 * BLOCK * GROUP];
    for (int x = o.x; x < o.x + o.w; x += BLOCK) {
        const int n = ibx_min(BLOCK, o.x + o.w - x);
        for (int i = 0; i < n; i++)
            column_group(turned + (ptrdiff_t)(t->first[x + i] - left) * planes * GROUP, planes,
                         ibx_weights(t, x + i), t->count, block + i * GROUP, BLOCK * GROUP);
        for (int i = 0; i < planes; i++)
            ibx_transpose(block + i * BLOCK * GROUP, GROUP, n, rows, ibx_at(out, p + i, x, y),
                          out->stride);
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
    const ibx_rect o = out->at;
    float *turned = c->scratch;
    memset(turned, 0, (size_t)in->at.w * GROUP * sizeof(float));
    for (int p = 0; p < out->planes; p++)
        for (int y = o.y; y < o.y + o.h; y += GROUP) {
            const int rows = ibx_min(GROUP, o.y + o.h - y);
            ibx_transpose(ibx_at(in, p, in->at.x, y), in->stride, rows, in->at.w, turned, GROUP);
            columns_group(&ibx_scaling_of(c)->columns, turned, 1, in->at.x, out, p, y);
        }
}

const ibx_filter ibx_scale_columns = {.name = "scale-columns",
                                      .summary = "Resample along the rows.",
                                      .category = "geometry",
                                      .head = columns_head,
                                      .wants = ibx_scaling_wants,
                                      .source = columns_source,
                                      .scratch = columns_scratch,
                                      .kernel = columns_kernel};

/* ---- scaling: rows, then columns ------------------------------------------------------------ */

/* GROUP rows of output at a time: what lies between the two steps stays in the inner caches, and a
 * tile may be high, so that few rows are read for two. */

static void both_head(const ibx_call *c, ibx_head *head) {
    ibx_scaling_head(c, ibx_scaling_of(c)->columns.out, ibx_scaling_of(c)->rows.out, head);
}

static ibx_rect both_source(const ibx_call *c, ibx_rect out) {
    return rows_source(c, columns_source(c, out));
}

/* Scratch of the step, in floats: GROUP rows transposed, and before; and for samples a ring for
 * each part of a row. */
typedef struct {
    ptrdiff_t stride;
    size_t turned, rows, rings;
} room;

static room room_of(const ibx_call *c, int w) {
    const int planes = ibx_planes(&c->in), parts = (w * planes + SAMPLES - 1) / SAMPLES;
    const ptrdiff_t stride = (ibx_max(w, SAMPLES) + 31) / 32 * 32 + 16;
    return (room){.stride = stride,
                  .turned = (size_t)w * (size_t)planes * GROUP,
                  .rows = (size_t)stride * GROUP,
                  .rings = (size_t)parts * (size_t)ibx_scaling_of(c)->rows.count * SAMPLES};
}

static size_t both_scratch(const ibx_call *c, ibx_rect out) {
    const room r = room_of(c, columns_source(c, out).w);
    return (r.turned + r.rows + r.rings) * sizeof(float);
}

static void both_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const ibx_scaling *s = ibx_scaling_of(c);
    const ibx_rect o = out->at;
    const room r = room_of(c, in->at.w);
    float *const turned = c->scratch, *const rows = turned + r.turned;
    memset(rows, 0, r.rows * sizeof *rows);
    for (int y = o.y; y < o.y + o.h; y += GROUP)
        for (int p = 0; p < out->planes; p++) {
            ibx_tile down = {.at = {in->at.x, y, in->at.w, ibx_min(GROUP, o.y + o.h - y)},
                             .planes = out->planes,
                             .stride = r.stride};
            down.plane[p] = rows;
            rows_plane(&s->rows, in, &down, p);
            ibx_transpose(rows, r.stride, GROUP, in->at.w, turned, GROUP);
            columns_group(&s->columns, turned, 1, in->at.x, out, p, y);
        }
}

/* Up to GROUP rows of output from y on, of n interleaved samples from `from` on, transposed. The
 * ring holds the rows before k; returns the first that it does not hold. */
static int down_part(const ibx_call *c, const ibx_packed *in, int y, int count, ptrdiff_t from,
                     int n, int k, ring r, float *rows, float *turned) {
    const ibx_taps *t = &ibx_scaling_of(c)->rows;
    const bool linear = ibx_scaling_of(c)->light & IBX_LINEAR;
    for (int i = 0; i < count; i++) {
        for (; k < t->first[y + i] + t->count; k++) next_row(in, linear, k, from, n, &r);
        sum_rows(t, &r, y + i, n, rows + (ptrdiff_t)i * SAMPLES);
    }
    ibx_transpose(rows, SAMPLES, GROUP, n, turned + from * GROUP, GROUP);
    return k;
}

static void both_packed(const ibx_call *c, const ibx_packed *in, ibx_tile *out) {
    const ibx_scaling *s = ibx_scaling_of(c);
    const ibx_rect o = out->at;
    const int planes = in->planes, all = in->at.w * planes, count = s->rows.count;
    const room r = room_of(c, in->at.w);
    float *const turned = c->scratch, *const rows = turned + r.turned, *const rings = rows + r.rows;
    memset(rows, 0, r.rows * sizeof *rows);
    int k = s->rows.first[o.y];
    for (int y = o.y; y < o.y + o.h; y += GROUP) {
        int end = k;
        for (int from = 0; from < all; from += SAMPLES) {
            const ring part = {rings + (ptrdiff_t)from * count, count, k % count};
            end = down_part(c, in, y, ibx_min(GROUP, o.y + o.h - y), from,
                            ibx_min(SAMPLES, all - from), k, part, rows, turned);
        }
        k = end;
        if (planes == 3)
            columns_group(&s->columns, turned, 3, in->at.x, out, 0, y);
        else
            columns_group(&s->columns, turned, 1, in->at.x, out, 0, y);
    }
}

const ibx_filter ibx_scale_both = {.name = "scale",
                                   .summary = "Resample down the columns and along the rows.",
                                   .category = "geometry",
                                   .head = both_head,
                                   .wants = ibx_scaling_wants,
                                   .source = both_source,
                                   .scratch = both_scratch,
                                   .kernel = both_kernel,
                                   .packed = both_packed};
