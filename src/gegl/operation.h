/* operation.h - the operations of GEGL that are made of the filter table. */
#ifndef IBX_GEGL_OPERATION_H
#define IBX_GEGL_OPERATION_H

#include "imbrex.h"
#include <gegl-plugin.h>

/* What our operations' names begin with. */
#define IBX_GEGL_PREFIX "imbrex:"

/* Registers the operation of a filter; NULL: that of a whole recipe. `looks`: it may have to see
 * the whole image before any pixel can be made, so GEGL is told to ask for all of it at once. */
void ibx_gegl_operation_register(GTypeModule *module, const ibx_filter *filter, bool looks);

#endif
