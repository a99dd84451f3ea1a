/* traceparent.c - one header, read strictly and made anew. */
#include "server/api/traceparent.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>

/* "vv-tttttttttttttttttttttttttttttttt-pppppppppppppppp-ff" */
enum { TRACE_AT = 3, TRACE = 32, PARENT_AT = 36, PARENT = 16, FLAGS_AT = 53, LENGTH = 55 };

static const char DIGITS[] = "0123456789abcdef";

static bool are_digits(const char *text, size_t count) {
    return strspn(text, DIGITS) >= count;
}

static bool are_zeros(const char *text, size_t count) {
    return strspn(text, "0") >= count;
}

/* In the order of the text, so that nothing behind its end is looked at. */
static bool is_valid(const char *h) {
    const bool first = strncmp(h, "00-", TRACE_AT) == 0;
    return are_digits(h, 2) && strncmp(h, "ff", 2) != 0 && h[TRACE_AT - 1] == '-' &&
           are_digits(h + TRACE_AT, TRACE) && !are_zeros(h + TRACE_AT, TRACE) &&
           h[PARENT_AT - 1] == '-' && are_digits(h + PARENT_AT, PARENT) &&
           !are_zeros(h + PARENT_AT, PARENT) && h[FLAGS_AT - 1] == '-' &&
           are_digits(h + FLAGS_AT, 2) && (h[LENGTH] == 0 || (!first && h[LENGTH] == '-'));
}

bool ibx_traceparent_read(ibx_traceparent *trace, const char *header) {
    *trace = (ibx_traceparent){0};
    if (!header || !is_valid(header)) return false;
    memcpy(trace->trace_id, header + TRACE_AT, TRACE);
    memcpy(trace->parent_id, header + PARENT_AT, PARENT);
    snprintf(trace->span_id, sizeof trace->span_id, "%08x%08x", g_random_int(),
             g_random_int() | 1); /* never all zeros */
    trace->sampled = (strchr(DIGITS, header[FLAGS_AT + 1]) - DIGITS) & 1;
    return true;
}

void ibx_traceparent_print(const ibx_traceparent *trace, char header[IBX_TRACEPARENT_ROOM]) {
    header[0] = 0;
    if (trace->trace_id[0])
        snprintf(header, IBX_TRACEPARENT_ROOM, "00-%s-%s-%s", trace->trace_id, trace->span_id,
                 trace->sampled ? "01" : "00");
}
