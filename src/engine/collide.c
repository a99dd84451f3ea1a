/* collide.c - two outputs of one name, found by sorting all names before anything is written; and
 * outputs that have the name of a log. */
#include "engine/logs.h"
#include "engine/name.h"
#include <stdio.h>
#include <stdlib.h>

/* An output and what tells it from others: its name, and its save step if the name holds a size
 * that is not known yet. */
typedef struct {
    char *name;
    size_t entry;
    int save;
    bool sized;
} claim;

static int compare(const claim *a, const claim *b) {
    const int order = strcmp(a->name, b->name);
    if (order) return order;
    if (a->sized != b->sized) return a->sized ? 1 : -1;
    return a->sized ? a->save - b->save : 0;
}

/* By name, then in the order of the inputs. */
static int by_name(const void *x, const void *y) {
    const claim *a = x, *b = y;
    const int order = compare(a, b);
    if (order) return order;
    if (a->entry != b->entry) return a->entry < b->entry ? -1 : 1;
    return a->save - b->save;
}

static bool has_size(const char *template) {
    return strstr(template, "{w") || strstr(template, "{h");
}

/* Collects the names of all outputs. Inputs without an output name are passed over. */
static size_t claims_of(const ibx_batch *batch, const ibx_listing *listing, int saves,
                        claim *claims) {
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++)
        for (int k = 0; k < saves; k++) {
            const ibx_output o = ibx_output_of(batch, &listing->entries[i], i, k);
            char *name = ibx_output_name(&o, NULL);
            if (name) claims[count++] = (claim){name, i, k, has_size(ibx_output_template(&o))};
        }
    return count;
}

static void explain(const claim *b, const ibx_listing *listing, ibx_error *err) {
    const claim *a = b - 1;
    const char *first = listing->entries[a->entry].path, *second = listing->entries[b->entry].path;
    if (a->entry == b->entry)
        ibx_fail(
            err, IBX_USAGE,
            "%s: save steps %d and %d would both write %s; give them names with {save}, or {w} "
            "and {h}",
            first, a->save + 1, b->save + 1, a->name);
    else if (strcmp(first, second) == 0)
        ibx_fail(err, IBX_USAGE, "%s was given twice", first);
    else
        ibx_fail(err, IBX_USAGE,
                 "%s and %s would both be written to %s; tell them apart with --name, as in "
                 "\"{dir}{stem}-{n}{ext}\"",
                 first, second, a->name);
}

/* Of all claims that equal their left neighbour the one that comes first among the inputs. */
static const claim *find_doubles(const claim *claims, size_t count, const ibx_listing *listing,
                                 FILE *all) {
    const claim *found = NULL;
    for (size_t i = 1; i < count; i++) {
        ibx_error err;
        if (compare(&claims[i - 1], &claims[i]) != 0) continue;
        if (!found || claims[i].entry < found->entry) found = &claims[i];
        explain(&claims[i], listing, &err);
        if (all) fprintf(all, "collision: %s\n", err.text);
    }
    return found;
}

/* Would an output take the place of a log? */
static bool is_log(const ibx_batch *batch, const ibx_listing *listing, const claim *c,
                   ibx_error *err) {
    if (!ibx_logs_claim(batch, c->name)) return false;
    return !ibx_fail(err, IBX_USAGE,
                     "%s would be written to %s, where the log of the batch goes; name another "
                     "file for the log",
                     listing->entries[c->entry].path, c->name);
}

bool ibx_names_collide(const ibx_batch *batch, const ibx_listing *listing, FILE *all,
                       ibx_error *err) {
    const int saves = ibx_recipe_outputs(batch->recipe);
    claim *claims = calloc(listing->count * (size_t)saves + 1, sizeof *claims);
    if (!claims) return !ibx_fail(err, IBX_MEMORY, "no memory for %zu names", listing->count);
    const size_t count = claims_of(batch, listing, saves, claims);
    qsort(claims, count, sizeof *claims, by_name);
    const claim *found = find_doubles(claims, count, listing, all);
    bool bad = found != NULL;
    if (found) explain(found, listing, err);
    for (size_t i = 0; i < count && !bad; i++) bad = is_log(batch, listing, &claims[i], err);
    for (size_t i = 0; i < count; i++) free(claims[i].name);
    free(claims);
    return bad;
}
