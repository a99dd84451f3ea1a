/* flip.c - mirrors the image along an axis. No sample changes. */
#include "geometry.h"

typedef struct {
    int axis;
} params;

static const char *const AXIS[] = {"horizontal", "vertical",   "both",
                                   "transpose",  "transverse", NULL};

static const ibx_param PARAMS[] = {
    IBX_CHOICE(params, axis, AXIS, 0,
               "Exchange left and right, top and bottom, or both; or mirror along a diagonal."),
    IBX_END};

static int turn_of(const ibx_call *c) {
    static const int TURN[] = {IBX_TURN_MIRROR, IBX_TURN_FLIP, IBX_TURN_HALF, IBX_TURN_TRANSPOSE,
                               IBX_TURN_TRANSVERSE};
    const params *p = c->params;
    return TURN[p->axis];
}

static void head(const ibx_call *c, ibx_head *out) {
    ibx_turn_head(turn_of(c), out);
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    return ibx_turn_source(turn_of(c), &c->in, out);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_turn(turn_of(c), in, out);
}

static void move(const ibx_call *c, const ibx_region *in, const ibx_region *out) {
    ibx_turn_pixels(turn_of(c), in, out);
}

IBX_FILTER(flip, .summary = "Mirror the image.", .category = "geometry",
           .details = "horizontal exchanges left and right, as a mirror does; vertical exchanges "
                      "top and bottom; both turns by 180 degrees. transpose mirrors along the "
                      "diagonal from the top left, transverse along the other; these two exchange "
                      "width and height. No sample changes.",
           .examples = {"flip", "flip:vertical", "flip:transpose"}, .params = PARAMS,
           .params_size = sizeof(params), .head = head, .source = source, .kernel = kernel,
           .move = move);
