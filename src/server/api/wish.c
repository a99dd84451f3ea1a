/* wish.c - recipes of strangers. */
#include "server/api/wish.h"
#include "core/recipe.h"
#include <libsoup/soup.h>
#include <stdlib.h>

static const char PRESET[] = "preset:";

/* The recipe of a preset, of "name=recipe" words. */
static const char *find_preset(const ibx_settings *settings, const char *name) {
    const size_t n = strlen(name);
    for (char **p = settings->recipes.presets; p && *p; p++)
        if (strncmp(*p, name, n) == 0 && (*p)[n] == '=') return *p + n + 1;
    return NULL;
}

/* Steps of the form preset:NAME give way to what they stand for, which names no presets itself. */
static char *put_presets_in(const ibx_settings *settings, const char *recipe, ibx_error *err) {
    char **step = g_strsplit(recipe, "/", -1);
    for (char **s = step; *s; s++) {
        if (!g_str_has_prefix(*s, PRESET)) continue;
        const char *found = find_preset(settings, *s + strlen(PRESET));
        if (!found) {
            ibx_fail(err, IBX_USAGE, "there is no preset \"%s\"", *s + strlen(PRESET));
            g_strfreev(step);
            return NULL;
        }
        g_free(*s);
        *s = g_strdup(found);
    }
    char *all = g_strjoinv("/", step);
    g_strfreev(step);
    return all;
}

const char *ibx_wish_accepted(const char *accept, char *const *formats) {
    GSList *types = accept ? soup_header_parse_quality_list(accept, NULL) : NULL;
    const char *found = NULL;
    for (; formats && *formats && !found; formats++) {
        const ibx_format *format = ibx_format_find(*formats);
        for (const GSList *t = types; t && format; t = t->next)
            if (g_ascii_strcasecmp(t->data, format->mime) == 0) found = *formats;
    }
    soup_header_free_list(types);
    return found;
}

static bool check(const ibx_wish *wish, const ibx_recipe *recipe, const ibx_settings *settings,
                  ibx_error *err) {
    if (recipe->count > settings->limits.steps)
        return ibx_fail(err, IBX_USAGE, "the recipe has %d steps, but at most %d are allowed",
                        recipe->count, settings->limits.steps);
    if (wish->outputs > settings->limits.outputs)
        return ibx_fail(err, IBX_USAGE, "the recipe makes %d files, but at most %d are allowed",
                        wish->outputs, settings->limits.outputs);
    return true;
}

static bool read_recipe(ibx_wish *wish, const ibx_settings *settings, const char *text,
                        const char *accept, ibx_error *err) {
    ibx_recipe *recipe = ibx_recipe_parse_foreign(text, err);
    if (!recipe) return false;
    wish->outputs = ibx_recipe_outputs(recipe);
    wish->automatic = ibx_recipe_is_automatic(recipe);
    wish->recipe = ibx_recipe_print(recipe);
    const char *format =
        wish->automatic ? ibx_wish_accepted(accept, settings->recipes.automatic) : NULL;
    g_strlcpy(wish->format, format ? format : "", sizeof wish->format);
    const bool ok = wish->recipe ? check(wish, recipe, settings, err)
                                 : ibx_fail(err, IBX_MEMORY, "no memory for a recipe");
    ibx_recipe_free(recipe);
    return ok;
}

bool ibx_wish_make(ibx_wish *wish, const ibx_settings *settings, const char *recipe,
                   const char *accept, ibx_error *err) {
    *wish = (ibx_wish){.metadata = settings->recipes.metadata};
    const int most = settings->limits.recipe_bytes;
    if (strlen(recipe) > (size_t)most)
        return ibx_fail(err, IBX_USAGE, "the recipe has more than %d bytes", most);
    char *all = put_presets_in(settings, recipe, err);
    const bool ok = all && read_recipe(wish, settings, all, accept, err);
    g_free(all);
    if (!ok) ibx_wish_free(wish);
    return ok;
}

void ibx_wish_free(ibx_wish *wish) {
    free(wish->recipe);
    *wish = (ibx_wish){0};
}
