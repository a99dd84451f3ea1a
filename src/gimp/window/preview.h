/* preview.h - a part of a layer behind a recipe, at full size: each pixel of the result is one of
 * the screen, computed by the kernels of the final run (render.h). It can be dragged and scrolled.
 * Below are a check that shows the layer as it is, one that splits the view into before and after
 * at a line that can be dragged, and the size. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_PREVIEW_H
#define IBX_GIMP_WINDOW_PREVIEW_H

#include "gimp/ahead.h"
#include <gtk/gtk.h>

typedef struct ibx_window_preview ibx_window_preview;

/* The preview lives as long as its widget, which is given to a container as any new widget is; it
 * ends with it, and waits for its thread. The subject must live as long. NULL without memory or a
 * thread. It shows the layer until ibx_window_preview_show is called. */
ibx_window_preview *ibx_window_preview_new(const ibx_gimp_subject *subject);
GtkWidget *ibx_window_preview_widget(const ibx_window_preview *preview);

/* Shows the layer behind this recipe, a text as for ibx_gimp_recipe_read; NULL: as it is. Returns
 * at once; what is being computed for an earlier recipe is given up. A recipe that fails is said
 * below the picture, which stays. */
void ibx_window_preview_show(ibx_window_preview *preview, const char *recipe);

/* What was computed ahead: when all that is visible has been there for a moment, the whole result
 * of the last recipe follows, for the user to find it when OK is pressed; also where `Preview` is
 * unchecked, since a glance at the layer as it is does not take the choice back. NULL where the
 * time was too short. The caller's; the preview begins nothing more before it shows another
 * recipe. */
ibx_gimp_ahead *ibx_window_preview_take_ahead(ibx_window_preview *preview);

#endif
