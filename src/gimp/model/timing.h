/* timing.h - how long each step of a recipe takes on a layer, measured in a thread of its own.
 *
 * Steps are fused, so none of them has a time of its own: what is measured is what each adds to the
 * steps in front of it, on the whole layer and with all threads. Knows no toolkit. */
#ifndef IBX_GIMP_MODEL_TIMING_H
#define IBX_GIMP_MODEL_TIMING_H

#include "imbrex.h"

typedef struct ibx_gimp_timing ibx_gimp_timing;

/* Starts with a recipe that is right. The pixels, and their profile, of which recipes are told that
 * manage colours, must live as long. NULL without memory or a thread. */
ibx_gimp_timing *ibx_gimp_timing_start(const char *recipe, const ibx_image *pixels,
                                       ibx_bytes profile);

/* How many steps are measured so far, and the milliseconds of one of them, from 0. *ended: there
 * will be no more. */
int ibx_gimp_timing_look(ibx_gimp_timing *timing, bool *ended);
double ibx_gimp_timing_of(ibx_gimp_timing *timing, int step);

/* Gives up what is left. NULL is allowed. */
void ibx_gimp_timing_free(ibx_gimp_timing *timing);

#endif
