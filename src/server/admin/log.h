/* log.h - one JSON object per line: requests and events of the server. */
#ifndef IBX_SERVER_LOG_H
#define IBX_SERVER_LOG_H

#include "imbrex.h"

typedef struct ibx_log ibx_log;

ibx_log *ibx_log_open(const char *file, ibx_error *err); /* "-": standard error; "off" */
void ibx_log_close(ibx_log *log);

/* Something about the server itself. */
void ibx_log_event(ibx_log *log, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One request. NULL texts and zero numbers are left out. */
typedef struct {
    const char *id, *client, *method, *path, *recipe, *cache, *problem;
    int status;
    int64_t bytes_in, bytes_out, pixels, rss;
    double total_ms, queue_ms, fetch_ms, decode_ms, filter_ms, encode_ms, cpu_ms;
} ibx_log_request;
void ibx_log_write(ibx_log *log, const ibx_log_request *request);

#endif
