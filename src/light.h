/* light.h - tools for filters that change the colour of the light in a scene.
 *
 * A light is told by the responses of the three kinds of cones of the eye to it, in the space of
 * Bradford (ICC.1:2022, annex E), where adaptation is a factor for each kind. */
#ifndef IBX_LIGHT_H
#define IBX_LIGHT_H

#include "filter.h"

/* Cone responses to linear sRGB of any scale. */
void ibx_light_cones(const double rgb[3], double cones[3]);

/* Cone responses to a black body of 1667 to 25000 K, of luminance 1. A tint above 0 makes it
 * greener, below 0 more magenta; 3000 is a distance of 1 in the CIE 1960 diagram, the scale of the
 * Adobe DNG specification. */
void ibx_light_black_body(double kelvin, double tint, double cones[3]);

/* The matrix (by rows) from linear sRGB to linear sRGB that makes things under the light `from`
 * look as they do under `to`. No cone response is multiplied by more than 50. */
void ibx_light_adapt(const double from[3], const double to[3], float m[9]);

#endif
