/* batch.c - a batch ordered from within GIMP. */
#include "gimp/batch.h"
#include "gimp/recipe.h"
#include <stdlib.h>

bool ibx_gimp_order_new(ibx_gimp_order *order, ibx_error *err) {
    *order = (ibx_gimp_order){
        .recipe = strdup(""), .input = strdup(""), .output = strdup(""), .format = strdup("")};
    if (order->recipe && order->input && order->output && order->format) return true;
    ibx_gimp_order_free(order);
    return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
}

void ibx_gimp_order_free(ibx_gimp_order *order) {
    free(order->recipe);
    free(order->input);
    free(order->output);
    free(order->format);
    *order = (ibx_gimp_order){0};
}

/* ---- kept ------------------------------------------------------------------------------ */

/* Three numbers, then the texts, each behind its length: texts may hold anything. */
char *ibx_gimp_order_print(const ibx_gimp_order *o) {
    const char *const texts[] = {o->recipe, o->input, o->output, o->format};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    fprintf(out, "%d %d %d", o->quality, o->if_exists, o->metadata);
    for (int i = 0; i < 4; i++) fprintf(out, " %zu:%s", strlen(texts[i]), texts[i]);
    fclose(out);
    return text;
}

/* The next " LENGTH:TEXT"; NULL if there is none. */
static char *read_text(const char **at) {
    size_t length;
    int head = 0;
    if (sscanf(*at, " %zu:%n", &length, &head) != 1 || head == 0) return NULL;
    if (strnlen(*at + head, length) < length) return NULL;
    char *text = strndup(*at + head, length);
    *at += (size_t)head + length;
    return text;
}

bool ibx_gimp_order_read(ibx_gimp_order *order, const char *text) {
    ibx_gimp_order o = {0};
    int head = 0;
    if (sscanf(text, "%d %d %d%n", &o.quality, &o.if_exists, &o.metadata, &head) != 3) return false;
    const char *at = text + head;
    o.recipe = read_text(&at);
    o.input = read_text(&at);
    o.output = read_text(&at);
    o.format = read_text(&at);
    if (o.recipe && o.input && o.output && o.format && *at == 0) {
        ibx_gimp_order_free(order);
        *order = o;
        return true;
    }
    ibx_gimp_order_free(&o);
    return false;
}

/* ---- run ------------------------------------------------------------------------------- */

bool ibx_gimp_batch_run(const ibx_gimp_order *order, const atomic_bool *stop,
                        const atomic_bool *cancel, ibx_on_event *on_event, void *user,
                        ibx_totals *totals, ibx_error *err) {
    if (!*order->input) return ibx_fail(err, IBX_USAGE, "no folder of images is given");
    if (!*order->output) return ibx_fail(err, IBX_USAGE, "no folder for the results is given");
    ibx_recipe *recipe = ibx_gimp_recipe_read(order->recipe, err);
    if (!recipe) return false;
    const char *const inputs[] = {order->input};
    const ibx_batch batch = {.recipe = recipe,
                             .inputs = inputs,
                             .input_count = 1,
                             .output = order->output,
                             .format = *order->format ? order->format : NULL,
                             .quality = order->quality,
                             .if_exists = (ibx_exists)order->if_exists,
                             .metadata = (ibx_keep)order->metadata,
                             .stop = stop,
                             .limits = {.cancel = cancel}};
    const bool ok = ibx_batch_run(&batch, on_event, user, totals, err);
    ibx_recipe_free(recipe);
    return ok;
}
