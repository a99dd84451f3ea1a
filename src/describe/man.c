/* man.c - the manual page in roff (man(7)). */
#include "core/param.h"
#include "describe/describe.h"
#include "describe/parts.h"

/* Text with roff's special characters escaped; a line break in it starts a new paragraph. */
static void put_text(FILE *out, const char *text) {
    bool start = true; /* of a line */
    for (; *text; text++) {
        if (*text == '\n') {
            if (!start) fputs("\n.PP\n", out);
            start = true;
            continue;
        }
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        start = false;
    }
    fputc('\n', out);
}

static void put_options(FILE *out, const ibx_program *program) {
    const char *group = "";
    fputs(".SH OPTIONS\n", out);
    for (const ibx_option *o = program->options; o->name; o++) {
        if (strcmp(group, o->group) != 0) fprintf(out, ".SS %s\n", o->group);
        group = o->group;
        fputs(".TP\n", out);
        if (o->letter) fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
        fputs("\\fB\\-\\-", out);
        for (const char *p = o->name; *p; p++) fprintf(out, *p == '-' ? "\\-" : "%c", *p);
        fprintf(out, "\\fR%s%s%s\n", o->value ? " \\fI" : "", o->value ? o->value : "",
                o->value ? "\\fR" : "");
        put_text(out, o->doc);
        if (!o->choices) continue;
        ibx_print_choices(out, o->choices);
        fprintf(out, "; default %s.\n", o->choices[0]);
    }
}

static void put_params(FILE *out, const ibx_param *rows, size_t size) {
    for (const ibx_param *row = rows; row && row->name; row++) {
        char range[200];
        const ibx_default d = ibx_default_of(row, rows, size);
        ibx_param_range(row, range, sizeof range);
        fprintf(out, ".TP\n.B %s\n", row->name);
        put_text(out, row->doc);
        fputs("Takes ", out);
        put_text(out, range);
        if (*d.text) {
            fputs("(default ", out);
            put_text(out, d.text);
            fputs(").\n", out);
        }
    }
}

static void put_filters(FILE *out) {
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    fputs(".SH FILTERS\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".SS %s\n", filter[i]->name);
        put_text(out, filter[i]->summary);
        if (filter[i]->details) {
            fputs(".PP\n", out);
            put_text(out, filter[i]->details);
        }
        put_params(out, filter[i]->params, filter[i]->params_size);
    }
    fputs(".SH FORMATS\n", out);
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, ".SS save:%s\n", format[i]->name);
        put_text(out, format[i]->summary);
        put_params(out, format[i]->params, format[i]->params_size);
    }
}

void ibx_describe_man(FILE *out, const ibx_program *program) {
    fprintf(out, ".TH IMBREX 1 \"\" \"imbrex %s\"\n", program->version);
    fputs(".SH NAME\nimbrex \\- directories of images through recipes of filters\n"
          ".SH SYNOPSIS\n",
          out);
    for (const ibx_command *c = program->commands; c->name; c++) {
        fprintf(out, "%s\\fBimbrex %s\\fR ", c == program->commands ? "" : ".br\n", c->name);
        put_text(out, c->arguments);
    }
    char example[200];
    snprintf(example, sizeof example, "imbrex run '%s' photos/ -o web/",
             ibx_describe_example().text);
    fputs(".SH EXAMPLE\n.EX\n", out);
    put_text(out, example);
    fputs(".EE\n.SH COMMANDS\n", out);
    for (const ibx_command *c = program->commands; c->name; c++) {
        fprintf(out, ".SS %s\n", c->name);
        put_text(out, c->summary);
        if (!c->details) continue;
        fputs(".PP\n", out);
        put_text(out, c->details);
    }
    put_options(out, program);
    put_filters(out);
}
