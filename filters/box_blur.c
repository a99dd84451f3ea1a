/* box_blur.c - the mean of a square of pixels. The work per pixel hardly grows with the radius. */
#include "filter.h"

#define FUSED 32 /* radius up to which both directions are one pass: above, the halo costs more */
#define GROUP 32 /* rows that are added up before they join a longer sum: keeps rounding small */

typedef struct {
    int radius;
} params;

static const ibx_param PARAMS[] = {
    IBX_INT(params, radius, 0, 1000, 3, "px",
            "Half the side of the square, which has 2 x radius + 1 pixels."),
    IBX_END};

static int radius(const ibx_call *c) {
    return ((const params *)c->params)->radius;
}

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_PREMULTIPLIED;
}

/* A row that sums up rows: `near` holds up to GROUP of them, `far` the earlier ones. */
typedef struct {
    float *near, *far;
    int count;
} sums;

static void clear(sums *s, int n) {
    memset(s->near, 0, (size_t)n * sizeof(float));
    memset(s->far, 0, (size_t)n * sizeof(float));
    s->count = 0;
}

static void add(sums *s, const float *restrict a, int n) {
    float *restrict near = s->near, *restrict far = s->far;
    for (int x = 0; x < n; x++) near[x] += a[x];
    if (++s->count % GROUP) return;
    for (int x = 0; x < n; x++) far[x] += near[x];
    memset(near, 0, (size_t)n * sizeof(float));
}

/* Means of `side` rows, down the columns: row i of b from the rows i to i + side - 1 of a, the
 * first of which is row `top` of the image. The rows of the image fall into blocks of `side`; a
 * window is the end of one block and the beginning of the next. Both parts are running sums from
 * the line between the blocks (van Herk's scheme), so that they do not depend on the tile. */
static void down(const ibx_tile *a, int p, int side, int top, float *b, ptrdiff_t stride, int rows,
                 float *scratch) {
    const int n = a->at.w, phase = ((top % side) + side) % side;
    const float scale = 1.F / (float)side;
    sums s = {scratch, scratch + n, 0};
    for (int line = phase ? side - phase : 0; line - side + 1 < rows; line += side) {
        const int from = ibx_max(line - side + 1, 0), to = ibx_min(line, rows - 1);
        if (to == line) memset(b + line * stride, 0, (size_t)n * sizeof(float));
        clear(&s, n);
        for (int i = line - 1; i >= from; i--) {
            add(&s, ibx_at(a, p, a->at.x, a->at.y + i), n);
            float *restrict to_row = b + i * stride;
            if (i <= to)
                for (int x = 0; x < n; x++) to_row[x] = s.far[x] + s.near[x];
        }
        clear(&s, n);
        for (int i = line - side + 1; i <= to; i++) {
            add(&s, ibx_at(a, p, a->at.x, a->at.y + i + side - 1), n);
            float *restrict to_row = b + i * stride;
            if (i >= from)
                for (int x = 0; x < n; x++)
                    to_row[x] = (to_row[x] + (s.far[x] + s.near[x])) * scale;
        }
    }
}

/* Means of `side` samples along a row: b[x] from a[x..x+side-1]. Sums of 1, 2, 4, .. samples by
 * doubling, and of them those that make up `side`. Overwrites a and spare, which are as long. */
static void along(float *a, float *spare, int side, float *restrict b, int n) {
    const float scale = 1.F / (float)side;
    int length = n + side - 1, offset = 0;
    memset(b, 0, (size_t)n * sizeof *b);
    for (int p = 1; p <= side; p *= 2) {
        if (side & p) {
            const float *restrict part = a + offset;
            for (int x = 0; x < n; x++) b[x] += part[x];
            offset += p;
        }
        length -= p;
        const float *restrict from = a;
        float *restrict to = spare;
        for (int x = 0; x < length; x++) to[x] = from[x] + from[x + p];
        spare = a;
        a = to;
    }
    for (int x = 0; x < n; x++) b[x] *= scale;
}

static size_t bytes(int w, int rows) {
    return (size_t)w * (size_t)rows * sizeof(float);
}

static ibx_rect both_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), radius(c));
}

static size_t both_scratch(const ibx_call *c, ibx_rect out) {
    return bytes(out.w + 2 * radius(c), out.h + 2);
}

static void both(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int side = 2 * radius(c) + 1, n = in->at.w, h = out->at.h;
    float *middle = c->scratch;
    for (int p = 0; p < out->planes; p++) {
        down(in, p, side, in->at.y, middle, n, h, middle + (ptrdiff_t)n * h);
        for (int y = 0; y < h; y++)
            along(middle + (ptrdiff_t)n * y, middle + (ptrdiff_t)n * h, side,
                  ibx_at(out, p, out->at.x, out->at.y + y), out->at.w);
    }
}

static ibx_rect down_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, 0, radius(c));
}

static size_t down_scratch(const ibx_call *c, ibx_rect out) {
    (void)c;
    return bytes(out.w, 2);
}

static void down_only(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    for (int p = 0; p < out->planes; p++)
        down(in, p, 2 * radius(c) + 1, in->at.y, out->plane[p], out->stride, out->at.h, c->scratch);
}

static ibx_rect along_source(const ibx_call *c, ibx_rect out) {
    return ibx_grow(out, radius(c), 0);
}

static size_t along_scratch(const ibx_call *c, ibx_rect out) {
    return bytes(out.w + 2 * radius(c), 2);
}

static void along_only(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    float *row = c->scratch;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            memcpy(row, ibx_at(in, p, in->at.x, y), (size_t)in->at.w * sizeof(float));
            along(row, row + in->at.w, 2 * radius(c) + 1, ibx_at(out, p, out->at.x, y), out->at.w);
        }
}

static const ibx_filter BOTH = {.name = "box_blur",
                                .wants = wants,
                                .source = both_source,
                                .scratch = both_scratch,
                                .kernel = both};
static const ibx_filter DOWN = {.name = "box_blur (down)",
                                .wants = wants,
                                .source = down_source,
                                .scratch = down_scratch,
                                .kernel = down_only};
static const ibx_filter ALONG = {.name = "box_blur (along)",
                                 .wants = wants,
                                 .source = along_source,
                                 .scratch = along_scratch,
                                 .kernel = along_only};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    if (radius(c) == 0) return 0;
    pass[0] = radius(c) <= FUSED ? &BOTH : &DOWN;
    pass[1] = &ALONG;
    return radius(c) <= FUSED ? 1 : 2;
}

IBX_FILTER(box_blur, .summary = "Blur by the mean of a square.", .category = "blur",
           .details = "Every pixel becomes the mean of the square of 2 x radius + 1 pixels around "
                      "it, in encoded values, weighted by alpha. Beyond the edge the image repeats "
                      "its last pixels. Hard-edged where blur is soft; the tool for local means, "
                      "for pixel noise of a known period, or for hiding a face fast.\n\n"
                      "The running sums follow van Herk (A fast algorithm for local minimum and "
                      "maximum filters, 1992), which is exact for floats too: nothing is ever "
                      "subtracted.",
           .examples = {"box_blur:3", "box_blur:40"}, .params = PARAMS,
           .params_size = sizeof(params), .passes = passes);
