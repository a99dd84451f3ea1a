/* field.h - the widgets of one row of a form. */
#ifndef IBX_GIMP_WINDOW_FIELD_H
#define IBX_GIMP_WINDOW_FIELD_H

#include "gimp/model/range.h"
#include "gimp/model/values.h"
#include <gtk/gtk.h>

typedef struct ibx_window_field ibx_window_field;
struct ibx_window_field {
    ibx_window_values *values; /* of the form */
    const ibx_param *param;
    int row;
    void (*changed)(ibx_window_field *field); /* the user set something */
    void *form;

    GtkWidget *control; /* what takes the values, and the keys */
    GtkWidget *slider;  /* FLOAT and INT, in front of it; else NULL */
    ibx_window_range range;
    bool told; /* the widgets are being told a value: their signals are not the user's */
};

/* Makes control and slider for the row and shows its value in them. All members above `control`
 * must be set. */
void ibx_window_field_make(ibx_window_field *field);

/* Shows the row's value, after it was set elsewhere. */
void ibx_window_field_tell(ibx_window_field *field);

#endif
