/* values.h - the values of a form while somebody edits them: some rows may hold what their
 * parameter refuses, and the form says why. Knows no toolkit. */
#ifndef IBX_GIMP_MODEL_VALUES_H
#define IBX_GIMP_MODEL_VALUES_H

#include "core/recipe.h"

typedef struct ibx_window_values ibx_window_values;

/* Values of one step, copied from its params (NULL: the defaults); `save` steps are fine. The
 * step's tables must live as long as the process, as all of ours do. NULL without memory. */
ibx_window_values *ibx_window_values_new(const ibx_step *step);
void ibx_window_values_free(ibx_window_values *values); /* NULL is allowed */

/* The rows, as many as ibx_param_count says. */
const ibx_param *ibx_window_values_rows(const ibx_window_values *values);

/* Sets a row from words as a user writes them: as in a recipe, but TEXT and FILE without quotes.
 * Blanks around the others do not count. False if the parameter refuses them; the value stays, and
 * the row is in error until it is set or reset. */
bool ibx_window_values_set(ibx_window_values *values, int row, const char *words);

/* Back to the default. */
void ibx_window_values_reset(ibx_window_values *values, int row);

/* Is the row without error at its default? */
bool ibx_window_values_is_default(const ibx_window_values *values, int row);

/* The value in such words, malloc'd; NULL without memory. */
char *ibx_window_values_words(const ibx_window_values *values, int row);

/* The block, for ibx_param_print and its like: of rows in error it holds the last good value. */
const void *ibx_window_values_block(const ibx_window_values *values);

/* Copies the values into another block of the same rows. False without memory. */
bool ibx_window_values_store(const ibx_window_values *values, void *params);

/* What is wrong: a row's error, or what the step as a whole says about values that are fine each
 * by itself; this may read files. The sentence does not name the step. True and "" where nothing
 * is. */
bool ibx_window_values_check(const ibx_window_values *values, ibx_error *err);

/* The step as text, only what differs from the defaults. malloc'd; NULL without memory. */
char *ibx_window_values_print(const ibx_window_values *values);

#endif
