/* recipe.c - reads a recipe. The grammar:
 *
 *   recipe = step { sep step }        sep = "/" | newline | blank, as many as you like
 *   step   = name [ ":" arg { "," arg } ]
 *   arg    = value | key "=" value
 *   value  = a word without separators, or "quoted text" with \" and \\
 *
 * "#" where a step would begin opens a comment that lasts to the end of the line. */
#include "core/recipe.h"
#include "core/param.h"
#include "core/text.h"
#include <stdlib.h>

enum { MAX_ARGS = 64 }; /* of one step; no table has more rows */

/* A part of the text. */
typedef struct {
    const char *at;
    size_t length;
} slice;

typedef struct {
    slice key; /* length 0: positional */
    slice value;
} arg;

typedef struct {
    const char *at;           /* what is to be read next */
    int step;                 /* number of the step, from 1 */
    char where[64];           /* "step 2, blur", for error sentences */
    slice name;               /* what is being read, for errors: the step's name, */
    const ibx_format *format; /* the format of a save, */
    slice key;                /* the parameter, */
    slice value;              /* and what it was given */
    arg args[MAX_ARGS];
    int arg_count;
    bool keyed;   /* a positional value may no longer come */
    bool foreign; /* from somebody who may not read local files */
    ibx_error *err;
} parser;

static bool is_separator(char c) {
    return c == '/' || c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_key_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool slice_is(slice s, const char *word) {
    return strlen(word) == s.length && memcmp(s.at, word, s.length) == 0;
}

static slice slice_of(const char *word) {
    return (slice){word, strlen(word)};
}

/* Copies what fits, of UTF-8 only whole characters. */
static void copy_slice(char *to, size_t room, slice s) {
    size_t n = s.length < room ? s.length : room - 1;
    while (n < s.length && n > 0 && ((unsigned char)s.at[n] & 0xC0) == 0x80) n--;
    if (n > 0) memcpy(to, s.at, n);
    to[n] = 0;
}

/* Says in the error where in the recipe it is. */
static void locate(const parser *p) {
    ibx_error *err = p->err;
    if (!err) return;
    err->step = p->step;
    copy_slice(err->name, sizeof err->name, p->name);
    if (p->format) snprintf(err->format, sizeof err->format, "%s", p->format->name);
    copy_slice(err->parameter, sizeof err->parameter, p->key);
    copy_slice(err->value, sizeof err->value, p->value);
}

static bool no_memory(parser *p) {
    return ibx_fail(p->err, IBX_MEMORY, "no memory for the recipe");
}

/* ---- from text to slices ------------------------------------------------------------------ */

/* Goes on to the next step. False at the end of the text. */
static bool skip_to_step(parser *p) {
    for (;;) {
        while (is_separator(*p->at)) p->at++;
        if (*p->at != '#') return *p->at != 0;
        p->at += strcspn(p->at, "\n");
    }
}

static slice scan_name(parser *p) {
    slice name = {p->at, 0};
    while (*p->at && *p->at != ':' && !is_separator(*p->at)) p->at++;
    name.length = (size_t)(p->at - name.at);
    return name;
}

static bool scan_quoted(parser *p) {
    for (p->at++; *p->at != '"'; p->at++) {
        if (*p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\')) p->at++;
        if (*p->at == 0)
            return ibx_fail(p->err, IBX_USAGE, "%s: a quote (\") is opened but never closed",
                            p->where);
    }
    p->at++;
    if (*p->at && *p->at != ',' && !is_separator(*p->at))
        return ibx_fail(p->err, IBX_USAGE,
                        "%s: %s follows a closing quote without a comma or \"/\"", p->where,
                        ibx_show(p->at, strcspn(p->at, "\n")).text);
    return true;
}

static bool scan_word(parser *p) {
    for (; *p->at && *p->at != ',' && !is_separator(*p->at); p->at++)
        if (*p->at == '"')
            return ibx_fail(p->err, IBX_USAGE,
                            "%s: a quote (\") in the middle of a value; quote the whole value, "
                            "with \\\" for a quote inside",
                            p->where);
    return true;
}

static bool scan_arg(parser *p) {
    if (p->arg_count == MAX_ARGS)
        return ibx_fail(p->err, IBX_USAGE, "%s: more than %d values", p->where, MAX_ARGS);
    arg *a = &p->args[p->arg_count++];
    const char *end = p->at;
    while (is_key_char(*end)) end++;
    a->key = (slice){p->at, *end == '=' ? (size_t)(end - p->at) : 0};
    if (a->key.length > 0) p->at = end + 1;
    a->value.at = p->at;
    if (!(*p->at == '"' ? scan_quoted(p) : scan_word(p))) return false;
    a->value.length = (size_t)(p->at - a->value.at);
    return true;
}

/* Everything behind the name. */
static bool scan_args(parser *p) {
    p->arg_count = 0;
    p->keyed = false;
    if (*p->at != ':') return true;
    do {
        p->at++;
        if (!scan_arg(p)) return false;
    } while (*p->at == ',');
    return true;
}

/* ---- from slices to parameters ------------------------------------------------------------ */

static const char *row_name(const void *rows, int i) {
    return ((const ibx_param *)rows)[i].name;
}

/* "it takes sigma and amount" */
static bool fail_with_rows(parser *p, const ibx_param *rows, const char *problem) {
    char names[200];
    ibx_text t = {names, sizeof names, 0};
    const int count = ibx_param_count(rows);
    for (int i = 0; i < count; i++) {
        if (i > 0) ibx_text_put(&t, i + 1 < count ? ", " : " and ");
        ibx_text_put(&t, rows[i].name);
    }
    ibx_text_end(&t);
    return ibx_fail(p->err, IBX_USAGE, "%s: %s; it takes %s", p->where, problem,
                    count > 0 ? names : "no parameters");
}

static bool fail_unknown_key(parser *p, const ibx_param *rows, slice key) {
    char problem[200], word[64];
    const size_t n = key.length < sizeof word ? key.length : sizeof word - 1;
    memcpy(word, key.at, n);
    word[n] = 0;
    const char *near = ibx_nearest(word, row_name, rows, ibx_param_count(rows));
    const ibx_shown shown = ibx_show(key.at, key.length);
    if (near)
        return ibx_fail(p->err, IBX_USAGE, "%s: there is no parameter %s; did you mean %s?",
                        p->where, shown.text, near);
    snprintf(problem, sizeof problem, "there is no parameter %s", shown.text);
    return fail_with_rows(p, rows, problem);
}

/* The row that an argument is for, or -1 and an error. `position` counts positional values. */
static int find_row(parser *p, const ibx_param *rows, const arg *a, int *position) {
    const int count = ibx_param_count(rows);
    p->key = a->key;
    p->value = a->value;
    if (a->key.length > 0) {
        for (int i = 0; i < count; i++)
            if (slice_is(a->key, rows[i].name)) return i;
        return fail_unknown_key(p, rows, a->key), -1;
    }
    if (p->keyed)
        return ibx_fail(p->err, IBX_USAGE,
                        "%s: the value %s follows a named one, so it needs a name too (NAME=VALUE)",
                        p->where, ibx_show(a->value.at, a->value.length).text),
               -1;
    if (*position < count) return (*position)++;
    return fail_with_rows(p, rows, "too many values"), -1;
}

static bool set_row(parser *p, const ibx_param *row, slice value, void *params) {
    char *text = strndup(value.at, value.length);
    if (!text) return no_memory(p);
    const bool ok = ibx_param_set(row, params, text, p->where, p->err);
    free(text);
    return ok;
}

/* Fills a block from the arguments. */
static bool set_rows(parser *p, const ibx_param *rows, void *params) {
    int position = 0;
    uint64_t given = 0;
    for (int i = 0; i < p->arg_count; i++) {
        const arg *a = &p->args[i];
        const int row = find_row(p, rows, a, &position);
        if (row < 0) return false;
        p->key = slice_of(rows[row].name);
        if (given >> row & 1)
            return ibx_fail(p->err, IBX_USAGE, "%s: %s is given twice", p->where, rows[row].name);
        given |= (uint64_t)1 << row;
        p->keyed = a->key.length > 0;
        if (!set_row(p, &rows[row], a->value, params)) return false;
    }
    return true;
}

static bool new_params(parser *p, const ibx_param *rows, size_t size, void **params) {
    *params = ibx_params_new(rows, size);
    if (!*params) return no_memory(p);
    if (set_rows(p, rows, *params)) {
        p->key = p->value = (slice){"", 0};
        return true;
    }
    ibx_params_free(rows, *params);
    *params = NULL;
    return false;
}

/* ---- steps -------------------------------------------------------------------------------- */

static const char *format_name(const void *formats, int i) {
    return ((const ibx_format *const *)formats)[i]->name;
}

static const char *filter_name(const void *filters, int i) {
    return ((const ibx_filter *const *)filters)[i]->name;
}

static const char *save_word(const void *list, int i) {
    (void)list, (void)i;
    return "save";
}

static void free_step(ibx_step *step) {
    if (step->filter && step->filter->close) step->filter->close(step->params);
    ibx_params_free(ibx_step_rows(step), step->params);
}

static bool fail_unknown_format(parser *p, const char *word) {
    size_t count;
    const ibx_format *const *all = ibx_formats(&count);
    char names[120];
    ibx_text t = {names, sizeof names, 0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ibx_text_put(&t, i + 1 < count ? ", " : " and ");
        ibx_text_put(&t, all[i]->name);
    }
    ibx_text_end(&t);
    const char *near = ibx_nearest(word, format_name, all, (int)count);
    return ibx_fail(p->err, IBX_USAGE, "%s: there is no format %s; %s%s%s", p->where,
                    ibx_show(word, strlen(word)).text, near ? "did you mean " : "there are ",
                    near ? near : names, near ? "?" : "");
}

/* Finds the format of a word, or sees that it is to be chosen. */
static bool find_format(parser *p, const char *word, ibx_step *step) {
    step->automatic = strcmp(word, IBX_AUTOMATIC) == 0;
    if (!step->automatic) step->format = ibx_format_find(word);
    return step->automatic || step->format || fail_unknown_format(p, word);
}

/* Takes the argument that names a format, the first or format=..., out of the list. */
static bool take_format(parser *p, ibx_step *step) {
    int at = p->arg_count > 0 && p->args[0].key.length == 0 ? 0 : -1;
    for (int i = 0; i < p->arg_count; i++) {
        if (!slice_is(p->args[i].key, "format")) continue;
        if (at >= 0) return ibx_fail(p->err, IBX_USAGE, "%s: format is given twice", p->where);
        at = i;
    }
    if (at < 0) return true;
    slice value = p->args[at].value;
    p->key = slice_of("format");
    p->value = value;
    if (value.length > 1 && *value.at == '"') value = (slice){value.at + 1, value.length - 2};
    p->keyed = at == 0 && p->args[at].key.length > 0;
    char *word = strndup(value.at, value.length);
    if (!word) return no_memory(p);
    const bool ok = find_format(p, word, step);
    free(word);
    p->arg_count--;
    for (int i = at; i < p->arg_count; i++) p->args[i] = p->args[i + 1];
    return ok;
}

/* The first format that has a parameter which `save` without a format has not; or NULL. */
static const ibx_format *owner_of(slice key) {
    size_t count;
    const ibx_format *const *all = ibx_formats(&count);
    for (size_t f = 0; f < count; f++)
        for (const ibx_param *row = all[f]->params; row->name; row++)
            if (slice_is(key, row->name) && !ibx_param_find(IBX_SAVE_ANY, row->name)) return all[f];
    return NULL;
}

/* A parameter of some format in a `save` that names none. */
static bool check_save_any(parser *p) {
    for (int i = 0; i < p->arg_count; i++) {
        const slice key = p->args[i].key;
        const ibx_format *owner = owner_of(key);
        if (!owner) continue;
        p->key = key;
        p->value = p->args[i].value;
        return ibx_fail(p->err, IBX_USAGE,
                        "%s: %.*s belongs to a format, so name one first, as in save:%s,%.*s=...",
                        p->where, (int)key.length, key.at, owner->name, (int)key.length, key.at);
    }
    return true;
}

static bool read_save(parser *p, ibx_step *step) {
    if (!take_format(p, step)) return false;
    p->format = step->format;
    if (step->format)
        return new_params(p, step->format->params, step->format->params_size, &step->params);
    return check_save_any(p) && new_params(p, IBX_SAVE_ANY, sizeof(ibx_save_any), &step->params);
}

static bool fail_unknown_filter(parser *p, const char *name) {
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    const char *near = ibx_nearest(name, filter_name, all, (int)count);
    if (!near) near = ibx_nearest(name, save_word, NULL, 1);
    return ibx_fail(p->err, IBX_USAGE,
                    "step %d: there is no filter %s%s%s%s \"imbrex filters\" lists them all",
                    p->step, ibx_show(name, strlen(name)).text, near ? "; did you mean " : ";",
                    near ? near : "", near ? "?" : "");
}

/* Puts the step in front of what a filter says about its parameters. */
static bool fail_open(parser *p, const ibx_filter *filter, const ibx_error *why) {
    const size_t n = strlen(filter->name);
    const bool named = strncmp(why->text, filter->name, n) == 0 && why->text[n] == ':';
    return ibx_fail(p->err, why->code, "%s: %s", p->where,
                    named ? why->text + n + 1 + strspn(why->text + n + 1, " ") : why->text);
}

/* A step that failed and takes a file may have been cut off in the middle of its name. */
static bool hint_at_quotes(const parser *p, const ibx_filter *filter) {
    bool takes_file = false;
    for (const ibx_param *row = filter->params; row && row->name; row++)
        takes_file |= row->type == IBX_TYPE_FILE;
    if (!p->err || !takes_file || *p->at != '/') return false;
    const ibx_error why = *p->err;
    return ibx_fail(p->err, why.code, "%s; a name with \"/\" in it needs quotes", why.text);
}

/* A stranger's recipe names no file of ours: refused before anything is opened. */
static bool check_files(parser *p, const ibx_filter *filter, const void *params) {
    for (const ibx_param *row = filter->params; p->foreign && row && row->name; row++) {
        if (row->type != IBX_TYPE_FILE || ibx_param_is_default(row, params)) continue;
        p->key = (slice){row->name, strlen(row->name)};
        return ibx_fail(p->err, IBX_USAGE, "%s: %s names a file, which is not allowed from here",
                        p->where, row->name);
    }
    return true;
}

static bool read_filter(parser *p, const ibx_filter *filter, ibx_step *step) {
    step->filter = filter;
    if (!new_params(p, filter->params, filter->params_size, &step->params))
        return hint_at_quotes(p, filter);
    if (!check_files(p, filter, step->params)) {
        free_step(step);
        return false;
    }
    ibx_error why = {0};
    if (!filter->open || filter->open(step->params, &why)) return true;
    free_step(step);
    return fail_open(p, filter, &why) || hint_at_quotes(p, filter);
}

/* Reads the step at p->at. */
static bool read_step(parser *p, ibx_step *step) {
    const slice name = p->name = scan_name(p);
    if (name.length == 0)
        return ibx_fail(p->err, IBX_USAGE,
                        "step %d: the name of a filter is missing in front of %s", p->step,
                        ibx_show(p->at, strcspn(p->at, "/\n")).text);
    char *word = strndup(name.at, name.length);
    if (!word) return no_memory(p);
    snprintf(p->where, sizeof p->where, "step %d, %s", p->step, word);
    const bool save = strcmp(word, "save") == 0;
    const ibx_filter *filter = save ? NULL : ibx_filter_find(word);
    if (!save && !filter) fail_unknown_filter(p, word);
    free(word);
    if (save) return scan_args(p) && read_save(p, step);
    return filter && scan_args(p) && read_filter(p, filter, step);
}

/* ---- recipes ------------------------------------------------------------------------------ */

static bool add_step(parser *p, ibx_recipe *recipe, ibx_step step) {
    const size_t size = (size_t)(recipe->count + 1) * sizeof step;
    ibx_step *steps = realloc(recipe->steps, size);
    if (!steps) {
        free_step(&step);
        return no_memory(p);
    }
    recipe->steps = steps;
    recipe->steps[recipe->count++] = step;
    return true;
}

static bool read_steps(parser *p, ibx_recipe *recipe) {
    while (skip_to_step(p)) {
        ibx_step step = {0};
        p->step = recipe->count + 1;
        p->name = p->key = p->value = (slice){"", 0};
        p->format = NULL;
        if (p->step > IBX_MAX_STEPS)
            return ibx_fail(p->err, IBX_USAGE, "a recipe has at most %d steps", IBX_MAX_STEPS);
        if (!read_step(p, &step) || !add_step(p, recipe, step)) return false;
    }
    return true;
}

static ibx_recipe *parse(const char *text, bool foreign, ibx_error *err) {
    parser p = {.at = text,
                .name = {"", 0},
                .key = {"", 0},
                .value = {"", 0},
                .foreign = foreign,
                .err = err};
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) p.at += 3; /* the mark of UTF-8 in text files */
    ibx_recipe *recipe = calloc(1, sizeof *recipe);
    if (!recipe) {
        no_memory(&p);
        return NULL;
    }
    if (read_steps(&p, recipe)) return recipe;
    locate(&p);
    ibx_recipe_free(recipe);
    return NULL;
}

ibx_recipe *ibx_recipe_parse(const char *text, ibx_error *err) {
    return parse(text, false, err);
}

ibx_recipe *ibx_recipe_parse_foreign(const char *text, ibx_error *err) {
    return parse(text, true, err);
}

void ibx_recipe_free(ibx_recipe *recipe) {
    if (!recipe) return;
    for (int i = 0; i < recipe->count; i++) free_step(&recipe->steps[i]);
    free(recipe->steps);
    free(recipe);
}

int ibx_recipe_saves(const ibx_recipe *recipe) {
    int saves = 0;
    for (int i = 0; i < recipe->count; i++) saves += recipe->steps[i].filter == NULL;
    return saves;
}

bool ibx_recipe_has(const ibx_recipe *recipe, unsigned traits) {
    for (int i = 0; i < recipe->count; i++)
        if (recipe->steps[i].filter && recipe->steps[i].filter->traits & traits) return true;
    return false;
}

bool ibx_recipe_is_automatic(const ibx_recipe *recipe) {
    for (int i = 0; i < recipe->count; i++)
        if (recipe->steps[i].automatic) return true;
    return false;
}

int ibx_recipe_outputs(const ibx_recipe *recipe) {
    const bool ends = recipe->count > 0 && !recipe->steps[recipe->count - 1].filter;
    return ibx_recipe_saves(recipe) + (ends ? 0 : 1);
}
