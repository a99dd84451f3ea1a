/* recipe.h - recipes as GIMP's users give them: a text, a file, or the values of one filter. */
#ifndef IBX_GIMP_RECIPE_H
#define IBX_GIMP_RECIPE_H

#include "imbrex.h"

/* The one step "NAME:parameter=value,.." of a filter with these values, only those that differ from
 * their defaults. malloc'd; NULL without memory. */
char *ibx_gimp_step(const ibx_filter *filter, const void *params);

/* The other way: the values of a text that is one step of this filter, as a block for
 * ibx_params_free. NULL, with a sentence, if it is anything else. */
void *ibx_gimp_step_params(const ibx_filter *filter, const char *text, ibx_error *err);

/* Reads a recipe from what a user gave: a recipe; "@" and the name of a file; or the name of a file
 * that ends in .ibx or .recipe. A name that begins with "~/" is one in the home folder. */
ibx_recipe *ibx_gimp_recipe_read(const char *given, ibx_error *err);

/* May it be applied to a layer? Not with `save` steps, which are for files; false says so. */
bool ibx_gimp_recipe_for_layer(const ibx_recipe *recipe, ibx_error *err);

#endif
