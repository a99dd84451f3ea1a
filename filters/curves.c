/* curves.c - a tone curve through points. */
#include "filter.h"

#define POINTS 64
#define CELLS 4096 /* of the table: a straight line per 1/16 of an 8-bit step */

enum { MONOTONE, LINEAR };
static const char *const INTERP[] = {"monotone", "linear", NULL};

typedef struct {
    const char *points;
    int interp;
    float table[CELLS + 1]; /* filled by open */
} params;

static const ibx_param PARAMS[] = {
    IBX_TEXT(params, points, "0,0 1,1",
             "Two or more points x,y from 0 to 1, x rising, as in \"0,0 0.5,0.6 1,1\"."),
    IBX_CHOICE(params, interp, INTERP, MONOTONE, "A smooth curve, or straight lines.",
               .label = "Interpolation"),
    IBX_END};

/* A number 0..1 with or without decimals, in any locale; moves *text behind it. Else -1. */
static double number(const char **text) {
    double value = 0, unit = 1;
    int digits = 0;
    const char *s = *text;
    for (; *s >= '0' && *s <= '9'; s++, digits++) value = value * 10 + (*s - '0');
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++, digits++) value += (*s - '0') * (unit /= 10);
    *text = s;
    return digits && value <= 1 ? value : -1;
}

static int parse(const char *text, double *x, double *y, ibx_error *err) {
    int n = 0;
    const char *s = text;
    for (;; n++) {
        while (*s == ' ') s++;
        if (!*s) break;
        if (n == POINTS)
            return ibx_fail(err, IBX_USAGE, "curves: points has more than %d points", POINTS);
        x[n] = number(&s);
        y[n] = *s == ',' && s++ ? number(&s) : -1;
        if (x[n] < 0 || y[n] < 0 || (*s && *s != ' '))
            return ibx_fail(err, IBX_USAGE,
                            "curves: point %d of \"%s\" is not two numbers 0 to 1 with a comma",
                            n + 1, text);
        if (n && x[n] <= x[n - 1])
            return ibx_fail(err, IBX_USAGE, "curves: points: x of point %d does not rise", n + 1);
    }
    if (n < 2) ibx_fail(err, IBX_USAGE, "curves: points needs two points at least");
    return n < 2 ? 0 : n;
}

/* Slopes at the points, so that the cubic between two points stays between them (F. Fritsch and
 * R. Carlson, "Monotone piecewise cubic interpolation", 1980). */
static void tangents(const double *x, const double *y, int n, double *m) {
    double secant[POINTS];
    for (int i = 0; i + 1 < n; i++) secant[i] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    m[0] = secant[0];
    m[n - 1] = secant[n - 2];
    for (int i = 1; i + 1 < n; i++)
        m[i] = secant[i - 1] * secant[i] <= 0 ? 0 : (secant[i - 1] + secant[i]) / 2;
    for (int i = 0; i + 1 < n; i++) {
        if (secant[i] == 0) {
            m[i] = m[i + 1] = 0;
            continue;
        }
        const double a = m[i] / secant[i], b = m[i + 1] / secant[i], size = hypot(a, b);
        if (size <= 3) continue;
        m[i] = 3 * a / size * secant[i];
        m[i + 1] = 3 * b / size * secant[i];
    }
}

static bool opened(void *values, ibx_error *err) {
    params *p = values;
    double x[POINTS], y[POINTS], m[POINTS];
    const int n = parse(p->points, x, y, err);
    if (n < 2) return false;
    tangents(x, y, n, m);
    for (int i = 0, k = 0; i <= CELLS; i++) {
        const double at = fmin(fmax((double)i / CELLS, x[0]), x[n - 1]);
        while (k + 2 < n && at > x[k + 1]) k++;
        const double h = x[k + 1] - x[k], t = (at - x[k]) / h, u = 1 - t;
        if (p->interp == LINEAR)
            p->table[i] = (float)(u * y[k] + t * y[k + 1]);
        else
            p->table[i] = (float)(u * u * (1 + 2 * t) * y[k] + t * t * (3 - 2 * t) * y[k + 1] +
                                  h * t * u * (u * m[k] - t * m[k + 1]));
    }
    return true;
}

/* Outside of 0..1 the first or last cell's line goes on. */
static void kernel(const ibx_call *c, const ibx_tile *in, ibx_tile *out) {
    const params *p = c->params;
    const float *restrict table = p->table;
    for (int i = 0; i < ibx_colours(c); i++)
        for (int y = out->at.y; y < out->at.y + out->at.h; y++) {
            const float *restrict a = ibx_at(in, i, out->at.x, y);
            float *restrict b = ibx_at(out, i, out->at.x, y);
            for (int x = 0; x < out->at.w; x++) {
                const float v = a[x] * CELLS, low = v > 0 ? v : 0;
                const int cell = (int)(low < CELLS - 1 ? low : CELLS - 1);
                b[x] = table[cell] + (v - (float)cell) * (table[cell + 1] - table[cell]);
            }
        }
    ibx_copy(in, out, ibx_colours(c));
}

static const ibx_filter APPLY = {.kernel = kernel};

/* A table that is the straight line from 0 to 1 changes nothing. */
static int passes(const ibx_call *c, const ibx_filter *pass[IBX_MAX_PASSES]) {
    const params *p = c->params;
    pass[0] = &APPLY;
    for (int i = 0; i <= CELLS; i++)
        if (p->table[i] != (float)i / CELLS) return 1;
    return 0;
}

IBX_FILTER(
    curves, .summary = "Bend tones along a curve through points.", .category = "tone",
    .details =
        "Every colour sample, an encoded (sRGB) value, is looked up in the curve. `monotone` "
        "is the cubic of Fritsch and Carlson: smooth, and it never overshoots between two "
        "points. In front of the first point and behind the last one the curve is flat; "
        "values outside 0 to 1 follow its tangents at 0 and 1.",
    .examples = {"curves:\"0,0 0.25,0.2 0.75,0.8 1,1\"", "curves:\"0,0.1 1,0.9\",linear"},
    .params = PARAMS, .params_size = sizeof(params), .traits = IBX_POINT, .open = opened,
    .passes = passes);
