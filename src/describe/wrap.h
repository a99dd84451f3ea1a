/* wrap.h - text in lines of at most 79 columns. */
#ifndef IBX_DESCRIBE_WRAP_H
#define IBX_DESCRIBE_WRAP_H

#include <stdio.h>

/* Prints text, broken between words, every line indented by `indent` columns. `at` is the column
 * where the cursor already is: 0, or the width of a label in front of the first line. A line break
 * in the text stays; the last line is ended. */
void ibx_wrap(FILE *out, const char *text, int indent, int at);

/* Columns that a UTF-8 text takes (every character counts as one). */
int ibx_columns(const char *text);

#endif
