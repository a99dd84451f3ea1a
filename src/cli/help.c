/* help.c - imbrex help, completion and man: pages made from the tables. */
#include "cli/command.h"
#include "cli/say.h"
#include "describe/describe.h"

int ibx_do_help(const ibx_options *o, const ibx_program *program) {
    if (!o->arguments.count) {
        ibx_describe_program(stdout, program);
        return ibx_end_output();
    }
    for (const ibx_command *c = program->commands; c->name; c++)
        if (strcmp(c->name, o->arguments.word[0]) == 0) {
            ibx_describe_command(stdout, program, c);
            return ibx_end_output();
        }
    return ibx_do_filters(o, program); /* any other word is a filter or a format */
}

int ibx_do_completion(const ibx_options *o, const ibx_program *program) {
    ibx_error err = {0};
    const char *shell = o->arguments.count ? o->arguments.word[0] : "";
    if (ibx_describe_completion(stdout, program, shell)) return ibx_end_output();
    ibx_fail(&err, IBX_USAGE, "there are completions for bash, zsh and fish, not for \"%s\"",
             shell);
    return ibx_complain(ibx_command_of(program, IBX_COMPLETION), &err);
}

int ibx_do_man(const ibx_options *o, const ibx_program *program) {
    (void)o;
    ibx_describe_man(stdout, program);
    return ibx_end_output();
}
