/* parts.h - what windows are put together from: headings, rows, buttons, boxes that scroll. The
 * spacing is that of GIMP's own dialogs. GTK 2. */
#ifndef IBX_GIMP_WINDOW_PARTS_H
#define IBX_GIMP_WINDOW_PARTS_H

#include "gimp/dialog.h"
#include <gtk/gtk.h>
#include <stdbool.h>

/* A part of a window: a bold heading, and `inside` indented below it. */
GtkWidget *ibx_window_section(const char *heading, GtkWidget *inside);

/* A line of a table of two columns: a label with a letter to reach the control by, and the control,
 * which gets the sentence as tooltip. */
void ibx_window_row(GtkTable *table, int line, const char *words, GtkWidget *control,
                    const char *says);

/* A button with a stock icon and words of its own, at the end of a box of buttons, or in none. */
GtkWidget *ibx_window_button(GtkBox *box, const char *icon, const char *label, const char *says,
                             GCallback clicked, gpointer data);

/* A widget that scrolls in both directions in a frame. */
GtkWidget *ibx_window_scrolled(GtkWidget *inside, int w, int h);

/* A label for sentences: to the left, in as many lines as it takes. */
GtkWidget *ibx_window_sentence(const char *text);

/* A box of words to choose from. first: what stands in front of them, or NULL. */
GtkWidget *ibx_window_words(const char *first, const char *const *words);

/* Opens a menu below a button; it ends when it is closed. */
void ibx_window_pop_menu(GtkWidget *menu, GtkWidget *button);

/* Shows a sentence in a box of its own, and waits. */
void ibx_window_complain(GtkWidget *parent, const char *sentence);

/* Asks whether the file of that name may be replaced; true without asking where there is none. */
bool ibx_window_may_replace(GtkWidget *parent, const char *name);

/* The check for all marked layers, which keeps the subject's all_marked; NULL where there is one
 * layer only. The subject must outlive it. */
GtkWidget *ibx_window_all_layers(ibx_gimp_subject *subject);

/* Asks the subject whether it takes a recipe, and complains if it does not. */
bool ibx_window_is_taken(GtkWidget *parent, const ibx_gimp_subject *subject, const char *recipe);

#endif
