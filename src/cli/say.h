/* say.h - what the program says on standard error, and what it ends with. */
#ifndef IBX_CLI_SAY_H
#define IBX_CLI_SAY_H

#include "imbrex.h"

enum {
    IBX_EXIT_DONE = 0,
    IBX_EXIT_FAILED = 1,    /* some images */
    IBX_EXIT_USAGE = 2,     /* command line or recipe */
    IBX_EXIT_NO_INPUT = 3,  /* no input exists, or no image is in them */
    IBX_EXIT_NO_OUTPUT = 4, /* the output cannot be written, or has no room left */
    IBX_EXIT_SIGNAL = 128   /* plus its number: 130 or 143 */
};

/* The exit status for an error that ends the whole program. */
int ibx_exit_status(ibx_code code);

/* Prints text so that it cannot command a terminal: control characters and bytes that are not
 * UTF-8 as \n, \t, \x1b. */
void ibx_print_safe(FILE *out, const char *text);

/* One line on standard error, "imbrex: sentence". */
void ibx_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
