/* slow.h - the last requests that took long to answer, for /debug/slow. Calls may come from any
 * thread. */
#ifndef IBX_SERVER_SLOW_H
#define IBX_SERVER_SLOW_H

#include "server/admin/log.h"

enum { IBX_SLOW_KEPT = 64 };

typedef struct ibx_slow ibx_slow;

ibx_slow *ibx_slow_new(void);
void ibx_slow_free(ibx_slow *slow); /* NULL is allowed */

/* Keeps the line that the log would have of it; the oldest of IBX_SLOW_KEPT gives way. */
void ibx_slow_keep(ibx_slow *slow, const ibx_log_request *request);

/* {"requests":[...]}, the latest first. */
void ibx_slow_print(ibx_slow *slow, FILE *out);

#endif
