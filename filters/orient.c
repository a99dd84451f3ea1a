/* orient.c - turns the image as its EXIF orientation says. */
#include "geometry.h"

typedef struct {
    int mode;
} params;

enum { AUTO, IGNORE, RESET };
static const char *const MODE[] = {"auto", "ignore", "reset", NULL};

static const ibx_param PARAMS[] = {
    IBX_CHOICE(params, mode, MODE, AUTO,
               "Turn the pixels upright, leave pixels and tag alone, or drop the tag only."),
    IBX_END};

/* How the pixels are turned; reset gives the head a new tag and the pixels none. */
static int turn_of(const ibx_call *c) {
    const params *p = c->params;
    return p->mode == AUTO ? c->in.orientation : IBX_TURN_NONE;
}

static void head(const ibx_call *c, ibx_head *out) {
    ibx_turn_head(turn_of(c), out);
    out->orientation = IBX_TURN_NONE;
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

static const ibx_filter TURN = {
    .name = "orient", .head = head, .source = source, .kernel = kernel, .move = move};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &TURN;
    return p->mode != IGNORE && c->in.orientation != IBX_TURN_NONE;
}

IBX_FILTER(orient, .summary = "Turn the image upright.", .category = "geometry",
           .details =
               "Cameras store what the sensor saw and note in the EXIF orientation tag how it was "
               "held. This step turns or mirrors the pixels accordingly, without changing a "
               "sample, and sets the tag to 1. Every image gets it automatically; a recipe says "
               "orient:ignore to process an image as it is stored and keep the tag, or "
               "orient:reset where the tag is wrong.",
           .examples = {"orient", "orient:ignore", "orient:reset"}, .params = PARAMS,
           .params_size = sizeof(params), .traits = IBX_UPRIGHT, .passes = passes);
