/* steps.c - the text of a recipe, taken apart and edited. */
#include "gimp/model/steps.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- reading --------------------------------------------------------------------------------- */

static bool separates(char c) {
    return c == '/' || c == ' ' || (c >= '\t' && c <= '\r');
}

static bool in_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* Behind separators and comments. */
static size_t skip(const char *text, size_t at) {
    for (;;) {
        while (separates(text[at])) at++;
        if (text[at] != '#') return at;
        at += strcspn(text + at, "\n");
    }
}

static size_t value_end(const char *text, size_t at) {
    if (text[at] != '"') {
        while (text[at] && text[at] != ',' && !separates(text[at])) at++;
        return at;
    }
    for (at++; text[at] && text[at] != '"'; at++)
        if (text[at] == '\\' && (text[at + 1] == '"' || text[at + 1] == '\\')) at++;
    if (text[at]) at++;
    while (text[at] && text[at] != ',' && !separates(text[at])) at++; /* that is an error */
    return at;
}

static ibx_gimp_slice slice(size_t at, size_t end) {
    return (ibx_gimp_slice){at, end - at};
}

static ibx_gimp_part read_part(const char *text, size_t at) {
    ibx_gimp_part part = {.key = {at, 0}};
    size_t end = at;
    while (in_key(text[end])) end++;
    if (text[end] == '=' && end > at) {
        part.key = slice(at, end);
        at = end + 1;
    }
    part.value = slice(at, value_end(text, at));
    return part;
}

bool ibx_gimp_next_step(const char *text, size_t from, ibx_gimp_stretch *s) {
    size_t at = skip(text, from), end = at;
    if (!text[at]) return false;
    while (text[end] && text[end] != ':' && !separates(text[end])) end++;
    *s = (ibx_gimp_stretch){.name = slice(at, end)};
    for (char mark = ':'; text[end] == mark; mark = ',') {
        const ibx_gimp_part part = read_part(text, end + 1);
        end = part.value.at + part.value.length;
        if (s->parts < IBX_GIMP_MOST_PARTS) s->part[s->parts++] = part;
    }
    s->all = slice(at, end);
    return true;
}

static size_t end_of(const ibx_gimp_stretch *s) {
    return s->all.at + s->all.length;
}

int ibx_gimp_count_steps(const char *text) {
    ibx_gimp_stretch s = {0};
    int count = 0;
    while (ibx_gimp_next_step(text, end_of(&s), &s)) count++;
    return count;
}

bool ibx_gimp_find_step(const char *text, int number, ibx_gimp_stretch *s) {
    *s = (ibx_gimp_stretch){0};
    for (int i = 0; i <= number; i++)
        if (!ibx_gimp_next_step(text, end_of(s), s)) return false;
    return number >= 0;
}

int ibx_gimp_step_at(const char *text, size_t place) {
    ibx_gimp_stretch s = {0};
    for (int i = 0; ibx_gimp_next_step(text, end_of(&s), &s) && s.all.at <= place; i++)
        if (place <= end_of(&s)) return i;
    return -1;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static bool is(const char *text, ibx_gimp_slice s, const char *word) {
    return strlen(word) == s.length && strncmp(text + s.at, word, s.length) == 0;
}

static ibx_gimp_slice whole(const ibx_gimp_part *part) {
    return part->key.length ? slice(part->key.at, part->value.at + part->value.length)
                            : part->value;
}

/* Values are told without their quotes, and cut. */
static bool holds(const char *text, ibx_gimp_slice value, const char *told) {
    if (value.length && text[value.at] == '"') {
        value.at++;
        value.length--;
    }
    const size_t n = strlen(told);
    return n > 0 && n <= value.length && strncmp(text + value.at, told, n) == 0;
}

ibx_gimp_slice ibx_gimp_error_place(const char *text, const ibx_error *err) {
    ibx_gimp_stretch s;
    if (err->step < 1 || !ibx_gimp_find_step(text, err->step - 1, &s)) return (ibx_gimp_slice){0};
    for (int i = 0; i < s.parts; i++)
        if (s.part[i].key.length && is(text, s.part[i].key, err->parameter))
            return whole(&s.part[i]);
    for (int i = 0; i < s.parts; i++)
        if (holds(text, s.part[i].value, err->value)) return whole(&s.part[i]);
    return err->parameter[0] || err->value[0] ? s.all : s.parts ? s.all : s.name;
}

/* ---- edits ----------------------------------------------------------------------------------- */

/* The text with other words in the place of a slice. */
static char *splice(const char *text, ibx_gimp_slice s, const char *left, const char *words,
                    const char *right) {
    char *result = NULL;
    if (asprintf(&result, "%.*s%s%s%s%s", (int)s.at, text, left, words, right,
                 text + s.at + s.length) < 0)
        return NULL;
    return result;
}

char *ibx_gimp_replace_step(const char *text, int number, const char *step) {
    ibx_gimp_stretch s;
    return ibx_gimp_find_step(text, number, &s) ? splice(text, s.all, "", step, "") : strdup(text);
}

/* Behind the last step: a text of lines gets a line, a text of one line a "/". */
static char *append(const char *text, const char *step) {
    size_t end = strlen(text);
    if (skip(text, 0) == end && !strchr(text, '#')) return strdup(step);
    while (end > 0 && separates(text[end - 1])) end--;
    const bool lines = memchr(text, '\n', end) || strchr(text, '#');
    return splice(text, slice(end, strlen(text)), lines ? "\n" : "/", step, "");
}

/* What stands between this step and the next: what separates new ones too. */
static const char *separator_of(const char *text, const ibx_gimp_stretch *s) {
    ibx_gimp_stretch next;
    const bool more = ibx_gimp_next_step(text, end_of(s), &next);
    const size_t end = more ? next.all.at : end_of(s);
    return memchr(text + end_of(s), '\n', end - end_of(s)) ? "\n" : "/";
}

char *ibx_gimp_insert_step(const char *text, int number, const char *step) {
    ibx_gimp_stretch s;
    if (!ibx_gimp_find_step(text, number, &s)) return append(text, step);
    return splice(text, slice(s.all.at, s.all.at), "", step, separator_of(text, &s));
}

char *ibx_gimp_remove_step(const char *text, int number) {
    ibx_gimp_stretch s, other;
    if (!ibx_gimp_find_step(text, number, &s)) return strdup(text);
    size_t begin = s.all.at, end = end_of(&s);
    const bool last = !ibx_gimp_next_step(text, end, &other);
    if (!last) {
        while (separates(text[end])) end++;
    } else if (number > 0) {
        while (begin > 0 && separates(text[begin - 1])) begin--;
    }
    return splice(text, slice(begin, end), "", "", "");
}

char *ibx_gimp_move_step(const char *text, int from, int to) {
    ibx_gimp_stretch s;
    if (from == to || to < 0 || to >= ibx_gimp_count_steps(text) ||
        !ibx_gimp_find_step(text, from, &s))
        return strdup(text);
    char *step = strndup(text + s.all.at, s.all.length);
    char *rest = step ? ibx_gimp_remove_step(text, from) : NULL;
    char *moved = rest ? ibx_gimp_insert_step(rest, to, step) : NULL;
    free(step);
    free(rest);
    return moved;
}

bool ibx_gimp_find_move(const int *order, int count, int *from, int *to) {
    int first = 0;
    while (first < count && order[first] == first) first++;
    if (first == count) return false;
    *from = order[first];
    *to = first;
    if (order[first] != first + 1) return true; /* it came up; the others went down by one */
    *from = first;
    while (*to < count && order[*to] != first) ++*to;
    return *to < count;
}
