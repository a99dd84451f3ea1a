/* html.c - filters as pages for a browser. */
#include "core/param.h"
#include "describe/describe.h"
#include "describe/parts.h"
#include <stdlib.h>

static void put_text(FILE *out, const char *text) {
    static const char *const NAMES[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"};
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < sizeof NAMES / sizeof *NAMES && NAMES[c])
            fputs(NAMES[c], out);
        else
            fputc(c, out);
    }
}

/* Paragraphs are divided by empty lines. */
static void put_paragraphs(FILE *out, const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        const size_t length = end ? (size_t)(end - text) : strlen(text);
        char *paragraph = strndup(text, length);
        fputs("<p>", out);
        if (paragraph) put_text(out, paragraph);
        fputs("</p>\n", out);
        free(paragraph);
        text += length + (end ? 2 : 0);
    }
}

static void put_rows(FILE *out, const ibx_filter *filter) {
    if (!ibx_param_count(filter->params)) return;
    fputs("<h2>Parameters</h2>\n<table>\n"
          "<tr><th>name</th><th>values</th><th>default</th><th></th></tr>\n",
          out);
    for (const ibx_param *row = filter->params; row->name; row++) {
        char range[200];
        const ibx_default d = ibx_default_of(row, filter->params, filter->params_size);
        ibx_param_range(row, range, sizeof range);
        const char *const cells[] = {row->name, range, d.text, row->doc};
        fputs("<tr>", out);
        for (int i = 0; i < 4; i++) {
            fputs(i ? "<td>" : "<td><code>", out);
            put_text(out, cells[i]);
            fputs(i ? "</td>" : "</code></td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void put_examples(FILE *out, const ibx_filter *filter) {
    if (!filter->examples[0]) return;
    fputs("<h2>As a step of a recipe</h2>\n<ul>\n", out);
    for (int i = 0; i < 4 && filter->examples[i]; i++) {
        fputs("<li><code>", out);
        put_text(out, filter->examples[i]);
        fputs("</code></li>\n", out);
    }
    fputs("</ul>\n", out);
}

void ibx_describe_html_head(FILE *out, const char *title) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>", out);
    put_text(out, title);
    fputs("</title>\n<style>\nbody { max-width: 45em; margin: 2em auto; padding: 0 1em; "
          "font-family: sans-serif; line-height: 1.4 }\n"
          "td, th { text-align: left; vertical-align: top; padding: 0.2em 1em 0.2em 0 }\n"
          "</style>\n</head>\n<body>\n<h1>",
          out);
    put_text(out, title);
    fputs("</h1>\n", out);
}

void ibx_describe_html_foot(FILE *out) {
    fputs("</body>\n</html>\n", out);
}

void ibx_describe_html_filters(FILE *out,
                               void (*put_address)(FILE *out, const ibx_filter *filter)) {
    const char *category[IBX_MAX_CATEGORIES];
    const int categories = ibx_categories(category);
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (int c = 0; c < categories; c++) {
        fprintf(out, "<h2>%s</h2>\n<ul>\n", category[c]);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(filter[i]->category, category[c]) != 0) continue;
            fputs("<li><a href=\"", out);
            put_address(out, filter[i]);
            fprintf(out, "\">%s</a>: ", filter[i]->name);
            put_text(out, filter[i]->summary);
            fputs("</li>\n", out);
        }
        fputs("</ul>\n", out);
    }
}

void ibx_describe_html_filter(FILE *out, const ibx_filter *filter) {
    fputs("<p>", out);
    put_text(out, filter->summary);
    fputs("</p>\n", out);
    if (filter->details) put_paragraphs(out, filter->details);
    put_rows(out, filter);
    put_examples(out, filter);
}
