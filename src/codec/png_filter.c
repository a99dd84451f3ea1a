/* png_filter.c - picks the row filters for this processor. */
#include "codec/png_filter.h"
#include "core/pixels.h"

bool ibx_png_unfilter(uint8_t type, uint8_t *row, const uint8_t *above, size_t n, size_t pixel) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return ibx_png_unfilter_v3(type, row, above, n, pixel);
#endif
    return ibx_png_unfilter_baseline(type, row, above, n, pixel);
}

void ibx_png_unfilter_two(uint8_t *row, uint8_t *below, const uint8_t *above, size_t n,
                          size_t pixel) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) {
        ibx_png_unfilter_two_v3(row, below, above, n, pixel);
        return;
    }
#endif
    ibx_png_unfilter_two_baseline(row, below, above, n, pixel);
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
