/* values.c - a block of parameters under edit. */
#include "gimp/model/values.h"
#include "core/param.h"
#include "core/text.h"
#include <ctype.h>
#include <stdlib.h>

struct ibx_window_values {
    ibx_step step; /* its block is ours */
    const ibx_param *rows;
    size_t size; /* of the block */
    int count;
    const char *where;  /* names the step in sentences */
    ibx_error *problem; /* of each row; code IBX_OK: none */
};

/* ---- spelling -------------------------------------------------------------------------------- */

static bool is_words(const ibx_param *row) {
    return row->type == IBX_TYPE_TEXT || row->type == IBX_TYPE_FILE;
}

/* Without blanks at both ends. malloc'd. */
static char *trim(const char *words) {
    const char *first = words + strspn(words, " \t");
    size_t length = strlen(first);
    while (length > 0 && strchr(" \t", first[length - 1])) length--;
    return strndup(first, length);
}

/* A value as recipes spell it. malloc'd. */
static char *spell(const ibx_param *row, const void *block) {
    const int length = ibx_param_print(row, block, NULL, 0);
    char *text = malloc((size_t)length + 1);
    if (text) ibx_param_print(row, block, text, (size_t)length + 1);
    return text;
}

/* ---- the block ------------------------------------------------------------------------------- */

/* Texts of a block belong to it, so a copy is made of spellings. */
static bool copy_row(const ibx_param *row, const void *from, void *to) {
    char *text = spell(row, from);
    const bool ok = text && ibx_param_set(row, to, text, "", NULL);
    free(text);
    return ok;
}

static bool copy_rows(const ibx_param *rows, const void *from, void *to) {
    for (const ibx_param *row = rows; row && row->name; row++)
        if (!copy_row(row, from, to)) return false;
    return true;
}

ibx_window_values *ibx_window_values_new(const ibx_step *step) {
    ibx_window_values *v = calloc(1, sizeof *v);
    if (!v) return NULL;
    v->step = *step;
    v->rows = ibx_step_rows(step);
    v->count = ibx_param_count(v->rows);
    v->size = step->filter   ? step->filter->params_size
              : step->format ? step->format->params_size
                             : sizeof(ibx_save_any);
    v->where = step->filter ? step->filter->name : step->format ? step->format->name : "save";
    v->step.params = ibx_params_new(v->rows, v->size);
    v->problem = calloc((size_t)v->count + 1, sizeof *v->problem);
    if (v->step.params && v->problem &&
        (!step->params || copy_rows(v->rows, step->params, v->step.params)))
        return v;
    ibx_window_values_free(v);
    return NULL;
}

void ibx_window_values_free(ibx_window_values *v) {
    if (!v) return;
    ibx_params_free(v->rows, v->step.params);
    free(v->problem);
    free(v);
}

const ibx_param *ibx_window_values_rows(const ibx_window_values *v) {
    return v->rows;
}

const void *ibx_window_values_block(const ibx_window_values *v) {
    return v->step.params;
}

bool ibx_window_values_store(const ibx_window_values *v, void *params) {
    return copy_rows(v->rows, v->step.params, params);
}

/* ---- rows ------------------------------------------------------------------------------------ */

bool ibx_window_values_set(ibx_window_values *v, int row, const char *words) {
    const ibx_param *p = &v->rows[row];
    char *spelling = is_words(p) ? ibx_quoted(words) : trim(words);
    v->problem[row] = (ibx_error){0};
    const bool ok = spelling
                        ? ibx_param_set(p, v->step.params, spelling, v->where, &v->problem[row])
                        : ibx_fail(&v->problem[row], IBX_MEMORY, "%s: no memory", v->where);
    free(spelling);
    return ok;
}

void ibx_window_values_reset(ibx_window_values *v, int row) {
    void *standard = ibx_params_new(v->rows, v->size);
    v->problem[row] = (ibx_error){0};
    if (!standard || !copy_row(&v->rows[row], standard, v->step.params))
        ibx_fail(&v->problem[row], IBX_MEMORY, "%s: no memory", v->where);
    ibx_params_free(v->rows, standard);
}

bool ibx_window_values_is_default(const ibx_window_values *v, int row) {
    return v->problem[row].code == IBX_OK && ibx_param_is_default(&v->rows[row], v->step.params);
}

char *ibx_window_values_words(const ibx_window_values *v, int row) {
    const ibx_param *p = &v->rows[row];
    if (!is_words(p)) return spell(p, v->step.params);
    const char *text;
    memcpy(&text, (const char *)v->step.params + p->offset, sizeof text);
    return strdup(text);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const char *behind(const char *text, const char *start) {
    const size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : text;
}

/* Sentences of recipes say first in which step something is wrong. Here there is one, and its name
 * is the window's title. */
static bool say(const ibx_window_values *v, const ibx_error *why, ibx_error *err) {
    char name[64], text[sizeof why->text];
    snprintf(name, sizeof name, "%s: ", v->where);
    snprintf(text, sizeof text, "%s", behind(behind(why->text, "step 1, "), name));
    *text = (char)toupper((unsigned char)*text);
    const size_t n = strlen(text);
    const char *end = n > 0 && strchr(".!?", text[n - 1]) ? "" : ".";
    return ibx_fail(err, why->code, "%s%s", text, end);
}

bool ibx_window_values_check(const ibx_window_values *v, ibx_error *err) {
    *err = (ibx_error){0};
    for (int i = 0; i < v->count; i++)
        if (v->problem[i].code != IBX_OK) return say(v, &v->problem[i], err);
    ibx_error why = {0};
    char *text = ibx_window_values_print(v);
    ibx_recipe *recipe = text ? ibx_recipe_parse(text, &why) : NULL;
    if (!text) ibx_fail(&why, IBX_MEMORY, "%s: no memory", v->where);
    const bool ok = recipe != NULL || say(v, &why, err);
    ibx_recipe_free(recipe);
    free(text);
    return ok;
}

char *ibx_window_values_print(const ibx_window_values *v) {
    ibx_step step = v->step;
    return ibx_recipe_print(&(ibx_recipe){&step, 1});
}
