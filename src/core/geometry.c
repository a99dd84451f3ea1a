/* geometry.c - sizes, interpolation weights and places; nothing here touches a pixel. */
#include "geometry.h"
#include <limits.h>
#include <stdlib.h>

/* ---- turning ------------------------------------------------------------------------------- */

static void exchange(int *a, int *b) {
    const int t = *a;
    *a = *b;
    *b = t;
}

void ibx_turn_head(int turn, ibx_head *head) {
    const bool shrunk = head->shrink > 1;
    if (shrunk && ibx_turn_mirrors_x(turn))
        head->full_x = head->w * head->shrink - head->full_w - head->full_x;
    if (shrunk && ibx_turn_mirrors_y(turn))
        head->full_y = head->h * head->shrink - head->full_h - head->full_y;
    if (!ibx_turn_swaps(turn)) return;
    exchange(&head->w, &head->h);
    exchange(&head->full_w, &head->full_h);
    exchange(&head->full_x, &head->full_y);
}

ibx_rect ibx_turn_source(int turn, const ibx_head *in, ibx_rect out) {
    ibx_rect r = out;
    if (ibx_turn_swaps(turn)) r = (ibx_rect){out.y, out.x, out.h, out.w};
    if (ibx_turn_mirrors_x(turn)) r.x = in->w - r.x - r.w;
    if (ibx_turn_mirrors_y(turn)) r.y = in->h - r.y - r.h;
    return r;
}

/* ---- kernels ------------------------------------------------------------------------------- */

/* sinc(x) sinc(x / 3) with one sine: sin 3a = 3 sin a - 4 sin^3 a. */
static double lanczos3(double x) {
    if (x == (int)x) return x == 0; /* below 3 */
    const double s = sin(M_PI / 3 * x), by = M_PI * x;
    return (3 - 4 * s * s) * 3 * s * s / (by * by);
}

/* The cubics of Mitchell and Netravali, "Reconstruction filters in computer graphics", 1988. */
static double cubic(double x, double b, double c) {
    if (x < 1)
        return ((12 - 9 * b - 6 * c) * x * x * x + (12 * b + 6 * c - 18) * x * x + 6 - 2 * b) / 6;
    return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x - (12 * b + 48 * c) * x + 8 * b +
            24 * c) /
           6;
}

double ibx_kernel_support(int kernel) {
    static const double SUPPORT[] = {[IBX_KERNEL_LANCZOS3] = 3,
                                     [IBX_KERNEL_MITCHELL] = 2,
                                     [IBX_KERNEL_CATROM] = 2,
                                     [IBX_KERNEL_LINEAR] = 1};
    return SUPPORT[kernel];
}

double ibx_kernel_at(int kernel, double x) {
    x = fabs(x);
    if (x >= ibx_kernel_support(kernel)) return 0;
    switch (kernel) {
    case IBX_KERNEL_LANCZOS3:
        return lanczos3(x);
    case IBX_KERNEL_MITCHELL:
        return cubic(x, 1.0 / 3, 1.0 / 3);
    case IBX_KERNEL_CATROM:
        return cubic(x, 0, 0.5);
    default:
        return 1 - x;
    }
}

/* ---- tables of weights --------------------------------------------------------------------- */

/* How the outputs of one axis lie over its input. */
typedef struct {
    int in, kernel;
    double start, step; /* input samples: where output 0 begins, and what each output covers */
    double widen;       /* of the kernel, at least 1 */
    double raise;       /* what the neighbours of a sample that is a mean give to it */
    int period;         /* outputs after which all is the same again .. */
    int advance;        /* .. but for so many input samples */
    int inner, end;     /* outputs in [inner, end) look at samples inside the input alone */
} axis;

static int common_divisor(int a, int b) {
    return b ? common_divisor(b, a % b) : a;
}

/* From 300 samples to 200 every second output lies over its input alike. */
static void find_period(axis *a, double length, int out) {
    const bool whole = length >= 1 && length < INT_MAX && length == floor(length);
    const int times = whole ? common_divisor((int)length, out) : 1;
    a->period = out / times;
    a->advance = whole ? (int)length / times : 0;
}

/* The first and last input sample (not yet kept inside the input) that output i of the first period
 * looks at. Both grow with i. */
static void first_window(const axis *a, int i, double *first, double *last) {
    const double left = a->start + i * a->step, right = a->start + (i + 1) * a->step;
    const double centre = a->start + (i + 0.5) * a->step;
    if (a->kernel == IBX_KERNEL_NEAREST) {
        *first = *last = floor(centre);
    } else if (a->kernel == IBX_KERNEL_BOX) {
        *first = floor(left);
        *last = fmax(ceil(right) - 1, *first);
    } else {
        const double reach = ibx_kernel_support(a->kernel) * a->widen + (a->raise > 0);
        *first = floor(centre - reach - 0.5) + 1;
        *last = ceil(centre + reach - 0.5) - 1;
    }
}

/* The same of any output. */
static void window(const axis *a, int i, double *first, double *last) {
    const int64_t moved = (int64_t)(i / a->period) * a->advance;
    first_window(a, i % a->period, first, last);
    *first += (double)moved;
    *last += (double)moved;
}

/* The weight, not yet normalised, of input sample j for output i of the first period. */
static double weight(const axis *a, int i, double j) {
    if (a->kernel == IBX_KERNEL_NEAREST) return 1;
    if (a->kernel == IBX_KERNEL_BOX) {
        const double left = a->start + i * a->step, right = a->start + (i + 1) * a->step;
        return fmax(fmin(j + 1, right) - fmax(j, left), 0);
    }
    const double at = j + 0.5 - (a->start + (i + 0.5) * a->step);
    const double w = ibx_kernel_at(a->kernel, at / a->widen);
    if (a->raise <= 0) return w;
    return w + a->raise * (2 * w - ibx_kernel_at(a->kernel, (at - 1) / a->widen) -
                           ibx_kernel_at(a->kernel, (at + 1) / a->widen));
}

static int inside(const axis *a, double j) {
    return (int)fmin(fmax(j, 0), a->in - 1);
}

/* Divides by the sum, and gives what rounding to float left over to the largest weight, so that a
 * constant image stays constant. */
static void normalise(const double *w, int n, float *out) {
    double sum = 0, left = 1;
    int largest = 0;
    for (int k = 0; k < n; k++) sum += w[k];
    for (int k = 0; k < n; k++) {
        out[k] = (float)(w[k] / sum);
        left -= (double)out[k];
        if (w[k] > w[largest]) largest = k;
    }
    out[largest] = (float)((double)out[largest] + left);
}

/* Adds up the weights of output i by input sample; those outside fall on the edge sample. */
static void fold(const axis *a, int i, double *w, int first, int n) {
    const int64_t moved = (int64_t)(i / a->period) * a->advance;
    double from, to;
    window(a, i, &from, &to);
    for (int k = 0; k < n; k++) w[k] = 0;
    for (int64_t j = (int64_t)from; j <= (int64_t)to; j++)
        w[(j < 0       ? 0
           : j < a->in ? (int)j
                       : a->in - 1) -
          first] += weight(a, i % a->period, (double)(j - moved));
}

/* Are the weights of output i those of the output one period before? Not where samples outside the
 * input fall on its edge. */
static bool repeats(const axis *a, const ibx_taps *t, int i) {
    const int before = i - a->period;
    if (before < 0 || before < a->inner || i >= a->end) return false;
    return t->first[i] - t->first[before] == a->advance;
}

static void weigh(const axis *a, ibx_taps *t, double *w) {
    const size_t n = (size_t)t->count;
    for (int i = 0; i < t->out; i++) {
        float *own = t->weight + (size_t)i * n;
        if (repeats(a, t, i)) {
            memcpy(own, own - (size_t)a->period * n, n * sizeof *own);
        } else {
            fold(a, i, w, t->first[i], t->count);
            normalise(w, t->count, own);
        }
    }
}

/* Fills `count` and `first`, and `inner` and `end` of the axis. */
static void place_windows(axis *a, ibx_taps *t) {
    for (int i = 0; i < t->out; i++) {
        double from, to;
        window(a, i, &from, &to);
        a->inner += from < 0; /* windows are in order */
        a->end += to < a->in;
        t->first[i] = inside(a, from);
        t->count = ibx_max(t->count, inside(a, to) - t->first[i] + 1);
    }
    for (int i = 0; i < t->out; i++) t->first[i] = ibx_min(t->first[i], t->in - t->count);
}

bool ibx_taps_make(ibx_taps *taps, int in, double start, double length, int out, int kernel,
                   int block, ibx_error *err) {
    /* The mean of n samples weakens the frequency f, in cycles per mean, by the factor
     * 1 - (1 - 1/n^2) (pi f)^2 / 6 + ..; the differences to both neighbours, 2 - 2 cos(2 pi f) of
     * them, raise it by as much. */
    axis a = {.in = in,
              .kernel = kernel,
              .start = start,
              .step = length / out,
              .widen = fmax(length / out, 1),
              .raise = (1 - 1.0 / ((double)block * block)) / 24};
    find_period(&a, length, out);
    *taps = (ibx_taps){.in = in, .out = out};
    taps->first = malloc((size_t)out * sizeof *taps->first);
    if (!taps->first) return ibx_fail(err, IBX_MEMORY, "no memory to scale");
    place_windows(&a, taps);
    if (taps->count < 1) return ibx_fail(err, IBX_BUG, "a resampling that looks at no sample");
    const size_t n = (size_t)taps->count;
    taps->weight = malloc((size_t)out * n * sizeof *taps->weight);
    double *w = malloc(n * sizeof *w);
    const bool ok = taps->weight && w;
    if (ok) weigh(&a, taps, w);
    free(w);
    return ok || ibx_fail(err, IBX_MEMORY, "no memory to scale");
}

void ibx_taps_free(ibx_taps *taps) {
    free(taps->first);
    free(taps->weight);
    *taps = (ibx_taps){0};
}

/* ---- scaling ------------------------------------------------------------------------------- */

/* How many samples a block has along an axis that is reduced by `scale`. What aliases of what lies
 * between the blocks' frequencies grows fast where less is left for the kernel. */
static int block_side(double scale, int kernel) {
    static const double LEAST_LEFT = 2.5;
    const bool plain = kernel == IBX_KERNEL_BOX || kernel == IBX_KERNEL_NEAREST;
    return plain ? 1 : (int)fmax(scale / LEAST_LEFT, 1);
}

/* The table of one axis: `length` of the full image from `start` on becomes `pixels`, in a plane of
 * chroma a sample for every 1 << halved of them, the last of which may stand out. The input has
 * `in` samples behind the decoder, which has reduced it by `shrink` (no mean: it leaves out the
 * finest waves), and is then taken in blocks. */
static bool make_axis(ibx_taps *taps, int in, int shrink, int halved, double start, double length,
                      int pixels, int kernel, int *block, ibx_error *err) {
    const int out = (pixels + (1 << halved) - 1) >> halved;
    length *= ldexp(out, halved) / pixels;
    shrink <<= halved;
    *block = block_side(length / shrink / out, kernel);
    const int whole = shrink * *block;
    if (*block == 1 && start == 0 && length == (double)in * shrink && out == in) return true;
    return ibx_taps_make(taps, (in + *block - 1) / *block, start / whole, length / whole, out,
                         kernel, *block, err);
}

bool ibx_scaling_make(ibx_scaling *s, const ibx_head *in, ibx_area area, int out_w, int out_h,
                      int kernel, ibx_error *err) {
    const int shrink = ibx_max(in->shrink, 1);
    const double x = area.x + in->full_x, y = area.y + in->full_y;
    const bool square = in->w == in->h && in->halved_x == in->halved_y && x == y &&
                        area.w == area.h && out_w == out_h;
    s->w = out_w;
    s->h = out_h;
    if (!make_axis(&s->columns, in->w, shrink, in->halved_x, x, area.w, out_w, kernel, &s->across,
                   err))
        return false;
    if (!square)
        return make_axis(&s->rows, in->h, shrink, in->halved_y, y, area.h, out_h, kernel, &s->down,
                         err);
    s->rows = s->columns;
    s->down = s->across;
    return true;
}

void ibx_scaling_free(ibx_scaling *s) {
    if (s->rows.first == s->columns.first) s->rows = (ibx_taps){0};
    ibx_taps_free(&s->columns);
    ibx_taps_free(&s->rows);
}

/* a * b / c, rounded half up, in whole numbers. */
static int64_t proportion(int64_t a, int64_t b, int64_t c) {
    return (2 * a * b + c) / (2 * c);
}

bool ibx_scaled_size(const ibx_head *in, ibx_extent size, int fit, bool grow, const char *who,
                     int *w, int *h, ibx_error *err) {
    const int64_t iw = ibx_full_w(in), ih = ibx_full_h(in);
    int64_t ow = size.w, oh = size.h;
    if (size.percent > 0) {
        ow = (int64_t)fmin(floor((double)iw * (double)size.percent / 100 + 0.5), 1e9);
        oh = (int64_t)fmin(floor((double)ih * (double)size.percent / 100 + 0.5), 1e9);
    } else if (fit != IBX_FIT_FILL || !ow || !oh) {
        /* The width decides if it gives the smaller picture, to lie inside; the larger, to cover.
         */
        const bool narrow = ow * ih <= oh * iw;
        if (!oh || (ow && narrow == (fit != IBX_FIT_COVER)))
            oh = proportion(ih, ow, iw);
        else
            ow = proportion(iw, oh, ih);
    }
    if (!grow && fit == IBX_FIT_FILL) {
        ow = ow < iw ? ow : iw;
        oh = oh < ih ? oh : ih;
    } else if (!grow && (ow > iw || oh > ih)) {
        ow = iw;
        oh = ih;
    }
    *w = (int)(ow > 1 ? ow : 1);
    *h = (int)(oh > 1 ? oh : 1);
    if (ow <= IBX_SIDE_MAX && oh <= IBX_SIDE_MAX) return true;
    return ibx_fail(err, IBX_USAGE,
                    "%s: the image would become %lldx%lld pixels, but a side has at most %d", who,
                    (long long)ow, (long long)oh, IBX_SIDE_MAX);
}

/* ---- cutting ------------------------------------------------------------------------------- */

/* The samples that `length` pixels from `start` on lie in. */
static void cut_side(int in, int shrink, int start, int length, int *first, int *count) {
    *first = ibx_min(start / shrink, in - 1);
    *count = ibx_min((int)(((int64_t)start + length + shrink - 1) / shrink), in) - *first;
}

ibx_rect ibx_cut_samples(const ibx_head *in, ibx_rect full) {
    const int shrink = ibx_max(in->shrink, 1);
    ibx_rect r;
    cut_side(in->w, shrink, in->full_x + full.x, full.w, &r.x, &r.w);
    cut_side(in->h, shrink, in->full_y + full.y, full.h, &r.y, &r.h);
    return r;
}

void ibx_cut_full(ibx_rect full, ibx_head *head) {
    const ibx_rect r = ibx_cut_samples(head, full);
    const int shrink = ibx_max(head->shrink, 1);
    head->full_x += full.x - r.x * shrink;
    head->full_y += full.y - r.y * shrink;
    head->full_w = full.w;
    head->full_h = full.h;
    head->w = r.w;
    head->h = r.h;
}

/* ---- placing ------------------------------------------------------------------------------- */

/* -1: at the low end, 0: in the middle, 1: at the high end. */
static int place(int side, int whole, int part, int offset) {
    const int room = whole - part;
    if (side < 0) return offset;
    if (side > 0) return room - offset;
    return (int)floor(room / 2.0) + offset;
}

int ibx_place_x(int gravity, int whole, int part, int offset) {
    static const int SIDE[9] = {0, 0, 1, 1, 1, 0, -1, -1, -1};
    return place(SIDE[gravity], whole, part, offset);
}

int ibx_place_y(int gravity, int whole, int part, int offset) {
    static const int SIDE[9] = {0, -1, -1, 0, 1, 1, 1, 0, -1};
    return place(SIDE[gravity], whole, part, offset);
}

int ibx_colour_planes(ibx_colour colour, const ibx_head *head, bool premultiplied, float v[4]) {
    const float by = premultiplied ? colour.a : 1;
    const float luma = 0.2126F * colour.r + 0.7152F * colour.g + 0.0722F * colour.b;
    const bool gray = head->model == IBX_GRAY;
    v[0] = by * (gray ? luma : colour.r);
    v[1] = by * colour.g;
    v[2] = by * colour.b;
    v[head->model == IBX_CMYK ? 3 : (int)head->model] = colour.a;
    return ibx_planes(head);
}
