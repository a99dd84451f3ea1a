/* rotate.c - turns the image by any angle. */
#include "geometry.h"

typedef struct {
    float angle;
    ibx_colour background;
    bool expand;
    int kernel;
} params;

typedef struct {
    int turn;       /* without interpolation, or 0 */
    int w, h;       /* of the result */
    ibx_affine map; /* from the result's pixels to the image's */
} state;

static const char *const KERNEL[] = IBX_BETWEEN_WORDS;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, angle, -360, 360, 0, "deg", "Angle, clockwise; negative: anticlockwise."),
    IBX_COLOUR(params, background, "transparent", "Colour of the corners."),
    IBX_BOOL(params, expand, 1, "Enlarge the image so that nothing is cut off."),
    IBX_CHOICE(params, kernel, KERNEL, IBX_BETWEEN_CATROM, "Interpolation, from sharp to none.",
               .labels = IBX_BETWEEN_LABELS),
    IBX_END};

/* A turn by a multiple of 90 degrees moves samples, unless the image would not fit. */
static int exact_turn(const params *p, const ibx_head *in) {
    static const int TURN[] = {IBX_TURN_NONE, IBX_TURN_CLOCKWISE, IBX_TURN_HALF,
                               IBX_TURN_ANTICLOCKWISE};
    if (fmodf(p->angle, 90) != 0) return 0;
    const int quarter = ((int)(p->angle / 90) + 4) % 4;
    return p->expand || quarter % 2 == 0 || in->w == in->h ? TURN[quarter] : 0;
}

/* Cosine of an angle in degrees, exact for multiples of 90. */
static double cosine(double angle) {
    const double a = fmod(fabs(angle), 360);
    return a == 90 || a == 270 ? 0 : cos(a * M_PI / 180);
}

/* The map that turns back by the angle, around the centres of both images. A multiple of 90 degrees
 * is kept from moving by half a pixel, so that it too finds whole samples. */
static ibx_affine map_back(const params *p, const ibx_head *in, int w, int h) {
    const double c = cosine((double)p->angle), s = cosine((double)p->angle - 90);
    const double x = (w - 1) / 2.0, y = (h - 1) / 2.0;
    ibx_affine m = {.xx = c, .xy = s, .yx = -s, .yy = c, .between = p->kernel};
    m.x0 = (in->w - 1) / 2.0 - c * x - s * y;
    m.y0 = (in->h - 1) / 2.0 + s * x - c * y;
    if (c * s == 0) m.x0 = floor(m.x0), m.y0 = floor(m.y0);
    ibx_colour_planes(p->background, in, true, m.backdrop);
    return m;
}

static bool prepare(const ibx_call *c, void *into, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    state *s = into;
    const double cs = fabs(cosine((double)p->angle)), sn = fabs(cosine((double)p->angle - 90));
    const int w = c->in.w, h = c->in.h;
    s->turn = exact_turn(p, &c->in);
    s->w = p->expand ? (int)ceil(w * cs + h * sn - 1e-6) : w;
    s->h = p->expand ? (int)ceil(w * sn + h * cs - 1e-6) : h;
    s->map = map_back(p, &c->in, s->w, s->h);
    return true;
}

static void turn_head(const ibx_call *c, ibx_head *out) {
    ibx_turn_head(((const state *)c->state)->turn, out);
}

static ibx_rect turn_source(const ibx_call *c, ibx_rect out) {
    return ibx_turn_source(((const state *)c->state)->turn, &c->in, out);
}

static void turn_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_turn(((const state *)c->state)->turn, in, out);
}

static void turn_move(const ibx_call *c, const ibx_region *in, const ibx_region *out) {
    ibx_turn_pixels(((const state *)c->state)->turn, in, out);
}

static unsigned wants(const ibx_call *c) {
    (void)c;
    return IBX_PREMULTIPLIED;
}

static void head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    ibx_set_size(out, s->w, s->h);
    out->alpha = c->in.alpha || ((const params *)c->params)->background.a < 1;
}

static ibx_rect source(const ibx_call *c, ibx_rect out) {
    return ibx_affine_source(&((const state *)c->state)->map, &c->in, out);
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    ibx_affine_kernel(&((const state *)c->state)->map, &c->in, in, out);
}

static const ibx_filter TURN = {.name = "rotate",
                                .head = turn_head,
                                .source = turn_source,
                                .kernel = turn_kernel,
                                .move = turn_move};
static const ibx_filter INTERPOLATE = {
    .name = "rotate", .wants = wants, .head = head, .source = source, .kernel = kernel};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    pass[0] = s->turn ? &TURN : &INTERPOLATE;
    return s->turn != IBX_TURN_NONE;
}

IBX_FILTER(rotate, .summary = "Rotate the image by an angle.", .category = "geometry",
           .details =
               "Positive angles turn clockwise. Multiples of 90 degrees move samples and change "
               "none. Other angles interpolate (catrom is the cubic of Catmull and Rom, 1974), "
               "with colours weighted by alpha and a smooth edge against the background. "
               "The image grows to hold all of its corners, unless expand=no keeps its size. With "
               "a background that is not opaque the result has an alpha channel; formats without "
               "one get it flattened.",
           .examples = {"rotate:90", "rotate:-3.5,white", "rotate:10,expand=no,kernel=linear"},
           .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state),
           .prepare = prepare, .passes = passes);
