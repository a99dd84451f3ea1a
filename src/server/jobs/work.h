/* work.h - from a source and a recipe to results: admission, the queue, the crew of workers.
 *
 *   submit -> look (header and plan, in a scout) -> admission -> lane -> worker -> done
 *
 * All in the thread of the main loop (GLib's default context); nothing here blocks. The two scouts
 * are workers like the others that only take LOOK orders, so that the front never parses an image.
 * Sources take turns with them (looks.h), and a look ends after 250 ms of processor time.
 * Admission: a job whose plan can never fit is refused as too large; a light job (little memory,
 * cheap format) and a heavy one wait in lanes of their own, of which heavy ones may take at most
 * half of the workers (one, if there is one); a lane is bounded by count, by the bytes of all
 * admitted plans, and by the predicted wait. At the deadline a worker is killed and replaced. */
#ifndef IBX_SERVER_WORK_H
#define IBX_SERVER_WORK_H

#include "server/admin/metrics.h"
#include "server/config/settings.h"
#include "server/jobs/wire.h"

typedef struct ibx_works ibx_works;
typedef struct ibx_work ibx_work;

/* How a piece of work ended. */
typedef enum {
    IBX_FATE_DONE,       /* the delivery is the worker's; its error may still say no */
    IBX_FATE_OVERLOADED, /* no room: come back after retry_s */
    IBX_FATE_TOO_BIG,    /* can never fit: delivery->error says what and the limit */
    IBX_FATE_DEADLINE,   /* killed at its deadline or processor limit; or not begun, as a look like
                            its own was: come back after retry_s */
    IBX_FATE_CRASHED     /* the worker died */
} ibx_fate;

/* Borrowed for the callback; the descriptors too: dup those to keep. */
typedef struct {
    ibx_fate fate;
    const ibx_delivery *delivery;
    const int *fds; /* delivery->outputs of them when it is of RUN */
    int retry_s;
    double waited_ms, worked_ms; /* in the queue; in the worker */
} ibx_outcome;

/* Called once for every submitted piece that was not cancelled, never from inside submit. */
typedef void ibx_on_work(void *user, const ibx_outcome *outcome);

/* Starts the crew. False from a worker that cannot start (the sandbox is required and missing) is
 * told by ibx_works_ready and the log, not here. NULL with an error without memory or sockets. */
ibx_works *ibx_works_new(const ibx_settings *settings, ibx_metrics *metrics, ibx_error *err);
void ibx_works_free(ibx_works *works); /* kills the crew */

/* How many workers are up; 0 too while no scout is. `sandbox` gets what they said of it; may be
 * NULL. */
int ibx_works_ready(const ibx_works *works, ibx_hello *sandbox);

/* Hands in an order. LOOK goes to a scout and back. RUN is looked at first. `source` is dup'ed.
 * Only `recipe`, `name`, `source`, `format`, `metadata`, `kind` of the order need to be set;
 * limits come from the settings. NULL without memory. */
ibx_work *ibx_works_submit(ibx_works *works, const ibx_order *order, int source, ibx_on_work *done,
                           void *user);

/* Nobody waits any more: leaves the queue, or its worker is killed. `done` is not called. */
void ibx_work_cancel(ibx_work *work);

int ibx_works_pending(const ibx_works *works);

/* Seconds that a job of that lane (IBX_LANE_...) would wait if it came now, as predicted. */
double ibx_works_wait(const ibx_works *works, int lane);

/* Limits may have changed in the settings that it was made with. */
void ibx_works_reloaded(ibx_works *works);

#endif
