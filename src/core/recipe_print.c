/* recipe_print.c - the canonical spelling of a recipe. */
#include "core/param.h"
#include "core/recipe.h"
#include "core/text.h"
#include <stdlib.h>

const ibx_param *ibx_step_rows(const ibx_step *step) {
    if (step->filter) return step->filter->params;
    return step->format ? step->format->params : IBX_SAVE_ANY;
}

static void put_value(ibx_text *t, const ibx_param *row, const void *params) {
    const size_t left = t->length < t->size ? t->size - t->length : 0;
    t->length += (size_t)ibx_param_print(row, params, left ? t->text + t->length : NULL, left);
}

/* Values that differ from their defaults: by position as long as no row is left out, then by
 * name. A `save` has its format in front; without one its first position is taken. */
static void put_step(ibx_text *t, const ibx_step *step) {
    ibx_text_put(t, step->filter ? step->filter->name : "save");
    bool first = true, positional = step->filter || step->format;
    if (step->format || step->automatic) {
        ibx_text_add(t, ":%s", step->format ? step->format->name : IBX_AUTOMATIC);
        first = false;
    }
    for (const ibx_param *row = ibx_step_rows(step); row && row->name; row++) {
        if (ibx_param_is_default(row, step->params)) {
            positional = false;
            continue;
        }
        ibx_text_char(t, first ? ':' : ',');
        if (!positional) ibx_text_add(t, "%s=", row->name);
        put_value(t, row, step->params);
        first = false;
    }
}

static int put_recipe(const ibx_recipe *recipe, char *text, size_t size) {
    ibx_text t = {text, size, 0};
    for (int i = 0; i < recipe->count; i++) {
        if (i > 0) ibx_text_char(&t, '/');
        put_step(&t, &recipe->steps[i]);
    }
    return ibx_text_end(&t);
}

char *ibx_recipe_print(const ibx_recipe *recipe) {
    const size_t size = (size_t)put_recipe(recipe, NULL, 0) + 1;
    char *text = malloc(size);
    if (text) put_recipe(recipe, text, size);
    return text;
}
