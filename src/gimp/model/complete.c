/* complete.c - ways to go on, from the tables of filters and formats. */
#include "gimp/model/complete.h"
#include "core/recipe.h"
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *text;
    size_t cursor;
    ibx_gimp_choices *choices;
    bool ok;
} reader;

/* Adds a word with an ending, if what was typed is its beginning. */
static void offer(reader *r, const char *word, const char *ending, const char *says) {
    ibx_gimp_choices *c = r->choices;
    if (strncmp(word, r->text + c->typed.at, c->typed.length) != 0) return;
    ibx_gimp_choice *more = realloc(c->choice, ((size_t)c->count + 1) * sizeof *more);
    r->ok = r->ok && more;
    if (!more) return;
    c->choice = more;
    c->choice[c->count].says = says ? says : "";
    snprintf(c->choice[c->count].text, sizeof c->choice->text, "%s%s", word, ending);
    c->count++;
}

static void offer_names(reader *r, bool saves) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) offer(r, filters[i]->name, "", filters[i]->summary);
    if (saves) offer(r, "save", "", "Write a file.");
}

static void offer_formats(reader *r) {
    size_t count;
    const ibx_format *const *formats = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) offer(r, formats[i]->name, "", formats[i]->summary);
}

static void offer_words(reader *r, const ibx_param *row) {
    static const char *const YES[] = {"yes", "no", NULL};
    const char *const *words = row->type == IBX_TYPE_BOOL ? YES : row->choices;
    for (; words && *words; words++) offer(r, *words, "", row->doc);
}

static bool has_key(const reader *r, const ibx_gimp_stretch *s, const char *key) {
    for (int i = 0; i < s->parts; i++)
        if (s->part[i].key.length == strlen(key) &&
            strncmp(r->text + s->part[i].key.at, key, strlen(key)) == 0)
            return true;
    return false;
}

/* The rows of a step; skip becomes 1 where its first value is a format. */
static const ibx_param *rows_of(const reader *r, const ibx_gimp_stretch *s, int *skip) {
    char word[64];
    *skip = 0;
    snprintf(word, sizeof word, "%.*s", (int)s->name.length, r->text + s->name.at);
    const ibx_filter *filter = ibx_filter_find(word);
    if (filter || strcmp(word, "save") != 0) return filter ? filter->params : NULL;
    if (s->parts == 0 || s->part[0].key.length) return IBX_SAVE_ANY;
    const ibx_gimp_slice value = s->part[0].value;
    snprintf(word, sizeof word, "%.*s", (int)value.length, r->text + value.at);
    const ibx_format *format = ibx_format_find(word);
    *skip = 1;
    return format ? format->params : IBX_SAVE_ANY;
}

/* In the value number `at` of a step. */
static void offer_values(reader *r, const ibx_gimp_stretch *s, int at) {
    int skip;
    const ibx_param *rows = rows_of(r, s, &skip), *row = rows;
    const ibx_gimp_part *part = &s->part[at];
    const size_t begin = part->value.at;
    r->choices->typed = (ibx_gimp_slice){begin, r->cursor - begin};
    if (r->text[begin] == '"' && r->cursor > begin) return;
    if (part->key.length) {
        while (row && row->name &&
               !has_key(r, &(ibx_gimp_stretch){.part = {*part}, .parts = 1}, row->name))
            row++;
        if (row && row->name) offer_words(r, row);
        return;
    }
    if (skip && at == 0) {
        offer_formats(r);
        return;
    }
    for (int i = skip; i < at && row && row->name; i++) row++;
    if (row && row->name) offer_words(r, row);
    for (row = rows; row && row->name; row++)
        if (!has_key(r, s, row->name)) offer(r, row->name, "=", row->doc);
}

/* Is the cursor behind a "#" that opens a comment? `from` is the end of the step in front of it. */
static bool in_comment(const char *text, size_t from, size_t cursor) {
    bool comment = false;
    for (size_t i = from; i < cursor; i++)
        comment = text[i] == '\n' ? false : comment || text[i] == '#';
    return comment;
}

bool ibx_gimp_complete(const char *text, size_t cursor, bool saves, ibx_gimp_choices *choices) {
    reader r = {text, cursor, choices, true};
    ibx_gimp_stretch s = {0};
    size_t end = 0;
    *choices = (ibx_gimp_choices){.typed = {cursor, 0}};
    while (ibx_gimp_next_step(text, end, &s) && s.all.at <= cursor) {
        const size_t before = end;
        end = s.all.at + s.all.length;
        if (cursor > end) continue;
        if (cursor <= s.name.at + s.name.length) {
            end = before;
            choices->typed = (ibx_gimp_slice){s.name.at, cursor - s.name.at};
            break;
        }
        int at = s.parts - 1;
        while (at > 0 && s.part[at].value.at > cursor) at--;
        if (at >= 0 && cursor >= s.part[at].value.at) offer_values(&r, &s, at);
        return r.ok;
    }
    if (!in_comment(text, end, cursor)) offer_names(&r, saves);
    return r.ok;
}

void ibx_gimp_choices_free(ibx_gimp_choices *choices) {
    free(choices->choice);
    *choices = (ibx_gimp_choices){0};
}
