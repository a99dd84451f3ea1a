/* pixels.c - picks the variant of pixel_kernels.c. */
#include "core/pixels.h"

extern const ibx_pixel_ops ibx_pixel_ops_baseline;
#ifdef IBX_HAVE_V3
extern const ibx_pixel_ops ibx_pixel_ops_v3;
#endif

const ibx_pixel_ops *ibx_pixel_loops(void) {
#ifdef IBX_HAVE_V3
    if (ibx_cpu_is_v3()) return &ibx_pixel_ops_v3;
#endif
    return &ibx_pixel_ops_baseline;
}
