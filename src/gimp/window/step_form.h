/* step_form.h - the values of the step of a recipe that is chosen: its form (form.h), made anew
 * when another step is chosen or the text has changed under it. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_STEP_FORM_H
#define IBX_GIMP_WINDOW_STEP_FORM_H

#include "gimp/window/text.h"

typedef struct ibx_window_step_form ibx_window_step_form;

/* A form over the text of a box, which must live as long. Values that change are written into the
 * text; checked(user) is called after each change of a value, to a fine one or not. Lives as long
 * as its widget. */
ibx_window_step_form *ibx_window_step_form_new(ibx_window_text *text, void (*checked)(void *user),
                                               void *user);
GtkWidget *ibx_window_step_form_widget(const ibx_window_step_form *form);

/* Shows the step with this number, from 0; -1: none. A form whose own change led to this stays as
 * it is, with the cursor in its fields. */
void ibx_window_step_form_show(ibx_window_step_form *form, int number);

/* Do the fields hold what their parameters take? */
bool ibx_window_step_form_is_valid(const ibx_window_step_form *form);

#endif
