/* complete.h - how a recipe could go on at the cursor: names of filters and parameters, and words,
 * all from the tables. */
#ifndef IBX_GIMP_MODEL_COMPLETE_H
#define IBX_GIMP_MODEL_COMPLETE_H

#include "gimp/model/steps.h"

/* One way to go on. */
typedef struct {
    char text[64];    /* what stands in the place of what was typed, "sigma=" */
    const char *says; /* a sentence about it from the table, or "" */
} ibx_gimp_choice;

typedef struct {
    ibx_gimp_slice typed; /* what of the text it replaces, up to the cursor; may be empty */
    ibx_gimp_choice *choice;
    int count;
} ibx_gimp_choices;

/* Looks up what may stand at a byte of the text. saves: steps that save are offered too. False
 * without memory; free the choices with ibx_gimp_choices_free. There are none in a comment, in
 * quotes, and where a number is due. */
bool ibx_gimp_complete(const char *text, size_t cursor, bool saves, ibx_gimp_choices *choices);
void ibx_gimp_choices_free(ibx_gimp_choices *choices);

#endif
