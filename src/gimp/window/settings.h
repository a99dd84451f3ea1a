/* settings.h - where results of a batch go, and how they are written: a table of controls over the
 * fields of an order. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_SETTINGS_H
#define IBX_GIMP_WINDOW_SETTINGS_H

#include "gimp/batch.h"
#include <gtk/gtk.h>

typedef struct ibx_window_settings ibx_window_settings;

/* Shows the order's fields; changed(user) is called after each change. Lives as long as its
 * widget. */
ibx_window_settings *ibx_window_settings_new(const ibx_gimp_order *order,
                                             void (*changed)(void *user), void *user);
GtkWidget *ibx_window_settings_widget(const ibx_window_settings *settings);

/* Puts what the controls say into the order; recipe and inputs are left alone. False without
 * memory. */
bool ibx_window_settings_get(const ibx_window_settings *settings, ibx_gimp_order *order);

#endif
