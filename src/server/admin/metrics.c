/* metrics.c - the rows of all families, their counts, and how they are printed. */
#include "server/admin/metrics.h"
#include "imbrex.h"
#include "server/admin/process.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* Values of a family: of one label, and of both together. */
enum { MOST_VALUES = 10, FIRST_CODE = 100, CODES = 500, MOST_FORMATS = 63, MOST_FILTERS = 128 };

/* One family; without a label it has one value, "". With an outer label too, the values of the
 * inner one come once for each of it. */
typedef struct {
    const char *name; /* behind the prefix */
    const char *type; /* as behind # TYPE */
    const char *outer, *over[MOST_VALUES + 1];
    const char *label, *value[MOST_VALUES + 1];
    const char *help;
    bool millionths; /* is counted in these */
} family_row;

#define COUNTER .type = "counter"
#define GAUGE .type = "gauge"
#define OUTER(name, ...) .outer = (name), .over = {__VA_ARGS__}
#define LABEL(name, ...) .label = (name), .value = {__VA_ARGS__}
#define ALONE .value = {""}
#define ROUTE_WORDS                                                                                \
    "other", "image", "process", "set", "info", "iiif", "deepzoom", "filters", "page"
#define LANE_WORDS "light", "heavy"

static const family_row FAMILIES[IBX_METRICS] = {
    [IBX_M_REQUESTS] = {"http_requests_total", COUNTER, OUTER("route", ROUTE_WORDS),
                        .label = "code",
                        .help = "Requests answered, by kind of address and HTTP status."},
    [IBX_M_SHED] = {"shed_total", COUNTER,
                    LABEL("reason", "queue", "wait", "memory", "bodies", "results", "client",
                          "draining"),
                    .help = "Requests refused to protect the others, by what was exhausted."},
    [IBX_M_QUEUE_DEPTH] = {"queue_depth", GAUGE, LABEL("lane", LANE_WORDS),
                           .help = "Jobs that wait for a worker."},
    [IBX_M_JOBS] = {"jobs_in_progress", GAUGE, LABEL("lane", LANE_WORDS),
                    .help = "Jobs that workers are at."},
    [IBX_M_WORKERS] = {"workers", GAUGE, LABEL("state", "idle", "busy", "starting"),
                       .help = "Worker processes."},
    [IBX_M_RESTARTS] = {"worker_restarts_total", COUNTER,
                        LABEL("reason", "crash", "deadline", "cancel", "rss", "memory", "jobs",
                              "protocol"),
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
    [IBX_M_FETCH] = {"source_fetch_total", COUNTER, OUTER("kind", "url", "bucket"),
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
    [IBX_M_CPU] = {"job_cpu_seconds_total", COUNTER,
                   LABEL("op", "decode", "filter", "encode", "other"),
                   .help = "Processor time that jobs took in workers; that of a job which failed, "
                           "and all that is none of the three, is other.",
                   .millionths = true},
    [IBX_M_FILTER_CPU] = {"filter_cpu_seconds_total", COUNTER, .label = "filter",
                          .help = "What of the processor time of filters each of them took; the "
                                  "rest went into loading and storing tiles.",
                          .millionths = true},
    [IBX_M_FORMATS] = {"formats_total", COUNTER, OUTER("dir", "in", "out"), .label = "format",
                       .help = "Files that jobs read and wrote, by format."}};

/* Upper ends of buckets, with their spelling in any locale; behind them is one without end. */
typedef struct {
    double end;
    const char *text;
} bucket;

typedef struct {
    const bucket *bucket;
    int count;
    double parts; /* of one, in which sums are kept */
} scale_row;

static const bucket OF_SECONDS[] = {
    {0.001, "0.001"}, {0.0025, "0.0025"}, {0.005, "0.005"}, {0.01, "0.01"}, {0.025, "0.025"},
    {0.05, "0.05"},   {0.1, "0.1"},       {0.25, "0.25"},   {0.5, "0.5"},   {1, "1"},
    {2.5, "2.5"},     {5, "5"},           {10, "10"},       {30, "30"}};
static const bucket OF_BYTES[] = {
    {0x1p20, "1048576"},   {0x1p22, "4194304"},    {0x1p24, "16777216"},  {0x1p26, "67108864"},
    {0x1p28, "268435456"}, {0x1p30, "1073741824"}, {0x1p32, "4294967296"}};
enum { MOST_BUCKETS = sizeof OF_SECONDS / sizeof *OF_SECONDS };
static const scale_row SECONDS = {OF_SECONDS, MOST_BUCKETS, 1e9};
static const scale_row BYTES = {OF_BYTES, sizeof OF_BYTES / sizeof *OF_BYTES, 1};

/* Histograms of one name, one for each value of its label. */
typedef struct {
    ibx_histogram_id first;
    const char *name;
    const char *label, *value[MOST_VALUES + 1];
    const char *help;
    const scale_row *scale;
} histogram_row;

static const histogram_row HISTOGRAM_ROWS[] = {
    {IBX_H_REQUEST, "http_request_duration_seconds", LABEL("route", ROUTE_WORDS),
     .help = "From the first byte of a request to the last of its reply.", .scale = &SECONDS},
    {IBX_H_WAIT_LIGHT, "queue_wait_seconds", LABEL("lane", LANE_WORDS),
     .help = "From a job's admission to its worker.", .scale = &SECONDS},
    {IBX_H_JOB, "job_seconds", ALONE, .help = "Time of a job in its worker.", .scale = &SECONDS},
    {IBX_H_STAGE_READ, "job_stage_seconds", LABEL("stage", "read", "decode", "filter", "encode"),
     .help = "Time of the stages of a job; but for read, processor time.", .scale = &SECONDS},
    {IBX_H_ESTIMATE, "decoded_bytes_estimate", ALONE,
     .help = "Memory that the plan of a job needs.", .scale = &BYTES},
    {IBX_H_FETCH, "source_fetch_seconds", ALONE,
     .help = "Time to fetch a source from another server.", .scale = &SECONDS}};
enum { HISTOGRAM_FAMILIES = sizeof HISTOGRAM_ROWS / sizeof *HISTOGRAM_ROWS };

typedef struct {
    atomic_int_least64_t bucket[MOST_BUCKETS + 1]; /* each for itself; summed up when printed */
    atomic_int_least64_t sum;
} histogram;

struct ibx_metrics {
    atomic_int_least64_t code[IBX_ROUTES][CODES];
    atomic_int_least64_t format[IBX_FORMAT_DIRS][MOST_FORMATS + 1]; /* the last: other */
    atomic_int_least64_t filter[MOST_FILTERS];                      /* microseconds */
    atomic_int_least64_t cell[IBX_METRICS][MOST_VALUES];
    histogram histogram[IBX_HISTOGRAMS];
    atomic_int landlock_abi, seccomp; /* -1: not told */
};

const char *ibx_route_name(int route) {
    return FAMILIES[IBX_M_REQUESTS].over[route];
}

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

static int count_words(const char *const *words) {
    int n = 0;
    while (words[n]) n++;
    return n;
}

static atomic_int_least64_t *code_of(ibx_metrics *metrics, int label) {
    const int route = label / IBX_REQUEST(1, 0), code = label % IBX_REQUEST(1, 0) - FIRST_CODE;
    const bool known = route >= 0 && route < IBX_ROUTES && code >= 0 && code < CODES;
    return known ? &metrics->code[route][code] : NULL;
}

/* NULL: there is no such label. */
static atomic_int_least64_t *cell_of(ibx_metrics *metrics, ibx_metric family, int label) {
    if (family == IBX_M_REQUESTS) return code_of(metrics, label);
    const family_row *row = &FAMILIES[family];
    const int outer = row->outer ? count_words(row->over) : 1;
    const bool known = label >= 0 && label < outer * count_words(row->value);
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

/* Formats by their place in the table; those behind MOST_FORMATS, of which there are none so far,
 * would be others. */
void ibx_metric_format(ibx_metrics *metrics, int dir, const char *format) {
    size_t count, i = 0;
    const ibx_format *const *formats = ibx_formats(&count);
    while (i < count && strcmp(formats[i]->name, format) != 0) i++;
    if (i >= count || i > MOST_FORMATS) i = MOST_FORMATS;
    atomic_fetch_add_explicit(&metrics->format[dir][i], 1, memory_order_relaxed);
}

void ibx_metric_filter(ibx_metrics *metrics, int filter, int64_t us) {
    if (filter >= 0 && filter < MOST_FILTERS)
        atomic_fetch_add_explicit(&metrics->filter[filter], us, memory_order_relaxed);
}

static const histogram_row *row_of(ibx_histogram_id which) {
    int i = HISTOGRAM_FAMILIES - 1;
    while (HISTOGRAM_ROWS[i].first > which) i--;
    return &HISTOGRAM_ROWS[i];
}

void ibx_metric_observe(ibx_metrics *metrics, ibx_histogram_id which, double value) {
    const scale_row *scale = row_of(which)->scale;
    histogram *h = &metrics->histogram[which];
    const double most = 1e15 / scale->parts;
    if (!(value > 0)) value = 0; /* a clock that was set back, or no number */
    if (value > most) value = most;
    int b = 0;
    while (b < scale->count && value > scale->bucket[b].end) b++;
    atomic_fetch_add_explicit(&h->bucket[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, (int64_t)(value * scale->parts), memory_order_relaxed);
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

/* Only those that there were: thousands of zeros would help nobody. */
static void print_codes(const ibx_metrics *metrics, FILE *out) {
    for (int i = 0; i < IBX_ROUTES * CODES; i++) {
        const int route = i / CODES, code = FIRST_CODE + i % CODES;
        const int64_t n = ibx_metric_get(metrics, IBX_M_REQUESTS, IBX_REQUEST(route, code));
        if (n)
            fprintf(out, "imbrex_http_requests_total{route=\"%s\",code=\"%d\"} %" PRId64 "\n",
                    FAMILIES[IBX_M_REQUESTS].over[route], code, n);
    }
}

static void print_formats(const ibx_metrics *metrics, int dir, FILE *out) {
    size_t count;
    const ibx_format *const *formats = ibx_formats(&count);
    for (int i = 0; i <= MOST_FORMATS; i++) {
        if (i < MOST_FORMATS && (size_t)i >= count) continue;
        const int64_t n = atomic_load_explicit(&metrics->format[dir][i], memory_order_relaxed);
        fprintf(out, "imbrex_formats_total{dir=\"%s\",format=\"%s\"} %" PRId64 "\n",
                FAMILIES[IBX_M_FORMATS].over[dir], i < MOST_FORMATS ? formats[i]->name : "other",
                n);
    }
}

static void print_value(FILE *out, const family_row *row, int64_t value) {
    if (row->millionths)
        fprintf(out, " %" PRId64 ".%06" PRId64 "\n", value / 1000000, value % 1000000);
    else
        fprintf(out, " %" PRId64 "\n", value);
}

static void print_filters(const ibx_metrics *metrics, FILE *out) {
    size_t count;
    const ibx_filter *const *filters = ibx_filters(&count);
    for (size_t i = 0; i < count && i < MOST_FILTERS; i++) {
        fprintf(out, "imbrex_filter_cpu_seconds_total{filter=\"%s\"}", filters[i]->name);
        print_value(out, &FAMILIES[IBX_M_FILTER_CPU],
                    atomic_load_explicit(&metrics->filter[i], memory_order_relaxed));
    }
}

/* Labels in braces; none: nothing. */
static void print_labels(FILE *out, const family_row *row, int label) {
    const int inner = count_words(row->value);
    if (!row->label) return;
    fputc('{', out);
    if (row->outer) fprintf(out, "%s=\"%s\",", row->outer, row->over[label / inner]);
    fprintf(out, "%s=\"%s\"}", row->label, row->value[label % inner]);
}

static void print_family(const ibx_metrics *metrics, ibx_metric family, FILE *out) {
    const family_row *row = &FAMILIES[family];
    print_head(out, row->name, row->type, row->help);
    const int cells = count_words(row->value) * (row->outer ? count_words(row->over) : 1);
    for (int label = 0; label < cells; label++) {
        fprintf(out, "imbrex_%s", row->name);
        print_labels(out, row, label);
        print_value(out, row, ibx_metric_get(metrics, family, label));
    }
    if (family == IBX_M_REQUESTS) print_codes(metrics, out);
    if (family == IBX_M_FILTER_CPU) print_filters(metrics, out);
    for (int dir = 0; family == IBX_M_FORMATS && dir < IBX_FORMAT_DIRS; dir++)
        print_formats(metrics, dir, out);
}

/* A whole number of billionths, or of ones. */
static void print_sum(FILE *out, const scale_row *scale, int64_t sum) {
    if (scale->parts == 1)
        fprintf(out, " %" PRId64 "\n", sum);
    else
        fprintf(out, " %" PRId64 ".%09" PRId64 "\n", sum / 1000000000, sum % 1000000000);
}

static void print_histogram(const histogram_row *row, const char *value, const histogram *h,
                            FILE *out) {
    char label[80] = "", alone[90] = "";
    int64_t count = 0;
    if (row->label) {
        snprintf(label, sizeof label, "%s=\"%s\",", row->label, value);
        snprintf(alone, sizeof alone, "{%s=\"%s\"}", row->label, value);
    }
    for (int b = 0; b <= row->scale->count; b++) {
        count += atomic_load_explicit(&h->bucket[b], memory_order_relaxed);
        fprintf(out, "imbrex_%s_bucket{%sle=\"%s\"} %" PRId64 "\n", row->name, label,
                b < row->scale->count ? row->scale->bucket[b].text : "+Inf", count);
    }
    fprintf(out, "imbrex_%s_sum%s", row->name, alone);
    print_sum(out, row->scale, atomic_load_explicit(&h->sum, memory_order_relaxed));
    fprintf(out, "imbrex_%s_count%s %" PRId64 "\n", row->name, alone, count);
}

static void print_histograms(const ibx_metrics *metrics, const histogram_row *row, FILE *out) {
    print_head(out, row->name, "histogram", row->help);
    for (int i = 0; row->value[i]; i++)
        print_histogram(row, row->value[i], &metrics->histogram[(int)row->first + i], out);
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
    for (int i = 0; i < HISTOGRAM_FAMILIES; i++) print_histograms(metrics, &HISTOGRAM_ROWS[i], out);
    print_info(metrics, out);
    ibx_process_print(out);
}
