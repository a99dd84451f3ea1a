/* wish.c - recipes of strangers. */
#include "server/api/wish.h"
#include "core/recipe.h"
#include "server/jobs/wire.h"
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

/* The end of the step that begins at `text`: steps end at blanks and "/", but not in quotes. */
static const char *step_end(const char *text) {
    bool quoted = false;
    for (; *text && (quoted || !strchr("/ \t\n\v\f\r", *text)); text++) {
        if (*text == '\\' && quoted && text[1]) text++;
        if (*text == '"') quoted = !quoted;
    }
    return text;
}

static bool append_step(GString *all, const ibx_settings *settings, const char *step, size_t length,
                        ibx_error *err) {
    const size_t word = strlen(PRESET);
    if (length < word || strncmp(step, PRESET, word) != 0) {
        g_string_append_len(all, step, (gssize)length);
        return true;
    }
    char *name = g_strndup(step + word, length - word);
    const char *found = find_preset(settings, name);
    if (found)
        g_string_append_printf(all, "%s\n", found); /* it may end with a comment */
    else
        ibx_fail(err, IBX_USAGE, "there is no preset \"%s\"", name);
    g_free(name);
    return found != NULL;
}

/* Steps of the form preset:NAME give way to what they stand for, which names no presets itself. */
static char *put_presets_in(const ibx_settings *settings, const char *recipe, ibx_error *err) {
    GString *all = g_string_new(NULL);
    bool ok = true;
    while (ok && *recipe) {
        const char *end = step_end(recipe);
        ok = append_step(all, settings, recipe, (size_t)(end - recipe), err);
        if (*end) g_string_append_c(all, *end++);
        recipe = end;
    }
    return g_string_free(all, !ok);
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
    if (strlen(wish->recipe) >= IBX_WIRE_RECIPE)
        return ibx_fail(err, IBX_USAGE, "with its presets the recipe has more than %d bytes",
                        IBX_WIRE_RECIPE - 1);
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
