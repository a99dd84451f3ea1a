/* equalize.c - a flat histogram. */
#include "histogram.h"

enum { LUMA, CHANNELS };
static const char *const ON[] = {"luma", "channels", NULL};

typedef struct {
    int on;
} params;

static const ibx_param PARAMS[] = {IBX_CHOICE(params, on, ON, LUMA,
                                              "Brightness only, or each channel on its own.",
                                              .label = "Applied to"),
                                   IBX_END};

typedef struct {
    float table[3][IBX_TONES + 2]; /* new value of each bin; the last one twice */
} state;

static bool by_luma(const ibx_call *c) {
    return c->in.model == IBX_RGB && ((const params *)c->params)->on == LUMA;
}

static inline float luma(const ibx_tile *t, int x, int y) {
    return 0.2126f * *ibx_at(t, 0, x, y) + 0.7152f * *ibx_at(t, 1, x, y) +
           0.0722f * *ibx_at(t, 2, x, y);
}

/* Pixels that nobody sees do not count. */
static void scan(const ibx_call *c, const ibx_tile *in, void *acc) {
    ibx_histogram *h = acc;
    const int colours = ibx_colours(c), counted = by_luma(c) ? 1 : colours;
    for (int y = in->at.y; y < in->at.y + in->at.h; y++)
        for (int x = in->at.x; x < in->at.x + in->at.w; x++) {
            if (c->in.alpha && !(*ibx_at(in, colours, x, y) > 0)) continue;
            for (int i = 0; i < counted; i++) {
                const float v = by_luma(c) ? luma(in, x, y) : *ibx_at(in, i, x, y);
                h->bin[i][ibx_tone(v)]++;
            }
        }
}

/* The cumulative histogram, from 0 at the darkest bin that occurs to 1 at the lightest. */
static bool finish(const ibx_call *c, const void *acc, void *result, ibx_error *err) {
    (void)c, (void)err;
    const ibx_histogram *h = acc;
    state *s = result;
    for (int i = 0; i < 3; i++) {
        uint64_t total = 0, first = 0, sum = 0;
        for (int k = 0; k <= IBX_TONES; k++) total += h->bin[i][k];
        for (int k = 0; k <= IBX_TONES && !first; k++) first = h->bin[i][k];
        for (int k = 0; k <= IBX_TONES; k++) {
            sum += h->bin[i][k];
            const double share = sum > first ? (double)(sum - first) / (double)(total - first) : 0;
            s->table[i][k] = (float)(total > first ? share : (double)k / IBX_TONES);
        }
        s->table[i][IBX_TONES + 1] = s->table[i][IBX_TONES];
    }
    return true;
}

static inline float look_up(const float *table, float v) {
    const float at = ibx_clamp(v, 0, 1) * IBX_TONES;
    const int k = (int)at;
    return table[k] + (at - (float)k) * (table[k + 1] - table[k]);
}

/* Adds to all channels what luma gains: the colour differences stay. */
static void luma_row(const float *table, const ibx_tile *in, ibx_tile *out, int y) {
    for (int x = out->at.x; x < out->at.x + out->at.w; x++) {
        const float before = luma(in, x, y), gain = look_up(table, before) - before;
        for (int i = 0; i < 3; i++) *ibx_at(out, i, x, y) = *ibx_at(in, i, x, y) + gain;
    }
}

static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const state *s = c->state;
    const bool one = by_luma(c);
    for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
        if (one) luma_row(s->table[0], in, out, y);
        for (int i = 0; !one && i < ibx_colours(c); i++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) b[x] = look_up(s->table[i], a[x]);
        }
    }
    ibx_copy(in, out, ibx_colours(c));
}

IBX_FILTER(
    equalize, .summary = "Use all tones equally often.", .category = "tone",
    .details = "Replaces every value by the share of the image that is darker: the histogram "
               "becomes flat and contrast goes where most pixels are. By default on luma (Rec. "
               "709 weights on encoded values), whose gain is added to all channels so that the "
               "colours stay; with channels every channel is equalized on its own, which changes "
               "colours. Transparent pixels are not counted. clahe does the same locally and with "
               "a limit, and is the better choice for photographs.",
    .examples = {"equalize", "equalize:channels"}, .params = PARAMS, .params_size = sizeof(params),
    .state_size = sizeof(state), .kernel = kernel, .acc_size = ibx_histogram_size, .scan = scan,
    .merge = ibx_histogram_merge, .finish = finish);
