/* label.h - what menus and forms call things of the table: in words, with a capital.
 *
 * "In black" for in_black, and where a name is an abbreviation, what the table has in its place:
 * "3D LUT", "Black point compensation". All front-ends that have labels take them from here. */
#ifndef IBX_CORE_LABEL_H
#define IBX_CORE_LABEL_H

#include "filter.h"

typedef struct {
    char text[64]; /* cut if longer */
} ibx_label;

/* Of a filter, of a parameter, and of the word of a CHOICE by its index. */
ibx_label ibx_label_of_filter(const ibx_filter *filter);
ibx_label ibx_label_of_row(const ibx_param *row);
ibx_label ibx_label_of_choice(const ibx_param *row, int i);

/* Of any other name, such as a category. */
ibx_label ibx_label_of_name(const char *name);

#endif
