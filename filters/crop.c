/* crop.c - keeps a rectangle of the image. */
#include "geometry.h"

typedef struct {
    ibx_extent size;
    ibx_length x, y;
    int gravity;
} params;

typedef struct {
    ibx_rect full; /* in pixels of the full image */
    ibx_rect keep; /* in samples: those that it lies in */
} state;

static const char *const GRAVITY[] = IBX_GRAVITY_WORDS;

static const ibx_param PARAMS[] = {
    IBX_EXTENT(params, size, 1, IBX_SIDE_MAX, "100%",
               "Size to keep; a side that is left out stays whole."),
    IBX_LENGTH(params, x, -IBX_SIDE_MAX, IBX_SIDE_MAX, "0",
               "Distance from the side that gravity names; from the middle: to the right."),
    IBX_LENGTH(params, y, -IBX_SIDE_MAX, IBX_SIDE_MAX, "0",
               "Distance from the side that gravity names; from the middle: downward."),
    IBX_CHOICE(params, gravity, GRAVITY, 0, "Where the part lies that is kept."), IBX_END};

/* One side of the rectangle: given in pixels, in percent, or whole. */
static int side(int pixels, float percent, int whole) {
    if (percent > 0) return ibx_max(ibx_pixels((ibx_length){percent, true}, whole), 1);
    return pixels ? pixels : whole;
}

static bool prepare(const ibx_call *c, void *into, ibx_error *err) {
    const params *p = c->params;
    const ibx_head *in = &c->in;
    state *s = into;
    const int in_w = ibx_full_w(in), in_h = ibx_full_h(in);
    const int w = side(p->size.w, p->size.percent, in_w);
    const int h = side(p->size.h, p->size.percent, in_h);
    const int x = ibx_place_x(p->gravity, in_w, w, ibx_pixels(p->x, in_w));
    const int y = ibx_place_y(p->gravity, in_h, h, ibx_pixels(p->y, in_h));
    const int left = ibx_max(x, 0), right = ibx_min(x + w, in_w);
    const int top = ibx_max(y, 0), bottom = ibx_min(y + h, in_h);
    if (left >= right || top >= bottom)
        return ibx_fail(err, IBX_USAGE,
                        "crop: %dx%d pixels at %d,%d lie outside of the image of %dx%d; change x, "
                        "y or gravity",
                        w, h, x, y, in_w, in_h);
    s->full = (ibx_rect){left, top, right - left, bottom - top};
    s->keep = ibx_cut_samples(in, s->full);
    return true;
}

static void head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    ibx_cut_full(s->full, out);
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    const state *s = c->state;
    return ibx_cut_source(s->keep, out);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    ibx_cut(in, out);
}

static void move(const ibx_call *c, const ibx_region *in, const ibx_region *out) {
    (void)c;
    ibx_cut_pixels(in, out);
}

IBX_FILTER(
    crop, .summary = "Keep a rectangle of the image.", .category = "geometry",
    .details = "crop:800x600 keeps the middle of the image. gravity names another part, and x "
               "and y move it: from the sides that gravity names towards the middle, from the "
               "middle to the right and down. So gravity=north-west makes x,y the usual "
               "coordinates from the top left. Percentages refer to the image. What stands out "
               "over the edge is cut off; a rectangle wholly outside is an error.",
    .examples = {"crop:800x600", "crop:50%,gravity=north", "crop:320x240,10,20,gravity=north-west"},
    .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state), .traits = IBX_CUT,
    .prepare = prepare, .head = head, .source = source, .kernel = kernel, .move = move);
