/* range.c - the soft range of a parameter. */
#include "gimp/model/range.h"

/* The soft range ends where numbers are this many times as far from the lower end as the default
 * is: farther than most people go, near enough to be set to a few percent with a mouse. */
#define FAR 20

/* The nearest of 1, 2, 5, 10, 20, .. and their fractions that is not below v. */
static double round_up(double v) {
    const double unit = pow(10, floor(log10(v)));
    const double part = v / unit * (1 - 1e-9);
    return unit * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

/* Decimals that a number needs, at most 4. */
static int decimals(double v) {
    int digits = 0;
    for (double scale = 1; digits < 4; digits++, scale *= 10)
        if (fabs(v * scale - floor(v * scale + 0.5)) < 1e-6 * scale) break;
    return digits;
}

static bool is_logarithmic(double low, double high, double standard) {
    if (low <= 0 || standard <= low || high < 20 * low) return false;
    const double geometric = sqrt(low * high), arithmetic = (low + high) / 2;
    return fabs(log(standard / geometric)) < fabs(log(standard / arithmetic));
}

ibx_window_range ibx_window_range_of(const ibx_param *row) {
    const double reach = fmax(row->def - row->min, fabs(row->def));
    ibx_window_range range = {.low = row->min, .high = row->max};
    if (reach > 0 && row->max - row->def > FAR * reach)
        range.high = fmin(row->max, round_up(row->def + FAR * reach / 2));
    const double span = range.high - range.low;
    range.logarithmic = is_logarithmic(range.low, range.high, row->def);
    if (row->type == IBX_TYPE_INT) {
        range.step = 1;
        range.page = fmax(1, floor(span / 10));
        return range;
    }
    range.step = round_up(span / 200);
    range.page = 10 * range.step;
    const int needed = span <= 1.5 ? 3 : span <= 50 ? 2 : span <= 1000 ? 1 : 0;
    range.digits = (int)fmax(needed, fmax(decimals(row->min), decimals(row->def)));
    return range;
}

double ibx_window_range_position(const ibx_window_range *range, double value) {
    const double v = fmin(fmax(value, range->low), range->high);
    if (range->logarithmic) return log(v / range->low) / log(range->high / range->low);
    return (v - range->low) / (range->high - range->low);
}

double ibx_window_range_value(const ibx_window_range *range, double position) {
    const double scale = pow(10, range->digits);
    const double v = range->logarithmic ? range->low * pow(range->high / range->low, position)
                                        : range->low + position * (range->high - range->low);
    const double rounded = floor(v * scale + 0.5) / scale;
    return fmin(fmax(rounded, range->low), range->high);
}
