/* errand.h - work for which the main loop must not stand still: done in a thread, told of in the
 * loop.
 *
 * An errand is the first member of a struct that says what is to be done, and what came of it. The
 * struct belongs to the thread from ibx_errand_send until `back` is called, but for `cancelled`,
 * which is for both. */
#ifndef IBX_SERVER_ERRAND_H
#define IBX_SERVER_ERRAND_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct ibx_errands ibx_errands; /* threads, and all that was sent to them */

/* Zeroed until it is sent. */
typedef struct {
    ibx_errands *errands;
    atomic_bool cancelled; /* nobody waits any more: `run` may see it and be done */
    atomic_int handed;
    GList link;
    GSource *way_back;
} ibx_errand;

/* In a thread; also for what was cancelled before its turn came. */
typedef void ibx_on_errand(ibx_errand *errand);

/* In the main loop, later, once for each that was sent: takes what came of it, and frees it. Not
 * wanted: it was cancelled, or all end. */
typedef void ibx_on_return(ibx_errand *errand, bool wanted);

/* The main loop is that of GLib's default context; all below is for its thread. */
ibx_errands *ibx_errands_new(int threads, ibx_on_errand *run, ibx_on_return *back);
void ibx_errands_limit(ibx_errands *errands, int threads); /* from now on */

/* Cancels all and waits until their threads are done with them. NULL is allowed. */
void ibx_errands_free(ibx_errands *errands);

void ibx_errand_send(ibx_errands *errands, ibx_errand *errand); /* in the order of calls */
void ibx_errand_cancel(ibx_errand *errand);

#endif
