/* machine.h - what this process may use of the machine. */
#ifndef IBX_ENGINE_MACHINE_H
#define IBX_ENGINE_MACHINE_H

#include <stddef.h>

/* Processors this process may keep busy: the smaller of its affinity mask and its cgroup's CPU
 * quota (rounded up), at least 1. */
int ibx_machine_threads(void);

/* The default memory budget in bytes: half of the smaller of RAM and the cgroup's limit. */
size_t ibx_machine_memory(void);

/* The most memory that this process has had, in bytes; 0 if it is not known. */
size_t ibx_machine_peak(void);

#endif
