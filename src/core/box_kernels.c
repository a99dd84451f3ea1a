/* box_kernels.c - the sums behind box.h; compiled once per CPU variant. */
#include "box.h"

#define GROUP 32 /* rows that are added up before they join a longer sum: keeps rounding small */

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

void ibx_box_down(const ibx_tile *in, int p, int side, float *b, ptrdiff_t stride, int rows,
                  float *scratch) {
    const int n = in->at.w, top = in->at.y, phase = ((top % side) + side) % side;
    const float scale = 1.F / (float)side;
    sums s = {scratch, scratch + n, 0};
    for (int line = phase ? side - phase : 0; line - side + 1 < rows; line += side) {
        const int from = ibx_max(line - side + 1, 0), to = ibx_min(line, rows - 1);
        if (to == line) memset(b + line * stride, 0, (size_t)n * sizeof(float));
        clear(&s, n);
        for (int i = line - 1; i >= from; i--) {
            add(&s, ibx_at(in, p, in->at.x, top + i), n);
            float *restrict to_row = b + i * stride;
            if (i <= to)
                for (int x = 0; x < n; x++) to_row[x] = s.far[x] + s.near[x];
        }
        clear(&s, n);
        for (int i = line - side + 1; i <= to; i++) {
            add(&s, ibx_at(in, p, in->at.x, top + i + side - 1), n);
            float *restrict to_row = b + i * stride;
            if (i >= from)
                for (int x = 0; x < n; x++)
                    to_row[x] = (to_row[x] + (s.far[x] + s.near[x])) * scale;
        }
    }
}

void ibx_box_along(float *a, float *spare, int side, float *restrict b, int n) {
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
