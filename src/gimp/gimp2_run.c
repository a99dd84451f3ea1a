/* gimp2_run.c - a recipe on layers of GIMP 2. */
#include "gimp/gimp2.h"
#include "gimp/recipe.h"
#include "gimp/work.h"

/* Where the progress of one of several layers begins, and how much of the whole it is. */
typedef struct {
    double begin, part;
} share;

static void show(void *user, double part) {
    const share *s = user;
    gimp_progress_update(s->begin + s->part * part);
}

/* Where the recipe says how colours are managed, it is told the image's profile; borrowed from
 * *holder, which the caller unrefs. */
static ibx_bytes profile_of(int32_t image, GimpColorProfile **holder) {
    gsize size = 0;
    *holder = gimp_image_get_color_profile(image);
    const void *data = *holder ? gimp_color_profile_get_icc_profile(*holder, &size) : NULL;
    return (ibx_bytes){data, size};
}

static bool compute(const ibx_recipe *recipe, ibx_gimp2_layer *l, share *s, ibx_error *err) {
    if (!l->pixels.pixels && !ibx_gimp2_layer_read(l, err)) return false;
    GimpColorProfile *holder = NULL;
    ibx_image in = l->pixels;
    if (ibx_gimp_recipe_manages(recipe)) in.head.profile = profile_of(l->image, &holder);
    const bool ok = ibx_gimp_apply(recipe, &in, l->form.sample, &l->result, show, s, err);
    g_clear_object(&holder);
    ibx_image_free(&l->pixels);
    return ok;
}

/* ---- colour profiles ----------------------------------------------------------------------------
 */

static bool same_bytes(ibx_bytes a, ibx_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Did the recipe change the colour space? */
static bool space_changes(const ibx_recipe *recipe, const ibx_gimp2_layer *l) {
    if (!ibx_gimp_recipe_manages(recipe)) return false;
    GimpColorProfile *holder = NULL;
    const ibx_bytes before = profile_of(l->image, &holder);
    const bool changes = !same_bytes(before, l->result.head.profile);
    g_clear_object(&holder);
    return changes;
}

/* A profile is the image's, so other layers would look different with a new one. */
static bool space_fits(const ibx_recipe *recipe, const ibx_gimp2_layer *l, ibx_error *err) {
    if (!space_changes(recipe, l)) return true;
    if (ibx_gimp2_layer_is_image(l->image, l->drawable) && gimp_selection_is_empty(l->image))
        return true;
    return ibx_fail(err, IBX_USAGE,
                    "the recipe changes the colour space, which all layers of an image share; "
                    "convert the image instead (Image > Color Management), or merge its layers "
                    "and select nothing");
}

static bool put_space(const ibx_recipe *recipe, const ibx_gimp2_layer *l, ibx_error *err) {
    if (!space_changes(recipe, l)) return true;
    const ibx_bytes bytes = l->result.head.profile;
    GError *problem = NULL;
    GimpColorProfile *profile =
        bytes.size ? gimp_color_profile_new_from_icc_profile(bytes.data, bytes.size, &problem)
                   : NULL;
    const bool ok = (profile || !bytes.size) && gimp_image_set_color_profile(l->image, profile);
    if (!ok)
        ibx_fail(err, IBX_IO, "GIMP refused the new colour profile: %s",
                 problem ? problem->message : gimp_get_pdb_error());
    g_clear_error(&problem);
    g_clear_object(&profile);
    return ok;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

static bool compute_all(const ibx_recipe *recipe, ibx_gimp2_layer *layers, int count,
                        ibx_error *err) {
    for (int i = 0; i < count; i++) {
        share s = {(double)i / count, 1.0 / count};
        if (!compute(recipe, &layers[i], &s, err)) return false;
    }
    for (int i = 0; i < count; i++)
        if (!ibx_gimp2_layer_fits(&layers[i], err) || !space_fits(recipe, &layers[i], err))
            return false;
    return true;
}

bool ibx_gimp2_run(const ibx_recipe *recipe, ibx_gimp2_layer *layers, int count, const char *title,
                   ibx_error *err) {
    if (!ibx_gimp_recipe_for_layer(recipe, err)) return false;
    gimp_progress_init(title);
    bool ok = compute_all(recipe, layers, count, err);
    gimp_progress_end();
    if (!ok) return false;
    const int32_t image = layers->image;
    gimp_image_undo_group_start(image);
    for (int i = 0; i < count && ok; i++)
        ok = put_space(recipe, &layers[i], err) && ibx_gimp2_layer_put(&layers[i], err);
    gimp_image_undo_group_end(image);
    return ok;
}
