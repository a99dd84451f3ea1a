/* steps.h - the text of a recipe while somebody edits it: where its steps and their values stand,
 * whether they are right or not. A list of steps beside the text is made of this, and edits of the
 * list are edits of the text, so that neither ever says what the other does not. */
#ifndef IBX_GIMP_MODEL_STEPS_H
#define IBX_GIMP_MODEL_STEPS_H

#include "imbrex.h"

/* A part of the text: bytes from its beginning. */
typedef struct {
    size_t at, length;
} ibx_gimp_slice;

typedef struct {
    ibx_gimp_slice key, value; /* length 0: there is none */
} ibx_gimp_part;

/* More values than any filter has; what stands behind them is not taken apart. */
#define IBX_GIMP_MOST_PARTS 64

typedef struct {
    ibx_gimp_slice all, name;
    ibx_gimp_part part[IBX_GIMP_MOST_PARTS];
    int parts;
} ibx_gimp_stretch;

/* The first step that begins at `from` or behind it, `from` being 0 or the end of another step.
 * False at the end of the text. The grammar is that of ibx_recipe_parse; a quote that is never
 * closed reaches to the end. */
bool ibx_gimp_next_step(const char *text, size_t from, ibx_gimp_stretch *step);

/* How many steps there are, and the step with this number, from 0; false if there are fewer. */
int ibx_gimp_count_steps(const char *text);
bool ibx_gimp_find_step(const char *text, int number, ibx_gimp_stretch *step);

/* The number of the step that stands at a place, from 0; -1 if there is none. */
int ibx_gimp_step_at(const char *text, size_t place);

/* What an error of ibx_recipe_parse is about: a value, a name, or a whole step; length 0 if it
 * does not say. */
ibx_gimp_slice ibx_gimp_error_place(const char *text, const ibx_error *err);

/* ---- edits: the new text, malloc'd; NULL without memory. Everything else (comments, line ends)
 * stays. A number that no step has leaves the text as it is. ------------------------------------
 */

/* Writes another step in place of one. */
char *ibx_gimp_replace_step(const char *text, int number, const char *step);

/* Puts a step in front of the one with that number, or at the end. */
char *ibx_gimp_insert_step(const char *text, int number, const char *step);

/* Takes one away, with the separator behind it. */
char *ibx_gimp_remove_step(const char *text, int number);

/* Moves one to the place of another; those between move up or down. */
char *ibx_gimp_move_step(const char *text, int from, int to);

/* Which step was moved where, from the numbers that steps had in the order that they have now.
 * False if none was. */
bool ibx_gimp_find_move(const int *order, int count, int *from, int *to);

#endif
