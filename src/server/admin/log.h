/* log.h - one JSON object per line: requests and events of the server.
 *
 * A line is one write(2) of at most 4096 bytes (texts that are longer are cut), so that lines of
 * several processes do not mix in a pipe. Nobody ever waits for a reader: where standard error is a
 * pipe, a socket or a terminal that is full, lines are dropped, and the next one that can be
 * written is preceded by {"level":"warning", "dropped":N}. Files are opened for appending. All
 * calls may come from any thread. A reader that is gone raises SIGPIPE, which the process must
 * ignore. */
#ifndef IBX_SERVER_LOG_H
#define IBX_SERVER_LOG_H

#include "imbrex.h"

typedef struct ibx_log ibx_log;

/* "-": standard error; "off": a log that keeps nothing. NULL with an error. */
ibx_log *ibx_log_open(const char *file, ibx_error *err);
void ibx_log_close(ibx_log *log); /* NULL is allowed */

/* Opens the file of that name anew, as one who renamed the old one asks for (logrotate(8)). False
 * with an error: lines go on to where they went. */
bool ibx_log_reopen(ibx_log *log, ibx_error *err);

/* Something about the server itself: {"time", "level", "message"}. Time as in RFC 3339, UTC with
 * milliseconds. */
void ibx_log_event(ibx_log *log, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One request. NULL texts and zero numbers are left out. `route`: the kind of address, by the name
 * that metrics use. The three ids are those of the client's trace (api/traceparent.h), if it has
 * one. total_ms goes from the first byte of the request to the last of its reply, answer_ms from
 * the last of the request until there is a reply: what of it is the server's. */
typedef struct {
    const char *id, *trace_id, *parent_id, *span_id;
    const char *client, *method, *path, *route, *recipe, *cache, *problem, *why;
    int status;
    int64_t bytes_in, bytes_out, pixels, rss;
    double total_ms, answer_ms, queue_ms, fetch_ms, decode_ms, filter_ms, encode_ms, cpu_ms;
} ibx_log_request;

/* {"time", "level", and the members under their names}; the level is "error" from status 500 on. */
void ibx_log_write(ibx_log *log, const ibx_log_request *request);

/* That line, without its end; to be freed. NULL without memory. */
char *ibx_log_line(const ibx_log_request *request);

#endif
