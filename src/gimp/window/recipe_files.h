/* recipe_files.h - recipes opened from files, and saved in them. The files that were used lately
 * are kept in GIMP's folder of the user. Main thread only; GTK 2 and libgimp. */
#ifndef IBX_GIMP_WINDOW_RECIPE_FILES_H
#define IBX_GIMP_WINDOW_RECIPE_FILES_H

#include "gimp/window/text.h"

/* A button that opens a menu: a file, or one of those used lately. What is chosen gets into the
 * box of text. */
GtkWidget *ibx_window_open_button(ibx_window_text *box);

/* Asks for a name and writes the text of the box there. */
GtkWidget *ibx_window_save_button(ibx_window_text *box);

#endif
