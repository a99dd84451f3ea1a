/* parts.h - what the pages of this folder have in common. */
#ifndef IBX_DESCRIBE_PARTS_H
#define IBX_DESCRIBE_PARTS_H

#include "imbrex.h"

/* The categories of the filter table in alphabetical order. */
#define IBX_MAX_CATEGORIES 16
int ibx_categories(const char *category[IBX_MAX_CATEGORIES]);

/* The default of a row as it is written in a recipe; "" for an empty text. */
typedef struct {
    char text[160];
} ibx_default;
ibx_default ibx_default_of(const ibx_param *row, const ibx_param *rows, size_t params_size);

/* How a step is written with the names of its first values, "blur:SIGMA" or "save:jpeg,QUALITY";
 * prefix is "" or "save:". */
void ibx_print_synopsis(FILE *out, const char *prefix, const char *name, const ibx_param *rows);

/* What a format keeps beside colour, "alpha, 16 bits, profile, metadata", or "". */
typedef struct {
    char text[80];
} ibx_kept;
ibx_kept ibx_format_keeps(const ibx_format *format);

#endif
