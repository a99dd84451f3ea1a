/* setup.h - from options to a batch: the recipe is read, the inputs are gathered. */
#ifndef IBX_CLI_SETUP_H
#define IBX_CLI_SETUP_H

#include "cli/options.h"

typedef struct {
    ibx_batch batch; /* ready to be run or planned */
    ibx_recipe *recipe;
    ibx_words inputs;
    char *list;                       /* text of --files-from, in which inputs point */
    char *folder;                     /* output of --in-place */
    const char *logs[3], *sources[3]; /* of the batch */
} ibx_setup;

/* Makes the batch. False with IBX_USAGE, or IBX_FORMAT if the list of inputs cannot be read.
 * Free with ibx_setup_free in either case. */
bool ibx_setup_make(ibx_setup *setup, const ibx_options *options, const ibx_command *command,
                    ibx_error *err);
void ibx_setup_free(ibx_setup *setup);

#endif
