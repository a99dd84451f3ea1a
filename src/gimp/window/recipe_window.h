/* recipe_window.h - the window of recipes: the text, its steps as a list, the values of the chosen
 * step, and a preview. The text is what counts; all else shows it and edits it. */
#ifndef IBX_GIMP_WINDOW_RECIPE_WINDOW_H
#define IBX_GIMP_WINDOW_RECIPE_WINDOW_H

#include "gimp/dialog.h"

/* See ask_recipe in dialog.h. */
bool ibx_window_ask_recipe(ibx_gimp_subject *subject, char **text);

#endif
