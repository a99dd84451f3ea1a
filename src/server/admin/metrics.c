/* metrics.c - the rows of all families, their counts, and how they are printed. */
#include "server/admin/metrics.h"
#include "imbrex.h"
#include "server/admin/process.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MOST_VALUES = 7, FIRST_CODE = 100, CODES = 500 };

/* One family; without a label it has one value, "". */
typedef struct {
    const char *name; /* behind the prefix */
    const char *type; /* as behind # TYPE */
    const char *label, *value[MOST_VALUES + 1];
    const char *help;
} family_row;

#define COUNTER .type = "counter"
#define GAUGE .type = "gauge"
#define LABEL(name, ...) .label = (name), .value = {__VA_ARGS__}
#define ALONE .value = {""}

static const family_row FAMILIES[IBX_METRICS] = {
    [IBX_M_REQUESTS] = {"http_requests_total", COUNTER, .label = "code",
                        .help = "Requests answered, by HTTP status."},
    [IBX_M_SHED] = {"shed_total", COUNTER,
                    LABEL("reason", "queue", "wait", "memory", "bodies", "results", "client",
                          "draining"),
                    .help = "Requests refused to protect the others, by what was exhausted."},
    [IBX_M_QUEUE_DEPTH] = {"queue_depth", GAUGE, LABEL("lane", "light", "heavy"),
                           .help = "Jobs that wait for a worker."},
    [IBX_M_JOBS] = {"jobs_in_progress", GAUGE, LABEL("lane", "light", "heavy"),
                    .help = "Jobs that workers are at."},
    [IBX_M_WORKERS] = {"workers", GAUGE, LABEL("state", "idle", "busy", "starting"),
                       .help = "Worker processes."},
    [IBX_M_RESTARTS] = {"worker_restarts_total", COUNTER,
                        LABEL("reason", "crash", "deadline", "cancel", "rss", "jobs", "protocol"),
                        .help = "Worker processes that were replaced, by why."},
    [IBX_M_MEMORY] = {"memory_budget_bytes", GAUGE, LABEL("state", "used", "limit"),
                      .help = "Memory that the plans of admitted jobs need, and may need."},
    [IBX_M_INFLIGHT] = {"inflight_body_bytes", GAUGE, ALONE,
                        .help = "Bytes of uploads and remote sources that are held."},
    [IBX_M_RESULTS] = {"result_bytes", GAUGE, ALONE,
                       .help = "Bytes of results that clients have not read yet."},
    [IBX_M_CACHE] = {"cache_requests_total", COUNTER,
                     LABEL("result", "hit", "miss", "bypass", "corrupt", "error", "skipped"),
                     .help = "What the cache of results had."},
    [IBX_M_CACHE_BYTES] = {"cache_bytes", GAUGE, ALONE,
                           .help = "Bytes of the files in the cache of results."},
    [IBX_M_COALESCED] = {"coalesced_total", COUNTER, ALONE,
                         .help = "Requests that shared the job of an identical one."},
    [IBX_M_FETCH] = {"source_fetch_total", COUNTER,
                     LABEL("result", "ok", "forbidden", "timeout", "too_large", "failed"),
                     .help = "Sources fetched from other servers."},
    [IBX_M_SIGNATURE] = {"signature_failures_total", COUNTER,
                         LABEL("reason", "missing", "bad", "expired"),
                         .help = "Requests whose signature was not accepted."},
    [IBX_M_CONNECTIONS] = {"connections", GAUGE, ALONE, .help = "Open connections of clients."},
    [IBX_M_REFUSED] = {"connections_refused_total", COUNTER,
                       LABEL("reason", "many", "client", "grammar", "slow"),
                       .help = "Connections that were closed on a client, by why."},
    [IBX_M_RELOADS] = {"reloads_total", COUNTER, LABEL("result", "done", "failed"),
                       .help = "Times that the settings were read again."},
    [IBX_M_BYTES_IN] = {"decoded_bytes_in_total", COUNTER, ALONE,
                        .help = "Bytes of sources that workers were given."},
    [IBX_M_BYTES_OUT] = {"sent_bytes_total", COUNTER, ALONE,
                         .help = "Bytes of bodies that were sent to clients."},
    [IBX_M_CPU_MS] = {"job_cpu_milliseconds_total", COUNTER, ALONE,
                      .help = "Processor time that jobs took in workers."}};

/* Histograms of one name stand one behind the other. */
typedef struct {
    const char *name, *labels; /* the labels in front of `le`, with a comma; "" */
    const char *help;
} histogram_row;

static const histogram_row HISTOGRAM_ROWS[IBX_HISTOGRAMS] = {
    [IBX_H_REQUEST] = {"http_request_duration_seconds", "",
                       "From the first byte of a request to the last of its reply."},
    [IBX_H_WAIT_LIGHT] = {"queue_wait_seconds", "lane=\"light\",",
                          "From a job's admission to its worker."},
    [IBX_H_WAIT_HEAVY] = {"queue_wait_seconds", "lane=\"heavy\",",
                          "From a job's admission to its worker."},
    [IBX_H_JOB] = {"job_seconds", "", "Time of a job in its worker."},
    [IBX_H_FETCH] = {"source_fetch_seconds", "", "Time to fetch a source from another server."}};

/* Upper ends of the buckets, with their spelling in any locale; the last one is open. */
static const struct {
    double seconds;
    const char *text;
} BUCKETS[] = {{0.001, "0.001"}, {0.0025, "0.0025"}, {0.005, "0.005"}, {0.01, "0.01"},
               {0.025, "0.025"}, {0.05, "0.05"},     {0.1, "0.1"},     {0.25, "0.25"},
               {0.5, "0.5"},     {1, "1"},           {2.5, "2.5"},     {5, "5"},
               {10, "10"},       {30, "30"}};
enum { BOUNDED = sizeof BUCKETS / sizeof *BUCKETS };

typedef struct {
    atomic_int_least64_t bucket[BOUNDED + 1]; /* each for itself; summed up when printed */
    atomic_int_least64_t nanoseconds;
} histogram;

struct ibx_metrics {
    atomic_int_least64_t code[CODES];
    atomic_int_least64_t cell[IBX_METRICS][MOST_VALUES];
    histogram histogram[IBX_HISTOGRAMS];
    atomic_int landlock_abi, seccomp; /* -1: not told */
};

ibx_metrics *ibx_metrics_new(void) {
    ibx_metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics) return NULL;
    atomic_init(&metrics->landlock_abi, -1);
    atomic_init(&metrics->seccomp, -1);
    return metrics;
}

void ibx_metrics_free(ibx_metrics *metrics) {
    free(metrics);
}

/* NULL: there is no such label. */
static atomic_int_least64_t *cell_of(ibx_metrics *metrics, ibx_metric family, int label) {
    if (family == IBX_M_REQUESTS) {
        const int code = label - FIRST_CODE;
        return code >= 0 && code < CODES ? &metrics->code[code] : NULL;
    }
    const bool known = label >= 0 && label < MOST_VALUES && FAMILIES[family].value[label];
    return known ? &metrics->cell[family][label] : NULL;
}

void ibx_metric_add(ibx_metrics *metrics, ibx_metric family, int label, int64_t by) {
    atomic_int_least64_t *cell = cell_of(metrics, family, label);
    if (cell) atomic_fetch_add_explicit(cell, by, memory_order_relaxed);
}

void ibx_metric_set(ibx_metrics *metrics, ibx_metric family, int label, int64_t value) {
    atomic_int_least64_t *cell = cell_of(metrics, family, label);
    if (cell) atomic_store_explicit(cell, value, memory_order_relaxed);
}

int64_t ibx_metric_get(const ibx_metrics *metrics, ibx_metric family, int label) {
    atomic_int_least64_t *cell = cell_of((ibx_metrics *)(uintptr_t)metrics, family, label);
    return cell ? atomic_load_explicit(cell, memory_order_relaxed) : 0;
}

void ibx_metric_observe(ibx_metrics *metrics, ibx_histogram_id which, double seconds) {
    histogram *h = &metrics->histogram[which];
    if (!(seconds > 0)) seconds = 0; /* a clock that was set back, or no number */
    if (seconds > 1e6) seconds = 1e6;
    int b = 0;
    while (b < BOUNDED && seconds > BUCKETS[b].seconds) b++;
    atomic_fetch_add_explicit(&h->bucket[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->nanoseconds, (int64_t)(seconds * 1e9), memory_order_relaxed);
}

void ibx_metrics_info(ibx_metrics *metrics, int landlock_abi, int seccomp) {
    atomic_store(&metrics->landlock_abi, landlock_abi);
    atomic_store(&metrics->seccomp, seccomp);
}

/* ---- printing: Prometheus text format 0.0.4 ----------------------------------------------------
 */

static void print_head(FILE *out, const char *name, const char *type, const char *help) {
    fprintf(out, "# HELP imbrex_%s %s\n# TYPE imbrex_%s %s\n", name, help, name, type);
}

/* Only those that there were: 500 zeros would help nobody. */
static void print_codes(const ibx_metrics *metrics, FILE *out) {
    for (int code = FIRST_CODE; code < FIRST_CODE + CODES; code++) {
        const int64_t n = ibx_metric_get(metrics, IBX_M_REQUESTS, code);
        if (n) fprintf(out, "imbrex_http_requests_total{code=\"%d\"} %" PRId64 "\n", code, n);
    }
}

static void print_family(const ibx_metrics *metrics, ibx_metric family, FILE *out) {
    const family_row *row = &FAMILIES[family];
    print_head(out, row->name, row->type, row->help);
    if (family == IBX_M_REQUESTS) print_codes(metrics, out);
    for (int label = 0; row->value[label]; label++) {
        const int64_t n = ibx_metric_get(metrics, family, label);
        fprintf(out, "imbrex_%s", row->name);
        if (row->label) fprintf(out, "{%s=\"%s\"}", row->label, row->value[label]);
        fprintf(out, " %" PRId64 "\n", n);
    }
}

/* The labels of a line that has no `le`: without their last comma, in braces if there are any. */
static void print_line(FILE *out, const histogram_row *row, const char *suffix) {
    const int length = (int)strlen(row->labels);
    fprintf(out, "imbrex_%s_%s", row->name, suffix);
    if (length) fprintf(out, "{%.*s}", length - 1, row->labels);
}

static void print_histogram(const ibx_metrics *metrics, int which, FILE *out) {
    const histogram_row *row = &HISTOGRAM_ROWS[which];
    const histogram *h = &metrics->histogram[which];
    int64_t count = 0;
    if (which == 0 || strcmp(row[-1].name, row->name) != 0)
        print_head(out, row->name, "histogram", row->help);
    for (int b = 0; b <= BOUNDED; b++) {
        count += atomic_load_explicit(&h->bucket[b], memory_order_relaxed);
        fprintf(out, "imbrex_%s_bucket{%sle=\"%s\"} %" PRId64 "\n", row->name, row->labels,
                b < BOUNDED ? BUCKETS[b].text : "+Inf", count);
    }
    const int64_t sum = atomic_load_explicit(&h->nanoseconds, memory_order_relaxed);
    print_line(out, row, "sum");
    fprintf(out, " %" PRId64 ".%09" PRId64 "\n", sum / 1000000000, sum % 1000000000);
    print_line(out, row, "count");
    fprintf(out, " %" PRId64 "\n", count);
}

static void print_info(const ibx_metrics *metrics, FILE *out) {
    const int abi = atomic_load(&metrics->landlock_abi), seccomp = atomic_load(&metrics->seccomp);
    print_head(out, "build_info", "gauge", "The version; always 1.");
    fprintf(out, "imbrex_build_info{version=\"%s\"} 1\n", ibx_version());
    if (abi < 0) return;
    print_head(out, "sandbox_info", "gauge", "What keeps workers in; always 1.");
    fprintf(out, "imbrex_sandbox_info{landlock_abi=\"%d\",seccomp=\"%d\"} 1\n", abi, seccomp);
}

void ibx_metrics_print(const ibx_metrics *metrics, FILE *out) {
    for (int family = 0; family < IBX_METRICS; family++)
        print_family(metrics, (ibx_metric)family, out);
    for (int which = 0; which < IBX_HISTOGRAMS; which++) print_histogram(metrics, which, out);
    print_info(metrics, out);
    ibx_process_print(out);
}
