/* options.h - what the user said on the command line.
 *
 * The rows in options.c are the only place where an option is spelled. */
#ifndef IBX_CLI_OPTIONS_H
#define IBX_CLI_OPTIONS_H

#include "describe/command.h"
#include "imbrex.h"

/* A list of borrowed words, NULL-terminated once it has one; zeroed to begin with. */
typedef struct {
    const char **word;
    size_t count, room;
} ibx_words;

bool ibx_words_add(ibx_words *words, const char *word);

/* Bits of ibx_option.commands. */
enum {
    IBX_RUN = 1,
    IBX_PLAN = 2,
    IBX_FILTERS = 4,
    IBX_INFO = 8,
    IBX_COMPLETION = 16,
    IBX_MAN = 32,
    IBX_HELP = 64,
    IBX_SERVE = 128,
    IBX_SIGN = 256,
    IBX_GIMP_INSTALL = 512
};

enum { IBX_PROGRESS_AUTO, IBX_PROGRESS_PLAIN, IBX_PROGRESS_NONE };

/* Choices hold the index of their word, IBX_UNSAID if the option was not given; numbers are 0 and
 * texts NULL then. */
enum { IBX_UNSAID = -1 };
typedef struct {
    const char *output, *recipe_file, *format, *name, *files_from, *report, *trace;
    int quality, threads;
    int if_exists, on_error, on_damage, metadata, progress;
    int64_t memory, max_pixels;
    bool null, dry_run, keep_mtime, in_place, stats, json, markdown, help;
    ibx_words include, exclude, allow_loaders;
    ibx_words arguments; /* all that is no option */
} ibx_options;

extern const ibx_option ibx_option_rows[]; /* name NULL at the end */

/* Reads the words behind the command, argv[0] being the first of them. Options may stand anywhere
 * in front of "--". The error sentence does not name the command. Free with ibx_options_free in
 * either case. */
bool ibx_options_parse(ibx_options *options, const ibx_command *command, int argc, char **argv,
                       ibx_error *err);
void ibx_options_free(ibx_options *options);

/* Stores the value of one option in its field; `typed` is how the user spelled the option. */
bool ibx_option_set(const ibx_option *row, ibx_options *options, const char *typed,
                    const char *value, ibx_error *err);

#endif
