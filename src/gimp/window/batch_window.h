/* batch_window.h - the window of batches: what goes in, the recipe, how results are written, what
 * would be done, and how far it is. */
#ifndef IBX_GIMP_WINDOW_BATCH_WINDOW_H
#define IBX_GIMP_WINDOW_BATCH_WINDOW_H

#include "gimp/batch.h"

/* See ask_batch in dialog.h. */
bool ibx_window_ask_batch(ibx_gimp_order *order, ibx_gimp_order *done);

#endif
