/* halve.c - the passes that bring a plane of chroma to the sampling of the file that is written.
 *
 * A sample becomes the mean of two neighbours: it lies in the middle of the pixels for which it
 * stands (see ibx_chroma). */
#include "engine/plan.h"

static void across_head(const ibx_call *c, ibx_head *out) {
    out->w = (c->in.w + 1) / 2;
    out->halved_x = c->in.halved_x + 1;
}

static ibx_rect across_source(const ibx_call *c, ibx_rect out) {
    (void)c;
    return (ibx_rect){2 * out.x, out.y, 2 * out.w, out.h};
}

static void across(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *a = ibx_at(in, p, in->at.x, y);
            float *b = ibx_at(out, p, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = (a[2 * x] + a[2 * x + 1]) * 0.5f;
        }
}

static void down_head(const ibx_call *c, ibx_head *out) {
    out->h = (c->in.h + 1) / 2;
    out->halved_y = c->in.halved_y + 1;
}

static ibx_rect down_source(const ibx_call *c, ibx_rect out) {
    (void)c;
    return (ibx_rect){out.x, 2 * out.y, out.w, 2 * out.h};
}

static void down(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    for (int p = 0; p < out->planes; p++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *a = ibx_at(in, p, in->at.x, 2 * y), *a2 = a + in->stride;
            float *b = ibx_at(out, p, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = (a[x] + a2[x]) * 0.5f;
        }
}

const ibx_filter ibx_halve_across = {
    .name = "chroma", .head = across_head, .source = across_source, .kernel = across};
const ibx_filter ibx_halve_down = {
    .name = "chroma", .head = down_head, .source = down_source, .kernel = down};
