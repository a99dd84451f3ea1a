/* gimp2_call.c - filters and recipes, called from a menu or from a script. */
#include "core/param.h"
#include "gimp/arguments.h"
#include "gimp/dialog.h"
#include "gimp/gimp2.h"
#include "gimp/recipe.h"
#include "gimp/sentence.h"
#include "gimp/words.h"
#include <stdlib.h>

/* ---- the layers of a call
 * --------------------------------------------------------------------------- */

/* The layers that a call may be about. */
typedef struct {
    ibx_gimp2_layer *layer;
    int count;
} layers_list;

static bool add_layer(layers_list *list, int32_t image, int32_t drawable, ibx_error *err) {
    ibx_gimp2_layer *more = realloc(list->layer, (size_t)(list->count + 1) * sizeof *more);
    if (!more) return ibx_fail(err, IBX_MEMORY, "no memory for %d layers", list->count + 1), false;
    list->layer = more;
    if (!ibx_gimp2_layer_open(&more[list->count], image, drawable, err)) return false;
    list->count++;
    return true;
}

/* Adds the linked ones of these layers and of those in groups, but for the first of the list. What
 * cannot be changed, such as locked pixels, is passed over. Takes over the array. */
static void add_linked(layers_list *list, int32_t image, int *ids, int count) {
    for (int i = 0; i < count; i++) {
        int inside = 0;
        if (gimp_item_is_group(ids[i])) {
            int *children = gimp_item_get_children(ids[i], &inside);
            add_linked(list, image, children, inside);
        } else if (ids[i] != list->layer->drawable && gimp_item_get_linked(ids[i])) {
            add_layer(list, image, ids[i], NULL);
        }
    }
    g_free(ids);
}

/* The drawable of the call, and behind it those that are linked with it: the nearest that GIMP 2
 * has to several selected layers. malloc'd; *count is how many. */
static ibx_gimp2_layer *open_layers(const ibx_gimp2_call *r, int *count, ibx_error *err) {
    const int32_t image = r->argument[1].data.d_image, first = r->argument[2].data.d_drawable;
    layers_list list = {.count = 0};
    if (!add_layer(&list, image, first, err)) {
        free(list.layer);
        return NULL;
    }
    int all = 0;
    if (gimp_item_is_layer(first) && gimp_item_get_linked(first)) {
        int *ids = gimp_image_get_layers(image, &all);
        add_linked(&list, image, ids, all);
    }
    *count = list.count;
    return list.layer;
}

static void close_layers(ibx_gimp2_layer *layers, int count) {
    for (int i = 0; i < count; i++) ibx_gimp2_layer_close(&layers[i]);
    free(layers);
}

/* ---- what is kept from one call to the next ---------------------------------------------- */

/* What was chosen: the text of a recipe, malloc'd, and whether all marked layers are meant. */
typedef struct {
    char *text;
    bool all;
} choice;

/* GIMP keeps the second under the name of the procedure and a word. */
static ibx_gimp_word all_key(const ibx_gimp2_call *r) {
    ibx_gimp_word key;
    snprintf(key.text, sizeof key.text, "%s-all", r->procedure);
    return key;
}

static bool last_choice(const ibx_gimp2_call *r, const ibx_filter *filter, choice *c,
                        ibx_error *err) {
    char *all = ibx_gimp2_last(all_key(r).text);
    *c = (choice){.text = ibx_gimp2_last(r->procedure), .all = all && strcmp(all, "yes") == 0};
    free(all);
    if (!c->text) c->text = strdup(filter ? filter->name : "");
    if (!c->text) ibx_fail(err, IBX_MEMORY, "no memory");
    return c->text != NULL;
}

static void keep_choice(const ibx_gimp2_call *r, const choice *c) {
    ibx_gimp2_keep(r->procedure, c->text);
    ibx_gimp2_leave(r->procedure, "");
    ibx_gimp2_keep(all_key(r).text, c->all ? "yes" : "no");
}

/* ---- one recipe on layers
 * ----------------------------------------------------------------------------- */

/* Reads the recipe and runs it on the first `count` layers. What was asked for is kept as soon as
 * these layers can take it: what they refuse is not what "Repeat" should do, and a run that is
 * cancelled ends this process. */
static bool run_choice(const ibx_gimp2_call *r, const choice *c, ibx_gimp2_layer *layers, int count,
                       const char *title, ibx_error *err) {
    ibx_recipe *recipe = ibx_gimp_recipe_read(c->text, err);
    bool ok = recipe && ibx_gimp2_plan(recipe, layers, count, err);
    if (ok && r->mode == GIMP_RUN_INTERACTIVE) keep_choice(r, c);
    ok = ok && ibx_gimp2_run(layers, count, title, err);
    for (int i = 0; i < count; i++) ibx_gimp2_layer_forget(&layers[i]);
    ibx_recipe_free(recipe);
    if (ok && r->mode != GIMP_RUN_NONINTERACTIVE) gimp_displays_flush();
    return ok;
}

/* What a dialog looks at. */
typedef struct {
    ibx_gimp_subject subject; /* the first member, so that `takes` finds the others */
    ibx_image pixels;         /* borrowed from the first layer */
    GimpColorProfile *profile;
    const ibx_gimp2_layer *layer;
    int count;
} view;

/* That a layer is there no more is for the run to say: its window has nothing to stay for. */
static bool layer_takes(const ibx_gimp2_layer *l, const ibx_recipe *recipe, ibx_error *err) {
    ibx_gimp2_layer layer = {.image = -1};
    if (!gimp_item_is_valid(l->drawable)) return true;
    const bool ok = ibx_gimp2_layer_open(&layer, l->image, l->drawable, err) &&
                    ibx_gimp2_plan(recipe, &layer, 1, err);
    ibx_gimp2_layer_close(&layer);
    return ok;
}

/* The sentence of one of several layers, behind its name. */
static void name_layer(int32_t drawable, ibx_error *err) {
    const ibx_error why = *err;
    char *name = gimp_item_get_name(drawable);
    if (name) ibx_fail(err, why.code, "Layer \"%s\": %s", name, why.text);
    g_free(name);
}

/* See `takes` of the subject. */
static bool takes(const ibx_gimp_subject *subject, const char *text, ibx_error *err) {
    const view *v = (const view *)subject;
    const int wanted = subject->all_marked ? v->count : 1;
    ibx_recipe *recipe = ibx_gimp_recipe_read(text, err);
    bool ok = recipe != NULL;
    for (int i = 0; i < wanted && ok; i++) {
        ok = layer_takes(&v->layer[i], recipe, err);
        if (!ok && wanted > 1) name_layer(v->layer[i].drawable, err);
    }
    if (!ok) ibx_gimp_sentence(err->text);
    ibx_recipe_free(recipe);
    return ok;
}

/* The first layer is read as a whole: the dialog shows any of it. */
static bool open_view(ibx_gimp2_layer *layer, int count, view *v, ibx_error *err) {
    const ibx_head *head = &layer->job.head;
    const ibx_rect all = {0, 0, head->w, head->h};
    gsize size = 0;
    if (!ibx_gimp2_layer_read(layer, all, err)) return false;
    v->layer = layer;
    v->count = count;
    v->profile = ibx_gimp2_profile(layer->image);
    const void *data = v->profile ? gimp_color_profile_get_icc_profile(v->profile, &size) : NULL;
    v->pixels = (ibx_image){.head = *head,
                            .sample = layer->form.sample,
                            .stride = (size_t)layer->pixels.stride,
                            .pixels = layer->pixels.data};
    v->subject = (ibx_gimp_subject){.image = layer->image,
                                    .layer = layer->drawable,
                                    .pixels = &v->pixels,
                                    .profile = {data, size},
                                    .lock_alpha = gimp_item_is_layer(layer->drawable) &&
                                                  gimp_layer_get_lock_alpha(layer->drawable),
                                    .marked = count,
                                    .takes = takes};
    return ibx_gimp2_mask_read(&v->subject, err);
}

/* What is typed is work, so a window that is closed without OK, or whose recipe is refused later,
 * is followed by one that offers it again. */
static bool ask_recipe(const ibx_gimp2_call *r, ibx_gimp_subject *subject, char **text,
                       ibx_error *err) {
    char *last = strdup(*text), *left = ibx_gimp2_left(r->procedure);
    if (left) {
        free(*text);
        *text = left;
    }
    const bool ok = ibx_gimp_windows.ask_recipe(subject, text);
    ibx_gimp2_leave(r->procedure, last && strcmp(last, *text) == 0 ? "" : *text);
    free(last);
    return ok || ibx_fail(err, IBX_CANCELLED, "%s", "");
}

/* The choice of a dialog; cancelled is an error without a sentence. */
static bool ask(const ibx_gimp2_call *r, const ibx_filter *filter, ibx_gimp_subject *subject,
                char **text, ibx_error *err) {
    if (!filter) return ask_recipe(r, subject, text, err);
    /* Last values may fail by now, and defaults without a file do: the window is there for that. */
    void *params = ibx_gimp_step_params(filter, *text, NULL);
    if (!params) params = ibx_params_new(filter->params, filter->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name);
    char *chosen = NULL;
    if (!ibx_gimp_windows.ask_filter(subject, filter, params))
        ibx_fail(err, IBX_CANCELLED, "%s", "");
    else if (!(chosen = ibx_gimp_step(filter, params)))
        ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name);
    ibx_params_free(filter->params, params);
    if (!chosen) return false;
    free(*text);
    *text = chosen;
    return true;
}

/* Shows the window, if there is one. The image can be worked on while it is open, so what was known
 * of the `count` layers is not true any more. */
static bool ask_about(const ibx_gimp2_call *r, const ibx_filter *filter, ibx_gimp2_layer *layers,
                      int count, choice *c, ibx_error *err) {
    const ibx_gimp_dialogs *windows = &ibx_gimp_windows;
    view v = {.profile = NULL};
    if (!(filter ? windows->ask_filter != NULL : windows->ask_recipe != NULL)) return true;
    bool ok = open_view(layers, count, &v, err);
    v.subject.all_marked = c->all;
    ok = ok && ask(r, filter, &v.subject, &c->text, err);
    c->all = v.subject.all_marked;
    layers->ahead = v.subject.ahead;
    g_clear_object(&v.profile);
    free((void *)(uintptr_t)v.subject.mask);
    const int wanted = c->all ? count : 1;
    for (int i = 0; i < wanted && ok; i++) ok = ibx_gimp2_layer_reopen(&layers[i], err);
    return ok;
}

/* Interactive, or with last values. */
static bool run_asking(const ibx_gimp2_call *r, const ibx_filter *filter, const char *title,
                       ibx_error *err) {
    int count = 0;
    choice c;
    ibx_gimp2_layer *layers = open_layers(r, &count, err);
    if (!layers) return false;
    bool ok = last_choice(r, filter, &c, err);
    if (r->mode == GIMP_RUN_INTERACTIVE) ok = ok && ask_about(r, filter, layers, count, &c, err);
    ok = ok && run_choice(r, &c, layers, c.all ? count : 1, title, err);
    close_layers(layers, count);
    free(c.text);
    return ok;
}

static bool run_given(const ibx_gimp2_call *r, char *text, const char *title, ibx_error *err) {
    ibx_gimp2_layer layer;
    const bool ok = ibx_gimp2_layer_open(&layer, r->argument[1].data.d_image,
                                         r->argument[2].data.d_drawable, err) &&
                    run_choice(r, &(choice){.text = text}, &layer, 1, title, err);
    ibx_gimp2_layer_close(&layer);
    return ok;
}

/* ---- the procedures -------------------------------------------------------------------- */

/* The arguments of a filter as a step; NULL if a row refuses its own. */
static char *step_of(const ibx_gimp2_call *r, const ibx_filter *filter, ibx_error *err) {
    void *params = ibx_params_new(filter->params, filter->params_size);
    if (!params) return ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name), NULL;
    bool ok = true;
    const int count = ibx_param_count(filter->params);
    for (int i = 0; i < count && ok; i++) {
        const ibx_param *row = &filter->params[i];
        const GimpParam *argument = &r->argument[IBX_GIMP2_FIRST + i];
        ibx_gimp_value value;
        switch (ibx_gimp_argument_kind(row)) {
        case IBX_GIMP_NUMBER:
            value.number = argument->data.d_float;
            break;
        case IBX_GIMP_WHOLE:
            value.whole = argument->data.d_int32;
            break;
        default:
            value.words = argument->data.d_string;
        }
        ok = ibx_gimp_argument_set(filter, row, value, params, err);
    }
    char *text = ok ? ibx_gimp_step(filter, params) : NULL;
    if (ok && !text) ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name);
    ibx_params_free(filter->params, params);
    return text;
}

bool ibx_gimp2_filter(const ibx_gimp2_call *r, const ibx_filter *filter, ibx_error *err) {
    if (r->mode != GIMP_RUN_NONINTERACTIVE) return run_asking(r, filter, filter->summary, err);
    if (!ibx_gimp2_count_is(r, IBX_GIMP2_FIRST + ibx_param_count(filter->params), err))
        return false;
    char *text = step_of(r, filter, err);
    const bool ok = text && run_given(r, text, filter->summary, err);
    free(text);
    return ok;
}

bool ibx_gimp2_recipe(const ibx_gimp2_call *r, ibx_error *err) {
    static const char TITLE[] = "Recipe of imbrex";
    if (r->mode != GIMP_RUN_NONINTERACTIVE) return run_asking(r, NULL, TITLE, err);
    if (!ibx_gimp2_count_is(r, IBX_GIMP2_FIRST + 1, err)) return false;
    char nothing[] = "", *text = r->argument[IBX_GIMP2_FIRST].data.d_string;
    return run_given(r, text ? text : nothing, TITLE, err);
}
