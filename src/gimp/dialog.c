/* dialog.c - the windows of the plug-in. */
#include "gimp/dialog.h"
#include "gimp/window/batch_window.h"
#include "gimp/window/filter_dialog.h"

const ibx_gimp_dialogs ibx_gimp_windows = {.ask_filter = ibx_window_ask_filter,
                                           .ask_batch = ibx_window_ask_batch};
