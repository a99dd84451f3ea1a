/* metrics.h - counters, gauges and histograms of the server, printed for Prometheus.
 *
 * The rows in metrics.c give every family its name, help and labels. All are atomics, so that the
 * admin thread reads them while the main loop counts. Exposition: Prometheus text format 0.0.4. */
#ifndef IBX_SERVER_METRICS_H
#define IBX_SERVER_METRICS_H

#include <stdint.h>
#include <stdio.h>

/* A family with its label's value; comments give the values in the order of `label`. */
typedef enum {
    IBX_M_REQUESTS,    /* http_requests_total{route,code}: IBX_REQUEST(route, code) */
    IBX_M_SHED,        /* shed_total{reason}: IBX_SHED_... */
    IBX_M_QUEUE_DEPTH, /* queue_depth{lane}: gauge; IBX_LANE_... */
    IBX_M_JOBS,        /* jobs_in_progress{lane}: gauge */
    IBX_M_WORKERS,     /* workers{state}: gauge; IBX_WORKERS_... */
    IBX_M_RESTARTS,    /* worker_restarts_total{reason}: IBX_RESTART_... */
    IBX_M_MEMORY,      /* memory_budget_bytes{state}: gauge; 0 used, 1 limit */
    IBX_M_INFLIGHT,    /* inflight_body_bytes: gauge */
    IBX_M_RESULTS,     /* result_bytes: gauge */
    IBX_M_CACHE,       /* cache_requests_total{result}: IBX_CACHE_... */
    IBX_M_CACHE_BYTES, /* cache_bytes: gauge */
    IBX_M_COALESCED,   /* coalesced_total */
    IBX_M_FETCH,       /* source_fetch_total{kind,result}: IBX_FETCH(kind, result) */
    IBX_M_SIGNATURE,   /* signature_failures_total{reason}: 0 missing, 1 bad, 2 expired */
    IBX_M_CONNECTIONS, /* connections: gauge */
    IBX_M_REFUSED,     /* connections_refused_total{reason}: IBX_REFUSED_... */
    IBX_M_RELOADS,     /* reloads_total{result}: 0 done, 1 failed */
    IBX_M_BYTES_IN,    /* decoded_bytes_in_total: of sources that workers got */
    IBX_M_BYTES_OUT,   /* sent_bytes_total */
    IBX_M_CPU,         /* job_cpu_seconds_total{op}: IBX_CPU_..., added in microseconds */
    IBX_M_FILTER_CPU,  /* filter_cpu_seconds_total{filter}: by ibx_metric_filter */
    IBX_M_FORMATS,     /* formats_total{dir,format}: by ibx_metric_format */
    IBX_METRICS
} ibx_metric;

/* Kinds of addresses. */
enum {
    IBX_ROUTE_OTHER,
    IBX_ROUTE_IMAGE,
    IBX_ROUTE_PROCESS,
    IBX_ROUTE_SET,
    IBX_ROUTE_INFO,
    IBX_ROUTE_IIIF,
    IBX_ROUTE_DEEPZOOM,
    IBX_ROUTE_FILTERS,
    IBX_ROUTE_PAGE,
    IBX_ROUTES
};
#define IBX_REQUEST(route, code) ((route)*1000 + (code)) /* code: HTTP status, 100..599 */

enum { IBX_LANE_LIGHT, IBX_LANE_HEAVY, IBX_LANES };
enum {
    IBX_SHED_QUEUE,
    IBX_SHED_WAIT,
    IBX_SHED_MEMORY,
    IBX_SHED_BODIES,
    IBX_SHED_RESULTS,
    IBX_SHED_CLIENT,
    IBX_SHED_DRAINING,
    IBX_SHEDS
};
enum { IBX_WORKERS_IDLE, IBX_WORKERS_BUSY, IBX_WORKERS_STARTING, IBX_WORKERS_STATES };
enum {
    IBX_RESTART_CRASH,
    IBX_RESTART_DEADLINE,
    IBX_RESTART_CANCEL,
    IBX_RESTART_RSS,
    IBX_RESTART_MEMORY, /* it was given none */
    IBX_RESTART_JOBS,
    IBX_RESTART_PROTOCOL,
    IBX_RESTARTS
};
enum {
    IBX_CACHE_HIT,
    IBX_CACHE_MISS,
    IBX_CACHE_BYPASS,
    IBX_CACHE_CORRUPT,
    IBX_CACHE_ERROR,
    IBX_CACHE_SKIPPED,
    IBX_CACHES
};
enum {
    IBX_FETCH_OK,
    IBX_FETCH_FORBIDDEN,
    IBX_FETCH_TIMEOUT,
    IBX_FETCH_TOO_LARGE,
    IBX_FETCH_FAILED,
    IBX_FETCHES
};
enum { IBX_FETCH_URL, IBX_FETCH_BUCKET };
#define IBX_FETCH(kind, result) ((kind)*IBX_FETCHES + (result))
enum { IBX_FORMAT_IN, IBX_FORMAT_OUT, IBX_FORMAT_DIRS };
enum { IBX_CPU_DECODE, IBX_CPU_FILTER, IBX_CPU_ENCODE, IBX_CPU_OTHER, IBX_CPUS };
enum { IBX_REFUSED_MANY, IBX_REFUSED_CLIENT, IBX_REFUSED_GRAMMAR, IBX_REFUSED_SLOW, IBX_REFUSEDS };

/* Histograms, of seconds unless it says bytes. */
typedef enum {
    IBX_H_REQUEST, /* http_request_duration_seconds{route}: + IBX_ROUTE_... */
    IBX_H_WAIT_LIGHT = IBX_H_REQUEST + IBX_ROUTES, /* queue_wait_seconds{lane="light"} */
    IBX_H_WAIT_HEAVY,
    IBX_H_JOB,        /* job_seconds: in a worker */
    IBX_H_STAGE_READ, /* job_stage_seconds{stage="read"} */
    IBX_H_STAGE_DECODE,
    IBX_H_STAGE_FILTER,
    IBX_H_STAGE_ENCODE,
    IBX_H_ESTIMATE, /* decoded_bytes_estimate: bytes that the plan of a job needs */
    IBX_H_FETCH,    /* source_fetch_seconds */
    IBX_HISTOGRAMS
} ibx_histogram_id;

typedef struct ibx_metrics ibx_metrics;

/* The route's label: "image", .. */
const char *ibx_route_name(int route);

ibx_metrics *ibx_metrics_new(void); /* NULL without memory */
void ibx_metrics_free(ibx_metrics *metrics);

/* Adds to a counter or gauge (less than 0: gauges only); label 0 where a family has none. */
void ibx_metric_add(ibx_metrics *metrics, ibx_metric family, int label, int64_t by);
void ibx_metric_set(ibx_metrics *metrics, ibx_metric family, int label, int64_t value);
int64_t ibx_metric_get(const ibx_metrics *metrics, ibx_metric family, int label);

/* Counts a file of that format, read (IBX_FORMAT_IN) or written; names that are in no table of the
 * program count as "other". */
void ibx_metric_format(ibx_metrics *metrics, int dir, const char *format);

/* Adds processor time of a filter, by its place in the table; places behind 128, of which there are
 * none so far, count nowhere. */
void ibx_metric_filter(ibx_metrics *metrics, int filter, int64_t us);

void ibx_metric_observe(ibx_metrics *metrics, ibx_histogram_id which, double value);

/* "sandbox_info" and "build_info", whose labels are texts; set once before other threads read. */
void ibx_metrics_info(ibx_metrics *metrics, int landlock_abi, int seccomp);

void ibx_metrics_print(const ibx_metrics *metrics, FILE *out);

#endif
