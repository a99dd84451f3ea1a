/* box.h - a tool for filters: exact means of a box of samples, with work per sample that hardly
 * grows with the box.
 *
 * Nothing is ever subtracted, unlike in the usual running sum, so that the means are as exact as
 * float sums can be and no result depends on tiles, CPU or compiler. Filters that mix pixels want
 * IBX_PREMULTIPLIED light. */
#ifndef IBX_BOX_H
#define IBX_BOX_H

#include "vector.h"

#define ibx_box_down IBX_OWN(ibx_box_down, IBX_VARIANT)
#define ibx_box_along IBX_OWN(ibx_box_along, IBX_VARIANT)

/* Means of `side` (1 or more) rows of plane p, down the columns: row i of b from the rows i to
 * i + side - 1 of `in`, for `rows` rows of in->at.w samples, `stride` floats apart. `in` has
 * rows + side - 1 rows; `scratch` takes two rows of it.
 *
 * The rows of the image fall into blocks of `side`; a window is the end of one block and the
 * beginning of the next, and both are running sums from the line between the blocks (van Herk, A
 * fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels,
 * 1992). */
void ibx_box_down(const ibx_tile *in, int p, int side, float *b, ptrdiff_t stride, int rows,
                  float *scratch);

/* Means of `side` samples along a row: b[x] from a[x] to a[x + side - 1], for 0 <= x < n. Sums of
 * 1, 2, 4, .. samples by doubling, and of them those that make up `side`. Overwrites a and spare,
 * which are n + side - 1 long. */
void ibx_box_along(float *a, float *spare, int side, float *b, int n);

#endif
