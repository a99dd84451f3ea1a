/* help.c - filters and formats for a reader at a terminal. */
#include "core/param.h"
#include "describe/describe.h"
#include "describe/parts.h"
#include "describe/wrap.h"
#include <stdlib.h>

enum { LABEL = 17 }; /* columns of the left column */

/* "  name   sentence", wrapped. A name that is too long stands on a line of its own. */
static void print_row(FILE *out, const char *prefix, const char *name, const char *sentence) {
    int at = fprintf(out, "  %s%s", prefix, name);
    if (at > LABEL - 2) {
        fputc('\n', out);
        at = 0;
    }
    ibx_wrap(out, sentence, LABEL, at);
}

void ibx_describe_filters(FILE *out) {
    const char *category[IBX_MAX_CATEGORIES];
    const int categories = ibx_categories(category);
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (int c = 0; c < categories; c++) {
        fprintf(out, "%s\n", category[c]);
        for (size_t i = 0; i < count; i++)
            if (strcmp(filter[i]->category, category[c]) == 0)
                print_row(out, "", filter[i]->name, filter[i]->summary);
    }
    fputs("files\n", out);
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) print_row(out, "save:", format[i]->name, format[i]->summary);
    fputs("\n\"imbrex filters NAME\" explains one of them in full.\n", out);
}

/* "0.1 to 250 px, default 2" */
static void print_range(FILE *out, const ibx_param *row, const ibx_param *rows, size_t size) {
    char range[200];
    const ibx_default d = ibx_default_of(row, rows, size);
    ibx_param_range(row, range, sizeof range);
    fprintf(out, "%s", range);
    if (*d.text) fprintf(out, "; default %s", d.text);
}

static void print_params(FILE *out, const ibx_param *rows, size_t size) {
    if (!ibx_param_count(rows)) return;
    fputs("\nParameters\n", out);
    for (const ibx_param *row = rows; row->name; row++) {
        char *line = NULL;
        size_t length = 0;
        FILE *text = open_memstream(&line, &length);
        if (!text) return;
        print_range(text, row, rows, size);
        fclose(text);
        print_row(out, "", row->name, line);
        ibx_wrap(out, row->doc, LABEL, 0);
        free(line);
    }
}

void ibx_describe_filter(FILE *out, const ibx_filter *filter) {
    int at = fprintf(out, "%s", filter->name);
    at += fprintf(out, " (%s): ", filter->category);
    ibx_wrap(out, filter->summary, 2, at);
    fputs("\n  ", out);
    ibx_print_synopsis(out, "", filter->name, filter->params);
    fputs("\n", out);
    if (filter->details) {
        fputc('\n', out);
        ibx_wrap(out, filter->details, 0, 0);
    }
    print_params(out, filter->params, filter->params_size);
    if (filter->examples[0]) fputs("\nExamples\n", out);
    for (int i = 0; i < 4 && filter->examples[i]; i++)
        fprintf(out, "  imbrex run '%s' photos/ -o out/\n", filter->examples[i]);
}

void ibx_describe_save(FILE *out) {
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    ibx_wrap(
        out,
        "save:FORMAT,... writes the image as it is at that point of the recipe; the recipe goes "
        "on behind it, so one reading makes several files. Where no save ends the recipe, its end "
        "is written too, in the format of --format or of the input. save:auto leaves the format "
        "open as save alone does; a server then takes the best one that who asks can show.",
        0, 0);
    fputs("\nFormats\n", out);
    for (size_t i = 0; i < count; i++) {
        const ibx_kept kept = ibx_format_keeps(format[i]);
        print_row(out, "", format[i]->name, format[i]->summary);
        if (*kept.text) fprintf(out, "%*sKeeps %s.\n", LABEL, "", kept.text);
    }
    fputs("\n\"imbrex filters FORMAT\" shows the parameters of one of them.\n", out);
}

void ibx_describe_format(FILE *out, const ibx_format *format) {
    const ibx_kept kept = ibx_format_keeps(format);
    int at = fprintf(out, "save:%s: ", format->name);
    ibx_wrap(out, format->summary, 2, at);
    fputs("\n  ", out);
    ibx_print_synopsis(out, "save:", format->name, format->params);
    fprintf(out, "\n\nMedia type %s; suffixes", format->mime);
    for (const char *const *s = format->suffixes; *s; s++) fprintf(out, " %s", *s);
    fprintf(out, ".\nKeeps %s.\n", *kept.text ? kept.text : "colours only");
    print_params(out, format->params, format->params_size);
}

/* The last filter of a category, or the first one with a trait. */
static const ibx_filter *pick(const char *category, unsigned trait) {
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count), *found = NULL;
    for (size_t i = count; i-- > 0;) {
        if (!filter[i]->examples[0]) continue;
        if (trait && filter[i]->traits & trait) found = filter[i];
        if (category && !found && strcmp(filter[i]->category, category) == 0) found = filter[i];
    }
    return found;
}

ibx_example ibx_describe_example(void) {
    const ibx_filter *smaller = pick(NULL, IBX_REDUCE), *sharper = pick("detail", 0);
    ibx_example e = {""};
    if (smaller && sharper)
        snprintf(e.text, sizeof e.text, "%s/%s", smaller->examples[0], sharper->examples[0]);
    else if (smaller || sharper)
        snprintf(e.text, sizeof e.text, "%s", (smaller ? smaller : sharper)->examples[0]);
    return e;
}
