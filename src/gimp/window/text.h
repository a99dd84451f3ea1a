/* text.h - a box for the text of a recipe: it is checked while it is typed, what is wrong is
 * underlined and said below, and names, parameters and words are offered at the cursor
 * (gimp/model/complete.h; Ctrl+Space asks for them). Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_TEXT_H
#define IBX_GIMP_WINDOW_TEXT_H

#include "gimp/model/steps.h"
#include <gtk/gtk.h>

typedef struct ibx_window_text ibx_window_text;

/* files: for a batch, where steps may save; else for a layer, where they may not. The box lives as
 * long as its widget, which is given to a container as any new widget is. lines: how high it is at
 * least. */
ibx_window_text *ibx_window_text_new(bool files, int lines);
GtkWidget *ibx_window_text_widget(const ibx_window_text *box);

/* Puts a button beside the sentence. */
void ibx_window_text_add(ibx_window_text *box, GtkWidget *button);

/* The text, for g_free; and another text, which counts as changed. */
char *ibx_window_text_get(const ibx_window_text *box);
void ibx_window_text_set(ibx_window_text *box, const char *text);

/* changed(user) is called after each change, when it has been checked; moved(user), if not NULL,
 * when the cursor has moved. */
void ibx_window_text_watch(ibx_window_text *box, void (*changed)(void *user),
                           void (*moved)(void *user), void *user);

/* Was the last change made by the user's keys, rather than by ibx_window_text_set? */
bool ibx_window_text_is_typed(const ibx_window_text *box);

/* The recipe of the text, or NULL where it is wrong; it belongs to the box, until the next change.
 * An empty text is a recipe only for files. */
const ibx_recipe *ibx_window_text_recipe(const ibx_window_text *box);

/* What is wrong; code IBX_OK where nothing is. */
const ibx_error *ibx_window_text_error(const ibx_window_text *box);

/* Gives it the keys. */
void ibx_window_text_focus(ibx_window_text *box);

/* The cursor, in bytes from the beginning; and marking a part with colour, length 0: none. */
size_t ibx_window_text_cursor(const ibx_window_text *box);
void ibx_window_text_point(ibx_window_text *box, ibx_gimp_slice part);

#endif
