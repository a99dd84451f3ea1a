/* popup.h - a list of ways to go on, below the cursor of a text. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_POPUP_H
#define IBX_GIMP_WINDOW_POPUP_H

#include "gimp/model/complete.h"
#include <gtk/gtk.h>

typedef struct ibx_window_popup ibx_window_popup;

/* Belongs to the view and ends with it. take(user, choice) is called when the user takes one. */
ibx_window_popup *ibx_window_popup_new(GtkTextView *view,
                                       void (*take)(void *user, const char *choice), void *user);

/* Shows choices at the cursor, or nothing if there are none. */
void ibx_window_popup_show(ibx_window_popup *popup, const ibx_gimp_choices *choices);
void ibx_window_popup_hide(ibx_window_popup *popup);

/* A key that the view got: up, down, Tab, Enter and Escape are the list's while it is shown.
 * Returns whether it was. */
bool ibx_window_popup_key(ibx_window_popup *popup, const GdkEventKey *key);

#endif
