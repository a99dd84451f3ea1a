/* traceparent.h - which distributed trace a request belongs to: W3C Trace Context (Recommendation
 * of 23 November 2021). */
#ifndef IBX_SERVER_TRACEPARENT_H
#define IBX_SERVER_TRACEPARENT_H

#include <stdbool.h>

/* Lower-case hexadecimal digits; "" where there is no trace. */
typedef struct {
    char trace_id[33];  /* of all that one cause set off */
    char parent_id[17]; /* what its sender was doing */
    char span_id[17];   /* what we do for it: new, and the parent of what we ask others for */
    bool sampled;       /* the sender records it */
} ibx_traceparent;

/* Reads a header `traceparent` (3.2): "00-TRACE-PARENT-FLAGS". Of later versions what begins like
 * that counts. False, and no trace, if it is NULL or breaks the rules; no request is refused for
 * it. */
bool ibx_traceparent_read(ibx_traceparent *trace, const char *header);

enum { IBX_TRACEPARENT_ROOM = 56 };

/* The header for what we ask of others: the same trace, with us as the parent; "" without one. The
 * sender's `tracestate`, a text of its own choice, is not sent on. */
void ibx_traceparent_print(const ibx_traceparent *trace, char header[IBX_TRACEPARENT_ROOM]);

#endif
