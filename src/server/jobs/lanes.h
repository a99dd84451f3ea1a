/* lanes.h - which job may come in, and which is next.
 *
 * Two queues, of light and of heavy jobs. A job is heavy if its plan needs much memory, or if jobs
 * of its kind take half a second (pace.h); a light one that turns out to be that while it waits or
 * runs becomes heavy. Slow are heavy ones, those of formats that were never measured, and light
 * ones that take more than the 0.1 s of a thumbnail from a large photograph. They run in at most
 * half of the workers (one, if there is one), so that a quick job finds a worker soon under any
 * flood of slow ones. Where no quick one has come for ten seconds, or none that is four times as
 * quick, slow light ones may have all workers: the first quick one then waits for half a second at
 * most. So jobs that are all alike never leave workers idle. Among two that may run, the
 * older is next; with one worker quick ones are, and then light ones, unless the other has waited
 * for half of the longest wait.
 *
 * A job is refused if its queue is full, if the memory of all that were let in would be more than
 * the budget (heavy ones together: three quarters of it), or if it would wait too long.
 *
 * A structure without processes or clock: times are seconds of any steady clock, passed in. */
#ifndef IBX_SERVER_LANES_H
#define IBX_SERVER_LANES_H

#include "server/admin/metrics.h"
#include "server/jobs/pace.h"
#include <glib.h>

typedef struct ibx_lanes ibx_lanes;

typedef struct {
    int workers;
    int waiting[IBX_LANES]; /* jobs in a queue, at most */
    int64_t memory;         /* bytes of all that were let in */
    int64_t heavy_bytes;    /* more than that is heavy */
    double wait;            /* seconds: who would wait longer is refused */
} ibx_lane_limits;

/* A job's place. The first three are set by the owner, in whose struct it lies; the rest is of the
 * lanes, and may be read. */
typedef struct {
    ibx_pace_key key;
    double megapixels;
    int64_t memory;
    int lane;
    bool known;     /* its formats were measured before */
    bool slow;      /* quick ones do not wait for it */
    bool running;   /* else it waits */
    double seconds; /* that it will take by the clock, as predicted, */
    double own;     /* and of its own (ibx_duration) */
    double since;   /* when it came; running: when it began */
    GList link;
} ibx_ticket;

typedef struct {
    int reason;  /* IBX_SHED_QUEUE, _WAIT or _MEMORY */
    double wait; /* seconds that it would have waited, as predicted */
} ibx_refusal;

ibx_lanes *ibx_lanes_new(const ibx_lane_limits *limits);
void ibx_lanes_free(ibx_lanes *lanes);
void ibx_lanes_limit(ibx_lanes *lanes, const ibx_lane_limits *limits); /* new ones, from now on */

/* Is it worth while to look at another job, of which nothing is known, when so many are being
 * looked at? Not if even a light one would be refused. */
bool ibx_lanes_are_open(const ibx_lanes *lanes, int coming, double now, ibx_refusal *refusal);

/* Lets a job in, at the end of its queue, or says why not. */
bool ibx_lanes_admit(ibx_lanes *lanes, ibx_ticket *ticket, double now, ibx_refusal *refusal);

/* A worker is free: the job for it, which runs from now on; NULL if none may. */
ibx_ticket *ibx_lanes_next(ibx_lanes *lanes, double now);

/* It could not run after all: it is the first of its queue again. */
void ibx_lanes_put_back(ibx_lanes *lanes, ibx_ticket *ticket);

/* It is over, wherever it was. */
void ibx_lanes_leave(ibx_lanes *lanes, ibx_ticket *ticket);

/* It has taken that long, or at least that long. */
void ibx_lanes_learn(ibx_lanes *lanes, const ibx_ticket *ticket, ibx_duration taken);

int ibx_lanes_waiting(const ibx_lanes *lanes, int lane);
int ibx_lanes_running(const ibx_lanes *lanes, int lane);
int64_t ibx_lanes_memory(const ibx_lanes *lanes); /* bytes of all that were let in */

/* Seconds that one more job of that lane would wait, as predicted; a light one counts as quick. */
double ibx_lanes_wait(const ibx_lanes *lanes, int lane, double now);

#endif
