/* dialog.c - the windows of the plug-in. */
#include "gimp/dialog.h"
#include "gimp/window/batch_window.h"
#include "gimp/window/filter_dialog.h"
#include "gimp/window/recipe_window.h"

const ibx_gimp_dialogs ibx_gimp_windows = {.ask_filter = ibx_window_ask_filter,
                                           .ask_recipe = ibx_window_ask_recipe,
                                           .ask_batch = ibx_window_ask_batch};
