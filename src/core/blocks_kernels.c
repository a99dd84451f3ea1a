/* blocks_kernels.c - means of blocks of pixels, the first pass of large reductions; see geometry.h.
 * Compiled once per CPU variant.
 *
 * The samples of a block are added up in one order: those of each column from top to bottom, where
 * vectors are natural, then the columns' sums. So from planes of float and from 8-bit samples come
 * the same bits. Blocks are anchored at the image's first pixel; those that stand over its edge
 * repeat it. */
#include "geometry.h"

enum { LANES = IBX_LANES };

static void head(const ibx_call *c, ibx_head *out) {
    const ibx_scaling *s = ibx_scaling_of(c);
    ibx_scaling_head(c, (c->in.w + s->across - 1) / s->across, (c->in.h + s->down - 1) / s->down,
                     out);
}

static ibx_rect source(const ibx_call *c, ibx_rect o) {
    const ibx_scaling *s = ibx_scaling_of(c);
    return (ibx_rect){o.x * s->across, o.y * s->down, o.w * s->across, o.h * s->down};
}

/* ---- down the columns ------------------------------------------------------------------------ */

/* The rows of blocks side by side: of one plane of floats, or of 8-bit samples, interleaved. */
typedef struct {
    const float *floats; /* NULL: samples */
    ptrdiff_t stride;
    const uint8_t *const *row;
    const float *value; /* of each sample; NULL: encoded values, which are as soon computed */
    int planes, columns, down;
} rows;

/* A vector of the values of row k from i on; one of them. */
IBX_INLINE ibx_floats vector_of(const rows *r, bool floats, int k, ptrdiff_t i) {
    if (floats) return *(const ibx_floats *)(r->floats + k * r->stride + i);
    return ibx_floats_of(r->row[k] + i) * (1 / 255.0F);
}

IBX_INLINE float sample_of(const rows *r, bool floats, int k, ptrdiff_t i) {
    return floats ? r->floats[k * r->stride + i] : (float)r->row[k][i] * (1 / 255.0F);
}

IBX_INLINE void add_vectors(const rows *r, bool floats, ptrdiff_t i, int count, float *sum) {
    ibx_floats s[4];
    for (int j = 0; j < count; j++) s[j] = vector_of(r, floats, 0, i + j * LANES);
    for (int k = 1; k < r->down; k++)
        for (int j = 0; j < count; j++) s[j] += vector_of(r, floats, k, i + j * LANES);
    for (int j = 0; j < count; j++) ((ibx_floats *)sum)[j] = s[j];
}

/* The sums of n samples from `from` on in each row. */
IBX_INLINE void add_rows(const rows *r, bool floats, ptrdiff_t from, int n, float *sum) {
    int i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) add_vectors(r, floats, from + i, 4, sum + i);
    for (; i + LANES <= n; i += LANES) add_vectors(r, floats, from + i, 1, sum + i);
    for (; i < n; i++) {
        sum[i] = sample_of(r, floats, 0, from + i);
        for (int k = 1; k < r->down; k++) sum[i] += sample_of(r, floats, k, from + i);
    }
}

/* The same where samples are looked up: adds `count` rows, up to 4, to what is there. */
IBX_INLINE void look_up_rows(const uint8_t *const *row, int count, bool first, const float *value,
                             ptrdiff_t from, int n, float *restrict sum) {
    const uint8_t *a[4];
    for (int k = 0; k < count; k++) a[k] = row[k] + from;
    for (ptrdiff_t i = 0; i < n; i++) {
        float s = first ? value[a[0][i]] : sum[i] + value[a[0][i]];
        for (int k = 1; k < count; k++) s += value[a[k][i]];
        sum[i] = s;
    }
}

/* Loops of known length are half as much work. */
static void look_up(const rows *r, ptrdiff_t from, int n, float *sum) {
    const uint8_t *const *row = r->row, *const *end = row + r->down;
    if (r->down == 2)
        look_up_rows(row, 2, true, r->value, from, n, sum);
    else if (r->down == 3)
        look_up_rows(row, 3, true, r->value, from, n, sum);
    else if (r->down >= 4)
        look_up_rows(row, 4, true, r->value, from, n, sum);
    else
        look_up_rows(row, 1, true, r->value, from, n, sum);
    for (row += ibx_min(r->down, 4); row + 4 <= end; row += 4)
        look_up_rows(row, 4, false, r->value, from, n, sum);
    for (; row < end; row++) look_up_rows(row, 1, false, r->value, from, n, sum);
}

/* The sums of n columns from x on; of those behind the last, that of the last. */
static void add_columns(const rows *r, int x, int n, float *sum) {
    const int first = ibx_min(x, r->columns - 1), there = ibx_min(n, r->columns - first);
    const ptrdiff_t from = (ptrdiff_t)first * r->planes;
    if (r->floats)
        add_rows(r, true, from, there, sum);
    else if (!r->value)
        add_rows(r, false, from, there * r->planes, sum);
    else
        look_up(r, from, there * r->planes, sum);
    for (int i = there * r->planes; i < n * r->planes; i++) sum[i] = sum[i - r->planes];
}

/* ---- along the rows ------------------------------------------------------------------------- */

/* Adds to the sums of `count` blocks those of `across` columns of each. */
IBX_INLINE void fold(const float *sum, int planes, int across, int count, float *const to[]) {
    for (int x = 0; x < count; x++)
        for (int p = 0; p < planes; p++) {
            float s = to[p][x];
            for (int i = 0; i < across; i++) s += sum[(x * across + i) * planes + p];
            to[p][x] = s;
        }
}

static void fold_any(const float *sum, int planes, int across, int count, float *const to[]) {
    if (planes == 3 && across == 2)
        fold(sum, 3, 2, count, to);
    else if (planes == 3 && across == 3)
        fold(sum, 3, 3, count, to);
    else if (planes == 3 && across == 4)
        fold(sum, 3, 4, count, to);
    else
        fold(sum, planes, across, count, to);
}

/* The means of n blocks side by side. As many columns as there is room for are summed up at a
 * time: some blocks, or a part of one. */
static void means(const rows *r, int across, int n, float *const to[]) {
    enum { ROOM = 240 };
    float sum[ROOM * IBX_MAX_PLANES];
    const float scale = 1 / ((float)across * (float)r->down);
    const int most = ibx_max(ROOM / across, 1);
    for (int p = 0; p < r->planes; p++) memset(to[p], 0, (size_t)n * sizeof *to[p]);
    for (int x = 0; x < n; x += most) {
        const int count = ibx_min(most, n - x), side = ibx_min(across, ROOM);
        float *block[IBX_MAX_PLANES];
        for (int p = 0; p < r->planes; p++) block[p] = to[p] + x;
        for (int i = 0; i < across; i += side) {
            const int part = ibx_min(side, across - i);
            add_columns(r, x * across + i, count * part, sum);
            fold_any(sum, r->planes, part, count, block);
        }
    }
    for (int p = 0; p < r->planes; p++)
        for (int x = 0; x < n; x++) to[p][x] *= scale;
}

/* ---- the pass ------------------------------------------------------------------------------- */

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const ibx_scaling *s = ibx_scaling_of(c);
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const rows r = {.floats = ibx_at(in, p, in->at.x, y * s->down),
                            .stride = in->stride,
                            .planes = 1,
                            .columns = in->at.w,
                            .down = s->down};
            float *const to[] = {ibx_at(out, p, out->at.x, y)};
            means(&r, s->across, out->at.w, to);
        }
}

static void packed(const ibx_call *c, const ibx_packed *in, ibx_tile *out) {
    const ibx_scaling *s = ibx_scaling_of(c);
    rows r = {.value = s->light & IBX_LINEAR ? in->value : NULL,
              .planes = in->planes,
              .columns = in->at.w,
              .down = s->down};
    for (int y = 0; y < out->at.h; y++) {
        float *to[IBX_MAX_PLANES];
        for (int p = 0; p < in->planes; p++) to[p] = ibx_at(out, p, out->at.x, out->at.y + y);
        r.row = in->row + (ptrdiff_t)y * s->down;
        means(&r, s->across, out->at.w, to);
    }
}

const ibx_filter ibx_scale_blocks = {.name = "scale-blocks",
                                     .summary = "Take means of blocks of pixels.",
                                     .category = "geometry",
                                     .head = head,
                                     .wants = ibx_scaling_wants,
                                     .source = source,
                                     .kernel = kernel,
                                     .packed = packed};
