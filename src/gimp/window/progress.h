/* progress.h - how far a batch is: a bar with words in it, and a list of the files that failed or
 * were damaged, with their sentences. Main thread only; GTK 2. */
#ifndef IBX_GIMP_WINDOW_PROGRESS_H
#define IBX_GIMP_WINDOW_PROGRESS_H

#include "gimp/model/batch_work.h"
#include <gtk/gtk.h>

typedef struct ibx_window_progress ibx_window_progress;

/* Lives as long as its widget. Bar and list are not
 * shown before there is something in them. */
ibx_window_progress *ibx_window_progress_new(void);
GtkWidget *ibx_window_progress_widget(const ibx_window_progress *progress);

/* Empties the list, and shows a sentence in place of progress. */
void ibx_window_progress_clear(ibx_window_progress *progress, const char *sentence);

/* Shows how far it is, and failures that are new. Returns whether it has ended; the bar then says
 * what was done, or why not all was. The words, for titles, are in *words if it is not NULL. */
bool ibx_window_progress_show(ibx_window_progress *progress, ibx_window_run *run,
                              const char **words);

#endif
