/* inputs.h - the files and folders of a batch: a list with buttons, onto which files can also be
 * dragged. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_INPUTS_H
#define IBX_GIMP_WINDOW_INPUTS_H

#include <gtk/gtk.h>

typedef struct ibx_window_inputs ibx_window_inputs;

/* changed(user) is called after each change. Lives as long as its widget. */
ibx_window_inputs *ibx_window_inputs_new(void (*changed)(void *user), void *user);
GtkWidget *ibx_window_inputs_widget(const ibx_window_inputs *inputs);

/* The names, one a line, for g_free; and other ones. */
char *ibx_window_inputs_get(const ibx_window_inputs *inputs);
void ibx_window_inputs_set(ibx_window_inputs *inputs, const char *lines);

#endif
