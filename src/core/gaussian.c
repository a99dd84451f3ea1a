/* gaussian.c - taps, steps and rectangles of the Gaussian blur; nothing here touches a pixel. */
#include "gaussian.h"

/* Smallest sigma on a reduced image: stripes alias 53 dB below; where it is reduced by 2, the whole
 * is nearer to the Gaussian than direct taps are. The sigma up to which taps are direct follows. */
#define LEAST 2.2
#define DIRECT 4.65

/* ---- direct taps ---------------------------------------------------------------------------- */

void ibx_gaussian_make(ibx_gaussian *g, double sigma) {
    const double by = 2 * sigma * sigma;
    double sum = 0, lost = 1;
    g->radius = ibx_max(1, (int)ceil(2.75 * sigma - 0.5));
    for (int k = -200; k <= 200; k++) sum += exp(-k * k / by);
    for (int k = -g->radius; k <= g->radius; k++) lost -= exp(-k * k / by) / sum;
    for (int k = 0; k <= g->radius; k++)
        g->tap[k] = (float)(exp(-k * k / by) / sum + lost / (2 * g->radius + 1));
}

/* ---- large sigmas --------------------------------------------------------------------------- */

static double bspline(double x) {
    x = fabs(x);
    return x < 1 ? 2 / 3. - x * x + x * x * x / 2 : x < 2 ? (2 - x) * (2 - x) * (2 - x) / 6 : 0;
}

/* Sigma left for the reduced image: the tent has variance (d*d - 1) / 6, the spline d*d / 3. */
static double inner_sigma(double sigma, int step) {
    const double d = step, v = (sigma * sigma - (d * d - 1) / 6) / (d * d) - 1 / 3.;
    return step == 1 ? sigma : v > 0 ? sqrt(v) : 0;
}

void ibx_reduction_make(ibx_reduction *r, double sigma) {
    r->step = 1;
    if (sigma > DIRECT)
        while (r->step < IBX_REDUCTION_STEP && inner_sigma(sigma, 2 * r->step) >= LEAST)
            r->step *= 2;
    r->sigma = inner_sigma(sigma, r->step);
    for (int i = 0; i < r->step; i++)
        for (int k = 0; k < 4; k++) r->spline[i][k] = (float)bspline((double)i / r->step - (k - 1));
}

int ibx_reduced(const ibx_reduction *r, int whole) {
    return (whole + r->step - 3) / r->step + 3;
}

/* The pixels inside the image (at least one) under the tents of reduced pixels first.. */
static void covered(int d, int whole, int first, int count, int *from, int *n) {
    const int end = ibx_max(ibx_min((first + count - 1) * d, whole), 1);
    *from = ibx_min(ibx_max((first - 2) * d + 1, 0), whole - 1);
    *n = ibx_max(end - *from, 1);
}

ibx_rect ibx_reduce_source(const ibx_reduction *r, const ibx_head *head, ibx_rect out) {
    ibx_rect in;
    covered(r->step, head->w, out.x, out.w, &in.x, &in.w);
    covered(r->step, head->h, out.y, out.h, &in.y, &in.h);
    return in;
}

size_t ibx_reduce_scratch(const ibx_reduction *r, ibx_rect out) {
    return (size_t)(out.w + 1) * (size_t)r->step * 7 * sizeof(float);
}

ibx_rect ibx_expand_source(const ibx_reduction *r, ibx_rect out) {
    const int d = r->step, x = out.x / d, y = out.y / d;
    return (ibx_rect){x, y, (out.x + out.w - 1) / d + 4 - x, (out.y + out.h - 1) / d + 4 - y};
}

/* Four rows of weights for the columns of the tile, four of its width, and two of reduced pixels d
 * wide. */
size_t ibx_expand_scratch(const ibx_reduction *r, ibx_rect out) {
    const size_t wide = (size_t)ibx_expand_source(r, out).w * (size_t)r->step;
    return ((size_t)out.w * 8 + wide * 2) * sizeof(float);
}
