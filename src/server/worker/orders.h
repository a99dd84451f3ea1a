/* orders.h - what a worker does for one order. */
#ifndef IBX_SERVER_ORDERS_H
#define IBX_SERVER_ORDERS_H

#include "server/jobs/wire.h"

/* What stays from one order to the next. */
typedef struct {
    ibx_reserve *reserve;       /* or NULL */
    const char *const *loaders; /* untrusted ones to allow; NULL-terminated, or NULL */
    int statm;                  /* /proc/self/statm, opened while that was allowed; or -1 */
} ibx_bench;

/* Fills *delivery, and for a RUN that succeeds fds[0 .. delivery->outputs - 1], owned by the
 * caller. The source stays open. Whatever goes wrong is in delivery->error. */
void ibx_order_fill(const ibx_bench *bench, const ibx_order *order, int source,
                    ibx_delivery *delivery, int fds[IBX_WIRE_OUTPUTS]);

#endif
