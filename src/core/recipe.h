/* recipe.h - a parsed recipe, for the engine. The grammar is in the README. */
#ifndef IBX_CORE_RECIPE_H
#define IBX_CORE_RECIPE_H

#include "core/format.h"
#include "imbrex.h"

/* One step: a filter, or the writing of a file. */
typedef struct {
    const ibx_filter *filter; /* NULL: this step is `save` */
    const ibx_format *format; /* save: the format; NULL: not named, the batch decides */
    void *params;             /* the block of the filter, the format, or of ibx_save_any */
} ibx_step;

struct ibx_recipe {
    ibx_step *steps;
    int count;
};

/* Number of `save` steps. */
int ibx_recipe_saves(const ibx_recipe *recipe);

#endif
