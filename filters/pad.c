/* pad.c - puts the image on a larger canvas. */
#include "geometry.h"

typedef struct {
    ibx_extent size;
    ibx_length left, top, right, bottom;
    ibx_colour background;
    int gravity, extend;
} params;

typedef struct {
    int w, h;          /* of the canvas */
    int x, y;          /* where the image lies on it */
    float backdrop[4]; /* plane values around it */
} state;

enum { COLOUR, COPY, MIRROR, REPEAT };
static const char *const EXTEND[] = {"colour", "copy", "mirror", "repeat", NULL};
static const char *const GRAVITY[] = IBX_GRAVITY_WORDS;

#define MARGIN(side) IBX_LENGTH(params, side, 0, IBX_SIDE_MAX, "0", "Margin at the " #side ".")
static const ibx_param PARAMS[] = {
    IBX_EXTENT(params, size, 1, IBX_SIDE_MAX, "100%",
               "Least size of the canvas, margins included; a larger image stays as large."),
    IBX_COLOUR(params, background, "white", "Colour around the image."),
    IBX_CHOICE(params, gravity, GRAVITY, 0, "Where the image lies on a canvas of that size."),
    MARGIN(left),
    MARGIN(top),
    MARGIN(right),
    MARGIN(bottom),
    IBX_CHOICE(params, extend, EXTEND, COLOUR,
               "Fill with the colour, the edge pixels, mirror images or copies of the image."),
    IBX_END};

/* The side of the canvas: at least the image with its margins. */
static int side(int pixels, float percent, int image, int with_margins) {
    if (percent > 0) pixels = ibx_pixels((ibx_length){percent, true}, image);
    return ibx_max(pixels, with_margins);
}

static bool prepare(const ibx_call *c, void *into, ibx_error *err) {
    const params *p = c->params;
    state *s = into;
    const int left = ibx_pixels(p->left, c->in.w), top = ibx_pixels(p->top, c->in.h);
    const int w = left + c->in.w + ibx_pixels(p->right, c->in.w);
    const int h = top + c->in.h + ibx_pixels(p->bottom, c->in.h);
    s->w = side(p->size.w, p->size.percent, c->in.w, w);
    s->h = side(p->size.h, p->size.percent, c->in.h, h);
    if (s->w > IBX_SIDE_MAX || s->h > IBX_SIDE_MAX)
        return ibx_fail(err, IBX_USAGE,
                        "pad: the canvas would have %dx%d pixels, but a side has at most %d", s->w,
                        s->h, IBX_SIDE_MAX);
    s->x = left + ibx_place_x(p->gravity, s->w, w, 0);
    s->y = top + ibx_place_y(p->gravity, s->h, h, 0);
    ibx_colour_planes(p->background, &c->in, false, s->backdrop);
    return true;
}

static void head(const ibx_call *c, ibx_head *out) {
    const params *p = c->params;
    const state *s = c->state;
    ibx_set_size(out, s->w, s->h);
    out->alpha = c->in.alpha || (p->extend == COLOUR && p->background.a < 1);
}

/* The sample of n that stands at i, which may lie outside. */
static int sample(int extend, int i, int n) {
    if (i >= 0 && i < n) return i;
    if (extend == COLOUR || extend == COPY) return ibx_min(ibx_max(i, 0), n - 1);
    const int period = extend == MIRROR ? 2 * n : n, m = (i % period + period) % period;
    return m < n ? m : period - 1 - m;
}

/* The samples that stand at `count` places from *first: *first and how many. What repeats has shown
 * all of its samples after 2 n places; what does not runs upward. */
static int reach(int extend, int *first, int count, int n) {
    const int start = *first, end = start + count;
    const bool repeats = extend == MIRROR || extend == REPEAT;
    int low = sample(extend, start, n), high = sample(extend, end - 1, n);
    for (int i = start; repeats && i < ibx_min(end, start + 2 * n); i++) {
        low = ibx_min(low, sample(extend, i, n));
        high = ibx_max(high, sample(extend, i, n));
    }
    *first = low;
    return high - low + 1;
}

static ibx_rect source(const ibx_call *c, ibx_rect o) {
    const params *p = c->params;
    const state *s = c->state;
    ibx_rect r = {o.x - s->x, o.y - s->y, o.w, o.h};
    r.w = reach(p->extend, &r.x, r.w, c->in.w);
    r.h = reach(p->extend, &r.y, r.h, c->in.h);
    return r;
}

/* One row of one plane. `a` points at the input's column 0, or is NULL where there is nothing but
 * background; the image lies in columns low to high - 1. */
static void row(const ibx_call *c, const float *a, int x, int n, float backdrop, float *b) {
    const int extend = ((const params *)c->params)->extend, w = c->in.w;
    const int low = ibx_min(ibx_max(-x, 0), n), high = a ? ibx_max(ibx_min(w - x, n), low) : low;
    for (int i = 0; i < low; i++) b[i] = extend == COLOUR ? backdrop : a[sample(extend, x + i, w)];
    if (high > low) memcpy(b + low, a + x + low, (size_t)(high - low) * sizeof *b);
    for (int i = high; i < n; i++) b[i] = extend == COLOUR ? backdrop : a[sample(extend, x + i, w)];
}

/* An alpha plane that the input does not have: 1 on the image. */
static void alpha_row(const ibx_call *c, bool inside, int x, int n, float backdrop, float *b) {
    for (int i = 0; i < n; i++) b[i] = inside && x + i >= 0 && x + i < c->in.w ? 1 : backdrop;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const state *s = c->state;
    const ibx_rect o = out->at;
    for (int i = 0; i < out->planes; i++)
        for (int y = o.y; y < o.y + o.h; y++) {
            const int from = y - s->y, at = sample(p->extend, from, c->in.h);
            const bool inside = p->extend != COLOUR || from == at;
            float *b = ibx_at(out, i, o.x, y);
            if (i < in->planes)
                row(c, inside ? ibx_at(in, i, 0, at) : NULL, o.x - s->x, o.w, s->backdrop[i], b);
            else
                alpha_row(c, inside, o.x - s->x, o.w, s->backdrop[i], b);
        }
}

static const ibx_filter PAD = {.name = "pad", .head = head, .source = source, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    pass[0] = &PAD;
    return s->w != c->in.w || s->h != c->in.h;
}

IBX_FILTER(pad, .summary = "Put the image on a larger canvas.", .category = "geometry",
           .details =
               "pad:1200x1200 centres the image on a square (gravity names another place); left, "
               "top, right and bottom add margins, in pixels or percent of the image. Nothing is "
               "ever cut off. The canvas gets the background colour, whose luma is taken for gray "
               "images; if it is not opaque, the result has an alpha channel. Or it continues the "
               "image: extend=copy repeats the edge pixels, mirror reflects (the edge pixel "
               "appears twice), repeat tiles.",
           .examples = {"pad:1200x1200", "pad:left=10%,right=10%,background=black",
                        "pad:640x480,transparent,gravity=south"},
           .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state),
           .prepare = prepare, .passes = passes);
