/* file.c - settings from a file of sections, keys and values.
 *
 * GLib's GKeyFile reads such files too, but knows neither the line of a key nor of two keys of one
 * name, and an error without its line is none. */
#include "core/param.h"
#include "core/text.h"
#include "server/config/rows.h"
#include <errno.h>
#include <glib.h>
#include <stdlib.h>

typedef struct {
    ibx_settings *settings;
    const char *file;
    int line;
    const char *section;          /* of the table */
    int given[IBX_MOST_SETTINGS]; /* the line of each row; 0 */
    ibx_error *err;
} reader;

static bool is_first(const ibx_setting *row) {
    return row == ibx_setting_rows || strcmp(row[-1].section, row->section) != 0;
}

/* Names to choose the nearest from. */
typedef struct {
    const char *name[IBX_MOST_SETTINGS];
    int count;
} names;

static const char *name_word(const void *list, int i) {
    return ((const names *)list)->name[i];
}

static bool unknown(const reader *r, const char *what, const char *name, const names *known) {
    const ibx_shown shown = ibx_show(name, strlen(name));
    const char *near = ibx_nearest(name, name_word, known, known->count);
    return ibx_fail(r->err, IBX_USAGE, "%s:%d: unknown %s %s%s%s%s", r->file, r->line, what,
                    shown.text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* "[limits]" */
static bool read_section(reader *r, char *line) {
    const size_t length = strlen(line);
    names known = {.count = 0};
    if (line[length - 1] != ']')
        return ibx_fail(r->err, IBX_USAGE, "%s:%d: a section ends with ]", r->file, r->line);
    line[length - 1] = 0;
    const char *name = g_strstrip(line + 1);
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++) {
        if (!is_first(row)) continue;
        known.name[known.count++] = row->section;
        if (strcmp(row->section, name) != 0) continue;
        r->section = row->section;
        return true;
    }
    return unknown(r, "section", name, &known);
}

static bool unknown_key(const reader *r, const char *key) {
    names known = {.count = 0};
    for (const ibx_setting *row = ibx_setting_rows; row->key; row++) {
        if (strcmp(row->key, key) == 0)
            return ibx_fail(r->err, IBX_USAGE, "%s:%d: %s belongs to section [%s], not to [%s]",
                            r->file, r->line, key, row->section, r->section);
        if (strcmp(row->section, r->section) == 0) known.name[known.count++] = row->key;
    }
    char what[40];
    snprintf(what, sizeof what, "key of section [%s]:", r->section);
    return unknown(r, what, key, &known);
}

/* Without the quotes around it; there are no escapes. */
static char *unquote(char *value) {
    const size_t length = strlen(value);
    if (length < 2 || value[0] != '"' || value[length - 1] != '"') return value;
    value[length - 1] = 0;
    return value + 1;
}

/* "memory = 2G" */
static bool read_key(reader *r, char *line) {
    char *equals = strchr(line, '=');
    if (!equals)
        return ibx_fail(r->err, IBX_USAGE, "%s:%d: neither [section], key = value nor # comment",
                        r->file, r->line);
    *equals = 0;
    const char *key = g_strstrip(line);
    const ibx_setting *row = ibx_setting_find(r->section, key);
    if (!row) return unknown_key(r, key);
    int *given = &r->given[row - ibx_setting_rows];
    if (*given && !ibx_setting_is_list(row))
        return ibx_fail(r->err, IBX_USAGE, "%s:%d: %s was given in line %d already", r->file,
                        r->line, key, *given);
    char *where = g_strdup_printf("%s:%d: %s", r->file, r->line, ibx_setting_path(row).text);
    const bool good =
        ibx_setting_set(row, r->settings, unquote(g_strstrip(equals + 1)), *given, where, r->err);
    g_free(where);
    *given = r->line;
    return good;
}

static bool read_line(reader *r, char *line) {
    g_strstrip(line);
    if (!*line || *line == '#' || *line == ';') return true;
    return *line == '[' ? read_section(r, line) : read_key(r, line);
}

static bool read_lines(reader *r, FILE *in) {
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    for (ssize_t n; good && (n = getline(&line, &room, in)) >= 0;) {
        r->line++;
        good = strlen(line) == (size_t)n
                   ? read_line(r, line)
                   : ibx_fail(r->err, IBX_USAGE, "%s:%d: a zero byte", r->file, r->line);
    }
    free(line);
    if (good && ferror(in))
        return ibx_fail(r->err, IBX_IO, "%s cannot be read: %s", r->file, strerror(errno));
    return good;
}

bool ibx_settings_from_file(ibx_settings *settings, const char *file, ibx_error *err) {
    reader r = {.settings = settings, .file = file, .section = "server", .err = err};
    FILE *in = fopen(file, "re");
    if (!in) return ibx_fail(err, IBX_IO, "%s cannot be opened: %s", file, strerror(errno));
    const bool good = read_lines(&r, in);
    fclose(in);
    return good;
}
