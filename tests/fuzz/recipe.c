/* recipe - fuzzes the reader of recipes: whatever the text, it is refused with a clean sentence, or
 * its print reads as the same recipe. With clang: -fsanitize=fuzzer,address,undefined; without,
 * replay.c runs the corpus. */
#include "core/recipe.h"
#include "core/param.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Steps that open a file are left out: a fuzzer would name devices. */
static bool opens_a_file(const char *text) {
    size_t count;
    const ibx_filter *const *all = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        for (const ibx_param *row = all[i]->params; row && row->name; row++)
            if (row->type == IBX_TYPE_FILE && strstr(text, all[i]->name)) return true;
    return false;
}

static void compare_steps(const ibx_step *a, const ibx_step *b) {
    demand(a->filter == b->filter && a->format == b->format, "another step");
    for (const ibx_param *row = ibx_step_rows(a); row && row->name; row++) {
        char left[300], right[300];
        const int n = ibx_param_print(row, a->params, left, sizeof left);
        demand(n == ibx_param_print(row, b->params, right, sizeof right), "another length");
        demand(strcmp(left, right) == 0, "another value");
        demand(ibx_param_is_default(row, a->params) == ibx_param_is_default(row, b->params),
               "another default");
    }
}

static void check_error(const ibx_error *err) {
    demand(err->code == IBX_USAGE, "another kind of error");
    demand(strlen(err->text) > 10, "no sentence");
    for (const char *s = err->text; *s; s++)
        demand((unsigned char)*s >= ' ' && *s != 0x7F, "a control character in the sentence");
}

static void check_recipe(const ibx_recipe *recipe) {
    char *text = ibx_recipe_print(recipe);
    ibx_error err;
    ibx_recipe *again = ibx_recipe_parse(text, &err);
    demand(again, "the print cannot be read");
    demand(again->count == recipe->count, "another number of steps");
    for (int i = 0; i < recipe->count; i++) compare_steps(&recipe->steps[i], &again->steps[i]);
    char *twice = ibx_recipe_print(again);
    demand(strcmp(text, twice) == 0, "the print is not stable");
    ibx_recipe_free(again);
    free(text);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    demand(text != NULL, "no memory");
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    if (!opens_a_file(text)) {
        ibx_error err = {0};
        ibx_recipe *recipe = ibx_recipe_parse(text, &err);
        if (recipe)
            check_recipe(recipe);
        else
            check_error(&err);
        ibx_recipe_free(recipe);
    }
    free(text);
    return 0;
}
