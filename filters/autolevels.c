/* autolevels.c - black and white point from the histogram. */
#include "histogram.h"

typedef struct {
    float clip_low, clip_high;
    bool per_channel;
} params;

static const ibx_param PARAMS[] = {
    IBX_FLOAT(params, clip_low, 0, 20, 0.1, "%", "Share of the samples that may become black."),
    IBX_FLOAT(params, clip_high, 0, 20, 0.1, "%", "Share of the samples that may become white."),
    IBX_BOOL(params, per_channel, false, "Each channel on its own, which also removes a cast."),
    IBX_END};

typedef struct {
    float scale[3], black[3];
} state;

/* Pixels that nobody sees do not count. */
static void scan(const ibx_call *c, const ibx_tile *in, void *acc) {
    ibx_histogram *h = acc;
    const int colours = ibx_colours(c);
    for (int i = 0; i < colours; i++)
        for (int y = in->at.y; y < in->at.y + in->at.h; y++) {
            const float *a = ibx_at(in, i, in->at.x, y);
            const float *alpha = c->in.alpha ? ibx_at(in, colours, in->at.x, y) : NULL;
            for (int x = 0; x < in->at.w; x++)
                if (!alpha || alpha[x] > 0) h->bin[i][ibx_tone(a[x])]++;
        }
}

/* The darkest bin that is not clipped, going up (step 1) from 0 or down (-1) from the top. */
static int edge(const uint64_t *bin, int step, double percent) {
    double total = 0, below = 0;
    for (int i = 0; i <= IBX_TONES; i++) total += (double)bin[i];
    int i = step > 0 ? 0 : IBX_TONES;
    for (int n = 0; n < IBX_TONES; n++, i += step) {
        below += (double)bin[i];
        if (below * 100 > percent * total) break;
    }
    return i;
}

static bool finish(const ibx_call *c, const void *acc, void *result, ibx_error *err) {
    (void)err;
    const params *p = c->params;
    const ibx_histogram *h = acc;
    state *s = result;
    uint64_t all[IBX_TONES + 1];
    for (int i = 0; i <= IBX_TONES; i++) all[i] = h->bin[0][i] + h->bin[1][i] + h->bin[2][i];
    for (int i = 0; i < 3; i++) {
        const uint64_t *bin = p->per_channel ? h->bin[i] : all;
        const int low = edge(bin, 1, (double)p->clip_low),
                  high = edge(bin, -1, (double)p->clip_high);
        s->black[i] = low < high ? (float)low / IBX_TONES : 0;
        s->scale[i] =
            low < high && high - low < IBX_TONES ? (float)IBX_TONES / (float)(high - low) : 1;
    }
    return true;
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            const float black = s->black[i], scale = s->scale[i];
            for (int x = 0; x < out->at.w; x++) b[x] = (a[x] - black) * scale;
        }
    ibx_copy(in, out, ibx_colours(c));
}

IBX_FILTER(
    autolevels, .summary = "Stretch tones from black to white.", .category = "tone",
    .label = "Auto levels",
    .details = "Finds the value below which clip_low percent of the samples lie and the value "
               "above which clip_high percent lie, in encoded (sRGB) values, and stretches the "
               "range between them to 0..1. One range for all channels keeps the colours; "
               "per_channel also neutralises a colour cast, or adds one to a scene that is of "
               "one colour. Transparent pixels are not counted, and an image of one flat tone is "
               "left alone.",
    .examples = {"autolevels", "autolevels:1,1", "autolevels:per_channel=yes"}, .params = PARAMS,
    .params_size = sizeof(params), .state_size = sizeof(state), .kernel = kernel,
    .acc_size = ibx_histogram_size, .scan = scan, .merge = ibx_histogram_merge, .finish = finish);
