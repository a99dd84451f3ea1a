/* resize.c - another number of pixels. The arithmetic is in geometry.h, shared with thumb. */
#include "geometry.h"

typedef struct {
    ibx_extent size;
    int fit, kernel, light;
    bool grow;
} params;

typedef struct {
    ibx_scaling scaling; /* first, for the passes */
} state;

static const char *const FIT[] = {"inside", "cover", "fill", NULL};
static const char *const KERNEL[] = IBX_KERNEL_WORDS;
enum { LINEAR, ENCODED };
static const char *const LIGHT[] = {"linear", "encoded", NULL};

static const ibx_param PARAMS[] = {
    IBX_EXTENT(params, size, 1, IBX_SIDE_MAX, "100%",
               "New size: both sides, one of them (the other follows), or percent."),
    IBX_CHOICE(params, fit, FIT, IBX_FIT_INSIDE,
               "Where the shapes differ: lie inside the size, cover it, or be stretched to it."),
    IBX_BOOL(params, grow, 1, "Whether an image may become larger than it is."),
    IBX_CHOICE(params, kernel, KERNEL, IBX_KERNEL_LANCZOS3,
               "Interpolation, from sharp to soft; box takes area means, nearest makes no new "
               "colours.",
               .labels = IBX_KERNEL_LABELS),
    IBX_CHOICE(params, light, LIGHT, 0,
               "Mix pixels in linear light, as a lens would, or in encoded values, as most "
               "programs do."),
    IBX_END};

static bool prepare(const ibx_call *c, void *into, ibx_error *err) {
    const params *p = c->params;
    state *s = into;
    int w, h;
    if (!ibx_scaled_size(&c->in, p->size, p->fit, p->grow, "resize", &w, &h, err)) return false;
    s->scaling.light = ibx_scaling_light(p->kernel, p->light);
    const ibx_area all = {0, 0, ibx_full_w(&c->in), ibx_full_h(&c->in)};
    return ibx_scaling_make(&s->scaling, &c->in, all, w, h, p->kernel, err);
}

static void release(void *old) {
    ibx_scaling_free(&((state *)old)->scaling);
}

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    return ibx_scaling_passes(c->state, pass);
}

/* Rows and columns of luma and chroma are resampled alike. Nearest takes pixels as they are. */
static bool planewise(const void *params_, int halved_x, int halved_y) {
    const params *p = params_;
    (void)halved_x, (void)halved_y;
    return p->light == ENCODED && p->kernel != IBX_KERNEL_NEAREST;
}

static void transpose(void *changed) {
    params *p = changed;
    p->size = (ibx_extent){p->size.h, p->size.w, p->size.percent};
}

IBX_FILTER(
    resize, .summary = "Change the number of pixels.", .category = "geometry",
    .details =
        "The size is a box WIDTHxHEIGHT, one side (1600x or x1200), one number for both sides, or "
        "a percentage. With fit=inside the image keeps its shape and fits into the box; with "
        "fit=cover it keeps its shape and no side is shorter than the box's (thumb also cuts off "
        "what stands out); with fit=fill it takes exactly that size. Sides are rounded half up "
        "to at least 1 pixel. grow=no leaves images alone that are small enough already.\n\n"
        "Kernels are widened by the reduction, so that every input pixel counts and nothing "
        "aliases, and are placed so that the edges of old and new image coincide. Where an image "
        "becomes smaller by 5 or more, means of blocks of pixels are taken first, so large that "
        "the kernel still reduces by 2.5 at least, and the kernel gives back what they weaken: on "
        "photographs the difference is about as large as that of rounding to 8 bits. Light is "
        "added up in linear values, which keeps fine bright detail as bright as it was; "
        "light=encoded gives the slightly darker result of programs that do not, and is faster "
        "from "
        "JPEG to JPEG, where luma and chroma can stay apart. Colours are weighted by alpha.",
    .examples = {"resize:1600x1600", "resize:50%,kernel=mitchell",
                 "resize:800x600,fit=fill,grow=no,light=encoded"},
    .params = PARAMS, .params_size = sizeof(params), .state_size = sizeof(state),
    .traits = IBX_REDUCE, .prepare = prepare, .release = release, .passes = passes,
    .transpose = transpose, .planewise = planewise);
