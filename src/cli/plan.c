/* plan.c - imbrex plan: what run would do. */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/setup.h"

int ibx_do_plan(const ibx_options *o, const ibx_program *program) {
    const ibx_command *command = ibx_command_of(program, IBX_PLAN);
    ibx_error err = {0};
    ibx_setup setup;
    const bool good =
        ibx_setup_make(&setup, o, command, &err) && ibx_batch_plan(&setup.batch, stdout, &err);
    const int status = ibx_end_output();
    ibx_setup_free(&setup);
    return good ? status : ibx_complain(command, &err);
}
