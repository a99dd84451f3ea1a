/* steps_list.h - the steps of a recipe as a list beside its text: added from a menu, removed, moved
 * by buttons and by the mouse. The list holds nothing: it shows the text, and what is done to it is
 * done to the text. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_STEPS_LIST_H
#define IBX_GIMP_WINDOW_STEPS_LIST_H

#include "gimp/model/timing.h"
#include "gimp/window/text.h"

typedef struct ibx_window_steps ibx_window_steps;

/* A list over the text of a box, which must live as long. selected(user) is called when another
 * step is chosen. Lives as long as its widget. */
ibx_window_steps *ibx_window_steps_new(ibx_window_text *text, void (*selected)(void *user),
                                       void *user);
GtkWidget *ibx_window_steps_widget(const ibx_window_steps *steps);

/* The box of its buttons, for more of them. */
GtkBox *ibx_window_steps_buttons(const ibx_window_steps *steps);

/* Shows the text, after a change. What was chosen stays so, by its number. */
void ibx_window_steps_tell(ibx_window_steps *steps);

/* The number of the step that is chosen, from 0, or -1; and choosing another one. */
int ibx_window_steps_chosen(const ibx_window_steps *steps);
void ibx_window_steps_choose(ibx_window_steps *steps, int number);

/* Shows times behind the first steps; NULL: none. */
void ibx_window_steps_time(ibx_window_steps *steps, ibx_gimp_timing *timing);

#endif
