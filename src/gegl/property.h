/* property.h - parameters of filters as properties of operations.
 *
 *   FLOAT, INT, BOOL     numbers and a switch
 *   CHOICE               an enumeration of its words
 *   COLOUR               a GeglColor
 *   FILE                 a path
 *   TEXT, EXTENT, LENGTH a text, as in recipes: GEGL knows no points and no "50%"
 *
 * A property is named as its parameter, with hyphens. */
#ifndef IBX_GEGL_PROPERTY_H
#define IBX_GEGL_PROPERTY_H

#include "filter.h"
#include <gegl.h>

/* The property of a row. `defaults` is a block of parameters as they are by default. */
GParamSpec *ibx_gegl_property_new(const ibx_filter *filter, const ibx_param *row,
                                  const void *defaults);

/* Adds " name=value" (the blank is a comma behind the first) to the recipe of a step, unless the
 * text is the default. */
void ibx_gegl_property_print(const ibx_param *row, GParamSpec *property, const GValue *value,
                             GString *recipe);

#endif
