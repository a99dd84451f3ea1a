/* gimp2_layer.c - layers of GIMP 2: judged, read, changed. */
#include "gimp/gimp2.h"
#include "gimp/place.h"

/* What GIMP said about a call that it refused. */
static bool refused(ibx_error *err) {
    return ibx_fail(err, IBX_IO, "GIMP refused the result: %s", gimp_get_pdb_error());
}

/* ---- judged ---------------------------------------------------------------------------- */

/* Is the drawable one of the image? Not any more when one of them was closed or deleted. */
static bool is_there(const ibx_gimp2_layer *l) {
    return gimp_image_is_valid(l->image) && gimp_item_is_valid(l->drawable) &&
           gimp_item_get_image(l->drawable) == l->image;
}

/* The locks of the groups that it is in hold as well. */
static bool unlocked(const ibx_gimp2_layer *l, ibx_error *err) {
    for (int32_t item = l->drawable; item != -1; item = gimp_item_get_parent(item))
        if (gimp_item_get_lock_content(item))
            return ibx_fail(err, IBX_USAGE, "the pixels of %s are locked; unlock them first",
                            item == l->drawable ? "this layer" : "a group that this layer is in");
    return true;
}

bool ibx_gimp2_layer_open(ibx_gimp2_layer *l, int32_t image, int32_t drawable, ibx_error *err) {
    *l = (ibx_gimp2_layer){.image = image, .drawable = drawable};
    if (!is_there(l)) return ibx_fail(err, IBX_USAGE, "the drawable is none of this image");
    if (gimp_item_is_group(drawable))
        return ibx_fail(err, IBX_USAGE,
                        "a group of layers has no pixels of its own; choose a layer in it");
    const bool plain = !gimp_item_is_layer(drawable);
    if (!ibx_gimp_form_of(gimp_drawable_get_format(drawable), plain, &l->form))
        return ibx_fail(err, IBX_USAGE,
                        "the image is indexed, and filters make colours that its palette has not; "
                        "change it to RGB first (Image > Mode)");
    l->job.sample = l->form.sample;
    l->job.head =
        ibx_gimp_head(&l->form, gimp_drawable_width(drawable), gimp_drawable_height(drawable));
    return unlocked(l, err);
}

void ibx_gimp2_layer_forget(ibx_gimp2_layer *l) {
    ibx_view_free(l->job.view);
    l->job.view = NULL;
    l->job.head.profile = (ibx_bytes){NULL, 0};
    g_clear_object(&l->profile);
}

void ibx_gimp2_layer_close(ibx_gimp2_layer *l) {
    ibx_gimp2_layer_forget(l);
    ibx_gimp_ahead_free(l->ahead);
    l->ahead = NULL;
    ibx_gimp_region_free(&l->pixels);
    ibx_gimp_region_free(&l->result);
}

static bool gone(ibx_error *err) {
    return ibx_fail(err, IBX_IO,
                    "the layer was deleted, or its image closed, before the result was complete; "
                    "choose another layer and run this again");
}

bool ibx_gimp2_layer_reopen(ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_gimp2_layer old = *l;
    if (old.ahead) {
        l->ahead = NULL;
        l->pixels.data = NULL;
    }
    ibx_gimp2_layer_close(l);
    const bool ok = is_there(l) ? ibx_gimp2_layer_open(l, l->image, l->drawable, err) : gone(err);
    if (old.ahead) {
        l->ahead = old.ahead;
        l->pixels = old.pixels;
    }
    return ok;
}

static bool is_linear(int32_t image) {
    switch (gimp_image_get_precision(image)) {
    case GIMP_PRECISION_U8_LINEAR:
    case GIMP_PRECISION_U16_LINEAR:
    case GIMP_PRECISION_U32_LINEAR:
    case GIMP_PRECISION_HALF_LINEAR:
    case GIMP_PRECISION_FLOAT_LINEAR:
    case GIMP_PRECISION_DOUBLE_LINEAR:
        return true;
    default:
        return false;
    }
}

GimpColorProfile *ibx_gimp2_profile(int32_t image) {
    GimpColorProfile *profile = gimp_image_get_color_profile(image);
    if (!profile || !is_linear(image)) return profile;
    GimpColorProfile *encoded = gimp_color_profile_new_srgb_trc_from_color_profile(profile);
    if (encoded) g_object_unref(profile);
    return encoded ? encoded : profile;
}

static const ibx_head *result_of(const ibx_gimp2_layer *l) {
    return ibx_view_head(l->job.view);
}

static bool size_changes(const ibx_gimp2_layer *l) {
    return result_of(l)->w != l->job.head.w || result_of(l)->h != l->job.head.h;
}

/* Does the recipe leave another colour space than that of the image? */
static bool space_changes(const ibx_gimp2_layer *l) {
    const ibx_bytes a = l->job.head.profile, b = result_of(l)->profile;
    if (!ibx_recipe_has(l->job.recipe, IBX_MANAGE)) return false;
    return a.size != b.size || (a.size > 0 && memcmp(a.data, b.data, a.size) != 0);
}

/* Does the layer make up the whole image: its only one, and of its size? */
static bool is_image(const ibx_gimp2_layer *l) {
    int layers = 0, x = 0, y = 0;
    g_free(gimp_image_get_layers(l->image, &layers));
    gimp_drawable_offsets(l->drawable, &x, &y);
    return layers == 1 && gimp_item_is_layer(l->drawable) &&
           gimp_item_get_parent(l->drawable) == -1 && x == 0 && y == 0 &&
           l->job.head.w == gimp_image_width(l->image) &&
           l->job.head.h == gimp_image_height(l->image);
}

/* What has its place in an image beside layers, and cannot follow where these are scaled. */
static bool has_more(int32_t image) {
    int channels = 0, paths = 0;
    g_free(gimp_image_get_channels(image, &channels));
    g_free(gimp_image_get_vectors(image, &paths));
    return channels > 0 || paths > 0 || gimp_image_find_next_guide(image, 0) != 0;
}

static bool size_fits(const ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_head *head = result_of(l);
    if (!gimp_item_is_layer(l->drawable) || gimp_layer_is_floating_sel(l->drawable))
        return ibx_fail(err, IBX_USAGE,
                        "the result has another size, which only a layer can take, not a mask, "
                        "channel or floating selection");
    if (gimp_layer_get_mask(l->drawable) != -1)
        return ibx_fail(err, IBX_USAGE,
                        "the result has another size, and the layer's mask would not fit it any "
                        "more; apply or delete the mask first (Layer > Mask)");
    if (gimp_item_get_lock_position(l->drawable))
        return ibx_fail(err, IBX_USAGE,
                        "the result has another size, and position and size of this layer are "
                        "locked; unlock them first");
    return (head->w <= GIMP_MAX_IMAGE_SIZE && head->h <= GIMP_MAX_IMAGE_SIZE) ||
           ibx_fail(err, IBX_LIMIT, "the result has %d x %d pixels; GIMP takes %d to a side",
                    head->w, head->h, GIMP_MAX_IMAGE_SIZE);
}

static bool result_fits(const ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_head *head = result_of(l);
    const bool layer = gimp_item_is_layer(l->drawable);
    if (head->model > l->form.model)
        return ibx_fail(err, IBX_USAGE,
                        "the result has colours, and this is gray; change the image to RGB first "
                        "(Image > Mode)");
    if (head->alpha && !l->form.alpha && !layer)
        return ibx_fail(err, IBX_USAGE, "a mask or channel has no transparency");
    if (space_changes(l) && !(is_image(l) && gimp_selection_is_empty(l->image)))
        return ibx_fail(err, IBX_USAGE,
                        "the recipe changes the colour space, which all layers of an image share; "
                        "convert the image instead (Image > Color Management), or merge its layers "
                        "and select nothing");
    if (space_changes(l) && is_linear(l->image))
        return ibx_fail(err, IBX_USAGE,
                        "the recipe changes the colour space, which GIMP encodes by a curve of its "
                        "own in images of linear precision; change it to perceptual gamma first "
                        "(Image > Precision)");
    return !size_changes(l) || size_fits(l, err);
}

/* Only where the recipe says how colours are managed it is told the image's profile; elsewhere
 * pixels stay in the image's own space. */
static void tell_profile(ibx_gimp2_layer *l) {
    gsize size = 0;
    if (ibx_recipe_has(l->job.recipe, IBX_MANAGE)) l->profile = ibx_gimp2_profile(l->image);
    if (!l->profile) return;
    const void *data = gimp_color_profile_get_icc_profile(l->profile, &size);
    l->job.head.profile = (ibx_bytes){data, size};
}

/* What is wanted of the result: all of another size, else what is selected. */
static ibx_rect box_of(const ibx_gimp2_layer *l) {
    ibx_rect box = {0, 0, result_of(l)->w, result_of(l)->h};
    if (!size_changes(l) &&
        !gimp_drawable_mask_intersect(l->drawable, &box.x, &box.y, &box.w, &box.h))
        return (ibx_rect){0, 0, 0, 0};
    return box;
}

bool ibx_gimp2_layer_plan(ibx_gimp2_layer *l, const ibx_recipe *recipe, ibx_error *err) {
    ibx_gimp_job *job = &l->job;
    job->recipe = recipe;
    tell_profile(l);
    job->view = ibx_view_open(recipe, &job->head, job->sample, job->sample, NULL, err);
    if (!job->view || !result_fits(l, err)) return false;
    job->box = box_of(l);
    l->nothing = job->box.w == 0;
    return true;
}

static bool selects_others(ibx_error *err) {
    return ibx_fail(err, IBX_IO,
                    "other pixels are selected than when this began, so the result does not fit; "
                    "run this again");
}

bool ibx_gimp2_layer_check(const ibx_gimp2_layer *l, ibx_error *err) {
    ibx_gimp2_layer now;
    if (!is_there(l)) return gone(err);
    if (!ibx_gimp2_layer_open(&now, l->image, l->drawable, err)) return false;
    if (now.form.format != l->form.format || now.job.head.w != l->job.head.w ||
        now.job.head.h != l->job.head.h)
        return ibx_fail(err, IBX_IO,
                        "the layer has another size, precision or colour space than when this "
                        "began, so the result does not fit; run this again");
    const ibx_rect box = box_of(l);
    if (memcmp(&box, &l->job.box, sizeof box) != 0) return selects_others(err);
    return result_fits(l, err);
}

/* ---- read ------------------------------------------------------------------------------ */

/* What is selected, where that matters. */
static bool sum_selected(const ibx_gimp2_layer *l, uint64_t *sum, ibx_error *err) {
    *sum = 0;
    if (!l->job.view || size_changes(l)) return true;
    return ibx_gimp2_mask_sum(l->image, l->drawable, l->job.box, sum, err);
}

bool ibx_gimp2_layer_read(ibx_gimp2_layer *l, ibx_rect at, ibx_error *err) {
    GeglBuffer *buffer = gimp_drawable_get_buffer(l->drawable);
    if (!buffer) return gone(err);
    l->when = g_get_monotonic_time();
    const bool ok =
        ibx_gimp_read(buffer, &l->form, at, &l->pixels, err) && sum_selected(l, &l->selected, err);
    g_object_unref(buffer);
    l->took = g_get_monotonic_time() - l->when;
    l->read = at;
    if (ok) l->sum = ibx_gimp_sum(&l->pixels, at);
    return ok;
}

/* Are the pixels those that a dialog was given? If so, what later looks need is noted, as when they
 * are read. */
static bool is_as_given(ibx_gimp2_layer *l) {
    GeglBuffer *buffer = gimp_drawable_get_buffer(l->drawable);
    if (!buffer) return false;
    l->read = ibx_gimp_source(&l->job);
    l->when = g_get_monotonic_time();
    const bool same = ibx_gimp_is_as_read(buffer, &l->form, &l->pixels, l->read) &&
                      sum_selected(l, &l->selected, NULL);
    g_object_unref(buffer);
    l->took = g_get_monotonic_time() - l->when;
    if (same) l->sum = ibx_gimp_sum(&l->pixels, l->read);
    return same;
}

bool ibx_gimp2_layer_take_ahead(ibx_gimp2_layer *l, ibx_gimp_progress *show, void *user) {
    if (!l->ahead) return false;
    const bool taken = ibx_gimp_ahead_is_of(l->ahead, &l->job) && is_as_given(l) &&
                       ibx_gimp_ahead_take(l->ahead, &l->result, show, user);
    ibx_gimp_ahead_free(l->ahead);
    l->ahead = NULL;
    ibx_gimp_region_free(&l->pixels);
    return taken;
}

/* The least time in which somebody could paint a stroke or select something, and how much of a run
 * the second look may take. */
enum { STROKE_US = 500000, SHARE = 4 };

bool ibx_gimp2_layer_is_as_read(const ibx_gimp2_layer *l, ibx_error *err) {
    const int64_t since = g_get_monotonic_time() - l->when;
    if (l->nothing || since < MAX(STROKE_US, SHARE * l->took)) return true;
    ibx_gimp2_layer now = {.image = l->image, .drawable = l->drawable, .form = l->form};
    now.job = l->job;
    const bool ok = ibx_gimp2_layer_read(&now, l->read, err);
    ibx_gimp_region_free(&now.pixels);
    if (!ok) return false;
    if (now.selected != l->selected) return selects_others(err);
    return now.sum == l->sum ||
           ibx_fail(err, IBX_IO,
                    "the layer was painted on since this began, and the result would cover that; "
                    "run this again");
}

/* ---- changed --------------------------------------------------------------------------- */

/* Does the layer get transparency (1), lose it (-1) or neither? With a selection, or where alpha is
 * locked, transparent pixels may remain: then the layer stays as it is, and the result is opaque in
 * it. */
static int alpha_change(const ibx_gimp2_layer *l) {
    const bool alpha = result_of(l)->alpha;
    const bool all = size_changes(l) || gimp_selection_is_empty(l->image);
    const bool loses = !alpha && l->form.alpha && all && gimp_item_is_layer(l->drawable) &&
                       !gimp_layer_get_lock_alpha(l->drawable);
    return (alpha && !l->form.alpha) - loses;
}

bool ibx_gimp2_layer_fit(ibx_gimp2_layer *l, ibx_error *err) {
    ibx_gimp_form form = l->form;
    const int change = alpha_change(l);
    if (change) form.alpha = change > 0;
    return ibx_gimp_fit(&l->result, result_of(l), &form, err);
}

static bool put_alpha(ibx_gimp2_layer *l, ibx_error *err) {
    const int change = alpha_change(l);
    if (!change) return true;
    if (!(change > 0 ? gimp_layer_add_alpha(l->drawable) : gimp_layer_flatten(l->drawable)))
        return refused(err);
    return ibx_gimp_form_of(gimp_drawable_get_format(l->drawable), !gimp_item_is_layer(l->drawable),
                            &l->form) ||
           refused(err);
}

/* GIMP blends the shadow with what is there, by the selection and the locks. Nothing outside the
 * selection's box is sent to it. */
static bool put_in_place(const ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_rect box = l->job.box;
    GeglBuffer *shadow = gimp_drawable_get_shadow_buffer(l->drawable);
    ibx_gimp_write(shadow, &l->form, &l->result, box);
    gegl_buffer_flush(shadow);
    g_object_unref(shadow);
    if (!gimp_drawable_merge_shadow(l->drawable, TRUE)) return refused(err);
    gimp_drawable_update(l->drawable, box.x, box.y, box.w, box.h);
    return true;
}

/* The undo of the change of size holds all of the old layer, so the new pixels are written into it
 * as they are: neither selection nor locks belong to them. */
static bool put_resized(const ibx_gimp2_layer *l, ibx_error *err) {
    const int w = result_of(l)->w, h = result_of(l)->h;
    int x, y;
    const bool scaled = ibx_gimp_place(&l->job, &x, &y);
    const bool whole = is_image(l) && !(scaled && has_more(l->image));
    if (!gimp_layer_resize(l->drawable, w, h, -x, -y)) return refused(err);
    GeglBuffer *buffer = gimp_drawable_get_buffer(l->drawable);
    ibx_gimp_write(buffer, &l->form, &l->result, (ibx_rect){0, 0, w, h});
    gegl_buffer_flush(buffer);
    g_object_unref(buffer);
    gimp_drawable_update(l->drawable, 0, 0, w, h);
    return !whole || gimp_image_resize(l->image, w, h, -x, -y) || refused(err);
}

static bool put_space(const ibx_gimp2_layer *l, ibx_error *err) {
    const ibx_bytes bytes = result_of(l)->profile;
    GError *problem = NULL;
    GimpColorProfile *profile =
        bytes.size ? gimp_color_profile_new_from_icc_profile(bytes.data, bytes.size, &problem)
                   : NULL;
    bool ok = profile || !bytes.size;
    if (!ok)
        ibx_fail(err, IBX_IO, "GIMP refused the new colour profile: %s", problem->message);
    else if (!gimp_image_set_color_profile(l->image, profile))
        ok = refused(err);
    g_clear_error(&problem);
    g_clear_object(&profile);
    return ok;
}

bool ibx_gimp2_layer_put(ibx_gimp2_layer *l, ibx_error *err) {
    if (space_changes(l) && !put_space(l, err)) return false;
    if (!put_alpha(l, err)) return false;
    return size_changes(l) ? put_resized(l, err) : put_in_place(l, err);
}
