/* name.c - from a template and an input to the path of an output. */
#include "engine/name.h"
#include "core/param.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const char *const FIELDS[] = {"dir", "stem", "ext", "w", "h", "n", "save"};
enum { DIR_, STEM, EXT, WIDTH, HEIGHT, NUMBER, SAVE, FIELD_COUNT };

/* One piece of a template: literal text, or a field in braces. */
typedef struct {
    const char *text; /* literal; not terminated */
    int length;
    int field;  /* -1: literal */
    int digits; /* {n:4} */
} piece;

static const char *field_word(const void *list, int i) {
    return ((const char *const *)list)[i];
}

ibx_output ibx_output_of(const ibx_batch *batch, const ibx_entry *entry, size_t n, int save) {
    ibx_output o = {.batch = batch,
                    .entry = entry,
                    .n = n,
                    .save = save,
                    .saves = ibx_recipe_outputs(batch->recipe)};
    for (int i = 0, k = 0; i < batch->recipe->count && !o.step; i++)
        if (!batch->recipe->steps[i].filter && k++ == save) o.step = &batch->recipe->steps[i];
    return o;
}

const char *ibx_output_template(const ibx_output *o) {
    const ibx_save_any *any = o->step ? o->step->params : NULL;
    if (any && any->name && *any->name) return any->name;
    if (o->batch->name) return o->batch->name;
    return o->saves > 1 ? "{dir}{stem}-{w}x{h}{ext}" : "{dir}{stem}{ext}";
}

/* Reads "{word}" or "{word:digits}", which starts at *at, and moves *at behind it. */
static bool next_field(const char **at, piece *p, const char *template, ibx_error *err) {
    const char *start = *at + 1, *end = strchr(start, '}');
    char word[16] = "";
    if (!end) return ibx_fail(err, IBX_USAGE, "name \"%s\": a \"{\" has no \"}\"", template);
    const char *colon = memchr(start, ':', (size_t)(end - start));
    const char *stop = colon ? colon : end;
    if (stop - start < (ptrdiff_t)sizeof word) memcpy(word, start, (size_t)(stop - start));
    for (int i = 0; i < FIELD_COUNT; i++)
        if (strcmp(word, FIELDS[i]) == 0) p->field = i;
    if (p->field < 0) {
        const char *near = ibx_nearest(word, field_word, FIELDS, FIELD_COUNT);
        return ibx_fail(err, IBX_USAGE, "name \"%s\": unknown field \"%.*s\"%s%s%s", template,
                        (int)(end - start) + 2, *at, near ? "; did you mean \"{" : "",
                        near ? near : "; there are {dir} {stem} {ext} {w} {h} {n} {save}",
                        near ? "}\"?" : "");
    }
    if (colon) {
        const bool one_digit = end - colon == 2 && colon[1] >= '1' && colon[1] <= '9';
        if (!one_digit || p->field < WIDTH)
            return ibx_fail(err, IBX_USAGE,
                            "name \"%s\": a width is one digit behind a number, as in {n:4}",
                            template);
        p->digits = colon[1] - '0';
    }
    *at = end + 1;
    return true;
}

/* Takes the next piece from *at. False at the end (err->code stays IBX_OK) and on error. */
static bool next_piece(const char **at, piece *p, const char *template, ibx_error *err) {
    *p = (piece){.field = -1};
    if (!**at) return false;
    if (**at == '{') return next_field(at, p, template, err);
    p->text = *at;
    p->length = (int)strcspn(*at, "{");
    *at += p->length;
    return true;
}

/* The literal suffix at the end of a template, ".webp", or NULL if it ends otherwise. */
static const char *suffix_of_template(const char *template) {
    const char *dot = strrchr(template, '.');
    return dot && !strpbrk(dot, "{}/") ? dot : NULL;
}

/* Wrong if the template's own suffix belongs to another format than the one to be written. */
static bool agree(const ibx_format *format, const char *template, ibx_error *err) {
    const char *suffix = suffix_of_template(template);
    const ibx_format *named = suffix ? ibx_format_find(suffix) : NULL;
    return !named || named == format ||
           ibx_fail(err, IBX_USAGE, "the name \"%s\" promises %s, but the format is %s", template,
                    named->name, format->name);
}

static const char *format_word(const void *list, int i) {
    return ((const ibx_format *const *)list)[i]->name;
}

static bool unknown_format(const char *name, ibx_error *err) {
    size_t count;
    const ibx_format *const *all = ibx_formats(&count);
    const char *near = ibx_nearest(name, format_word, all, (int)count);
    char list[200] = "";
    for (size_t i = 0, used = 0; i < count && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, " %s", all[i]->name);
    return ibx_fail(err, IBX_USAGE, "imbrex cannot write the format \"%s\"; %s%s%s", name,
                    near ? "did you mean \"" : "there are", near ? near : list, near ? "\"?" : "");
}

static const ibx_format *input_format(const ibx_entry *entry, ibx_error *err) {
    if (entry->error) {
        ibx_fail(err, IBX_IO, "%s", strerror(entry->error));
        return NULL;
    }
    const ibx_format *format = *entry->suffix ? ibx_format_find(entry->suffix) : NULL;
    if (format) return format;
    char upper[16] = "";
    for (size_t i = 0; i + 1 < sizeof upper && entry->suffix[i] && entry->suffix[i + 1]; i++)
        upper[i] = (char)toupper((unsigned char)entry->suffix[i + 1]);
    if (*upper)
        ibx_fail(err, IBX_FORMAT, "imbrex cannot write %s; name a format with --format or save:...",
                 upper);
    else
        ibx_fail(err, IBX_FORMAT,
                 "its name has no suffix that tells what to write; name a format "
                 "with --format or save:...");
    return NULL;
}

bool ibx_format_of(const ibx_step *step, const char *template, const char *wanted,
                   const ibx_format **format, ibx_error *err) {
    const char *suffix = suffix_of_template(template);
    *format = step ? step->format : NULL;
    if (!*format && wanted) {
        *format = ibx_format_find(wanted);
        if (!*format) return unknown_format(wanted, err);
    }
    if (*format) return agree(*format, template, err);
    *format = suffix ? ibx_format_find(suffix) : NULL;
    return true;
}

const ibx_format *ibx_output_format(const ibx_output *o, ibx_error *err) {
    const ibx_format *format;
    if (!ibx_format_of(o->step, ibx_output_template(o), o->batch->format, &format, err))
        return NULL;
    return format ? format : input_format(o->entry, err);
}

const char *ibx_output_suffix(const ibx_output *o, const ibx_format *format) {
    const bool named = (o->step && o->step->format) || o->batch->format;
    if (!named && ibx_format_find(o->entry->suffix) == format) return o->entry->suffix;
    return format->suffixes[0];
}

/* A path that stays below the directory that it is appended to. */
static bool stays_below(const char *path) {
    for (const char *p = path;; p++) {
        const size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += n;
        if (!*p) return true;
    }
}

static void print_number(FILE *out, const piece *p, size_t value) {
    fprintf(out, "%0*zu", p->digits, value);
}

/* Prints what a piece stands for; while the size is not known {w} and {h} stay as they are. */
static void print_piece(FILE *out, const piece *p, const ibx_output *o, const ibx_format *format) {
    switch (p->field) {
    case DIR_:
        fputs(o->entry->dir, out);
        break;
    case STEM:
        fputs(o->entry->stem, out);
        break;
    case EXT:
        fputs(ibx_output_suffix(o, format), out);
        break;
    case WIDTH:
    case HEIGHT:
        if (!o->w)
            fprintf(out, "{%s}", FIELDS[p->field]);
        else
            print_number(out, p, (size_t)(p->field == WIDTH ? o->w : o->h));
        break;
    case NUMBER:
        print_number(out, p, o->n + 1);
        break;
    case SAVE:
        print_number(out, p, (size_t)o->save + 1);
        break;
    default:
        fwrite(p->text, 1, (size_t)p->length, out);
        break;
    }
}

/* Fills the template. */
static char *expand(const ibx_output *o, const ibx_format *format, ibx_error *err) {
    const char *template = ibx_output_template(o), *at = template;
    ibx_error problem = {0};
    char *name = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&name, &size);
    piece p;
    if (!out) {
        ibx_fail(err, IBX_MEMORY, "no memory for a name");
        return NULL;
    }
    while (next_piece(&at, &p, template, &problem)) print_piece(out, &p, o, format);
    if (fclose(out) != 0) ibx_fail(&problem, IBX_MEMORY, "no memory for a name");
    if (problem.code == IBX_OK && !stays_below(name))
        ibx_fail(&problem, IBX_USAGE,
                 "the output name \"%s\" is not a file below the output directory", name);
    if (problem.code == IBX_OK) return name;
    free(name);
    if (err) *err = problem;
    return NULL;
}

char *ibx_output_name(const ibx_output *o, ibx_error *err) {
    const ibx_format *format = ibx_output_format(o, err);
    return format ? expand(o, format, err) : NULL;
}

bool ibx_names_valid(const ibx_batch *batch, ibx_error *err) {
    size_t count;
    char suffix[16], empty[1] = "", stem[2] = "x";
    snprintf(suffix, sizeof suffix, "%s", ibx_formats(&count)[0]->suffixes[0]);
    const ibx_entry any = {.path = stem, .dir = empty, .stem = stem, .suffix = suffix};
    ibx_output o = ibx_output_of(batch, &any, 0, 0);
    for (int i = 0; i < o.saves; i++) {
        o = ibx_output_of(batch, &any, 0, i);
        o.w = o.h = 1;
        char *name = ibx_output_name(&o, err);
        if (!name) return false;
        free(name);
    }
    return true;
}
