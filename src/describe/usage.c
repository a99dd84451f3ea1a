/* usage.c - the program, its commands and their options for a reader at a terminal. */
#include "describe/describe.h"
#include "describe/wrap.h"

enum { COMMAND_LABEL = 30, LABEL = 26 }; /* columns of the left column */

void ibx_print_choices(FILE *out, const char *const *words) {
    for (int i = 0; words[i]; i++)
        fprintf(out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

void ibx_describe_program(FILE *out, const ibx_program *program) {
    fprintf(out,
            "imbrex %s: directories of images through recipes of filters, on all cores.\n\n"
            "  imbrex run '%s' photos/ -o web/\n\n",
            program->version, ibx_describe_example().text);
    ibx_wrap(out,
             "takes every image below photos/ through these steps and writes web/ with the same "
             "folders. Nothing is overwritten unless you say so.",
             0, 0);
    fputs("\nCommands\n", out);
    for (const ibx_command *c = program->commands; c->name; c++) {
        int at = fprintf(out, "  %s %s", c->name, c->arguments);
        ibx_wrap(out, c->summary, COMMAND_LABEL, at);
    }
    fputs("\nRecipes\n", out);
    ibx_wrap(
        out,
        "Steps are separated by \"/\" or blanks. Behind a step's \":\" come its values, in the "
        "order of its help page or as key=value. The step save:FORMAT writes what there is at "
        "that point, so one reading can make several files.",
        2, 0);
    fputc('\n', out);
    ibx_wrap(out,
             "\"imbrex COMMAND --help\" shows the options of a command, \"imbrex filters\" what "
             "steps there are, \"imbrex filters NAME\" one of them in full.",
             0, 0);
}

/* "  -o, --output DIR"; returns the columns. */
static int print_option(FILE *out, const ibx_option *o) {
    int at = fprintf(out, o->letter ? "  -%c, " : "      ", o->letter);
    at += fprintf(out, "--%s", o->name);
    if (o->value) at += fprintf(out, " %s", o->value);
    return at;
}

static void print_option_row(FILE *out, const ibx_option *o) {
    int at = print_option(out, o);
    if (at > LABEL - 2) {
        fputc('\n', out);
        at = 0;
    }
    ibx_wrap(out, o->doc, LABEL, at);
    if (!o->choices) return;
    fprintf(out, "%*s", LABEL, "");
    ibx_print_choices(out, o->choices);
    fprintf(out, "; default %s\n", o->choices[0]);
}

void ibx_describe_command(FILE *out, const ibx_program *program, const ibx_command *command) {
    const char *group = "";
    fprintf(out, "imbrex %s %s\n\n", command->name, command->arguments);
    ibx_wrap(out, command->summary, 0, 0);
    if (command->details) {
        fputc('\n', out);
        ibx_wrap(out, command->details, 0, 0);
    }
    for (const ibx_option *o = program->options; o->name; o++) {
        if (!(o->commands & command->bit)) continue;
        if (strcmp(group, o->group) != 0) fprintf(out, "\n%s\n", o->group);
        group = o->group;
        print_option_row(out, o);
    }
}
