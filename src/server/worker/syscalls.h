/* syscalls.h - the system calls that a worker may still make: a part of the sandbox.
 *
 *   allowed   what decoders, OpenMP, malloc and the worker's loop need; with their arguments bound
 *             where that matters: no executable memory, threads but no processes, messages over
 *             the one socket, no limits raised, no signals but to itself
 *   refused   what libraries try out and can do without, with an error number
 *   killed    everything else
 *
 * In a build with sanitizers, which must trace, map and read what others need not, only what leads
 * out is forbidden: programs, sockets, files to write. */
#ifndef IBX_SERVER_SYSCALLS_H
#define IBX_SERVER_SYSCALLS_H

#include <stdbool.h>

/* For all threads of the process, for good. False: the kernel has no filters, or refuses. */
bool ibx_syscalls_restrict(void);

#endif
