/* module.h - commands whose code is in a module: no other command pays for its libraries. */
#ifndef IBX_CLI_MODULE_H
#define IBX_CLI_MODULE_H

/* Loads a module ("imbrex-server") from beside the library or from where it is installed, and
 * returns what its function `name`, an int (*)(int argc, char **argv), returns. With a sentence and
 * IBX_EXIT_USAGE if there is no such module. */
int ibx_run_module(const char *module, const char *name, int argc, char **argv);

#endif
