/* screen.h - samples of an image as a screen shows them: 8 bits, sRGB, alpha over checks. Knows no
 * toolkit. */
#ifndef IBX_GIMP_MODEL_SCREEN_H
#define IBX_GIMP_MODEL_SCREEN_H

#include "imbrex.h"

/* How samples of one kind are converted. May be used by several threads at once. */
typedef struct ibx_window_screen ibx_window_screen;

/* For pixels of this model and alpha, in the space of an ICC profile; without one, or with one that
 * is damaged or for another model, samples are shown as they are. Colours go to sRGB by lcms2,
 * relative to the white point and with black point compensation, which is what GIMP does for a
 * screen that has no profile of its own. NULL without memory. */
ibx_window_screen *ibx_window_screen_new(const ibx_head *head, ibx_sample sample,
                                         ibx_bytes profile);
void ibx_window_screen_free(ibx_window_screen *screen); /* NULL is allowed */

/* Converts a region whose samples are those of `screen` into pixels 0x00RRGGBB, rows of at.w.
 * Checks lie on the image, not on the region: regions fit together. */
void ibx_window_screen_show(const ibx_window_screen *screen, const ibx_region *region,
                            uint32_t *pixels);

#endif
