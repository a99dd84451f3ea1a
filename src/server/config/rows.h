/* rows.h - the table of settings, and one value of it: read, printed, compared.
 *
 * Used by the files of this folder; everybody else reads the members of ibx_settings. */
#ifndef IBX_SERVER_ROWS_H
#define IBX_SERVER_ROWS_H

#include "server/config/settings.h"

/* The type of a value, and of its member. */
typedef enum {
    IBX_SETTING_TEXT,   /* char *         any line */
    IBX_SETTING_WORDS,  /* ibx_word_list  separated by blanks or commas */
    IBX_SETTING_LINES,  /* ibx_word_list  separated by line breaks */
    IBX_SETTING_BOOL,   /* bool           yes or no */
    IBX_SETTING_CHOICE, /* an enum        index in `choices` */
    IBX_SETTING_INT,    /* int */
    IBX_SETTING_RATE,   /* double */
    IBX_SETTING_BYTES,  /* int64_t        32M, 1.5G */
    IBX_SETTING_MEMORY, /* int64_t        the same, or 25%: of RAM or the cgroup's limit */
    IBX_SETTING_COUNT,  /* int64_t        100M: powers of 1000 */
    IBX_SETTING_TIME    /* int64_t        300ms, 10s, 5min, 1h, 365d */
} ibx_setting_type;

/* Traits. */
enum {
    IBX_SETTING_RELOADS = 1, /* SIGHUP may change it */
    IBX_SETTING_SECRET = 2   /* never printed; may come from the file that KEY_file names */
};

typedef struct {
    const char *section, *key;
    ibx_setting_type type;
    size_t offset; /* in ibx_settings */
    unsigned traits;
    double min, max;            /* of numbers */
    const char *const *choices; /* NULL at the end */
    const char *standard;       /* the default, as in a file */
    const char *value;          /* how --help calls the value; NULL: from the type */
    const char *help;           /* one sentence, ends with a period */
} ibx_setting;

enum { IBX_MOST_SETTINGS = 96 };
extern const ibx_setting ibx_setting_rows[]; /* by section; key NULL at the end */
int ibx_setting_count(void);

/* The row of that spelling, or NULL. */
const ibx_setting *ibx_setting_find(const char *section, const char *key);

/* Names of a row: "limits.memory", "IMBREX_LIMITS_MEMORY", "limits-memory"; of the section `server`
 * "listen", "IMBREX_LISTEN", "listen". */
typedef struct {
    char text[56];
} ibx_setting_name;
typedef ibx_setting_name ibx_name_of(const ibx_setting *row);
ibx_setting_name ibx_setting_path(const ibx_setting *row);
ibx_setting_name ibx_setting_variable(const ibx_setting *row);
ibx_setting_name ibx_setting_option(const ibx_setting *row);

/* The row with that name, or NULL; then *near gets the nearest name, or "". */
const ibx_setting *ibx_setting_named(const char *name, ibx_name_of *name_in,
                                     ibx_setting_name *near);

bool ibx_setting_is_list(const ibx_setting *row);

/* Reads a value into its member. `where` begins the sentence of an error ("FILE:12: limits.memory",
 * "--limits-memory"). more: a list grows by it instead of being replaced. */
bool ibx_setting_set(const ibx_setting *row, ibx_settings *settings, const char *value, bool more,
                     const char *where, ibx_error *err);

void ibx_setting_clear(const ibx_setting *row, ibx_settings *settings);          /* frees it */
void ibx_setting_swap(const ibx_setting *row, ibx_settings *a, ibx_settings *b); /* exchanges */

/* The value as ibx_setting_set reads it, list entries ended by `separator`. */
void ibx_setting_print(const ibx_setting *row, const ibx_settings *settings, const char *separator,
                       FILE *out);
bool ibx_setting_given(const ibx_setting *row,
                       const ibx_settings *settings); /* not "", not empty */
bool ibx_setting_equal(const ibx_setting *row, const ibx_settings *a, const ibx_settings *b);

/* Words for what is allowed: "64K to 1T", "yes or no"; "" for texts. */
void ibx_setting_print_range(const ibx_setting *row, FILE *out);

/* What others than this machine can connect to, as words for a sentence; NULL: nothing. */
const char *ibx_settings_exposed_by(const ibx_settings *settings);

/* A part of ibx_settings_check: keys, formats, hosts, networks, buckets and origins can be
 * understood. */
bool ibx_settings_check_words(const ibx_settings *settings, ibx_error *err);

/* ---- where values come from --------------------------------------------------------------------
 */

bool ibx_settings_from_file(ibx_settings *settings, const char *file, ibx_error *err);
bool ibx_settings_from_environment(ibx_settings *settings, char *const *variables, ibx_error *err);

/* Twice over the same words: first only what stands in settings->command, then all the rest. */
bool ibx_settings_command(ibx_settings *settings, int argc, char **argv, ibx_error *err);
bool ibx_settings_from_options(ibx_settings *settings, int argc, char **argv, ibx_error *err);

#endif
