/* works.c - pieces of work from end to end: every fate, what is counted, what is left behind. */
#include "faulty_worker.h"
#include "server/jobs/work.h"
#include "turns.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

typedef struct {
    ibx_settings settings;
    ibx_metrics *metrics;
    ibx_works *works;
    int source;
    bool submitting; /* then nobody may be called */
} shop;

/* One piece, and what became of it. */
typedef struct {
    shop *shop;
    ibx_work *work;
    int calls;
    ibx_fate fate;
    ibx_delivery delivery;
    char text[100]; /* of its file */
    int retry_s;
    double came, took, waited_ms, worked_ms;
    double late; /* while it came: the lateness until then; when it is done, of it alone */
} piece;

static ibx_settings usual(void) {
    ibx_settings s = {.worker = {.count = 2, .threads = 1, .sandbox = IBX_SANDBOX_OFF}};
    s.limits.pixels = 100000000;
    s.limits.output_side = 1000;
    s.limits.output_pixels = 500000;
    s.limits.output_bytes = 1 << 20;
    s.limits.job_bytes = (int64_t)200 << 20;
    s.limits.memory = (int64_t)1 << 30;
    s.limits.deadline = 5000;
    s.limits.queue_ms = 5000;
    s.limits.queue_light = 64;
    s.limits.queue_heavy = 4;
    s.limits.heavy_bytes = 32 << 20;
    return s;
}

static void begin(shop *s, ibx_settings settings) {
    ibx_error err;
    *s = (shop){.settings = settings, .metrics = ibx_metrics_new()};
    s->source = memfd_create("source", MFD_CLOEXEC);
    assert_int_equal(ftruncate(s->source, 1000), 0);
    s->works = ibx_works_new(&s->settings, s->metrics, &err);
    assert_non_null(s->works);
    assert_false(ibx_works_ready(s->works, NULL));
}

static void begin_ready(shop *s, ibx_settings settings) {
    begin(s, settings);
    const int all = settings.worker.count;
    UNTIL(ibx_works_ready(s->works, NULL) &&
          ibx_metric_get(s->metrics, IBX_M_WORKERS, IBX_WORKERS_IDLE) == all);
}

static void end(shop *s) {
    ibx_works_free(s->works);
    ibx_metrics_free(s->metrics);
    close(s->source);
}

static int64_t count(const shop *s, ibx_metric family, int label) {
    return ibx_metric_get(s->metrics, family, label);
}

static void on_done(void *user, const ibx_outcome *outcome) {
    piece *p = user;
    assert_false(p->shop->submitting);
    p->calls++;
    p->took = now_ms() - p->came;
    p->late = lateness() - p->late;
    p->fate = outcome->fate;
    p->delivery = *outcome->delivery;
    p->retry_s = outcome->retry_s;
    p->waited_ms = outcome->waited_ms;
    p->worked_ms = outcome->worked_ms;
    if (outcome->fds && p->delivery.outputs > 0)
        assert_true(pread(outcome->fds[0], p->text, sizeof p->text - 1, 0) > 0);
}

static void submit_of(shop *s, piece *p, const ibx_order *order) {
    *p = (piece){.shop = s, .came = now_ms(), .late = lateness()};
    s->submitting = true;
    p->work = ibx_works_submit(s->works, order, s->source, on_done, p);
    s->submitting = false;
    assert_non_null(p->work);
}

static void submit_as(shop *s, piece *p, ibx_order_kind kind, const char *recipe) {
    static ibx_order order;
    order = (ibx_order){.kind = kind};
    g_strlcpy(order.recipe, recipe, sizeof order.recipe);
    submit_of(s, p, &order);
}

/* Of a source with that identity. */
static void submit_from(shop *s, piece *p, const char *source, const char *recipe) {
    static ibx_order order;
    order = (ibx_order){.kind = IBX_ORDER_RUN};
    g_strlcpy(order.recipe, recipe, sizeof order.recipe);
    g_strlcpy(order.source, source, sizeof order.source);
    submit_of(s, p, &order);
}

static void submit(shop *s, piece *p, const char *recipe) {
    submit_as(s, p, IBX_ORDER_RUN, recipe);
}

/* Was it done after so many milliseconds? The upper bound is for a machine that has time. */
static void assert_took(const piece *p, double least, double most) {
    if (p->took < least || p->took > most + p->late)
        fail_msg("took %.0f ms, on a machine that was %.0f ms late", p->took, p->late);
}

static void check(shop *s, const char *recipe, ibx_fate fate) {
    piece p;
    submit(s, &p, recipe);
    UNTIL(p.calls);
    if (p.fate != fate) fail_msg("%s: fate %d: %s", recipe, p.fate, p.delivery.error.text);
    if (fate != IBX_FATE_DONE) assert_true(strlen(p.delivery.error.text) > 10);
    if (fate != IBX_FATE_DONE) assert_int_equal(p.delivery.outputs, 0);
}

static void test_done(void **state) {
    (void)state;
    shop s;
    piece p, q;
    begin(&s, usual());
    submit(&s, &p, "a recipe"); /* before anybody is up */
    submit_as(&s, &q, IBX_ORDER_LOOK, "a recipe");
    assert_int_equal(ibx_works_pending(s.works), 2);
    UNTIL(p.calls && q.calls);
    assert_int_equal(ibx_works_pending(s.works), 0);
    assert_true(ibx_works_ready(s.works, NULL));
    assert_int_equal(p.fate, IBX_FATE_DONE);
    assert_string_equal(p.text, "a recipe");
    assert_string_equal(p.delivery.output[0].format, "png");
    assert_int_equal(q.fate, IBX_FATE_DONE);
    assert_int_equal(q.delivery.outputs, 1);
    assert_string_equal(q.delivery.about.format, "jpeg");
    assert_int_equal(count(&s, IBX_M_BYTES_IN, 0), 1000);
    const char *const counted[] = {
        "imbrex_formats_total{dir=\"in\",format=\"jpeg\"} 1\n", /* not for the look alone */
        "imbrex_formats_total{dir=\"out\",format=\"png\"} 1\n",
        "imbrex_job_stage_seconds_count{stage=\"read\"} 1\n",
        "imbrex_job_stage_seconds_count{stage=\"encode\"} 1\n",
        "imbrex_decoded_bytes_estimate_sum 1048576\n"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ibx_metrics_print(s.metrics, out);
    fclose(out);
    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++) assert_non_null(strstr(text, counted[i]));
    free(text);
    rest(20);
    assert_int_equal(p.calls + q.calls, 2);
    end(&s);
}

static void test_the_image_says_no(void **state) {
    (void)state;
    shop s;
    piece p;
    begin_ready(&s, usual());
    submit(&s, &p, "look-fail");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DONE);
    assert_int_equal(p.delivery.error.code, IBX_FORMAT);
    assert_int_equal(p.delivery.outputs, 0);
    assert_int_equal(count(&s, IBX_M_BYTES_IN, 0), 0); /* no worker had it */
    submit(&s, &p, "fail");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DONE);
    assert_string_equal(p.delivery.error.text, "damaged");
    end(&s);
}

static void test_too_big(void **state) {
    (void)state;
    shop s;
    piece p;
    begin_ready(&s, usual());
    check(&s, "memory:200", IBX_FATE_DONE);
    check(&s, "memory:201", IBX_FATE_TOO_BIG);
    check(&s, "side:1001", IBX_FATE_TOO_BIG);
    check(&s, "side:1000", IBX_FATE_DONE);
    s.settings.limits.output_pixels = 9000;
    s.settings.limits.job_bytes = (int64_t)300 << 20;
    s.settings.limits.memory = (int64_t)300 << 20;
    ibx_works_reloaded(s.works);
    check(&s, "side:1000", IBX_FATE_TOO_BIG);
    check(&s, "memory:250", IBX_FATE_TOO_BIG); /* workers need some for themselves */
    submit(&s, &p, "memory:250");
    UNTIL(p.calls);
    assert_int_equal(p.delivery.error.code, IBX_LIMIT);
    assert_non_null(strstr(p.delivery.error.text, "250 MB"));
    assert_string_equal(p.delivery.about.format, "jpeg");
    end(&s);
}

static void test_crashes_cost_one(void **state) {
    (void)state;
    shop s;
    piece p[9];
    begin_ready(&s, usual());
    check(&s, "well", IBX_FATE_DONE);
    for (int i = 0; i < 9; i++)
        submit(&s, &p[i], i == 2 ? "crash" : i == 5 ? "look-crash" : i == 7 ? "lie" : "well");
    for (int i = 0; i < 9; i++) {
        UNTIL(p[i].calls);
        const bool lost = i == 2 || i == 5 || i == 7;
        assert_int_equal(p[i].fate, lost ? IBX_FATE_CRASHED : IBX_FATE_DONE);
    }
    assert_int_equal(count(&s, IBX_M_RESTARTS, IBX_RESTART_CRASH), 2);
    assert_int_equal(count(&s, IBX_M_RESTARTS, IBX_RESTART_PROTOCOL), 1);
    end(&s);
}

static void test_deadlines(void **state) {
    (void)state;
    shop s;
    piece p;
    ibx_settings settings = usual();
    settings.limits.deadline = 300;
    begin_ready(&s, settings);
    submit(&s, &p, "burn:60000");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DEADLINE);
    assert_took(&p, 299, 350);
    const double before = now_ms(), late = lateness();
    UNTIL(count_children() == 4); /* its processor is free */
    assert_true(now_ms() - before < 50 + lateness() - late);
    assert_int_equal(count(&s, IBX_M_RESTARTS, IBX_RESTART_DEADLINE), 1);
    assert_true(count(&s, IBX_M_CPU, IBX_CPU_OTHER) > 10000);
    end(&s);
}

static void test_deadline_of_the_scouts(void **state) {
    (void)state;
    shop s;
    piece p[2], q;
    ibx_settings settings = usual();
    settings.limits.queue_ms = 250;
    begin_ready(&s, settings);
    UNTIL(count_children() == 4);
    for (int i = 0; i < 2; i++) submit(&s, &p[i], "look-hang");
    submit(&s, &q, "look-sleep:1500"); /* gives up while it waits for a scout, or is looked at */
    UNTIL(p[0].calls && p[1].calls);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p[i].fate, IBX_FATE_DEADLINE);
        assert_took(&p[i], 1999, 2200);
    }
    UNTIL(q.calls);
    assert_int_equal(q.fate, IBX_FATE_OVERLOADED);
    assert_took(&q, 2499, 2700);
    UNTIL(ibx_works_ready(s.works, NULL));
    check(&s, "well", IBX_FATE_DONE);
    assert_int_equal(q.calls, 1);
    assert_int_equal(count(&s, IBX_M_RESTARTS, IBX_RESTART_DEADLINE), 2); /* not for that */
    assert_int_equal(ibx_works_pending(s.works), 0);
    end(&s);
}

/* Uses a scout's processor time up, for a source that nobody must look at with that recipe for a
 * while then. A machine that is so busy that the time on the wall is over first gets another try.
 */
static void condemn(shop *s, const char *source, const char *recipe, piece *waits, int count) {
    piece p;
    for (int tries = 0; tries < 10; tries++) {
        submit_from(s, &p, source, recipe);
        for (int i = 0; i < count; i++) submit_from(s, &waits[i], source, recipe);
        UNTIL(p.calls);
        for (int i = 0; i < count; i++) UNTIL(waits[i].calls);
        assert_int_equal(p.fate, IBX_FATE_DEADLINE);
        assert_true(p.took >= 249);
        if (p.took < 1990) return;
    }
    fail_msg("no 250 ms of processor time in 2 s");
}

static void expect_refusal(shop *s, const char *source, const char *recipe) {
    piece p;
    submit_from(s, &p, source, recipe);
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DEADLINE);
    assert_non_null(strstr(p.delivery.error.text, "minute"));
    assert_took(&p, 0, 50);
}

/* Processor time counts: what waits for its processor is not blamed. One recipe does not close a
 * source for others. */
static void test_condemned(void **state) {
    (void)state;
    shop s;
    piece p, waits[3];
    begin_ready(&s, usual());
    submit_from(&s, &p, "patient", "look-sleep:700");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DONE);
    submit_from(&s, &p, "hangs", "look-hang");
    condemn(&s, "burns", "look-burn:60000", waits, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(waits[i].fate, IBX_FATE_DEADLINE);
        assert_non_null(strstr(waits[i].delivery.error.text, "minute"));
    }
    expect_refusal(&s, "burns", "look-burn:60000");
    UNTIL(p.calls);
    submit_from(&s, &p, "burns", "well");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DONE);
    condemn(&s, "burns", "look-burn:50000", NULL, 0);
    expect_refusal(&s, "burns", "well"); /* two do */
    submit_from(&s, &p, "hangs", "well");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_DONE);
    end(&s);
}

/* Six clients that ask for the header of one source which takes 200 ms, over and over, and one who
 * asks for others. */
static void test_slow_looks_beside_quick_ones(void **state) {
    (void)state;
    shop s;
    enum { SLOW = 6, QUICK = 20 };
    piece slow[SLOW], quick;
    int done = 0;
    begin_ready(&s, usual());
    UNTIL(count_children() == 4);
    check(&s, "well", IBX_FATE_DONE);
    for (int i = 0; i < SLOW; i++) submit_from(&s, &slow[i], "slow", "look-sleep:200");
    for (int i = 0; i < QUICK; i++) {
        submit_from(&s, &quick, i % 2 ? "odd" : "even", "well");
        UNTIL(quick.calls);
        assert_int_equal(quick.fate, IBX_FATE_DONE);
        assert_took(&quick, 0, 190);
        rest(20);
        for (int k = 0; k < SLOW; k++) {
            if (!slow[k].calls) continue;
            assert_int_equal(slow[k].fate, IBX_FATE_DONE);
            submit_from(&s, &slow[k], "slow", "look-sleep:200");
            done++;
        }
    }
    assert_true(done >= 1); /* they get on, one at a time */
    assert_true(done <= 2 * QUICK);
    end(&s);
}

static void test_processor_limit(void **state) {
    (void)state;
    shop s;
    ibx_settings settings = usual();
    settings.limits.cpu = 100;
    begin_ready(&s, settings);
    check(&s, "burn:60000", IBX_FATE_DEADLINE);
    check(&s, "sleep:200", IBX_FATE_DONE);
    end(&s);
}

static void test_overload(void **state) {
    (void)state;
    shop s;
    enum { N = 20 };
    piece p[N];
    ibx_settings settings = usual();
    settings.limits.queue_light = 2;
    begin_ready(&s, settings);
    check(&s, "sleep:1", IBX_FATE_DONE); /* its kind is known now */
    int done = 0, shed = 0;
    for (int i = 0; i < N; i++) submit(&s, &p[i], "sleep:100");
    for (int i = 0; i < N; i++) {
        UNTIL(p[i].calls);
        done += p[i].fate == IBX_FATE_DONE;
        shed += p[i].fate == IBX_FATE_OVERLOADED && p[i].retry_s >= 1;
        if (p[i].fate == IBX_FATE_OVERLOADED) assert_took(&p[i], 0, 100); /* told at once */
    }
    assert_int_equal(done, 2 + 2 * 2);
    assert_int_equal(shed, N - done);
    assert_int_equal(count(&s, IBX_M_SHED, IBX_SHED_QUEUE), shed);
    end(&s);
}

static void test_gauges(void **state) {
    (void)state;
    shop s;
    piece p[3], h;
    begin_ready(&s, usual());
    check(&s, "sleep:1", IBX_FATE_DONE);
    const int64_t base = count(&s, IBX_M_MEMORY, 0);
    for (int i = 0; i < 3; i++) submit(&s, &p[i], "sleep:400");
    UNTIL(count(&s, IBX_M_QUEUE_DEPTH, IBX_LANE_LIGHT) == 1);
    submit(&s, &h, "sleep:200 memory:100");
    UNTIL(count(&s, IBX_M_QUEUE_DEPTH, IBX_LANE_HEAVY) == 1);
    assert_int_equal(count(&s, IBX_M_QUEUE_DEPTH, IBX_LANE_LIGHT), 1);
    assert_int_equal(count(&s, IBX_M_JOBS, IBX_LANE_LIGHT), 2);
    assert_int_equal(count(&s, IBX_M_MEMORY, 0) - base, (int64_t)103 << 20);
    assert_int_equal(count(&s, IBX_M_MEMORY, 1), (int64_t)1 << 30);
    assert_int_equal(count(&s, IBX_M_WORKERS, IBX_WORKERS_BUSY), 2);
    UNTIL(p[0].calls && p[1].calls && p[2].calls && h.calls);
    assert_true(h.waited_ms > 100 && h.worked_ms >= 200);
    for (int lane = 0; lane < IBX_LANES; lane++) {
        assert_int_equal(count(&s, IBX_M_QUEUE_DEPTH, lane), 0);
        assert_int_equal(count(&s, IBX_M_JOBS, lane), 0);
    }
    assert_int_equal(count(&s, IBX_M_MEMORY, 0), base);
    end(&s);
}

static void test_nobody_can_start(void **state) {
    (void)state;
    shop s;
    piece p;
    char *loaders[] = {"stillborn", NULL};
    ibx_settings settings = usual();
    settings.worker.allow_loaders = loaders;
    settings.limits.queue_ms = 50;
    begin(&s, settings);
    submit(&s, &p, "well");
    UNTIL(p.calls);
    assert_int_equal(p.fate, IBX_FATE_OVERLOADED);
    assert_false(ibx_works_ready(s.works, NULL));
    end(&s);
}

static void test_cancel_in_every_stage(void **state) {
    (void)state;
    shop s;
    piece look, looking, wait[3], running;
    begin_ready(&s, usual());
    check(&s, "sleep:1", IBX_FATE_DONE);
    submit(&s, &looking, "look-sleep:50");
    submit(&s, &look, "well");
    ibx_work_cancel(looking.work);
    ibx_work_cancel(look.work);
    assert_int_equal(ibx_works_pending(s.works), 0);
    submit(&s, &running, "sleep:60000");
    UNTIL(count(&s, IBX_M_JOBS, IBX_LANE_LIGHT) == 1);
    for (int i = 0; i < 3; i++) { /* in turn: there are two scouts */
        submit(&s, &wait[i], "sleep:400");
        UNTIL(count(&s, IBX_M_JOBS, IBX_LANE_LIGHT) == 2 &&
              count(&s, IBX_M_QUEUE_DEPTH, IBX_LANE_LIGHT) == i);
    }
    ibx_work_cancel(wait[2].work);
    ibx_work_cancel(running.work);
    UNTIL(count(&s, IBX_M_RESTARTS, IBX_RESTART_CANCEL) == 1);
    UNTIL(wait[0].calls && wait[1].calls);
    assert_int_equal(ibx_works_pending(s.works), 0);
    assert_int_equal(look.calls + looking.calls + running.calls + wait[2].calls, 0);
    condemn(&s, "burns", "look-burn:60000", NULL, 0);
    submit_from(&s, &look, "burns",
                "look-burn:60000"); /* refused; cancelled before it is told so */
    ibx_work_cancel(look.work);
    rest(20);
    assert_int_equal(look.calls, 0);
    end(&s);
}

static void test_a_thousand_cancels(void **state) {
    (void)state;
    shop s;
    begin_ready(&s, usual());
    check(&s, "sleep:1", IBX_FATE_DONE);
    const int descriptors = count_descriptors(), children = count_children();
    piece p[4];
    for (int round = 0; round < 250; round++) {
        for (int i = 0; i < 4; i++) submit(&s, &p[i], "sleep:2");
        for (int i = 0; i < round % 5; i++) turn();
        for (int i = 0; i < 4; i++)
            if (!p[i].calls) ibx_work_cancel(p[i].work);
    }
    assert_int_equal(ibx_works_pending(s.works), 0);
    check(&s, "well", IBX_FATE_DONE);
    UNTIL(count(&s, IBX_M_WORKERS, IBX_WORKERS_IDLE) == 2 && count_children() == children);
    UNTIL(count_descriptors() == descriptors); /* a scout may still look for one of the last */
    assert_int_equal(count(&s, IBX_M_MEMORY, 0), (int64_t)128 << 20);
    end(&s);
}

/* Eight at a time, one in ten of them a fault: each piece has its own fate, and no other. */
static void test_a_thousand_with_faults(void **state) {
    (void)state;
    shop s;
    begin_ready(&s, usual());
    check(&s, "sleep:1", IBX_FATE_DONE);
    const int descriptors = count_descriptors(), children = count_children();
    piece p[8];
    int lost = 0;
    for (int round = 0; round < 125; round++) {
        for (int i = 0; i < 8; i++) {
            const int n = round * 8 + i;
            submit(&s, &p[i], n % 10 ? "well" : n % 20 ? "crash" : n % 40 ? "leave" : "look-crash");
        }
        for (int i = 0; i < 8; i++) {
            UNTIL(p[i].calls);
            lost += p[i].fate == IBX_FATE_CRASHED;
            if ((round * 8 + i) % 10) assert_int_equal(p[i].fate, IBX_FATE_DONE);
        }
    }
    assert_int_equal(lost, 100);
    UNTIL(count(&s, IBX_M_WORKERS, IBX_WORKERS_IDLE) == 2 && count_children() == children);
    UNTIL(count_descriptors() == descriptors);
    end(&s);
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The 95th percentile of small jobs of 5 ms, one after another, in ms. */
static double small_jobs(shop *s) {
    enum { N = 200 };
    double took[N];
    for (int i = 0; i < N; i++) {
        piece p;
        submit(s, &p, "sleep:5");
        UNTIL(p.calls);
        assert_int_equal(p.fate, IBX_FATE_DONE);
        took[i] = p.took;
    }
    qsort(took, N, sizeof took[0], by_size);
    return took[N * 95 / 100];
}

static void on_flooded(void *user, const ibx_outcome *outcome) {
    int *fates = user;
    fates[outcome->fate]++;
}

static gboolean flood(gpointer user) {
    void **both = user;
    shop *s = both[0];
    static ibx_order order;
    order = (ibx_order){.kind = IBX_ORDER_RUN, .recipe = "sleep:100 memory:60"};
    assert_non_null(ibx_works_submit(s->works, &order, s->source, on_flooded, both[1]));
    return G_SOURCE_CONTINUE;
}

static void test_small_jobs_are_quick_in_a_flood(void **state) {
    (void)state;
    shop s;
    int fates[IBX_FATE_CRASHED + 1] = {0};
#ifdef IBX_SANITIZED
    skip(); /* of time alone */
#endif
    begin_ready(&s, usual());
    check(&s, "sleep:5", IBX_FATE_DONE);
    const double idle = small_jobs(&s);
    void *both[] = {&s, fates};
    const guint source = g_timeout_add(2, flood, both);
    rest(300);
    assert_int_equal(count(&s, IBX_M_JOBS, IBX_LANE_HEAVY), 1);
    double flooded = small_jobs(&s);
    for (int again = 0; again < 3 && flooded > 5 * idle; again++) /* others use this machine too */
        flooded = small_jobs(&s);
    g_source_remove(source);
    if (flooded > 5 * idle) fail_msg("95%% in %.1f ms, idle %.1f ms", flooded, idle);
    assert_true(fates[IBX_FATE_DONE] >= 8); /* they get on */
    assert_true(fates[IBX_FATE_OVERLOADED] > 50);
    end(&s);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "worker")) return faulty_worker();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_done),
                                       cmocka_unit_test(test_the_image_says_no),
                                       cmocka_unit_test(test_too_big),
                                       cmocka_unit_test(test_crashes_cost_one),
                                       cmocka_unit_test(test_deadlines),
                                       cmocka_unit_test(test_deadline_of_the_scouts),
                                       cmocka_unit_test(test_condemned),
                                       cmocka_unit_test(test_slow_looks_beside_quick_ones),
                                       cmocka_unit_test(test_processor_limit),
                                       cmocka_unit_test(test_overload),
                                       cmocka_unit_test(test_gauges),
                                       cmocka_unit_test(test_nobody_can_start),
                                       cmocka_unit_test(test_cancel_in_every_stage),
                                       cmocka_unit_test(test_a_thousand_cancels),
                                       cmocka_unit_test(test_a_thousand_with_faults),
                                       cmocka_unit_test(test_small_jobs_are_quick_in_a_flood)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
