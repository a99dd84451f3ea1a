/* range.h - what a slider covers. A row says which numbers are allowed; a slider over all of them
 * would have the useful ones in its first pixels. So it covers a soft range, those numbers that
 * are not far more than the default, and the entry beside it takes the rest. Where all are above
 * zero and the default lies nearer to their geometric mean than to the arithmetic one, the slider
 * is logarithmic. Knows no toolkit. */
#ifndef IBX_GIMP_MODEL_RANGE_H
#define IBX_GIMP_MODEL_RANGE_H

#include "filter.h"

typedef struct {
    double low, high;  /* the soft range, inside the row's */
    bool logarithmic;  /* low is above 0 */
    double step, page; /* what an arrow key or a click on the wheel adds, and Page Up */
    int digits;        /* decimals that the entry shows */
} ibx_window_range;

/* Of a row of type FLOAT or INT. */
ibx_window_range ibx_window_range_of(const ibx_param *row);

/* Where a value lies on the slider, 0..1, and back, rounded to `digits`. Values outside the soft
 * range lie at its ends. */
double ibx_window_range_position(const ibx_window_range *range, double value);
double ibx_window_range_value(const ibx_window_range *range, double position);

#endif
