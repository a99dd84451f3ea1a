/* recipe.h - a parsed recipe, for the engine. The grammar is in the README. */
#ifndef IBX_CORE_RECIPE_H
#define IBX_CORE_RECIPE_H

#include "core/format.h"
#include "imbrex.h"

/* A longer recipe is refused. */
#define IBX_MAX_STEPS 1000

/* One step: a filter, or the writing of a file. */
typedef struct {
    const ibx_filter *filter; /* NULL: this step is `save` */
    const ibx_format *format; /* save: the format; NULL: not named, the batch decides */
    bool automatic;           /* save: the format is to be chosen; it is NULL here */
    void *params;             /* the block of the filter, the format, or of ibx_save_any */
} ibx_step;

/* What `save` is given in place of a format that is to be chosen for who asks. */
#define IBX_AUTOMATIC "auto"

struct ibx_recipe {
    ibx_step *steps;
    int count;
};

/* The rows of a step's params: its filter's, its format's or IBX_SAVE_ANY; may be NULL. */
const ibx_param *ibx_step_rows(const ibx_step *step);

/* Number of `save` steps. */
int ibx_recipe_saves(const ibx_recipe *recipe);

/* Number of files that the recipe makes of each image: its `save` steps, and one more at its end
 * where it does not end with one. */
int ibx_recipe_outputs(const ibx_recipe *recipe);

#endif
