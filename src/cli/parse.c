/* parse.c - from the words on the command line to options. */
#include "cli/options.h"
#include "core/param.h"
#include <stdlib.h>

bool ibx_words_add(ibx_words *words, const char *word) {
    if (words->count + 1 >= words->room) {
        const size_t room = words->room ? 2 * words->room : 16;
        const char **more = realloc(words->word, room * sizeof *more);
        if (!more) return false;
        words->word = more;
        words->room = room;
    }
    words->word[words->count++] = word;
    words->word[words->count] = NULL;
    return true;
}

/* The words that are being read. */
typedef struct {
    const ibx_command *command;
    ibx_options *options;
    int argc, at;
    char **argv;
    ibx_error *err;
} reader;

/* A command's long options, for "did you mean". */
typedef struct {
    const char *name[64];
    int count;
} long_names;

static const char *name_word(const void *list, int i) {
    return ((const long_names *)list)->name[i];
}

static bool unknown(const reader *r, const char *name, int length) {
    long_names names = {.count = 0};
    char typed[48];
    snprintf(typed, sizeof typed, "%.*s", length, name);
    for (const ibx_option *o = ibx_option_rows; o->name; o++)
        if (o->commands & r->command->bit && names.count < 64) names.name[names.count++] = o->name;
    const char *near = ibx_nearest(typed, name_word, &names, names.count);
    if (near)
        return ibx_fail(r->err, IBX_USAGE, "unknown option --%.*s; did you mean --%s?", length,
                        name, near);
    return ibx_fail(r->err, IBX_USAGE, "unknown option --%.*s; \"imbrex %s --help\" lists all",
                    length, name, r->command->name);
}

/* The row of a long name or, if length is 0, of a letter; NULL and a sentence if this command has
 * none. */
static const ibx_option *find(const reader *r, const char *name, int length, char letter) {
    const ibx_option *elsewhere = NULL;
    for (const ibx_option *o = ibx_option_rows; o->name; o++) {
        const bool same =
            length ? (int)strlen(o->name) == length && strncmp(o->name, name, (size_t)length) == 0
                   : o->letter == letter;
        if (same && o->commands & r->command->bit) return o;
        if (same) elsewhere = o;
    }
    if (elsewhere)
        ibx_fail(r->err, IBX_USAGE,
                 "--%s is no option of this command; \"imbrex %s --help\" lists all",
                 elsewhere->name, r->command->name);
    else if (length)
        unknown(r, name, length);
    else
        ibx_fail(r->err, IBX_USAGE, "unknown option -%c; \"imbrex %s --help\" lists all", letter,
                 r->command->name);
    return NULL;
}

/* The word behind an option as its value. */
static bool take_value(reader *r, const ibx_option *o, const char *typed) {
    if (r->at >= r->argc)
        return ibx_fail(r->err, IBX_USAGE, "%s needs a value: %s", typed, o->value);
    return ibx_option_set(o, r->options, typed, r->argv[r->at++], r->err);
}

/* "--name", "--name=value" or "--name value". */
static bool read_long(reader *r, const char *word) {
    const char *name = word + 2, *equals = strchr(name, '=');
    const int length = equals ? (int)(equals - name) : (int)strlen(name);
    const ibx_option *o = find(r, name, length ? length : 1, 0);
    char typed[32];
    if (!o) return false;
    snprintf(typed, sizeof typed, "--%s", o->name);
    if (o->type == IBX_OPTION_FLAG && equals)
        return ibx_fail(r->err, IBX_USAGE, "%s takes no value", typed);
    if (o->type == IBX_OPTION_FLAG) return ibx_option_set(o, r->options, typed, NULL, r->err);
    return equals ? ibx_option_set(o, r->options, typed, equals + 1, r->err)
                  : take_value(r, o, typed);
}

/* "-0h", "-j4" or "-j 4". */
static bool read_letters(reader *r, const char *word) {
    for (const char *p = word + 1; *p; p++) {
        const ibx_option *o = find(r, NULL, 0, *p);
        const char typed[3] = {'-', *p, 0};
        if (!o) return false;
        if (o->type != IBX_OPTION_FLAG)
            return p[1] ? ibx_option_set(o, r->options, typed, p + 1, r->err)
                        : take_value(r, o, typed);
        if (!ibx_option_set(o, r->options, typed, NULL, r->err)) return false;
    }
    return true;
}

bool ibx_options_parse(ibx_options *options, const ibx_command *command, int argc, char **argv,
                       ibx_error *err) {
    reader r = {command, options, argc, 0, argv, err};
    bool plain = false; /* behind "--" */
    *options = (ibx_options){0};
    for (const ibx_option *o = ibx_option_rows; o->name; o++)
        if (o->type == IBX_OPTION_CHOICE) *(int *)((char *)options + o->offset) = IBX_UNSAID;
    while (r.at < argc) {
        const char *word = argv[r.at++];
        bool good;
        if (plain || word[0] != '-' || !word[1]) {
            good = ibx_words_add(&options->arguments, word) ||
                   ibx_fail(err, IBX_MEMORY, "no memory for %d arguments", argc);
        } else if (strcmp(word, "--") == 0) {
            good = plain = true;
        } else {
            good = word[1] == '-' ? read_long(&r, word) : read_letters(&r, word);
        }
        if (!good) return false;
    }
    return true;
}

void ibx_options_free(ibx_options *options) {
    free(options->include.word);
    free(options->exclude.word);
    free(options->allow_loaders.word);
    free(options->arguments.word);
}
