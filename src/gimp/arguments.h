/* arguments.h - the parameters of a filter as arguments of a procedure.
 *
 *   FLOAT                a number
 *   INT                  a whole number
 *   BOOL                 a whole number, 0 or 1 (FALSE or TRUE)
 *   CHOICE               a text, one of the words. Words say in a script what is meant, stay right
 *                        when a word is added, and are what procedures of GIMP 3 take.
 *   COLOUR               a text, as in recipes: colours of Script-Fu have no opacity
 *   EXTENT, LENGTH       a text, as in recipes: pixels or percent
 *   TEXT, FILE           a text
 *
 * An empty text stands for the default. */
#ifndef IBX_GIMP_ARGUMENTS_H
#define IBX_GIMP_ARGUMENTS_H

#include "imbrex.h"

typedef enum { IBX_GIMP_NUMBER, IBX_GIMP_WHOLE, IBX_GIMP_WORDS } ibx_gimp_kind;

/* What a row's argument is. */
ibx_gimp_kind ibx_gimp_argument_kind(const ibx_param *row);

/* A value that came: the member that its kind says. */
typedef union {
    double number;
    int32_t whole;
    const char *words; /* NULL is as good as "" */
} ibx_gimp_value;

/* Words for what may be given, in `text`: as recipes have it, but 0 and 1 for yes and no. */
const char *ibx_gimp_argument_range(const ibx_param *row, char *text, size_t size);

/* The default in the same words, from its spelling in a recipe. */
const char *ibx_gimp_argument_default(const ibx_param *row, const char *spelling);

/* Puts one value into a block of parameters. False, with a sentence, if the row does not take it.
 */
bool ibx_gimp_argument_set(const ibx_filter *filter, const ibx_param *row, ibx_gimp_value value,
                           void *params, ibx_error *err);

#endif
