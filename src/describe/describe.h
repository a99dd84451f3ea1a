/* describe.h - the tables of filters, formats, options and commands, printed for people and tools.
 *
 * Nothing here knows a filter or a format by name: each function walks a table. What a new filter
 * says about itself in its file is all that these pages need. */
#ifndef IBX_DESCRIBE_DESCRIBE_H
#define IBX_DESCRIBE_DESCRIBE_H

#include "describe/command.h"
#include "imbrex.h"

/* ---- for people (help.c) ------------------------------------------------------------------- */

/* All filters by category, one line each, then the formats. */
void ibx_describe_filters(FILE *out);

/* One filter in full: what it does, its parameters, examples. */
void ibx_describe_filter(FILE *out, const ibx_filter *filter);

/* The step `save`: the formats and what they keep. */
void ibx_describe_save(FILE *out);

/* One format in full. */
void ibx_describe_format(FILE *out, const ibx_format *format);

/* A recipe that shows what recipes are for: an example of a filter that makes images smaller,
 * then one that brings out detail. */
typedef struct {
    char text[160];
} ibx_example;
ibx_example ibx_describe_example(void);

/* ---- for a browser (html.c) -------------------------------------------------------------------
 */

/* A page's begin, with a heading, and its end. */
void ibx_describe_html_head(FILE *out, const char *title);
void ibx_describe_html_foot(FILE *out);

/* All filters by category, each linked to the page whose address `put_address` prints. */
void ibx_describe_html_filters(FILE *out, void (*put_address)(FILE *out, const ibx_filter *filter));

/* One filter in full, as it stands within a page. */
void ibx_describe_html_filter(FILE *out, const ibx_filter *filter);

/* ---- commands and options (usage.c, man.c, completion.c) ------------------------------------ */

/* The first page: what the program is, an example, the commands. */
void ibx_describe_program(FILE *out, const ibx_program *program);

/* One command with its options. */
void ibx_describe_command(FILE *out, const ibx_program *program, const ibx_command *command);

/* The manual page imbrex(1), in roff. */
void ibx_describe_man(FILE *out, const ibx_program *program);

/* The completion script for a shell; false if it is none of ibx_shells. */
bool ibx_describe_completion(FILE *out, const ibx_program *program, const char *shell);
extern const char *const ibx_shells[]; /* NULL at the end */

/* ---- for tools ------------------------------------------------------------------------------ */

/* The whole table of filters and formats as one JSON object (describe/table.c). */
void ibx_describe_json(FILE *out);

/* One filter as it is in that object. */
void ibx_describe_filter_json(FILE *out, const ibx_filter *filter);

/* The reference for the documentation: one section per category and for the formats
 * (describe/markdown.c). */
void ibx_describe_markdown(FILE *out);

#endif
