/* param.h - values of parameters: from text, to text, checked against their rows.
 *
 * A block of parameters is the params struct of a filter or format, of params_size bytes. Texts
 * in it are malloc'd copies owned by the block. */
#ifndef IBX_CORE_PARAM_H
#define IBX_CORE_PARAM_H

#include "filter.h"
#include <stdio.h>

/* A zeroed block with every row at its default, or NULL without memory. size may be 0. */
void *ibx_params_new(const ibx_param *rows, size_t size);
void ibx_params_free(const ibx_param *rows, void *params);

/* Number of rows in front of IBX_END; rows may be NULL. */
int ibx_param_count(const ibx_param *rows);

/* The row of that name, or NULL. */
const ibx_param *ibx_param_find(const ibx_param *rows, const char *name);

/* Sets one value from its spelling in a recipe. `where` names the step for error sentences, as in
 * "blur: sigma is 900, but must be 0.1 to 250 px". */
bool ibx_param_set(const ibx_param *row, void *params, const char *value, const char *where,
                   ibx_error *err);

/* Prints the value of a row in the spelling that ibx_param_set reads (shortest that reads back
 * the same), quoted where needed. Returns what snprintf would. */
int ibx_param_print(const ibx_param *row, const void *params, char *text, size_t size);

/* Is the value of that row its default? */
bool ibx_param_is_default(const ibx_param *row, const void *params);

/* Words for the range of a row: "0.1 to 250 px", "yes or no", "inside, cover or fill". */
int ibx_param_range(const ibx_param *row, char *text, size_t size);

/* The word among `count` (fetched by `word(list, i)`) that is nearest to `text` by edit distance,
 * or NULL if none is near enough to be a slip. For "did you mean". */
const char *ibx_nearest(const char *text, const char *(*word)(const void *list, int i),
                        const void *list, int count);

#endif
