/* plan.c - imbrex plan: what run would do. */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/setup.h"
#include <stdlib.h>

/* Passes lines on to standard output, made safe for a terminal: they hold file names. */
static ssize_t write_safe(void *user, const char *data, size_t size) {
    char *line = strndup(data, size);
    if (!line) return 0;
    char *rest = line, *end;
    for (; (end = strchr(rest, '\n')); rest = end + 1) {
        *end = 0;
        ibx_print_safe(user, rest);
        putc('\n', user);
    }
    ibx_print_safe(user, rest);
    free(line);
    return (ssize_t)size;
}

static bool print_plan(const ibx_batch *batch, size_t *failures, ibx_error *err) {
    const cookie_io_functions_t functions = {.write = write_safe};
    FILE *out = fopencookie(stdout, "w", functions);
    if (!out) return ibx_fail(err, IBX_MEMORY, "no memory for the plan");
    setvbuf(out, NULL, _IOLBF, 0); /* whole lines: no character is cut in two */
    const bool good = ibx_batch_plan(batch, out, failures, err);
    fclose(out);
    return good;
}

int ibx_do_plan(const ibx_options *o, const ibx_program *program) {
    const ibx_command *command = ibx_command_of(program, o->dry_run ? IBX_RUN : IBX_PLAN);
    ibx_error err = {0};
    ibx_setup setup;
    size_t failures = 0;
    const bool good =
        ibx_setup_make(&setup, o, command, &err) && print_plan(&setup.batch, &failures, &err);
    int status = ibx_end_output();
    if (status == IBX_EXIT_DONE && failures) status = IBX_EXIT_FAILED;
    ibx_setup_free(&setup);
    return good ? status : ibx_complain(command, &err);
}
