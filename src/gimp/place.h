/* place.h - where the result of a layer lies, if it has another size. */
#ifndef IBX_GIMP_PLACE_H
#define IBX_GIMP_PLACE_H

#include "gimp/work.h"

/* The upper left corner of a job's result, in pixels of the layer. Step by step: what a step cuts
 * out, or puts an edge around, stays in its place, whatever is in front of it, and all else keeps
 * its centre. The job has its view. True where a step also scaled or turned the image, so that
 * what lies over it would not fit after being moved. */
bool ibx_gimp_place(const ibx_gimp_job *job, int *x, int *y);

#endif
