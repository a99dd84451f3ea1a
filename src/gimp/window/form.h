/* form.h - a form for the parameters of one step, made from its rows: the widgets of a filter's
 * dialog, and of a step that is chosen in a recipe.
 *
 *   FLOAT, INT      a slider over the soft range (range.h), an entry with arrows, the unit
 *   BOOL            a check
 *   CHOICE          a box of the words
 *   COLOUR          a button that opens GIMP's colours, with opacity
 *   FILE            a button that opens a file chooser
 *   TEXT            an entry
 *   EXTENT, LENGTH  an entry for what recipes have: pixels or percent
 *
 * Every row has its sentence as tooltip, a letter to reach it by, and a button that sets it back.
 * Below stands a sentence where something is wrong. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_FORM_H
#define IBX_GIMP_WINDOW_FORM_H

#include "gimp/model/values.h"
#include <gtk/gtk.h>

typedef struct ibx_window_form ibx_window_form;

/* A form with the values of a step, copied; params of NULL: the defaults. The form lives as long as
 * its widget, which is given to a container as any new widget is; it ends with it. NULL without
 * memory.
 *
 *     ibx_window_form *form = ibx_window_form_new(&(ibx_step){.filter = filter, .params = params});
 *     gtk_box_pack_start(GTK_BOX(box), ibx_window_form_widget(form), FALSE, FALSE, 0);
 *     ibx_window_form_watch(form, changed, dialog);
 */
ibx_window_form *ibx_window_form_new(const ibx_step *step);
GtkWidget *ibx_window_form_widget(const ibx_window_form *form);

/* changed(user) is called whenever the user changed something, to a fine value or not, and after
 * ibx_window_form_reset. One watcher. */
void ibx_window_form_watch(ibx_window_form *form, void (*changed)(void *user), void *user);

/* Is everything fine? It is what the last change led to; nothing is computed. */
bool ibx_window_form_is_valid(const ibx_window_form *form);

/* The values: ibx_window_values_print is the step as text, ibx_window_values_block the block. */
const ibx_window_values *ibx_window_form_values(const ibx_window_form *form);

/* Sets everything back to the defaults. */
void ibx_window_form_reset(ibx_window_form *form);

/* Puts the keyboard into the first row. */
void ibx_window_form_focus(ibx_window_form *form);

/* Does it say that already? For a button that would do nothing. */
bool ibx_window_form_is_default(const ibx_window_form *form);

#endif
