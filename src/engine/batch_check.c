/* batch_check.c - what is decided about a batch before its first file is read. */
#include "engine/job.h"
#include "engine/logs.h"
#include "engine/name.h"
#include <string.h>
#include <sys/stat.h>

/* The output folder can be made and written to. */
static bool check_output(const ibx_batch *batch, const ibx_listing *listing, ibx_error *err) {
    if (!batch->output) return ibx_fail(err, IBX_USAGE, "name an output folder with -o");
    if (strcmp(batch->output, "-") == 0) {
        if (listing->count == 1 && ibx_recipe_outputs(batch->recipe) == 1) return true;
        return ibx_fail(err, IBX_USAGE, "standard output takes one image, but there would be more");
    }
    struct stat st;
    if (stat(batch->output, &st) == 0 && !S_ISDIR(st.st_mode))
        return ibx_fail(err, IBX_IO,
                        "the output %s is not a folder; -o names the folder to write "
                        "into",
                        batch->output);
    return true;
}

bool ibx_batch_check(const ibx_batch *batch, ibx_listing *listing, FILE *collisions,
                     ibx_error *err) {
    if (!batch->recipe) return ibx_fail(err, IBX_USAGE, "a batch needs a recipe");
    if (!ibx_names_valid(batch, err)) return false;
    return ibx_logs_check(batch, err) && ibx_listing_make(batch, listing, err) &&
           ibx_logs_check_inputs(batch, listing, err) && check_output(batch, listing, err) &&
           ((batch->output && strcmp(batch->output, "-") == 0) ||
            !ibx_names_collide(batch, listing, collisions, err));
}
