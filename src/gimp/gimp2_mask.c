/* gimp2_mask.c - what is selected of a layer of GIMP 2. */
#include "gimp/gimp2.h"
#include <stdlib.h>

bool ibx_gimp2_mask_read(ibx_gimp_subject *subject, ibx_error *err) {
    const int32_t image = subject->image, layer = subject->layer;
    ibx_rect box;
    int x = 0, y = 0;
    const bool some = gimp_drawable_mask_intersect(layer, &box.x, &box.y, &box.w, &box.h);
    if (!some) box = (ibx_rect){0, 0, 0, 0};
    subject->selected = box;
    subject->mask = NULL;
    if (!some || gimp_selection_is_empty(image)) return true;
    uint8_t *mask = malloc((size_t)box.w * (size_t)box.h);
    if (!mask) return ibx_fail(err, IBX_MEMORY, "no memory for the selection");
    gimp_drawable_offsets(layer, &x, &y);
    GeglBuffer *buffer = gimp_drawable_get_buffer(gimp_image_get_selection(image));
    const GeglRectangle at = {box.x + x, box.y + y, box.w, box.h};
    gegl_buffer_get(buffer, &at, 1.0, babl_format("Y u8"), mask, GEGL_AUTO_ROWSTRIDE,
                    GEGL_ABYSS_NONE);
    g_object_unref(buffer);
    subject->mask = mask;
    return true;
}
