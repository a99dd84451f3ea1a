/* png_filter.c - picks the row filters for this processor. */
#include "codec/png_filter.h"
#include "core/pixels.h"

int ibx_png_unfilter(const uint8_t *lines, int rows, const uint8_t *above, size_t n, size_t pixel,
                     uint8_t *to, size_t stride) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return ibx_png_unfilter_v3(lines, rows, above, n, pixel, to, stride);
#endif
    return ibx_png_unfilter_baseline(lines, rows, above, n, pixel, to, stride);
}

void ibx_png_filter(const uint8_t *row, const uint8_t *above, size_t n, size_t pixel,
                    uint8_t *line) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) {
        ibx_png_filter_v3(row, above, n, pixel, line);
        return;
    }
#endif
    ibx_png_filter_baseline(row, above, n, pixel, line);
}
