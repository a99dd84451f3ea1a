/* module.c - what GEGL loads: registers an operation for every filter that keeps the image's size,
 * and one for chains of them. */
#include "gegl/operation.h"

G_MODULE_EXPORT const GeglModuleInfo *gegl_module_query(GTypeModule *module);
G_MODULE_EXPORT gboolean gegl_module_register(GTypeModule *module);

/* The size of the image that filters are tried on. */
#define TRIAL_W 96
#define TRIAL_H 64

typedef struct {
    int tried;  /* recipes that the filter takes */
    bool keeps; /* each of them keeps the size */
    bool looks; /* one looks at the whole image */
} character;

static void try(const char *text, character *c) {
    const ibx_head head = {
        .w = TRIAL_W, .h = TRIAL_H, .model = IBX_RGB, .alpha = true, .orientation = 1, .depth = 8};
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    ibx_view *view = recipe ? ibx_view_open(recipe, &head, IBX_U8, IBX_U8, NULL, NULL) : NULL;
    if (view) {
        const ibx_head *out = ibx_view_head(view);
        c->tried++;
        c->keeps = c->keeps && out->w == TRIAL_W && out->h == TRIAL_H;
        c->looks = c->looks || ibx_view_looks(view);
    }
    ibx_view_free(view);
    ibx_recipe_free(recipe);
}

/* What a filter is like, after its defaults and its examples. A point filter keeps the size even if
 * it cannot be tried, for want of a file. */
static character get_to_know(const ibx_filter *filter) {
    character c = {.keeps = true};
    try(filter->name, &c);
    for (int i = 0; i < 4 && filter->examples[i]; i++) try(filter->examples[i], &c);
    if (c.tried == 0) c.keeps = filter->traits & IBX_POINT;
    return c;
}

const GeglModuleInfo *gegl_module_query(GTypeModule *module) {
    static const GeglModuleInfo INFO = {GEGL_MODULE_ABI_VERSION};
    (void)module;
    return &INFO;
}

/* A canvas is upright: there is nothing to turn. */
gboolean gegl_module_register(GTypeModule *module) {
    size_t n;
    const ibx_filter *const *filters = ibx_filters(&n);
    for (size_t i = 0; i < n; i++) {
        if (filters[i]->traits & IBX_UPRIGHT) continue;
        const character c = get_to_know(filters[i]);
        if (c.keeps) ibx_gegl_operation_register(module, filters[i], c.looks);
    }
    ibx_gegl_operation_register(module, NULL, true);
    return TRUE;
}
