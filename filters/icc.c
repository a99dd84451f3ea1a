/* icc.c - colours from one ICC profile to another. */
#include "profile.h"
#include <stdlib.h>

enum { SRGB, P3, ADOBERGB, GRAY, KEEP, FROM_FILE };
static const char *const TO[] = {"srgb", "p3", "adobergb", "gray", "keep", "file", NULL};
static const char *const TO_LABELS[] = {"sRGB",     "Display P3",  "Adobe RGB", "Gray",
                                        "As it is", "From a file", NULL};
static const char *const INTENTS[] = IBX_INTENT_WORDS;

typedef struct {
    int to;
    const char *file;
    int intent;
    bool bpc;
    ibx_bytes target; /* filled by open: the profile of p3, adobergb or file */
} params;

static const ibx_param PARAMS[] = {
    IBX_CHOICE(params, to, TO, SRGB, "The colour space to convert to.", .labels = TO_LABELS),
    IBX_FILE(params, file, "RGB or gray ICC profile, for to=file."),
    IBX_CHOICE(params, intent, INTENTS, IBX_INTENT_RELATIVE,
               "What to do with colours out of reach."),
    IBX_BOOL(params, bpc, true, "Black point compensation: keep black black.",
             .label = "Black point compensation"),
    IBX_END};

static const int SPACES[] = {
    [SRGB] = IBX_SPACE_SRGB, [P3] = IBX_SPACE_P3,     [ADOBERGB] = IBX_SPACE_ADOBERGB,
    [GRAY] = IBX_SPACE_GRAY, [KEEP] = IBX_SPACE_SRGB, [FROM_FILE] = IBX_SPACE_OTHER};

static bool opened(void *values, ibx_error *err) {
    params *p = values;
    if ((p->to == FROM_FILE) != (*p->file != 0))
        return ibx_fail(err, IBX_USAGE, "icc: file and to=file need each other");
    if (p->to == FROM_FILE) return ibx_profile_read(p->file, "icc", &p->target, err);
    const bool attached = p->to == P3 || p->to == ADOBERGB;
    return !attached || ibx_profile_build(SPACES[p->to], &p->target, err);
}

static void closed(void *values) {
    free((void *)((params *)values)->target.data);
}

typedef struct {
    bool naive;                        /* from CMYK without a usable profile, first of all */
    bool drop;                         /* a profile that does not fit */
    ibx_colour_conversion *conversion; /* NULL: the colours are right */
} state;

/* A profile that cannot be used is as good as none. */
static bool prepare(const ibx_call *c, void *result, ibx_error *err) {
    const params *p = c->params;
    state *s = result;
    const ibx_destination to = {
        .space = SPACES[p->to], .intent = p->intent, .black_points = p->bpc, .profile = p->target};
    const ibx_bytes profile = c->in.profile;
    const ibx_model model = c->in.model;
    if (p->to == KEEP && model != IBX_CMYK) return true;
    if (profile.size && ibx_conversion_make(&s->conversion, model, profile, &to, NULL)) return true;
    s->drop = profile.size > 0;
    s->naive = model == IBX_CMYK;
    return ibx_conversion_make(&s->conversion, s->naive ? IBX_RGB : model, (ibx_bytes){0}, &to,
                               err);
}

static void release(void *result) {
    ibx_conversion_free(((state *)result)->conversion);
}

static void naive_head(const ibx_call *c, ibx_head *out) {
    (void)c;
    out->model = IBX_RGB;
    out->profile = (ibx_bytes){0};
}

static void naive_kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    for (int i = 0; i < 3; i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict ink = ibx_at(in, i, out->at.x, y);
            const float *restrict black = ibx_at(in, 3, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = (1 - ink[x]) * (1 - black[x]);
        }
}

static void head(const ibx_call *c, ibx_head *out) {
    const params *p = c->params;
    const state *s = c->state;
    if (s->conversion) out->model = ibx_conversion_model(s->conversion);
    const bool described = p->to == FROM_FILE || out->model == IBX_RGB;
    out->profile = described ? p->target : (ibx_bytes){0};
}

static void drop(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    (void)c;
    ibx_copy(in, out, 0);
}

static void convert(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const int from = ibx_min(ibx_colours(c), 4), to = ibx_min((int)c->out.model, 3);
    const int right = out->at.x + out->at.w;
    ibx_block v;
    for (int y = out->at.y; y < out->at.y + out->at.h; y++)
        for (int x = out->at.x; x < right; x += IBX_BLOCK) {
            const int n = ibx_min(IBX_BLOCK, right - x);
            const size_t bytes = (size_t)n * sizeof(float);
            for (int i = 0; i < from; i++) memcpy(v[i], ibx_at(in, i, x, y), bytes);
            ibx_conversion_apply(((const state *)c->state)->conversion, v, n);
            for (int i = 0; i < to; i++) memcpy(ibx_at(out, i, x, y), v[i], bytes);
            if (c->in.alpha) memcpy(ibx_at(out, to, x, y), ibx_at(in, from, x, y), bytes);
        }
}

static const ibx_filter NAIVE = {.head = naive_head, .kernel = naive_kernel};
static const ibx_filter DROP = {.head = head, .kernel = drop};
static const ibx_filter CONVERT = {.head = head, .kernel = convert};

static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const state *s = c->state;
    int n = 0;
    if (s->naive) pass[n++] = &NAIVE;
    if (s->conversion)
        pass[n++] = &CONVERT;
    else if (s->drop && !s->naive)
        pass[n++] = &DROP;
    return n;
}

IBX_FILTER(
    icc, .summary = "Convert colours from the image's ICC profile.", .category = "colour",
    .label = "ICC profile",
    .details = "Takes the pixels from the profile that the image carries to the space `to`, and "
               "attaches a profile that says so; sRGB needs none. Every recipe starts with this "
               "step, unless it has one of its own: filters then see sRGB. An image without "
               "profile is taken for sRGB, gray for gray with the curve of sRGB. So is one whose "
               "profile is damaged or belongs to another colour model, as browsers do. Where a "
               "profile is sRGB but for rounding, nothing is touched.\n\n"
               "Gray images stay gray, unless the profile of to=file is an RGB one. CMYK becomes "
               "RGB always, even with to=keep, which otherwise leaves pixels and profile alone; "
               "CMYK without a profile by (1 - ink) * (1 - black). Profiles of curves and a "
               "matrix are converted in floating point without clipping, so colours outside the "
               "space survive until the image is written. Tables of colours, as CMYK profiles "
               "have them, are interpolated as lcms2 does; what remains (the absolute intent, "
               "to=file) goes through lcms2 itself and is many times slower.",
    .examples = {"icc", "icc:p3", "icc:gray,intent=perceptual"}, .params = PARAMS,
    .params_size = sizeof(params), .state_size = sizeof(state), .traits = IBX_POINT | IBX_MANAGE,
    .open = opened, .close = closed, .prepare = prepare, .release = release, .passes = passes);
