/* value.h - one value of a parameter: read from text, printed, moved in and out of its field.
 * The spellings are those of ibx_type in filter.h. Used by param.c only. */
#ifndef IBX_CORE_VALUE_H
#define IBX_CORE_VALUE_H

#include "core/text.h"
#include "filter.h"

/* The field of any type. */
typedef union {
    float number; /* FLOAT */
    int integer;  /* INT, CHOICE */
    bool yes;     /* BOOL */
    ibx_colour colour;
    ibx_extent extent;
    ibx_length length;
    const char *text; /* TEXT, FILE */
} ibx_value;

/* Percentages of EXTENT and LENGTH are bounded by this: 100 times the input. */
#define IBX_MAX_PERCENT 10000

/* Reads an unquoted spelling and checks it against the row's range. TEXT and FILE: borrows
 * `spelling`. False if it is none of the allowed ones. */
bool ibx_value_parse(const ibx_param *row, const char *spelling, ibx_value *value);

/* The default of a row. Texts point into the row. */
bool ibx_value_default(const ibx_param *row, ibx_value *value);

void ibx_value_load(const ibx_param *row, const void *params, ibx_value *value);
void ibx_value_store(const ibx_param *row, void *params, const ibx_value *value);
bool ibx_value_equal(const ibx_param *row, const ibx_value *a, const ibx_value *b);

/* Prints the shortest spelling that reads back the same; texts in quotes where they need them. */
void ibx_value_print(const ibx_param *row, const ibx_value *value, ibx_text *t);

/* Decimal numbers, in any locale: [+-]digits[.digits][e[+-]digits], nothing before or after, and
 * finite. Printed with as few digits as read back to the same float. */
bool ibx_float_parse(const char *spelling, float *value);
void ibx_float_print(float value, ibx_text *t);

#endif
