/* gimp2_layer.c - layers of GIMP 2: read, judged, changed. */
#include "gimp/gimp2.h"
#include <stdlib.h>

/* What GIMP said about a call that it refused. */
static bool refused(ibx_error *err) {
    return ibx_fail(err, IBX_IO, "GIMP refused the result: %s", gimp_get_pdb_error());
}

/* ---- reading ----------------------------------------------------------------------------------
 */

bool ibx_gimp2_layer_open(ibx_gimp2_layer *layer, int32_t image, int32_t drawable, ibx_error *err) {
    *layer = (ibx_gimp2_layer){.image = image, .drawable = drawable};
    if (!gimp_image_is_valid(image) || !gimp_item_is_valid(drawable) ||
        gimp_item_get_image(drawable) != image)
        return ibx_fail(err, IBX_USAGE, "the drawable is none of this image");
    if (gimp_item_is_group(drawable))
        return ibx_fail(err, IBX_USAGE,
                        "a group of layers has no pixels of its own; choose a layer in it");
    const bool plain = !gimp_item_is_layer(drawable);
    if (!ibx_gimp_form_of(gimp_drawable_get_format(drawable), plain, &layer->form))
        return ibx_fail(err, IBX_USAGE,
                        "the image is indexed, and filters make colours that its palette has not; "
                        "change it to RGB first (Image > Mode)");
    return !gimp_item_get_lock_content(drawable) ||
           ibx_fail(err, IBX_USAGE, "the pixels of this layer are locked; unlock them first");
}

bool ibx_gimp2_layer_read(ibx_gimp2_layer *layer, ibx_error *err) {
    GeglBuffer *buffer = gimp_drawable_get_buffer(layer->drawable);
    const bool ok = ibx_gimp_read(buffer, &layer->form, &layer->pixels, err);
    g_object_unref(buffer);
    return ok;
}

void ibx_gimp2_layer_close(ibx_gimp2_layer *layer) {
    ibx_image_free(&layer->pixels);
    ibx_image_free(&layer->result);
}

/* ---- judging ----------------------------------------------------------------------------------
 */

static bool size_changes(const ibx_gimp2_layer *l) {
    return l->result.head.w != gimp_drawable_width(l->drawable) ||
           l->result.head.h != gimp_drawable_height(l->drawable);
}

bool ibx_gimp2_layer_is_image(int32_t image, int32_t drawable) {
    int layers = 0, x = 0, y = 0;
    g_free(gimp_image_get_layers(image, &layers));
    gimp_drawable_offsets(drawable, &x, &y);
    return layers == 1 && gimp_item_is_layer(drawable) && gimp_item_get_parent(drawable) == -1 &&
           x == 0 && y == 0 && gimp_drawable_width(drawable) == gimp_image_width(image) &&
           gimp_drawable_height(drawable) == gimp_image_height(image);
}

static bool size_fits(const ibx_gimp2_layer *l, ibx_error *err) {
    if (!gimp_item_is_layer(l->drawable) || gimp_layer_is_floating_sel(l->drawable))
        return ibx_fail(err, IBX_USAGE,
                        "the result has another size, which only a layer can take, not a mask, "
                        "channel or floating selection");
    if (gimp_layer_get_mask(l->drawable) != -1)
        return ibx_fail(err, IBX_USAGE,
                        "the result has another size, and the layer's mask would not fit it any "
                        "more; apply or delete the mask first (Layer > Mask)");
    if (l->result.head.w <= GIMP_MAX_IMAGE_SIZE && l->result.head.h <= GIMP_MAX_IMAGE_SIZE)
        return true;
    return ibx_fail(err, IBX_LIMIT, "the result has %d x %d pixels; GIMP takes %d to a side",
                    l->result.head.w, l->result.head.h, GIMP_MAX_IMAGE_SIZE);
}

bool ibx_gimp2_layer_fits(const ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_head *head = &l->result.head;
    if (!gimp_item_is_valid(l->drawable))
        return ibx_fail(err, IBX_CANCELLED, "the image was closed before the result was complete");
    if (head->model > l->form.model)
        return ibx_fail(err, IBX_USAGE,
                        "the result has colours, and the image is gray; change it to RGB first "
                        "(Image > Mode)");
    if (head->alpha != l->form.alpha && !gimp_item_is_layer(l->drawable))
        return ibx_fail(err, IBX_USAGE, "a mask or channel has no transparency");
    return !size_changes(l) || size_fits(l, err);
}

/* ---- changing ---------------------------------------------------------------------------------
 */

/* Makes the layer one with transparency, or without. With a selection, or where alpha is locked,
 * transparent pixels may remain: then the layer stays as it is, and the result is opaque in it. */
static bool put_alpha(ibx_gimp2_layer *l, ibx_error *err) {
    const bool alpha = l->result.head.alpha,
               all = size_changes(l) || gimp_selection_is_empty(l->image);
    const bool wanted = alpha || (all && !gimp_layer_get_lock_alpha(l->drawable));
    if (alpha != l->form.alpha && wanted) {
        if (!(alpha ? gimp_layer_add_alpha : gimp_layer_flatten)(l->drawable)) return refused(err);
        if (!ibx_gimp_form_of(gimp_drawable_get_format(l->drawable), false, &l->form))
            return refused(err);
    }
    return ibx_gimp_fit(&l->result, &l->form, err);
}

/* GIMP blends the shadow with what is there, by the selection and the locks. Nothing outside the
 * selection's box is sent to it. */
static bool put_in_place(ibx_gimp2_layer *l, ibx_error *err) {
    ibx_rect box;
    if (!gimp_drawable_mask_intersect(l->drawable, &box.x, &box.y, &box.w, &box.h)) return true;
    GeglBuffer *shadow = gimp_drawable_get_shadow_buffer(l->drawable);
    ibx_gimp_write(shadow, &l->form, &l->result, box);
    gegl_buffer_flush(shadow);
    g_object_unref(shadow);
    if (!gimp_drawable_merge_shadow(l->drawable, TRUE)) return refused(err);
    gimp_drawable_update(l->drawable, box.x, box.y, box.w, box.h);
    return true;
}

/* The undo of the change of size holds all of the old layer, so the new pixels are written into it
 * as they are: neither selection nor locks belong to them. A layer that is not the whole image
 * keeps its centre. */
static bool put_resized(const ibx_gimp2_layer *l, ibx_error *err) {
    const int w = l->result.head.w, h = l->result.head.h;
    const bool whole = ibx_gimp2_layer_is_image(l->image, l->drawable);
    const int x = whole ? 0 : (w - gimp_drawable_width(l->drawable)) / 2;
    const int y = whole ? 0 : (h - gimp_drawable_height(l->drawable)) / 2;
    if (!gimp_layer_resize(l->drawable, w, h, x, y)) return refused(err);
    GeglBuffer *buffer = gimp_drawable_get_buffer(l->drawable);
    ibx_gimp_write(buffer, &l->form, &l->result, (ibx_rect){0, 0, w, h});
    gegl_buffer_flush(buffer);
    g_object_unref(buffer);
    gimp_drawable_update(l->drawable, 0, 0, w, h);
    return !whole || gimp_image_resize(l->image, w, h, 0, 0) || refused(err);
}

bool ibx_gimp2_layer_put(ibx_gimp2_layer *l, ibx_error *err) {
    if (!put_alpha(l, err)) return false;
    return size_changes(l) ? put_resized(l, err) : put_in_place(l, err);
}
