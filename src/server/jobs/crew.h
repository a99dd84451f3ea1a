/* crew.h - a fixed number of worker processes: started, given orders, watched, replaced.
 *
 * A worker takes one order at a time. It is killed when the order takes too much time, or processor
 * time; when it ends by itself, or says what breaks the rules, that costs the order that it has. A
 * worker that ended is replaced at once, unless no order explains its end: then after 0.1 s, twice
 * as long each time, up to 10 s. After so many orders, when it has grown, or when it was given no
 * memory for what its plan said would do, it is replaced too. */
#ifndef IBX_SERVER_CREW_H
#define IBX_SERVER_CREW_H

#include "server/admin/metrics.h"
#include "server/jobs/wire.h"

typedef struct ibx_crew ibx_crew;
typedef struct ibx_hand ibx_hand; /* one of the crew; its process changes */

typedef enum {
    IBX_END_DELIVERED,
    IBX_END_CRASHED,
    IBX_END_DEADLINE /* killed: too late, too much processor time, or hurried in vain */
} ibx_end_kind;

/* How an order ended. */
typedef struct {
    ibx_end_kind kind;
    const ibx_delivery *delivery; /* DELIVERED only */
    const int *fds;               /* borrowed; -1 where there is none */
    double cpu_ms, worked_ms;
} ibx_end;

typedef struct {
    void (*ended)(void *user, void *task, const ibx_end *end); /* the hand is free, or restarts */
    void (*ready)(void *user);                                 /* a new worker said hello */
} ibx_crew_events;

typedef struct {
    char **environment; /* copied */
    int hands;
    int jobs;             /* orders after which a worker is replaced; 0: any number */
    int64_t rss;          /* resident bytes, the same */
    ibx_metrics *metrics; /* restarts are counted; with `counted` also states of workers */
    bool counted;
} ibx_crew_plan;

/* Starts all. Always succeeds: a worker that cannot be started is tried again. Events come from the
 * main loop, never from inside a function below. */
ibx_crew *ibx_crew_new(const ibx_crew_plan *plan, const ibx_crew_events *events, void *user);
void ibx_crew_free(ibx_crew *crew); /* kills all, and waits until they are reaped; no event */

/* New workers get that environment; those that are there are replaced as soon as they are idle,
 * unless it is the one that they have. */
void ibx_crew_renew(ibx_crew *crew, char **environment);

/* Workers that said hello, busy ones too, and those that take the place of one that did and had
 * orders: who replaces all of them is not without workers, as orders wait a moment. `hello` gets
 * what one of them said; may be NULL. */
int ibx_crew_up(const ibx_crew *crew, ibx_hello *hello);

/* One that is idle, or NULL. */
ibx_hand *ibx_crew_idle(const ibx_crew *crew);

/* Gives it an order, of which `ended` will tell with the task, which is not NULL. Milliseconds;
 * cpu_ms 0: any. False if the worker turns out to be gone: the order was not begun, and the hand is
 * no longer idle. */
bool ibx_hand_give(ibx_hand *hand, const ibx_order *order, int source, double deadline_ms,
                   double cpu_ms, void *task);

/* Nobody waits for its order any more: if it is not done in that time, it is killed. */
void ibx_hand_hurry(ibx_hand *hand, double ms);

#endif
