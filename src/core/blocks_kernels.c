/* blocks_kernels.c - means of blocks of pixels, the first pass of large reductions; see geometry.h.
 * Compiled once per CPU variant.
 *
 * The samples of a block are added up in one order: four neighbours, then the fours of a row, then
 * the rows. So from planes of float and from 8-bit samples come the same bits. Blocks are anchored
 * at the image's first pixel; those that stand over its edge repeat it. */
#include "geometry.h"

static const ibx_scaling *scaling_of(const ibx_call *c) {
    return c->state;
}

static unsigned wants(const ibx_call *c) {
    return scaling_of(c)->light;
}

static void head(const ibx_call *c, ibx_head *out) {
    const ibx_scaling *s = scaling_of(c);
    ibx_set_size(out, (c->in.w + s->across - 1) / s->across, (c->in.h + s->down - 1) / s->down);
}

static ibx_rect source(const ibx_call *c, ibx_rect o) {
    const ibx_scaling *s = scaling_of(c);
    return (ibx_rect){o.x * s->across, o.y * s->down, o.w * s->across, o.h * s->down};
}

/* ---- from planes ----------------------------------------------------------------------------- */

/* The means of n blocks side by side, the first from `a` on. */
IBX_INLINE void plane_blocks(const float *restrict a, ptrdiff_t stride, int across, int down, int n,
                             float *restrict b) {
    const float scale = 1 / ((float)across * (float)down);
    for (int x = 0; x < n; x++, a += across) {
        float sum = 0;
        for (int y = 0; y < down; y++) {
            const float *v = a + y * stride;
            float row = 0;
            int i = 0;
            for (; i + 4 <= across; i += 4) row += v[i] + v[i + 1] + v[i + 2] + v[i + 3];
            if (i < across) {
                float part = v[i++];
                while (i < across) part += v[i++];
                row += part;
            }
            sum += row;
        }
        b[x] = sum * scale;
    }
}

/* With loops of known length, the usual blocks are half as much work. */
static void plane_row(const float *a, ptrdiff_t stride, int across, int down, int n, float *b) {
    if (across == 2 && down == 2)
        plane_blocks(a, stride, 2, 2, n, b);
    else if (across == 3 && down == 3)
        plane_blocks(a, stride, 3, 3, n, b);
    else if (across == 4 && down == 4)
        plane_blocks(a, stride, 4, 4, n, b);
    else
        plane_blocks(a, stride, across, down, n, b);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const ibx_scaling *s = scaling_of(c);
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++)
            plane_row(ibx_at(in, p, in->at.x, y * s->down), in->stride, s->across, s->down,
                      out->at.w, ibx_at(out, p, out->at.x, y));
}

/* ---- from 8-bit samples ---------------------------------------------------------------------- */

/* Three sums: structs of scalars stay in registers where compilers leave arrays in memory. */
typedef struct {
    float r, g, b;
} sums;

IBX_INLINE void add(sums *s, sums more) {
    s->r += more.r;
    s->g += more.g;
    s->b += more.b;
}

/* The sums of n pixels, 1 to 4. What bounds these loops is the number of loads, and each sample
 * needs one for its value: so the bytes of four come by two loads rather than twelve. */
IBX_INLINE sums add_up(const uint8_t *a, int n, const float *value) {
    uint64_t low;
    uint32_t high;
    if (n == 4) {
        memcpy(&low, a, sizeof low);
        memcpy(&high, a + sizeof low, sizeof high);
        return (sums){value[low & 255] + value[low >> 24 & 255] + value[low >> 48 & 255] +
                          value[high >> 8 & 255],
                      value[low >> 8 & 255] + value[low >> 32 & 255] + value[low >> 56] +
                          value[high >> 16 & 255],
                      value[low >> 16 & 255] + value[low >> 40 & 255] + value[high & 255] +
                          value[high >> 24]};
    }
    sums s = {value[a[0]], value[a[1]], value[a[2]]};
    for (int i = 3; i < 3 * n; i += 3) {
        s.r += value[a[i]];
        s.g += value[a[i + 1]];
        s.b += value[a[i + 2]];
    }
    return s;
}

/* The means of n whole blocks of three samples. */
IBX_INLINE void rgb_blocks(const ibx_packed *in, int across, int down, int y, int n,
                           float *const to[]) {
    const float *value = in->value, scale = 1 / ((float)across * (float)down);
    const uint8_t *const *row = in->row + y;
    for (int x = 0; x < n; x++) {
        sums s = {0, 0, 0};
        for (int k = 0; k < down; k++) {
            const uint8_t *a = row[k] + (ptrdiff_t)x * across * 3;
            sums line = add_up(a, ibx_min(4, across), value);
            for (int i = 4; i < across; i += 4)
                add(&line, add_up(a + (ptrdiff_t)i * 3, ibx_min(4, across - i), value));
            add(&s, line);
        }
        to[0][x] = s.r * scale;
        to[1][x] = s.g * scale;
        to[2][x] = s.b * scale;
    }
}

/* The same of one sample. */
IBX_INLINE void gray_blocks(const ibx_packed *in, int across, int down, int y, int n, float *to) {
    const float *value = in->value, scale = 1 / ((float)across * (float)down);
    for (int x = 0; x < n; x++) {
        float sum = 0;
        for (int k = 0; k < down; k++) {
            const uint8_t *a = in->row[y + k] + (ptrdiff_t)x * across;
            float row = 0;
            for (int i = 0; i < across; i += 4) {
                float part = value[a[i]];
                for (int j = i + 1; j < ibx_min(i + 4, across); j++) part += value[a[j]];
                row += part;
            }
            sum += row;
        }
        to[x] = sum * scale;
    }
}

/* The mean of block x by its definition, standing over the right edge. */
static void any_block(const ibx_packed *in, int across, int down, int y, int x, float *const to[]) {
    for (int p = 0; p < in->planes; p++) {
        float sum = 0;
        for (int k = 0; k < down; k++) {
            float row = 0, part = 0;
            for (int i = 0; i < across; i++) {
                const int column = ibx_min(x * across + i, in->at.w - 1);
                part += in->value[in->row[y + k][column * in->planes + p]];
                if (i % 4 < 3 && i < across - 1) continue;
                row += part;
                part = 0;
            }
            sum += row;
        }
        to[p][x] = sum * (1 / ((float)across * (float)down));
    }
}

/* As plane_row. */
static void packed_row(const ibx_packed *in, int across, int down, int y, int n,
                       float *const to[]) {
    const int whole = ibx_min(n, in->at.w / across);
    if (in->planes == IBX_GRAY)
        gray_blocks(in, across, down, y, whole, to[0]);
    else if (across == 2 && down == 2)
        rgb_blocks(in, 2, 2, y, whole, to);
    else if (across == 3 && down == 3)
        rgb_blocks(in, 3, 3, y, whole, to);
    else if (across == 4 && down == 4)
        rgb_blocks(in, 4, 4, y, whole, to);
    else
        rgb_blocks(in, across, down, y, whole, to);
    for (int x = whole; x < n; x++) any_block(in, across, down, y, x, to);
}

static void packed(const ibx_call *c, const ibx_packed *in, ibx_tile *out) {
    const ibx_scaling *s = scaling_of(c);
    for (int y = 0; y < out->at.h; y++) {
        float *to[IBX_MAX_PLANES];
        for (int p = 0; p < IBX_MAX_PLANES; p++)
            to[p] = ibx_at(out, ibx_min(p, out->planes - 1), out->at.x, out->at.y + y);
        packed_row(in, s->across, s->down, y * s->down, out->at.w, to);
    }
}

const ibx_filter ibx_scale_blocks = {.name = "scale-blocks",
                                     .summary = "Take means of blocks of pixels.",
                                     .category = "geometry",
                                     .head = head,
                                     .wants = wants,
                                     .source = source,
                                     .kernel = kernel,
                                     .packed = packed};
