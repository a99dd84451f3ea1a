/* gimp2_run.c - a recipe on layers of GIMP 2. */
#include "gimp/gimp2.h"
#include "gimp/recipe.h"

/* Where the progress of one of several layers begins, and how much of the whole it is. */
typedef struct {
    double begin, part;
} share;

static void show(void *user, double part) {
    const share *s = user;
    gimp_progress_update(s->begin + s->part * part);
}

/* Reads as much of a layer as is needed. Those in front of it may have taken long. */
static bool compute(ibx_gimp2_layer *l, share *s, ibx_error *err) {
    if (l->nothing) return true;
    if (!ibx_gimp2_layer_check(l, err)) return false;
    if (ibx_gimp2_layer_take_ahead(l, show, s)) return true;
    if (!ibx_gimp2_layer_read(l, ibx_gimp_source(&l->job), err)) return false;
    const bool ok = ibx_gimp_compute(&l->job, &l->pixels, &l->result, show, s, err);
    ibx_gimp_region_free(&l->pixels);
    return ok;
}

static bool compute_all(ibx_gimp2_layer *layers, int count, ibx_error *err) {
    for (int i = 0; i < count; i++) {
        share s = {(double)i / count, 1.0 / count};
        if (!compute(&layers[i], &s, err)) return false;
    }
    return true;
}

/* All or nothing, so all is looked at before the first is changed. One step of undo, also where
 * there is nothing to do. */
static bool put_all(ibx_gimp2_layer *layers, int count, ibx_error *err) {
    const int32_t image = layers->image;
    bool ok = true;
    for (int i = 0; i < count && ok; i++)
        ok = ibx_gimp2_layer_check(&layers[i], err) &&
             ibx_gimp2_layer_is_as_read(&layers[i], err) &&
             (layers[i].nothing || ibx_gimp2_layer_fit(&layers[i], err));
    if (!ok) return false;
    gimp_image_undo_group_start(image);
    for (int i = 0; i < count && ok; i++)
        ok = layers[i].nothing || ibx_gimp2_layer_put(&layers[i], err);
    gimp_image_undo_group_end(image);
    return ok;
}

bool ibx_gimp2_plan(const ibx_recipe *recipe, ibx_gimp2_layer *layers, int count, ibx_error *err) {
    bool ok = ibx_gimp_recipe_for_layer(recipe, err);
    for (int i = 0; i < count && ok; i++) ok = ibx_gimp2_layer_plan(&layers[i], recipe, err);
    return ok;
}

bool ibx_gimp2_run(ibx_gimp2_layer *layers, int count, const char *title, ibx_error *err) {
    gimp_progress_init(title);
    const bool ok = compute_all(layers, count, err);
    gimp_progress_end();
    return ok && put_all(layers, count, err);
}
