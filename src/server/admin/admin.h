/* admin.h - the listener for operators: /livez, /readyz, /metrics, /config, /debug/slow; a thread
 * of its own with a main loop of its own, so that it answers whatever the others do. It sees only
 * atomics and texts that are handed over.
 *
 *   /livez    200 "ok" as long as the process lives
 *   /readyz   200 or 503, {"ready":true,"details":{...}}: what keeps workers in, how many there
 *             are, whether the cache can be written, how long a job would wait
 *   /metrics  Prometheus text format 0.0.4 (admin/metrics.h)
 *   /config   the settings, secrets hidden
 *   /debug/slow  the last requests that took long, as the log has them (admin/slow.h)
 *
 * GET and HEAD only; a request with a body is refused with 413 and its connection closed. Requests
 * pass the guard of net/stream.h first, with the limits that hold when it is opened. */
#ifndef IBX_SERVER_ADMIN_H
#define IBX_SERVER_ADMIN_H

#include "server/admin/metrics.h"
#include "server/admin/slow.h"
#include "server/config/settings.h"

typedef struct ibx_admin ibx_admin;

/* Listens on settings->server.admin ("off": NULL without an error). */
ibx_admin *ibx_admin_open(const ibx_settings *settings, const ibx_metrics *metrics, ibx_slow *slow,
                          ibx_error *err);
void ibx_admin_close(ibx_admin *admin); /* NULL is allowed */

/* What /readyz says: ready or not, and a JSON object of details (copied). What /config says: text
 * as ibx_settings_print makes it (copied). Until then it says not ready. From the main thread, now
 * and then; admin may be NULL. */
void ibx_admin_tell(ibx_admin *admin, bool ready, const char *details, const char *config);

#endif
