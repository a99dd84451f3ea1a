/* pace.c - seconds per megapixel of kinds of jobs. */
#include "server/work/pace.h"
#include <glib.h>

/* What jobs of unknown formats are taken for, and the slowest that a first measurement counts as;
 * seconds per megapixel. */
static const double GUESS = 0.03, SLOWEST = 3;
static const double OVERHEAD = 0.25; /* megapixels */
static const double NEWEST = 0.2;    /* weight */
enum { MOST_KINDS = 1024 };          /* a bound for texts that clients choose */

struct ibx_paces {
    GHashTable *formats, *recipes; /* text to double */
};

/* Does an output in front of this one have the same format? */
static bool is_repeated(const ibx_delivery *look, int output) {
    for (int i = 0; i < output; i++)
        if (!strcmp(look->output[i].format, look->output[output].format)) return true;
    return false;
}

ibx_pace_key ibx_pace_key_of(const ibx_delivery *look, const char *recipe) {
    ibx_pace_key key;
    g_strlcpy(key.formats, look->about.format, sizeof key.formats);
    for (int i = 0; i < look->outputs; i++) {
        if (is_repeated(look, i)) continue;
        g_strlcat(key.formats, ">", sizeof key.formats);
        g_strlcat(key.formats, look->output[i].format, sizeof key.formats);
    }
    size_t n = g_strlcpy(key.recipe, key.formats, sizeof key.recipe);
    key.recipe[n++] = ' ';
    for (const char *c = recipe; *c && n < sizeof key.recipe - 1; c++)
        if (!g_ascii_isdigit(*c) && *c != '.') key.recipe[n++] = *c;
    key.recipe[n] = 0;
    return key;
}

static GHashTable *new_table(void) {
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

ibx_paces *ibx_paces_new(void) {
    ibx_paces *paces = g_new(ibx_paces, 1);
    paces->formats = new_table();
    paces->recipes = new_table();
    return paces;
}

void ibx_paces_free(ibx_paces *paces) {
    if (!paces) return;
    g_hash_table_unref(paces->formats);
    g_hash_table_unref(paces->recipes);
    g_free(paces);
}

double ibx_paces_predict(const ibx_paces *paces, const ibx_pace_key *key, double megapixels,
                         bool *known) {
    const double *pace = g_hash_table_lookup(paces->recipes, key->recipe);
    if (!pace) pace = g_hash_table_lookup(paces->formats, key->formats);
    *known = pace != NULL;
    return (pace ? *pace : GUESS) * (megapixels + OVERHEAD);
}

static void learn(GHashTable *table, const char *key, double measured) {
    double *pace = g_hash_table_lookup(table, key);
    if (pace) {
        *pace += NEWEST * (MIN(measured, 4 * *pace) - *pace);
        return;
    }
    if (g_hash_table_size(table) >= MOST_KINDS) g_hash_table_remove_all(table);
    pace = g_new(double, 1);
    *pace = MIN(measured, SLOWEST);
    g_hash_table_insert(table, g_strdup(key), pace);
}

void ibx_paces_learn(ibx_paces *paces, const ibx_pace_key *key, double megapixels, double seconds) {
    const double measured = MAX(seconds, 1e-5) / (megapixels + OVERHEAD);
    learn(paces->formats, key->formats, measured);
    learn(paces->recipes, key->recipe, measured);
}
