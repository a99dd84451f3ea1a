/* desk.h - the one lock between the I/O thread and the threads that compute, and what they share.
 *
 * Held only to move a pointer or a counter, never while reading, writing or computing. The I/O
 * thread sleeps on `wake`; a thread that waits for bytes of a large file sleeps on that file's own
 * condition. */
#ifndef IBX_ENGINE_DESK_H
#define IBX_ENGINE_DESK_H

#include "codec/lender.h"
#include "engine/shelf.h"
#include "engine/trace.h"
#include <pthread.h>
#include <stdbool.h>

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* something for the I/O thread to do */
    bool news;           /* since it last looked */
    ibx_trace *trace;    /* or NULL */
    ibx_lender *lender;  /* of memory for inputs and decoders; NULL: the heap */
    ibx_shelf *shelf;    /* of plans; NULL: none is used again */
} ibx_desk;

void ibx_desk_open(ibx_desk *desk, ibx_lender *lender);
void ibx_desk_close(ibx_desk *desk);

/* Wakes the I/O thread. The lock must be held. */
void ibx_desk_ring(ibx_desk *desk);

/* Sleeps until somebody rings, or for so many milliseconds. For the I/O thread, without lock. */
void ibx_desk_wait(ibx_desk *desk, int milliseconds);

/* Milliseconds of a clock that only goes forward. */
double ibx_clock_ms(void);

#endif
