/* trace.h - the timeline of a batch: which thread did what, from when to when.
 *
 * Every thread writes its spans into a page of its own. A full page is pushed on a list by one
 * atomic exchange and handed to the front-end by the I/O thread, so that nobody waits and a long
 * batch holds no more than a few pages. Where no timeline is kept the trace is NULL, and all that
 * its calls do is to test the pointer. */
#ifndef IBX_ENGINE_TRACE_H
#define IBX_ENGINE_TRACE_H

#include "imbrex.h"

typedef struct ibx_page ibx_page;

typedef struct {
    ibx_on_spans *on_spans;
    void *user;
    int threads;              /* of the OpenMP team */
    int io;                   /* which of them is the I/O thread */
    int64_t began;            /* microseconds of the clock */
    ibx_page **page;          /* being filled, one per thread; NULL until the first span */
    _Atomic(ibx_page *) full; /* the last first */
} ibx_trace;

/* A trace for a team of `threads`. False without memory. */
bool ibx_trace_open(ibx_trace *trace, ibx_on_spans *on_spans, void *user, int threads,
                    ibx_error *err);

/* I/O thread: hands on the pages that are full. */
void ibx_trace_pass_on(ibx_trace *trace);

/* When the team has ended: hands on all the rest. A trace that was never opened is allowed. */
void ibx_trace_close(ibx_trace *trace);

/* Use the two below. */
int64_t ibx_trace_clock(const ibx_trace *trace);
void ibx_trace_keep(ibx_trace *trace, const ibx_span *span);

/* Microseconds since the batch began. */
static inline int64_t ibx_trace_now(const ibx_trace *trace) {
    return trace ? ibx_trace_clock(trace) : 0;
}

/* Any thread of the team: the span ends now; `thread` and `end` are filled in. Spans that find no
 * memory are left out. */
static inline void ibx_trace_add(ibx_trace *trace, ibx_span span) {
    if (trace) ibx_trace_keep(trace, &span);
}

#endif
