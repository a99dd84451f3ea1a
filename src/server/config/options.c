/* options.c - settings from the words of the command line. */
#include "core/text.h"
#include "server/config/rows.h"
#include <glib.h>

typedef struct {
    ibx_settings *settings;
    int argc, at;
    char **argv;
    bool commands; /* reads settings->command, and only steps over the rest; or the reverse */
    bool given[IBX_MOST_SETTINGS];
    ibx_error *err;
} reader;

/* One word, split: "--name=value". */
typedef struct {
    char name[64];
    const char *value; /* NULL: none in this word */
} option;

static bool split(const reader *r, const char *word, option *o) {
    const ibx_shown shown = ibx_show(word, strlen(word));
    if (strcmp(word, "-h") == 0) word = "--help";
    if (strncmp(word, "--", 2) != 0 || !word[2])
        return ibx_fail(r->err, IBX_USAGE, "what is %s? Settings are given as --option value",
                        shown.text);
    const char *equals = strchr(word, '=');
    const int length = equals ? (int)(equals - word) - 2 : (int)strlen(word) - 2;
    if (length >= (int)sizeof o->name)
        return ibx_fail(r->err, IBX_USAGE, "unknown option %s", shown.text);
    snprintf(o->name, sizeof o->name, "%.*s", length, word + 2);
    o->value = equals ? equals + 1 : NULL;
    return true;
}

/* The value: behind =, or the next word. */
static bool take_value(reader *r, option *o, const char *what) {
    if (o->value) return true;
    if (r->at >= r->argc)
        return ibx_fail(r->err, IBX_USAGE, "--%s needs a value: %s", o->name, what);
    o->value = r->argv[r->at++];
    return true;
}

/* --ui, --no-ui, --ui=no, --ui no */
static void take_answer(reader *r, option *o) {
    const char *next = r->at < r->argc ? r->argv[r->at] : "";
    if (o->value) return;
    if (strcmp(next, "yes") == 0 || strcmp(next, "no") == 0)
        o->value = r->argv[r->at++];
    else
        o->value = "yes";
}

/* Sets the flag of that name; false if there is none. */
static bool set_flag(ibx_settings *settings, const char *name) {
    if (strcmp(name, "check-config") == 0) return settings->command.check = true;
    if (strcmp(name, "print-config") == 0) return settings->command.print = true;
    return strcmp(name, "help") == 0 && (settings->command.help = true);
}

/* --config, --check-config, --print-config, --help. *is tells whether it was one of these. */
static bool read_command(reader *r, option *o, bool *is) {
    *is = true;
    if (set_flag(r->settings, o->name))
        return !o->value || ibx_fail(r->err, IBX_USAGE, "--%s takes no value", o->name);
    if (strcmp(o->name, "config") == 0) {
        if (!take_value(r, o, "FILE")) return false;
        r->settings->command.file = o->value;
        return true;
    }
    *is = false;
    return true;
}

static const ibx_setting *find(const reader *r, const option *o) {
    ibx_setting_name near;
    const ibx_setting *row = ibx_setting_named(o->name, ibx_setting_option, &near);
    if (row) return row;
    if (*near.text)
        ibx_fail(r->err, IBX_USAGE, "unknown option --%s; did you mean --%s?", o->name, near.text);
    else
        ibx_fail(r->err, IBX_USAGE, "unknown option --%s; \"imbrex serve --help\" lists all",
                 o->name);
    return NULL;
}

/* --no-ui; NULL if it is none of these. */
static const ibx_setting *find_denied(const option *o) {
    ibx_setting_name near;
    if (strncmp(o->name, "no-", 3) != 0 || o->value) return NULL;
    const ibx_setting *row = ibx_setting_named(o->name + 3, ibx_setting_option, &near);
    return row && row->type == IBX_SETTING_BOOL ? row : NULL;
}

static bool store(reader *r, const ibx_setting *row, const char *value) {
    char where[72];
    bool *given = &r->given[row - ibx_setting_rows];
    if (r->commands) return true;
    snprintf(where, sizeof where, "--%s", ibx_setting_option(row).text);
    const bool good = ibx_setting_set(row, r->settings, value, *given, where, r->err);
    *given = true;
    return good;
}

static bool read_option(reader *r, const char *word) {
    option o = {.name = ""};
    bool is_command;
    if (!split(r, word, &o) || !read_command(r, &o, &is_command)) return false;
    if (is_command) return true;
    const ibx_setting *row = find_denied(&o);
    if (row) return store(r, row, "no");
    if (!(row = find(r, &o))) return false;
    if (row->type == IBX_SETTING_BOOL)
        take_answer(r, &o);
    else if (!take_value(r, &o, row->value ? row->value : row->help))
        return false;
    return store(r, row, o.value);
}

static bool read_all(reader *r) {
    while (r->at < r->argc)
        if (!read_option(r, r->argv[r->at++])) return false;
    return true;
}

bool ibx_settings_command(ibx_settings *settings, int argc, char **argv, ibx_error *err) {
    reader r = {.settings = settings, .argc = argc, .argv = argv, .commands = true, .err = err};
    return read_all(&r);
}

bool ibx_settings_from_options(ibx_settings *settings, int argc, char **argv, ibx_error *err) {
    reader r = {.settings = settings, .argc = argc, .argv = argv, .err = err};
    return read_all(&r);
}
