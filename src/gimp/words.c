/* words.c - names, labels and descriptions out of the filter table. */
#include "gimp/words.h"
#include "core/label.h"
#include "core/param.h"
#include "describe/parts.h"
#include "gimp/arguments.h"
#include <stdlib.h>

/* A name with one character in place of each "_". */
static void respell(ibx_gimp_word *word, const char *prefix, const char *name, char mark) {
    snprintf(word->text, sizeof word->text, "%s%s", prefix, name);
    for (char *c = word->text + strlen(prefix); *c; c++)
        if (*c == '_') *c = mark;
}

ibx_gimp_word ibx_gimp_procedure(const ibx_filter *filter) {
    ibx_gimp_word word;
    respell(&word, IBX_GIMP_PREFIX, filter->name, '-');
    return word;
}

const ibx_filter *ibx_gimp_filter(const char *procedure) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(ibx_gimp_procedure(filters[i]).text, procedure) == 0) return filters[i];
    return NULL;
}

ibx_gimp_word ibx_gimp_argument_name(const ibx_param *row) {
    ibx_gimp_word word;
    respell(&word, "", row->name, '-');
    return word;
}

ibx_gimp_word ibx_gimp_label(const ibx_filter *filter) {
    ibx_gimp_word word;
    snprintf(word.text, sizeof word.text, "%s...", ibx_label_of_filter(filter).text);
    return word;
}

ibx_gimp_word ibx_gimp_menu(const ibx_filter *filter) {
    ibx_gimp_word word;
    snprintf(word.text, sizeof word.text, IBX_GIMP_MENU "/%s",
             ibx_label_of_name(filter->category).text);
    return word;
}

/* "Radius. 0.1 to 250 px; default 2": one sentence about the row, and what may be given. */
char *ibx_gimp_argument_words(const ibx_filter *filter, const ibx_param *row) {
    char range[200], *text = NULL;
    const ibx_default d = ibx_default_of(row, filter->params, filter->params_size);
    const char *words = ibx_gimp_argument_range(row, range, sizeof range);
    const char *standard = ibx_gimp_argument_default(row, d.text);
    if (asprintf(&text, "%s %s%s%s", row->doc, words, *standard ? "; default " : "", standard) < 0)
        return NULL;
    return text;
}

char *ibx_gimp_details(const ibx_filter *filter) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    if (filter->details) fprintf(out, "%s\n\n", filter->details);
    for (int i = 0; i < 4 && filter->examples[i]; i++)
        fprintf(out, "%s%s", i ? ", " : "As steps of a recipe: ", filter->examples[i]);
    if (filter->examples[0]) fputs(".\n\n", out);
    fputs("Pixels stay in the image's own colour space and precision. The selection, the locks of "
          "the layer and its mask are respected. What changes the size does so for the whole image "
          "if it has one layer, else for the layer, whatever is selected.",
          out);
    fclose(out);
    return text;
}
