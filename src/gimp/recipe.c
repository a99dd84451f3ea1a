/* recipe.c - from what GIMP's users give to recipes. */
#include "gimp/recipe.h"
#include "core/param.h"
#include "core/recipe.h"
#include "gimp/home.h"
#include <errno.h>
#include <stdlib.h>

/* ---- one filter ------------------------------------------------------------------------ */

char *ibx_gimp_step(const ibx_filter *filter, const void *params) {
    ibx_step step = {.filter = filter, .params = (void *)(uintptr_t)params};
    return ibx_recipe_print(&(ibx_recipe){&step, 1});
}

void *ibx_gimp_step_params(const ibx_filter *filter, const char *text, ibx_error *err) {
    ibx_recipe *recipe = ibx_recipe_parse(text, err);
    if (!recipe) return NULL;
    void *params = NULL;
    if (recipe->count != 1 || recipe->steps[0].filter != filter)
        ibx_fail(err, IBX_USAGE, "%s: this is not one step of that filter", filter->name);
    else if (!(params = ibx_params_new(filter->params, filter->params_size)))
        ibx_fail(err, IBX_MEMORY, "%s: no memory", filter->name);
    for (const ibx_param *row = filter->params; params && row && row->name; row++) {
        char value[4096];
        const int length = ibx_param_print(row, recipe->steps[0].params, value, sizeof value);
        if (length < (int)sizeof value && ibx_param_set(row, params, value, filter->name, err))
            continue;
        if (length >= (int)sizeof value)
            ibx_fail(err, IBX_USAGE, "%s: %s is too long", filter->name, row->name);
        ibx_params_free(filter->params, params);
        params = NULL;
    }
    ibx_recipe_free(recipe);
    return params;
}

/* ---- whole recipes --------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* The name of a file in what was given, or NULL if that is a recipe. A recipe of several lines may
 * end like a name, in a comment. */
static const char *file_name(const char *given) {
    if (*given == '@') return given + 1;
    if (strchr(given, '\n')) return NULL;
    return ends_with(given, ".ibx") || ends_with(given, ".recipe") ? given : NULL;
}

static FILE *open_file(const char *name) {
    char *path = ibx_gimp_at_home(name);
    FILE *in = path ? fopen(path, "re") : NULL;
    const int why = errno; /* free may change it */
    free(path);
    errno = why;
    return in;
}

/* More is no recipe of at most IBX_MAX_STEPS steps that somebody wrote. */
enum { MOST_BYTES = 1 << 20 };

static ibx_recipe *read_file(const char *name, ibx_error *err) {
    FILE *in = open_file(name);
    if (!in) return ibx_fail(err, IBX_IO, "%s: %s", name, strerror(errno)), NULL;
    ibx_recipe *recipe = NULL;
    ibx_error problem = {0};
    char *text = malloc(MOST_BYTES + 1);
    const size_t size = text ? fread(text, 1, MOST_BYTES + 1, in) : 0;
    if (text && size <= MOST_BYTES) text[size] = 0;
    if (!text)
        ibx_fail(&problem, IBX_MEMORY, "no memory");
    else if (ferror(in))
        ibx_fail(&problem, IBX_IO, "%s", strerror(errno));
    else if (size > MOST_BYTES || strlen(text) != size)
        ibx_fail(&problem, IBX_USAGE, "this is no recipe");
    else
        recipe = ibx_recipe_parse(text, &problem);
    free(text);
    fclose(in);
    if (!recipe) ibx_fail(err, problem.code, "%s: %s", name, problem.text);
    return recipe;
}

ibx_recipe *ibx_gimp_recipe_read(const char *given, ibx_error *err) {
    const char *name = file_name(given);
    if (name && !*name)
        return ibx_fail(err, IBX_USAGE, "the name of a file is missing behind the @"), NULL;
    return name ? read_file(name, err) : ibx_recipe_parse(given, err);
}

bool ibx_gimp_recipe_for_layer(const ibx_recipe *recipe, ibx_error *err) {
    for (int i = 0; i < recipe->count; i++)
        if (!recipe->steps[i].filter)
            return ibx_fail(err, IBX_USAGE,
                            "step %d, save: a layer is not saved by its recipe; leave this step "
                            "out, and export the image with GIMP",
                            i + 1);
    return true;
}
