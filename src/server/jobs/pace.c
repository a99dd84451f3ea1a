/* pace.c - seconds per megapixel of kinds of jobs. */
#include "server/jobs/pace.h"
#include <glib.h>

/* What jobs of unknown formats are taken for, and the slowest that a first measurement counts as;
 * seconds per megapixel. */
static const double GUESS = 0.03, SLOWEST = 3;
static const double MOST_GUESSED = 0.5; /* seconds; nobody is refused for what is not known */
static const double OVERHEAD = 0.25;    /* megapixels */
static const double LEAST = 1e-3;       /* seconds; from less nothing would ever rise again */
static const double NEWEST = 0.2;       /* weight */
enum { MOST_KINDS = 1024 };             /* a bound for texts that clients choose */

struct ibx_paces {
    GHashTable *formats, *recipes; /* text to ibx_duration, per megapixel */
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

ibx_duration ibx_paces_predict(const ibx_paces *paces, const ibx_pace_key *key, double megapixels,
                               bool *known) {
    const double size = megapixels + OVERHEAD, guess = MIN(GUESS * size, MOST_GUESSED);
    const ibx_duration *pace = g_hash_table_lookup(paces->recipes, key->recipe);
    if (!pace) pace = g_hash_table_lookup(paces->formats, key->formats);
    *known = pace != NULL;
    return *known ? (ibx_duration){pace->clock * size, pace->own * size}
                  : (ibx_duration){guess, guess};
}

static void approach(double *pace, double measured) {
    *pace += NEWEST * (MIN(measured, 4 * *pace) - *pace);
}

static void learn(GHashTable *table, const char *key, ibx_duration measured) {
    ibx_duration *pace = g_hash_table_lookup(table, key);
    if (pace) {
        approach(&pace->clock, measured.clock);
        approach(&pace->own, measured.own);
        return;
    }
    if (g_hash_table_size(table) >= MOST_KINDS) g_hash_table_remove_all(table);
    pace = g_new(ibx_duration, 1);
    *pace = (ibx_duration){MIN(measured.clock, SLOWEST), MIN(measured.own, SLOWEST)};
    g_hash_table_insert(table, g_strdup(key), pace);
}

static double pace_of(double seconds, double megapixels) {
    return MAX(seconds, LEAST) / (megapixels + OVERHEAD);
}

void ibx_paces_learn(ibx_paces *paces, const ibx_pace_key *key, double megapixels,
                     ibx_duration taken) {
    const ibx_duration measured = {pace_of(taken.clock, megapixels),
                                   pace_of(MIN(taken.own, taken.clock), megapixels)};
    learn(paces->formats, key->formats, measured);
    learn(paces->recipes, key->recipe, measured);
}
