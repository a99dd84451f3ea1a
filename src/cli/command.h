/* command.h - the commands of the program: one file each. */
#ifndef IBX_CLI_COMMAND_H
#define IBX_CLI_COMMAND_H

#include "cli/options.h"

/* Each does its command and returns the exit status. Sentences go to standard error. */
int ibx_do_run(const ibx_options *options, const ibx_program *program);
int ibx_do_plan(const ibx_options *options, const ibx_program *program);
int ibx_do_filters(const ibx_options *options, const ibx_program *program);
int ibx_do_info(const ibx_options *options, const ibx_program *program);
int ibx_do_completion(const ibx_options *options, const ibx_program *program);
int ibx_do_man(const ibx_options *options, const ibx_program *program);
int ibx_do_gimp_install(const ibx_options *options, const ibx_program *program);
int ibx_do_help(const ibx_options *options, const ibx_program *program);

/* The row of the command with this bit. */
const ibx_command *ibx_command_of(const ibx_program *program, unsigned bit);

/* Says the error with the command in front and returns its exit status. */
int ibx_complain(const ibx_command *command, const ibx_error *err);

/* Ends what went to standard output: IBX_EXIT_DONE, or IBX_EXIT_NO_OUTPUT with a sentence if it
 * could not be written. */
int ibx_end_output(void);

#endif
