/* timeline.h - the file of --trace: trace-event JSON, which Perfetto and chrome://tracing open.
 *
 * An array with one event in a line: rows of threads are named where they first appear, spans are
 * complete events ("ph":"X"), the memory in use is a counter ("ph":"C"). The category is the kind
 * of work; the file is among the arguments. The array is closed also when a run is interrupted;
 * viewers read it without its end too, should the process be killed. */
#ifndef IBX_CLI_TIMELINE_H
#define IBX_CLI_TIMELINE_H

#include "describe/json.h"
#include "imbrex.h"

typedef struct {
    ibx_json json;
    const char *path;
    int named; /* rows that have their name */
} ibx_timeline;

/* "-" is standard output. False with IBX_IO if it cannot be written. */
bool ibx_timeline_open(ibx_timeline *timeline, const char *path, ibx_error *err);

void ibx_timeline_add(ibx_timeline *timeline, const ibx_span *spans, size_t count);

/* Ends the array and closes. False if any of it could not be written. */
bool ibx_timeline_close(ibx_timeline *timeline, ibx_error *err);

#endif
