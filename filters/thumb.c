/* thumb.c - a small picture of exactly the size that was asked for. */
#include "geometry.h"

typedef struct {
    ibx_extent size;
    int crop, kernel, light;
    bool grow;
} params;

typedef struct {
    ibx_scaling scaling; /* first, for the passes */
    ibx_rect keep;       /* attention: of the scaled image */
    bool cut;            /* is anything cut off after scaling? */
} state;

enum { CENTRE, ATTENTION };
static const char *const CROP[] = {"centre", "attention", NULL};
static const char *const KERNEL[] = IBX_KERNEL_WORDS;
static const char *const LIGHT[] = {"linear", "encoded", NULL};

static const ibx_param PARAMS[] = {
    IBX_EXTENT(params, size, 1, IBX_SIDE_MAX, "256x256", "Size of the result, both sides."),
    IBX_CHOICE(params, crop, CROP, CENTRE, "Which part to keep where the shapes differ."),
    IBX_BOOL(params, grow, 1, "Whether an image may become larger than it is."),
    IBX_CHOICE(params, kernel, KERNEL, IBX_KERNEL_LANCZOS3, "Interpolation, as for resize.",
               .labels = IBX_KERNEL_LABELS),
    IBX_CHOICE(params, light, LIGHT, 0, "Mix pixels in linear light or in encoded values."),
    IBX_END};

static bool open(void *given, ibx_error *err) {
    const params *p = given;
    if (p->size.w && p->size.h) return true;
    return ibx_fail(err, IBX_USAGE,
                    "thumb: size needs both sides, as in thumb:256x256; resize takes one side or "
                    "percent");
}

/* The middle of the image in the shape of the result. Cut in the same step that scales, so that it
 * is centred to fractions of a pixel; without scaling, whole pixels are kept. */
static ibx_area centre(const ibx_head *in, ibx_extent size, bool grow, int w, int h) {
    const double iw = ibx_full_w(in), ih = ibx_full_h(in);
    double scale = fmax(size.w / iw, size.h / ih);
    if (!grow) scale = fmin(scale, 1);
    ibx_area a = {.w = w / scale, .h = h / scale};
    if (a.w > iw - 1e-6) a.w = iw;
    if (a.h > ih - 1e-6) a.h = ih;
    a.x = (iw - a.w) / 2;
    a.y = (ih - a.h) / 2;
    if (scale == 1) a.x = floor(a.x), a.y = floor(a.y);
    return a;
}

static bool prepare(const ibx_call *c, void *into, ibx_error *err) {
    const params *p = c->params;
    state *s = into;
    int w, h;
    if (!ibx_scaled_size(&c->in, p->size, IBX_FIT_COVER, p->grow, "thumb", &w, &h, err))
        return false;
    const int out_w = ibx_min(w, p->size.w), out_h = ibx_min(h, p->size.h);
    s->scaling.light = ibx_scaling_light(p->kernel, p->light);
    if (p->crop == CENTRE) {
        const ibx_area area = centre(&c->in, p->size, p->grow, out_w, out_h);
        return ibx_scaling_make(&s->scaling, &c->in, area, out_w, out_h, p->kernel, err);
    }
    s->cut = out_w < w || out_h < h;
    s->keep = (ibx_rect){(w - out_w) / 2, (h - out_h) / 2, out_w, out_h};
    const ibx_area all = {0, 0, ibx_full_w(&c->in), ibx_full_h(&c->in)};
    return ibx_scaling_make(&s->scaling, &c->in, all, w, h, p->kernel, err);
}

static void release(void *old) {
    ibx_scaling_free(&((state *)old)->scaling);
}

/* ---- attention: look at the scaled image, then cut ------------------------------------------- */

static size_t acc_size(const ibx_call *c) {
    (void)c;
    return sizeof(ibx_interest);
}

static void scan(const ibx_call *c, const ibx_tile *in, void *acc) {
    ibx_interest_add(acc, &c->in, in);
}

static void merge(const ibx_call *c, void *into, const void *from) {
    (void)c;
    ibx_interest_merge(into, from);
}

static bool finish(const ibx_call *c, const void *acc, void *into, ibx_error *err) {
    (void)err;
    state *s = into;
    s->keep = ibx_interest_best(acc, &c->in, s->keep.w, s->keep.h);
    return true;
}

static void head(const ibx_call *c, ibx_head *out) {
    const state *s = c->state;
    ibx_cut_head(s->keep, out);
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

static const ibx_filter CUT = {.name = "thumb",
                               .head = head,
                               .source = source,
                               .kernel = kernel,
                               .move = move,
                               .acc_size = acc_size,
                               .scan = scan,
                               .merge = merge,
                               .finish = finish};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    int n = ibx_scaling_passes(c->state, pass);
    if (s->cut) pass[n++] = &CUT;
    return n;
}

static void transpose(void *changed) {
    params *p = changed;
    p->size = (ibx_extent){.w = p->size.h, .h = p->size.w};
}

IBX_FILTER(
    thumb, .summary = "Make a thumbnail of exactly this size.", .category = "geometry",
    .label = "Thumbnail",
    .details = "The image is scaled until it just covers the size, and what stands out is cut "
               "off: at both ends alike with crop=centre; with crop=attention the window is kept "
               "that holds most detail, contrast, strong colour and skin. With grow=no an image "
               "that is smaller than the size is cut but not enlarged.",
    .examples = {"thumb:256x256", "thumb:400x300,attention", "thumb:96x96,grow=no,kernel=box"},
    .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state),
    .traits = IBX_REDUCE, .open = open, .prepare = prepare, .release = release, .passes = passes,
    .transpose = transpose);
