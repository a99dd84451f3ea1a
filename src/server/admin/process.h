/* process.h - what the kernel knows of this process, under the names that all exporters use. */
#ifndef IBX_SERVER_PROCESS_H
#define IBX_SERVER_PROCESS_H

#include <stdio.h>

/* Prints process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds,
 * process_max_fds and process_start_time_seconds from /proc as they are now (proc(5)); of the front
 * alone, not of workers. What cannot be read is left out. */
void ibx_process_print(FILE *out);

#endif
