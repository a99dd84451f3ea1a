/* markdown.c - the reference of filters and formats for the documentation. */
#include "core/param.h"
#include "describe/describe.h"
#include "describe/parts.h"

/* Text inside a table cell: "|" would end it. */
static void put_cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void put_params(FILE *out, const ibx_param *rows, size_t size) {
    if (!ibx_param_count(rows)) return;
    fputs("| parameter | values | default | |\n|---|---|---|---|\n", out);
    for (const ibx_param *row = rows; row->name; row++) {
        char range[200];
        const ibx_default d = ibx_default_of(row, rows, size);
        ibx_param_range(row, range, sizeof range);
        fprintf(out, "| `%s` | ", row->name);
        put_cell(out, range);
        fprintf(out, " | %s%s%s | ", *d.text ? "`" : "", d.text, *d.text ? "`" : "");
        put_cell(out, row->doc);
        fputs(" |\n", out);
    }
    fputc('\n', out);
}

static void put_filter(FILE *out, const ibx_filter *filter) {
    fprintf(out, "### %s\n\n%s\n\n", filter->name, filter->summary);
    if (filter->details) fprintf(out, "%s\n\n", filter->details);
    put_params(out, filter->params, filter->params_size);
    for (int i = 0; i < 4 && filter->examples[i]; i++)
        fprintf(out, "%s`%s`", i ? ", " : "Examples: ", filter->examples[i]);
    if (filter->examples[0]) fputs("\n\n", out);
}

static void put_format(FILE *out, const ibx_format *format) {
    const ibx_kept kept = ibx_format_keeps(format);
    fprintf(out, "### save:%s\n\n%s", format->name, format->summary);
    if (*kept.text) fprintf(out, " Keeps %s.", kept.text);
    fputs(" Suffixes:", out);
    for (const char *const *s = format->suffixes; *s; s++) fprintf(out, " `%s`", *s);
    fputs(".\n\n", out);
    put_params(out, format->params, format->params_size);
}

void ibx_describe_markdown(FILE *out) {
    const char *category[IBX_MAX_CATEGORIES];
    const int categories = ibx_categories(category);
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (int c = 0; c < categories; c++) {
        fprintf(out, "## %s\n\n", category[c]);
        for (size_t i = 0; i < count; i++)
            if (strcmp(filter[i]->category, category[c]) == 0) put_filter(out, filter[i]);
    }
    fputs("## files\n\n", out);
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) put_format(out, format[i]);
}
