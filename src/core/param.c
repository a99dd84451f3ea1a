/* param.c - blocks of parameters: made, set, checked, printed. */
#include "core/param.h"
#include "core/value.h"
#include <stdlib.h>

static bool is_text(const ibx_param *row) {
    return row->type == IBX_TYPE_TEXT || row->type == IBX_TYPE_FILE;
}

/* Puts a value into its field; of texts a copy, in place of the one that was there. */
static bool replace(const ibx_param *row, void *params, ibx_value value) {
    if (is_text(row)) {
        ibx_value old;
        ibx_value_load(row, params, &old);
        if (!(value.text = strdup(value.text))) return false;
        free((void *)(uintptr_t)old.text);
    }
    ibx_value_store(row, params, &value);
    return true;
}

void *ibx_params_new(const ibx_param *rows, size_t size) {
    void *params = calloc(1, size ? size : 1);
    if (!params) return NULL;
    for (const ibx_param *row = rows; row && row->name; row++) {
        ibx_value value;
        if (!ibx_value_default(row, &value) || !replace(row, params, value)) {
            ibx_params_free(rows, params);
            return NULL;
        }
    }
    return params;
}

void ibx_params_free(const ibx_param *rows, void *params) {
    if (!params) return;
    for (const ibx_param *row = rows; row && row->name; row++) {
        ibx_value value;
        ibx_value_load(row, params, &value);
        if (is_text(row)) free((void *)(uintptr_t)value.text);
    }
    free(params);
}

int ibx_param_count(const ibx_param *rows) {
    int n = 0;
    while (rows && rows[n].name) n++;
    return n;
}

const ibx_param *ibx_param_find(const ibx_param *rows, const char *name) {
    for (const ibx_param *row = rows; row && row->name; row++)
        if (strcmp(row->name, name) == 0) return row;
    return NULL;
}

/* ---- setting ------------------------------------------------------------------------------ */

/* Removes the quotes of "quoted text" and its escapes \" and \\, in place. */
static bool unquote(char *s) {
    char *to = s;
    for (s++; *s != '"'; *to++ = *s++) {
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\')) s++;
        if (*s == 0) return false;
    }
    const bool at_end = s[1] == 0;
    *to = 0;
    return at_end;
}

static const char *choice_word(const void *list, int i) {
    return ((const char *const *)list)[i];
}

static bool refuse(const ibx_param *row, const char *value, const char *where, ibx_error *err) {
    char range[200];
    ibx_param_range(row, range, sizeof range);
    const ibx_shown shown = ibx_show(value, strlen(value));
    const char *near = NULL;
    if (row->type == IBX_TYPE_CHOICE) {
        int count = 0;
        while (row->choices[count]) count++;
        near = ibx_nearest(value, choice_word, row->choices, count);
    }
    return ibx_fail(err, IBX_USAGE, "%s: %s is %s, but must be %s%s%s%s%s", where, row->name,
                    shown.text, row->type == IBX_TYPE_INT ? "a whole number, " : "", range,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

bool ibx_param_set(const ibx_param *row, void *params, const char *value, const char *where,
                   ibx_error *err) {
    if (*value == 0) {
        char range[200];
        ibx_param_range(row, range, sizeof range);
        return ibx_fail(err, IBX_USAGE, "%s: %s has no value; it must be %s%s", where, row->name,
                        range, is_text(row) ? ", or \"\" for none" : "");
    }
    char *plain = strdup(value);
    if (!plain) return ibx_fail(err, IBX_MEMORY, "%s: no memory", where);
    ibx_value parsed;
    bool ok = false;
    if (*plain == '"' && !unquote(plain))
        ibx_fail(err, IBX_USAGE, "%s: the quotes of %s do not match", where, row->name);
    else if (!ibx_value_parse(row, plain, &parsed))
        refuse(row, plain, where, err);
    else if (!replace(row, params, parsed))
        ibx_fail(err, IBX_MEMORY, "%s: no memory", where);
    else
        ok = true;
    free(plain);
    return ok;
}

/* ---- printing ----------------------------------------------------------------------------- */

int ibx_param_print(const ibx_param *row, const void *params, char *text, size_t size) {
    ibx_text t = {text, size, 0};
    ibx_value value;
    ibx_value_load(row, params, &value);
    ibx_value_print(row, &value, &t);
    return ibx_text_end(&t);
}

bool ibx_param_is_default(const ibx_param *row, const void *params) {
    ibx_value value, standard;
    ibx_value_load(row, params, &value);
    return ibx_value_default(row, &standard) && ibx_value_equal(row, &value, &standard);
}

/* "inside, cover or fill" */
static void put_words(ibx_text *t, const char *const *words) {
    for (int i = 0; words[i]; i++) {
        if (i > 0) ibx_text_put(t, words[i + 1] ? ", " : " or ");
        ibx_text_put(t, words[i]);
    }
}

/* "0.1 to 250 px" */
static void put_range(ibx_text *t, const ibx_param *row) {
    if (row->type == IBX_TYPE_INT || row->type == IBX_TYPE_EXTENT) {
        ibx_text_add(t, "%d to %d", (int)row->min, (int)row->max);
    } else {
        ibx_float_print((float)row->min, t);
        ibx_text_put(t, " to ");
        ibx_float_print((float)row->max, t);
    }
    if (*row->unit) ibx_text_add(t, " %s", row->unit);
}

int ibx_param_range(const ibx_param *row, char *text, size_t size) {
    ibx_text t = {text, size, 0};
    switch (row->type) {
    case IBX_TYPE_FLOAT:
    case IBX_TYPE_INT:
        put_range(&t, row);
        break;
    case IBX_TYPE_BOOL:
        ibx_text_put(&t, "yes or no");
        break;
    case IBX_TYPE_CHOICE:
        put_words(&t, row->choices);
        break;
    case IBX_TYPE_COLOUR:
        ibx_text_put(&t, "#rgb, #rrggbb, #rrggbbaa, white, black or transparent");
        break;
    case IBX_TYPE_TEXT:
        ibx_text_put(&t, "a text");
        break;
    case IBX_TYPE_FILE:
        ibx_text_put(&t, "the name of a file");
        break;
    case IBX_TYPE_EXTENT:
        ibx_text_put(&t, "WxH, Wx, xH, N (=NxN) or N%, sides ");
        put_range(&t, row);
        ibx_text_add(&t, ", up to %d%%", IBX_MAX_PERCENT);
        break;
    case IBX_TYPE_LENGTH:
        put_range(&t, row);
        ibx_text_add(&t, ", or up to %d%%", IBX_MAX_PERCENT);
        break;
    }
    return ibx_text_end(&t);
}
