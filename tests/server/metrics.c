/* metrics - counts, labels, histograms, and the text that Prometheus reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "imbrex.h"
#include "server/admin/metrics.h"
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static ibx_metrics *metrics;
static char *text;

static int set_up(void **state) {
    (void)state;
    return (metrics = ibx_metrics_new()) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    ibx_metrics_free(metrics);
    free(text);
    text = NULL;
    return 0;
}

static void print(void) {
    size_t size;
    free(text);
    FILE *out = open_memstream(&text, &size);
    ibx_metrics_print(metrics, out);
    fclose(out);
}

/* Is that a whole line of the text? */
static bool has(const char *line) {
    const size_t length = strlen(line);
    for (const char *p = text; (p = strstr(p, line)); p++)
        if ((p == text || p[-1] == '\n') && p[length] == '\n') return true;
    return false;
}

/* The value behind a name with its labels; NAN if there is none. */
static double value(const char *name) {
    const size_t length = strlen(name);
    for (const char *p = text; (p = strstr(p, name)); p++)
        if ((p == text || p[-1] == '\n') && p[length] == ' ') return strtod(p + length, NULL);
    return NAN;
}

static void counts(void **state) {
    (void)state;
    ibx_metric_add(metrics, IBX_M_CACHE, IBX_CACHE_HIT, 2);
    ibx_metric_add(metrics, IBX_M_CACHE, IBX_CACHE_HIT, 3);
    ibx_metric_add(metrics, IBX_M_CONNECTIONS, 0, 5);
    ibx_metric_add(metrics, IBX_M_CONNECTIONS, 0, -4);
    ibx_metric_set(metrics, IBX_M_MEMORY, 1, 1LL << 40);
    ibx_metric_add(metrics, IBX_M_RESTARTS, IBX_RESTART_PROTOCOL, 1);
    assert_int_equal(ibx_metric_get(metrics, IBX_M_CACHE, IBX_CACHE_HIT), 5);
    print();
    assert_true(has("imbrex_cache_requests_total{result=\"hit\"} 5"));
    assert_true(has("imbrex_cache_requests_total{result=\"error\"} 0"));
    assert_true(has("imbrex_connections 1"));
    assert_true(has("imbrex_memory_budget_bytes{state=\"limit\"} 1099511627776"));
    assert_true(has("imbrex_worker_restarts_total{reason=\"protocol\"} 1"));
}

/* Labels in the order of the enums in the header: the last of each stands at its place. */
static void labels(void **state) {
    (void)state;
    ibx_metric_set(metrics, IBX_M_SHED, IBX_SHED_DRAINING, 11);
    ibx_metric_set(metrics, IBX_M_WORKERS, IBX_WORKERS_STARTING, 12);
    ibx_metric_set(metrics, IBX_M_FETCH, IBX_FETCH(IBX_FETCH_URL, IBX_FETCH_TOO_LARGE), 13);
    ibx_metric_set(metrics, IBX_M_FETCH, IBX_FETCH(IBX_FETCH_BUCKET, IBX_FETCH_FAILED), 17);
    ibx_metric_set(metrics, IBX_M_REFUSED, IBX_REFUSED_SLOW, 14);
    ibx_metric_set(metrics, IBX_M_QUEUE_DEPTH, IBX_LANE_HEAVY, 15);
    ibx_metric_set(metrics, IBX_M_SIGNATURE, 2, 16);
    print();
    assert_true(has("imbrex_shed_total{reason=\"draining\"} 11"));
    assert_true(has("imbrex_workers{state=\"starting\"} 12"));
    assert_true(has("imbrex_source_fetch_total{kind=\"url\",result=\"too_large\"} 13"));
    assert_true(has("imbrex_source_fetch_total{kind=\"bucket\",result=\"failed\"} 17"));
    assert_true(has("imbrex_source_fetch_total{kind=\"bucket\",result=\"ok\"} 0"));
    assert_true(has("imbrex_connections_refused_total{reason=\"slow\"} 14"));
    assert_true(has("imbrex_queue_depth{lane=\"heavy\"} 15"));
    assert_true(has("imbrex_signature_failures_total{reason=\"expired\"} 16"));
}

static void codes(void **state) {
    (void)state;
    const int outside[] = {-1, 0, 99, 600, -999, IBX_REQUEST(IBX_ROUTES, 200)};
    for (int i = 0; i < 6; i++) ibx_metric_add(metrics, IBX_M_REQUESTS, outside[i], 1);
    ibx_metric_add(metrics, IBX_M_SHED, IBX_SHEDS, 1); /* no such label: goes nowhere */
    ibx_metric_add(metrics, IBX_M_FETCH, IBX_FETCH(2, 0), 1);
    ibx_metric_add(metrics, IBX_M_REQUESTS, 100, 1);
    ibx_metric_add(metrics, IBX_M_REQUESTS, IBX_REQUEST(IBX_ROUTE_IMAGE, 200), 3);
    ibx_metric_add(metrics, IBX_M_REQUESTS, IBX_REQUEST(IBX_ROUTE_PAGE, 599), 2);
    print();
    assert_true(has("imbrex_http_requests_total{route=\"other\",code=\"100\"} 1"));
    assert_true(has("imbrex_http_requests_total{route=\"image\",code=\"200\"} 3"));
    assert_true(has("imbrex_http_requests_total{route=\"page\",code=\"599\"} 2"));
    int lines = 0;
    for (const char *p = text; (p = strstr(p, "imbrex_http_requests_total{")); p++) lines++;
    assert_int_equal(lines, 3);
    assert_int_equal(ibx_metric_get(metrics, IBX_M_REQUESTS, 600), 0);
}

/* Every format of the table has a line for each direction; what is not in it is counted too. */
static void formats(void **state) {
    (void)state;
    char line[100];
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n <= i; n++) ibx_metric_format(metrics, IBX_FORMAT_IN, format[i]->name);
    ibx_metric_format(metrics, IBX_FORMAT_OUT, "");
    ibx_metric_format(metrics, IBX_FORMAT_OUT, "a\"b");
    print();
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof line, "imbrex_formats_total{dir=\"in\",format=\"%s\"} %zu",
                 format[i]->name, i + 1);
        assert_true(has(line));
        snprintf(line, sizeof line, "imbrex_formats_total{dir=\"out\",format=\"%s\"} 0",
                 format[i]->name);
        assert_true(has(line));
    }
    assert_true(has("imbrex_formats_total{dir=\"in\",format=\"other\"} 0"));
    assert_true(has("imbrex_formats_total{dir=\"out\",format=\"other\"} 2"));
}

/* Every filter of the table has a line, and there is none for what is not in it. */
static void filters(void **state) {
    (void)state;
    char line[100];
    size_t count;
    const ibx_filter *const *filter = ibx_filters(&count);
    for (int i = -1; i < 1000; i++) ibx_metric_filter(metrics, i, 1000001 * (int64_t)(i + 1));
    print();
    for (size_t i = 0; i < count; i++) {
        snprintf(line, sizeof line, "imbrex_filter_cpu_seconds_total{filter=\"%s\"} %zu.%06zu",
                 filter[i]->name, i + 1, i + 1);
        assert_true(has(line));
    }
    size_t lines = 0;
    for (const char *p = text; (p = strstr(p, "filter_cpu_seconds_total{")); p++) lines++;
    assert_int_equal(lines, count);
}

static void histograms(void **state) {
    (void)state;
    const double seen[] = {0.0005, 0.001, 0.002, 7, 100, -1, NAN};
    for (int i = 0; i < 7; i++)
        ibx_metric_observe(metrics, IBX_H_REQUEST + IBX_ROUTE_IIIF, seen[i]);
    ibx_metric_observe(metrics, IBX_H_WAIT_HEAVY, 0.25);
    print();
    assert_true(has("imbrex_http_request_duration_seconds_bucket{route=\"iiif\",le=\"0.001\"} 4"));
    assert_true(has("imbrex_http_request_duration_seconds_bucket{route=\"iiif\",le=\"0.0025\"} 5"));
    assert_true(has("imbrex_http_request_duration_seconds_bucket{route=\"iiif\",le=\"5\"} 5"));
    assert_true(has("imbrex_http_request_duration_seconds_bucket{route=\"iiif\",le=\"10\"} 6"));
    assert_true(has("imbrex_http_request_duration_seconds_bucket{route=\"iiif\",le=\"+Inf\"} 7"));
    assert_true(has("imbrex_http_request_duration_seconds_sum{route=\"iiif\"} 107.003500000"));
    assert_true(has("imbrex_http_request_duration_seconds_count{route=\"iiif\"} 7"));
    assert_true(has("imbrex_queue_wait_seconds_bucket{lane=\"heavy\",le=\"0.1\"} 0"));
    assert_true(has("imbrex_queue_wait_seconds_bucket{lane=\"heavy\",le=\"0.25\"} 1"));
    assert_true(has("imbrex_queue_wait_seconds_count{lane=\"light\"} 0"));
    assert_true(has("imbrex_queue_wait_seconds_sum{lane=\"heavy\"} 0.250000000"));
    assert_true(has("imbrex_http_request_duration_seconds_count{route=\"page\"} 0"));
    assert_true(has("imbrex_job_stage_seconds_count{stage=\"encode\"} 0"));
}

/* The last of each family, so that one that is missing in the rows shows; and bytes. */
static void families(void **state) {
    (void)state;
    ibx_metric_observe(metrics, IBX_H_REQUEST + IBX_ROUTE_PAGE, 1);
    ibx_metric_observe(metrics, IBX_H_STAGE_ENCODE, 1);
    ibx_metric_observe(metrics, IBX_H_JOB, 1);
    ibx_metric_observe(metrics, IBX_H_FETCH, 1);
    const double bytes[] = {1, 1048576, 1048577, 0x1p32, 0x1p40};
    for (int i = 0; i < 5; i++) ibx_metric_observe(metrics, IBX_H_ESTIMATE, bytes[i]);
    print();
    assert_true(has("imbrex_http_request_duration_seconds_count{route=\"page\"} 1"));
    assert_true(has("imbrex_job_stage_seconds_count{stage=\"encode\"} 1"));
    assert_true(has("imbrex_job_stage_seconds_count{stage=\"filter\"} 0"));
    assert_true(has("imbrex_job_seconds_count 1"));
    assert_true(has("imbrex_source_fetch_seconds_count 1"));
    assert_true(has("imbrex_decoded_bytes_estimate_bucket{le=\"1048576\"} 2"));
    assert_true(has("imbrex_decoded_bytes_estimate_bucket{le=\"4194304\"} 3"));
    assert_true(has("imbrex_decoded_bytes_estimate_bucket{le=\"4294967296\"} 4"));
    assert_true(has("imbrex_decoded_bytes_estimate_bucket{le=\"+Inf\"} 5"));
    assert_true(has("imbrex_decoded_bytes_estimate_sum 1103808692226"));
}

/* The grammar of the format: every family is announced once, by HELP and TYPE, in front of its
 * lines; a counter's name ends in _total; every line is a name, labels and a number. */
static void grammar(void **state) {
    (void)state;
    char family[100] = "", line[400], name[100], help[300], type[20];
    ibx_metric_add(metrics, IBX_M_REQUESTS, 200, 1);
    ibx_metrics_info(metrics, 4, 1);
    print();
    assert_int_equal(text[strlen(text) - 1], '\n');
    FILE *in = fmemopen(text, strlen(text), "r");
    while (fgets(line, sizeof line, in)) {
        if (sscanf(line, "# HELP %99s %299[^\n]", name, help) == 2) {
            assert_int_equal(help[strlen(help) - 1], '.');
            snprintf(type, sizeof type, "# HELP %.10s", name);
            char announced[120];
            snprintf(announced, sizeof announced, "# HELP %s ", name);
            const char *first = strstr(text, announced);
            assert_non_null(first);
            assert_null(strstr(first + 1, announced));
            snprintf(family, sizeof family, "%s", name);
        } else if (sscanf(line, "# TYPE %99s %19s", name, type) == 2) {
            assert_string_equal(name, family);
            const char *end = strstr(name, "_total");
            assert_int_equal(strcmp(type, "counter") == 0, end && end[6] == 0);
        } else {
            char *end, *blank = strrchr(line, ' ');
            assert_non_null(blank);
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            strtod(blank + 1, &end);
            assert_true(end > blank + 1 && *end == '\n');
        }
    }
    fclose(in);
}

static void infos(void **state) {
    (void)state;
    char line[100];
    print();
    snprintf(line, sizeof line, "imbrex_build_info{version=\"%s\"} 1", ibx_version());
    assert_true(has(line));
    assert_null(strstr(text, "sandbox_info"));
    ibx_metrics_info(metrics, 3, 0);
    print();
    assert_true(has("imbrex_sandbox_info{landlock_abi=\"3\",seccomp=\"0\"} 1"));
}

static void process(void **state) {
    (void)state;
    print();
    const double before = value("process_open_fds"), cpu = value("process_cpu_seconds_total");
    const double memory = value("process_resident_memory_bytes");
    const time_t now = time(NULL);
    assert_true(before >= 3 && memory > 1e6);
    assert_true(fabs(value("process_start_time_seconds") - (double)now) < 120);
    assert_true(value("process_max_fds") >= before);
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const size_t size = 64 << 20;
    char *filled = malloc(size);
    volatile double work = 0;
    explicit_bzero(filled, size); /* unlike memset, it cannot be left out */
    while (clock() < CLOCKS_PER_SEC / 10) work += sqrt(work + 1);
    print();
    assert_int_equal((int)value("process_open_fds"), (int)before + 1);
    assert_true(value("process_resident_memory_bytes") > memory + 60e6);
    assert_true(value("process_cpu_seconds_total") >= 0.09);
    assert_true(value("process_cpu_seconds_total") >= cpu);
    free(filled);
    close(fd);
}

enum { THREADS = 4, TIMES = 20000 };

static void *count(void *unused) {
    (void)unused;
    for (int i = 0; i < TIMES; i++) {
        ibx_metric_add(metrics, IBX_M_COALESCED, 0, 1);
        ibx_metric_observe(metrics, IBX_H_JOB, 0.02);
    }
    return NULL;
}

static void threads(void **state) {
    (void)state;
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&thread[i], NULL, count, NULL);
    print(); /* while they count */
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    print();
    assert_int_equal(ibx_metric_get(metrics, IBX_M_COALESCED, 0), THREADS * TIMES);
    assert_int_equal((int)value("imbrex_job_seconds_count"), THREADS * TIMES);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(counts),  TEST(labels),  TEST(codes), TEST(histograms), TEST(families), TEST(formats),
        TEST(filters), TEST(grammar), TEST(infos), TEST(process),    TEST(threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
