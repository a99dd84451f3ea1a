/* filter_dialog.h - the dialog of a filter: its form (form.h) beside a preview (preview.h). */
#ifndef IBX_GIMP_WINDOW_FILTER_DIALOG_H
#define IBX_GIMP_WINDOW_FILTER_DIALOG_H

#include "gimp/dialog.h"

/* See ask_filter in dialog.h. The dialog's size is kept in the session, by the filter's name. */
bool ibx_window_ask_filter(ibx_gimp_subject *subject, const ibx_filter *filter, void *params);

#endif
