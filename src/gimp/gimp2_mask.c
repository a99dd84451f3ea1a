/* gimp2_mask.c - what is selected of a layer of GIMP 2. */
#include "gimp/gimp2.h"

/* The mask of a rectangle of a drawable, a byte for each pixel. */
static bool read_mask(int32_t image, int32_t drawable, ibx_rect box, ibx_region *mask,
                      ibx_error *err) {
    const ibx_gimp_form bytes = {
        .format = babl_format("Y u8"), .model = IBX_GRAY, .sample = IBX_U8};
    int x = 0, y = 0;
    gimp_drawable_offsets(drawable, &x, &y);
    GeglBuffer *buffer = gimp_drawable_get_buffer(gimp_image_get_selection(image));
    if (!buffer) return ibx_fail(err, IBX_IO, "GIMP does not give its selection");
    box.x += x;
    box.y += y;
    const bool ok = ibx_gimp_read(buffer, &bytes, box, mask, err);
    g_object_unref(buffer);
    return ok;
}

static bool is_all(const ibx_region *mask) {
    const size_t size = (size_t)mask->stride * (size_t)mask->at.h;
    return size > 0 && mask->data[0] == UINT8_MAX &&
           memcmp(mask->data, mask->data + 1, size - 1) == 0;
}

bool ibx_gimp2_mask_sum(int32_t image, int32_t drawable, ibx_rect box, uint64_t *sum,
                        ibx_error *err) {
    ibx_region mask = {.data = NULL};
    *sum = 0;
    if (gimp_selection_is_empty(image)) return true;
    if (!read_mask(image, drawable, box, &mask, err)) return false;
    if (!is_all(&mask)) *sum = ibx_gimp_sum(&mask, mask.at);
    ibx_gimp_region_free(&mask);
    return true;
}

bool ibx_gimp2_mask_read(ibx_gimp_subject *subject, ibx_error *err) {
    const int32_t image = subject->image, layer = subject->layer;
    ibx_rect box;
    ibx_region mask = {.data = NULL};
    const bool some = gimp_drawable_mask_intersect(layer, &box.x, &box.y, &box.w, &box.h);
    if (!some) box = (ibx_rect){0, 0, 0, 0};
    subject->selected = box;
    subject->mask = NULL;
    if (!some || gimp_selection_is_empty(image)) return true;
    if (!read_mask(image, layer, box, &mask, err)) return false;
    subject->mask = mask.data;
    return true;
}
