/* dialog.c - the windows of the plug-in. */
#include "gimp/dialog.h"

const ibx_gimp_dialogs ibx_gimp_windows = {.ask_filter = NULL};
