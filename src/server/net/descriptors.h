/* descriptors.h - how many files and sockets this process may have open (RLIMIT_NOFILE).
 *
 * The soft limit is often 1024 for the sake of programs that call select(2), which nothing here
 * does; the hard one is what the operator allows. */
#ifndef IBX_SERVER_DESCRIPTORS_H
#define IBX_SERVER_DESCRIPTORS_H

#include "server/config/settings.h"

/* Raises the soft limit to the hard one. What a child gets it lowers itself (worker/sandbox.h). */
void ibx_descriptors_raise(void);

/* How many connections the soft limit leaves room for: each may have a file of its request open
 * too, beside what workers, fetches and the server itself need. At least 1. */
int ibx_descriptors_connections(const ibx_settings *settings);

#endif
