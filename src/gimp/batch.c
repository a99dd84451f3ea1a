/* batch.c - a batch ordered from within GIMP. */
#include "gimp/batch.h"
#include "engine/job.h"
#include "engine/name.h"
#include "gimp/home.h"
#include "gimp/recipe.h"
#include <stdlib.h>
#include <unistd.h>

/* ---- orders ------------------------------------------------------------------------------ */

enum { TEXTS = 5, NUMBERS = 6 };

/* The fields in the order in which they are kept. */
static void texts_of(ibx_gimp_order *o, char **field[TEXTS]) {
    char **const fields[TEXTS] = {&o->recipe, &o->input, &o->output, &o->format, &o->name};
    memcpy(field, fields, sizeof fields);
}

static void numbers_of(ibx_gimp_order *o, int *field[NUMBERS]) {
    int *const fields[NUMBERS] = {&o->quality, &o->if_exists, &o->metadata,
                                  &o->threads, &o->memory,    &o->keep_time};
    memcpy(field, fields, sizeof fields);
}

bool ibx_gimp_order_text(char **field, const char *text) {
    char *copy = strdup(text);
    if (!copy) return false;
    free(*field);
    *field = copy;
    return true;
}

bool ibx_gimp_order_new(ibx_gimp_order *order, ibx_error *err) {
    char **field[TEXTS];
    bool ok = true;
    *order = (ibx_gimp_order){0};
    texts_of(order, field);
    for (int i = 0; i < TEXTS; i++) ok = ibx_gimp_order_text(field[i], "") && ok;
    if (ok) return true;
    ibx_gimp_order_free(order);
    return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
}

void ibx_gimp_order_free(ibx_gimp_order *order) {
    char **field[TEXTS];
    texts_of(order, field);
    for (int i = 0; i < TEXTS; i++) free(*field[i]);
    *order = (ibx_gimp_order){0};
}

/* The numbers, then the texts, each behind its length: texts may hold anything. */
char *ibx_gimp_order_print(const ibx_gimp_order *order) {
    ibx_gimp_order o = *order;
    char **texts[TEXTS], *text = NULL;
    int *numbers[NUMBERS];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    numbers_of(&o, numbers);
    texts_of(&o, texts);
    for (int i = 0; i < NUMBERS; i++) fprintf(out, "%s%d", i ? " " : "", *numbers[i]);
    for (int i = 0; i < TEXTS; i++) fprintf(out, " %zu:%s", strlen(*texts[i]), *texts[i]);
    fclose(out);
    return text;
}

static bool read_number(const char **at, int *number) {
    int head = 0;
    if (sscanf(*at, "%d%n", number, &head) != 1) return false;
    *at += head;
    return true;
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
    char **texts[TEXTS];
    int *numbers[NUMBERS];
    bool ok = true;
    numbers_of(&o, numbers);
    texts_of(&o, texts);
    for (int i = 0; i < NUMBERS && ok; i++) ok = read_number(&text, numbers[i]);
    for (int i = 0; i < TEXTS && ok; i++) ok = (*texts[i] = read_text(&text)) != NULL;
    if (ok && *text == 0) {
        ibx_gimp_order_free(order);
        *order = o;
        return true;
    }
    ibx_gimp_order_free(&o);
    return false;
}

/* ---- from an order to a batch ------------------------------------------------------------- */

static bool copy_order(ibx_gimp_order *to, const ibx_gimp_order *from) {
    char *text = ibx_gimp_order_print(from);
    const bool ok = text && ibx_gimp_order_read(to, text);
    free(text);
    return ok;
}

/* Cuts the lines of the inputs apart; empty ones are passed over. */
static bool take_inputs(ibx_gimp_batch *b, ibx_error *err) {
    size_t lines = 1;
    for (const char *c = b->order.input; *c; c++) lines += *c == '\n';
    b->inputs = calloc(lines, sizeof *b->inputs);
    if (!b->inputs) return ibx_fail(err, IBX_MEMORY, "no memory for the list of inputs");
    for (char *line = b->order.input, *rest; line; line = rest) {
        rest = strchr(line, '\n');
        if (rest) *rest++ = 0;
        if (!*line) continue;
        char *path = ibx_gimp_at_home(line);
        if (!path) return ibx_fail(err, IBX_MEMORY, "no memory for the list of inputs");
        b->inputs[b->batch.input_count++] = path;
    }
    b->batch.inputs = (const char *const *)b->inputs;
    return b->batch.input_count > 0 ||
           ibx_fail(err, IBX_USAGE, "no folder or file of images is given");
}

static bool take_output(ibx_gimp_batch *b, ibx_error *err) {
    if (!*b->order.output) return ibx_fail(err, IBX_USAGE, "no folder for the results is given");
    char *path = ibx_gimp_at_home(b->order.output);
    if (!path) return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
    free(b->order.output);
    b->batch.output = b->order.output = path;
    return true;
}

bool ibx_gimp_batch_open(ibx_gimp_batch *b, const ibx_gimp_order *order, ibx_error *err) {
    *b = (ibx_gimp_batch){0};
    if (!copy_order(&b->order, order)) return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
    const ibx_gimp_order *o = &b->order;
    b->batch = (ibx_batch){.name = *o->name ? o->name : NULL,
                           .format = *o->format ? o->format : NULL,
                           .quality = o->quality,
                           .if_exists = (ibx_exists)o->if_exists,
                           .keep_mtime = o->keep_time != 0,
                           .metadata = (ibx_keep)o->metadata,
                           .limits = {.threads = o->threads, .memory = (size_t)o->memory << 20}};
    if (!take_inputs(b, err) || !take_output(b, err)) return false;
    b->recipe = ibx_gimp_recipe_read(o->recipe, err);
    b->batch.recipe = b->recipe;
    return b->recipe && ibx_names_valid(&b->batch, err);
}

void ibx_gimp_batch_close(ibx_gimp_batch *b) {
    ibx_recipe_free(b->recipe);
    for (size_t i = 0; i < b->batch.input_count; i++) free(b->inputs[i]);
    free(b->inputs);
    ibx_gimp_order_free(&b->order);
    *b = (ibx_gimp_batch){0};
}

bool ibx_gimp_batch_run(const ibx_gimp_order *order, const atomic_bool *stop,
                        const atomic_bool *cancel, ibx_on_event *on_event, void *user,
                        ibx_totals *totals, ibx_error *err) {
    ibx_gimp_batch b;
    bool ok = ibx_gimp_batch_open(&b, order, err);
    b.batch.stop = stop;
    b.batch.limits.cancel = cancel;
    ok = ok && ibx_batch_run(&b.batch, on_event, user, totals, err);
    ibx_gimp_batch_close(&b);
    return ok;
}

/* ---- what would be done -------------------------------------------------------------------- */

static void look_for(const ibx_batch *batch, const ibx_listing *listing, size_t n, int save,
                     ibx_gimp_outline *outline) {
    const ibx_output o = ibx_output_of(batch, &listing->entries[n], n, save);
    const char *template = ibx_output_template(&o);
    char *name = ibx_output_name(&o, NULL), *path = NULL;
    if (!name) return;
    outline->files++;
    if (strstr(template, "{w") || strstr(template, "{h"))
        outline->unsized++;
    else if (asprintf(&path, "%s/%s", batch->output, name) < 0)
        path = NULL;
    outline->existing += path && access(path, F_OK) == 0;
    free(path);
    free(name);
}

bool ibx_gimp_batch_outline(const ibx_batch *batch, ibx_gimp_outline *outline, char **collisions,
                            ibx_error *err) {
    ibx_listing listing = {0};
    size_t size;
    *outline = (ibx_gimp_outline){0};
    *collisions = NULL;
    FILE *out = open_memstream(collisions, &size);
    const bool ok = ibx_batch_check(batch, &listing, out, err);
    const int saves = ibx_recipe_outputs(batch->recipe);
    for (size_t i = 0; ok && i < listing.count; i++) {
        outline->unreadable += listing.entries[i].error != 0;
        for (int k = 0; k < saves; k++) look_for(batch, &listing, i, k, outline);
    }
    outline->images = listing.count;
    ibx_listing_free(&listing);
    if (out) fclose(out);
    return ok;
}
