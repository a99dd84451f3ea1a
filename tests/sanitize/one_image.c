/* one_image.c - one image through the engine on two threads, for ThreadSanitizer.
 *
 * Built twice: with the library as it is, where the sanitizer must be silent, and with a library
 * whose filter tasks have lost the clause that makes them wait for what they read, where it must
 * report. That is how we know that its silence means something. */
#include "imbrex.h"
#include <stdlib.h>

int main(void) {
    ibx_error err = {IBX_OK, ""};
    ibx_image in = {.head = {.w = 1000, .h = 2000, .model = IBX_RGB, .orientation = 1, .depth = 8},
                    .sample = IBX_U8,
                    .stride = 3000};
    const ibx_limits limits = {.threads = 2};
    ibx_recipe *recipe = ibx_recipe_parse("blur:2/unsharp:1", &err);
    in.pixels = calloc(2000, in.stride);
    for (int i = 0; recipe && in.pixels && i < 10; i++) {
        ibx_image out;
        if (!ibx_apply(recipe, &in, IBX_U8, &out, &limits, &err)) break;
        ibx_image_free(&out);
    }
    if (err.code != IBX_OK) fprintf(stderr, "%s\n", err.text);
    free(in.pixels);
    ibx_recipe_free(recipe);
    return err.code != IBX_OK;
}
