/* command.h - rows that describe a command-line program: its commands and their options.
 *
 * The program fills the tables; parsing, checking, --help, the manual page and the completions of
 * three shells read them. */
#ifndef IBX_DESCRIBE_COMMAND_H
#define IBX_DESCRIBE_COMMAND_H

#include "filter.h"
#include <stdio.h>

/* The type of an option's value, and of the field that it is stored in. */
typedef enum {
    IBX_OPTION_FLAG,   /* bool          no value */
    IBX_OPTION_TEXT,   /* const char *  any text */
    IBX_OPTION_FILE,   /* const char *  completed with file names */
    IBX_OPTION_FOLDER, /* const char *  completed with folders */
    IBX_OPTION_FORMAT, /* const char *  name of an output format */
    IBX_OPTION_LIST,   /* ibx_words     may be repeated */
    IBX_OPTION_CHOICE, /* int           index in `choices` */
    IBX_OPTION_INT,    /* int           min to max */
    IBX_OPTION_BYTES,  /* int64_t       512M, 2G: powers of 1024 */
    IBX_OPTION_COUNT   /* int64_t       100M: powers of 1000 */
} ibx_option_type;

typedef struct {
    const char *group; /* heading in --help */
    char letter;       /* 0: none */
    const char *name;  /* without the dashes */
    const char *value; /* how --help calls the value, "DIR"; NULL: the choices, or none */
    ibx_option_type type;
    size_t offset;     /* of the field */
    unsigned commands; /* bits of the commands that have it */
    double min, max;
    const char *const *choices; /* NULL at the end; the first is the default */
    const char *doc;            /* one sentence, ends with a period */
} ibx_option;

typedef struct {
    const char *name;
    const char *arguments; /* "RECIPE INPUT..." */
    const char *summary;   /* one line, ends with a period */
    const char *details;   /* paragraphs, or NULL */
    unsigned bit;          /* in ibx_option.commands */
} ibx_command;

typedef struct {
    const char *version;
    const ibx_command *commands; /* name NULL at the end */
    const ibx_option *options;   /* name NULL at the end */
} ibx_program;

/* The words of a choice option or parameter: "fail, overwrite, skip or newer". */
void ibx_print_choices(FILE *out, const char *const *words);

#endif
