/* signals.h - Ctrl-C and SIGTERM: the first lets the images in flight finish, the second drops
 * them between two tiles, the third is left to the system. */
#ifndef IBX_CLI_SIGNALS_H
#define IBX_CLI_SIGNALS_H

#include <stdatomic.h>

/* Set from now on by signals; for ibx_batch.stop and ibx_limits.cancel. */
typedef struct {
    const atomic_bool *stop, *cancel;
} ibx_interrupts;
ibx_interrupts ibx_signals_catch(void);

/* The first signal that came, SIGINT or SIGTERM; 0: none. */
int ibx_signal(void);

#endif
