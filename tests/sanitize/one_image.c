/* one_image.c - one file through the engine on two threads, for ThreadSanitizer: decoder, rings,
 * filters and encoder.
 *
 * Built twice: with the library as it is, where the sanitizer must be silent, and with a library
 * whose filter tasks have lost the clause that makes them wait for what they read, where it must
 * report. That is how we know that its silence means something. The PNG is large enough to be
 * compressed in bands.
 *
 *   one_image PHOTOGRAPH FOLDER    writes into the folder */
#include "imbrex.h"
#include <stdio.h>

static bool run(const char *text, const char *input, const char *folder, ibx_error *err) {
    ibx_recipe *recipe = ibx_recipe_parse(text, err);
    const ibx_batch batch = {.recipe = recipe,
                             .inputs = &input,
                             .input_count = 1,
                             .output = folder,
                             .if_exists = IBX_EXISTS_OVERWRITE,
                             .limits = {.threads = 2}};
    ibx_totals totals = {0};
    const bool ok = recipe && ibx_batch_run(&batch, NULL, NULL, &totals, err) && totals.done == 1;
    ibx_recipe_free(recipe);
    return ok;
}

int main(int argc, char **argv) {
    char large[4096], components[4096], small[4096];
    ibx_error err = {0};
    if (argc != 3) return 2;
    snprintf(large, sizeof large, "%s/large", argv[2]);
    snprintf(small, sizeof small, "%s/small", argv[2]);
    bool ok = run("resize:1700x2600,fit=fill/save:png,fast", argv[1], large, &err) &&
              run("resize:1700x2600,fit=fill/save:jpeg", argv[1], large, &err);
    snprintf(large, sizeof large, "%s/large/photo-before.png", argv[2]);
    snprintf(components, sizeof components, "%s/large/photo-before.jpg", argv[2]);
    for (int i = 0; ok && i < 5; i++)
        ok = run("blur:2/unsharp:1/save:jpeg", large, small, &err) &&
             run("blur:2/save:jpeg", components, small, &err) &&
             run("blur:8/save:png", large, small, &err);
    if (!ok) fprintf(stderr, "one_image: %s\n", err.text);
    return !ok;
}
