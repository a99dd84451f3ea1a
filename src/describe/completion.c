/* completion.c - completion scripts for shells. zsh runs the bash script through its own
 * bashcompinit; fish gets a list of rules. */
#include "describe/describe.h"

const char *const ibx_shells[] = {"bash", "zsh", "fish", NULL};

static void put_filters(FILE *out) {
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (size_t i = 0; i < count; i++) fprintf(out, "%s%s", i ? " " : "", filter[i]->name);
}

static void put_formats(FILE *out) {
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) fprintf(out, "%s%s", i ? " " : "", format[i]->name);
}

static void put_words(FILE *out, const char *const *words) {
    for (int i = 0; words[i]; i++) fprintf(out, "%s%s", i ? " " : "", words[i]);
}

/* What stands behind a command: told by the first word of its arguments. */
static bool first_is(const ibx_command *c, const char *word) {
    return strncmp(c->arguments, word, strlen(word)) == 0;
}

/* ---- bash ----------------------------------------------------------------------------------- */

static void bash_words(FILE *out, const char *const *words) {
    fputs("words=\"", out);
    put_words(out, words);
    fputs("\"", out);
}

/* Values of the option in front of the cursor. */
static void bash_value(FILE *out, const ibx_option *o) {
    if (o->type == IBX_OPTION_FLAG) return;
    fputs("    ", out);
    if (o->letter) fprintf(out, "-%c|", o->letter);
    fprintf(out, "--%s) ", o->name);
    if (o->type == IBX_OPTION_CHOICE) {
        bash_words(out, o->choices);
        fputs(" ;;\n", out);
    } else if (o->type == IBX_OPTION_FORMAT) {
        fputs("words=$formats ;;\n", out);
    } else if (o->type == IBX_OPTION_FILE) {
        fputs("files=-f ;;\n", out);
    } else if (o->type == IBX_OPTION_FOLDER) {
        fputs("files=-d ;;\n", out);
    } else {
        fputs("return ;;\n", out);
    }
}

static void bash_options(FILE *out, const ibx_program *program, const ibx_command *c) {
    fprintf(out, "    %s:-*) words=\"", c->name);
    for (const ibx_option *o = program->options; o->name; o++)
        if (o->commands & c->bit) fprintf(out, "--%s ", o->name);
    fputs("\" ;;\n", out);
}

static void bash_arguments(FILE *out, const ibx_command *c) {
    fprintf(out, "    %s:*) ", c->name);
    if (first_is(c, "RECIPE"))
        fputs("if [ \"$COMP_CWORD\" -eq 2 ]; then words=\"$filters save\"; else files=-f; fi", out);
    else if (first_is(c, "[NAME"))
        fputs("words=\"$filters $formats save\"", out);
    else if (first_is(c, "SHELL"))
        bash_words(out, ibx_shells);
    else if (*c->arguments)
        fputs("files=-f", out);
    else
        fputs("return", out);
    fputs(" ;;\n", out);
}

static void bash(FILE *out, const ibx_program *program) {
    fputs("_imbrex() {\n"
          "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "  local words= files= filters=\"",
          out);
    put_filters(out);
    fputs("\" formats=\"", out);
    put_formats(out);
    fputs("\"\n"
          "  COMPREPLY=()\n"
          "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "    COMPREPLY=($(compgen -W \"",
          out);
    for (const ibx_command *c = program->commands; c->name; c++) fprintf(out, "%s ", c->name);
    fputs("--help --version\" -- \"$cur\"))\n"
          "    return\n"
          "  fi\n"
          "  case $prev in\n",
          out);
    for (const ibx_option *o = program->options; o->name; o++) bash_value(out, o);
    fputs("  esac\n"
          "  if [ -z \"$words$files\" ]; then\n"
          "    case ${COMP_WORDS[1]}:$cur in\n",
          out);
    for (const ibx_command *c = program->commands; c->name; c++) {
        bash_options(out, program, c);
        bash_arguments(out, c);
    }
    fputs("    esac\n"
          "  fi\n"
          "  local IFS=$' \\n'\n"
          "  [ -n \"$words\" ] && COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "  IFS=$'\\n'\n"
          "  [ -n \"$files\" ] && compopt -o filenames 2>/dev/null\n"
          "  [ -n \"$files\" ] && COMPREPLY=($(compgen $files -- \"$cur\"))\n"
          "  return 0\n"
          "}\n"
          "complete -F _imbrex imbrex\n",
          out);
}

/* ---- fish ----------------------------------------------------------------------------------- */

/* A text in single quotes. */
static void fish_quoted(FILE *out, const char *text) {
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static void fish_option(FILE *out, const ibx_program *program, const ibx_option *o) {
    fputs("complete -c imbrex -n '__fish_seen_subcommand_from", out);
    for (const ibx_command *c = program->commands; c->name; c++)
        if (o->commands & c->bit) fprintf(out, " %s", c->name);
    fprintf(out, "' -l %s", o->name);
    if (o->letter) fprintf(out, " -s %c", o->letter);
    if (o->type == IBX_OPTION_CHOICE) {
        fputs(" -x -a '", out);
        put_words(out, o->choices);
        fputs("'", out);
    } else if (o->type == IBX_OPTION_FORMAT) {
        fputs(" -x -a '", out);
        put_formats(out);
        fputs("'", out);
    } else if (o->type == IBX_OPTION_FOLDER) {
        fputs(" -x -a '(__fish_complete_directories)'", out);
    } else if (o->type == IBX_OPTION_FILE) {
        fputs(" -r", out);
    } else if (o->type != IBX_OPTION_FLAG) {
        fputs(" -x", out);
    }
    fputs(" -d ", out);
    fish_quoted(out, o->doc);
    fputc('\n', out);
}

static void fish_words(FILE *out, const ibx_command *c) {
    if (!first_is(c, "RECIPE") && !first_is(c, "[NAME") && !first_is(c, "SHELL")) return;
    fprintf(out, "complete -c imbrex -n '__fish_seen_subcommand_from %s' -a '", c->name);
    if (first_is(c, "SHELL")) {
        put_words(out, ibx_shells);
    } else {
        put_filters(out);
        fputs(" save", out);
    }
    fputs("'\n", out);
}

static void fish(FILE *out, const ibx_program *program) {
    for (const ibx_command *c = program->commands; c->name; c++) {
        fprintf(out, "complete -c imbrex -f -n __fish_use_subcommand -a %s -d ", c->name);
        fish_quoted(out, c->summary);
        fputc('\n', out);
        fish_words(out, c);
    }
    for (const ibx_option *o = program->options; o->name; o++) fish_option(out, program, o);
}

bool ibx_describe_completion(FILE *out, const ibx_program *program, const char *shell) {
    if (strcmp(shell, "zsh") == 0)
        fputs("#compdef imbrex\nautoload -U +X compinit && compinit\n"
              "autoload -U +X bashcompinit && bashcompinit\n",
              out);
    if (strcmp(shell, "zsh") == 0 || strcmp(shell, "bash") == 0)
        bash(out, program);
    else if (strcmp(shell, "fish") == 0)
        fish(out, program);
    else
        return false;
    return true;
}
