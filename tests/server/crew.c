/* crew.c - worker processes: every way in which an order ends, and what is left behind. */
#include "server/jobs/crew.h"
#include "faulty_worker.h"
#include "turns.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    ibx_crew *crew;
    ibx_metrics *metrics;
    int source;
    int ended, ready;
    ibx_end_kind kind; /* of the last that ended */
    ibx_code code;
    int outputs;
    char text[200]; /* of its file */
    double cpu_ms, worked_ms;
} team;

static void on_ended(void *user, void *task, const ibx_end *end) {
    team *t = user;
    assert_ptr_equal(task, t);
    t->ended++;
    t->kind = end->kind;
    t->cpu_ms = end->cpu_ms;
    t->worked_ms = end->worked_ms;
    memset(t->text, 0, sizeof t->text);
    if (end->kind != IBX_END_DELIVERED) return;
    t->code = end->delivery->error.code;
    t->outputs = end->delivery->outputs;
    if (t->outputs > 0 && end->fds[0] >= 0)
        assert_true(pread(end->fds[0], t->text, sizeof t->text - 1, 0) > 0);
}

static void on_ready(void *user) {
    ((team *)user)->ready++;
}

static void begin(team *t, ibx_crew_plan plan, const char *loaders) {
    char **environment = g_environ_setenv(g_get_environ(), "IMBREX_WORKER_LOADERS", loaders, TRUE);
    *t = (team){.metrics = ibx_metrics_new(), .source = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    plan.environment = environment;
    plan.metrics = t->metrics;
    plan.counted = true;
    t->crew = ibx_crew_new(&plan, &(ibx_crew_events){on_ended, on_ready}, t);
    g_strfreev(environment);
}

static void end(team *t) {
    ibx_crew_free(t->crew);
    for (int s = 0; s < IBX_WORKERS_STATES; s++)
        assert_int_equal(ibx_metric_get(t->metrics, IBX_M_WORKERS, s), 0);
    ibx_metrics_free(t->metrics);
    close(t->source);
}

static int64_t restarts(const team *t, int reason) {
    return ibx_metric_get(t->metrics, IBX_M_RESTARTS, reason);
}

static int64_t workers(const team *t, int state) {
    return ibx_metric_get(t->metrics, IBX_M_WORKERS, state);
}

static void give(team *t, const char *recipe, double deadline, double cpu) {
    static ibx_order order;
    order = (ibx_order){.kind = IBX_ORDER_RUN, .output_bytes = 1000};
    g_strlcpy(order.recipe, recipe, sizeof order.recipe);
    do UNTIL(ibx_crew_idle(t->crew));
    while (!ibx_hand_give(ibx_crew_idle(t->crew), &order, t->source, deadline, cpu, t));
}

/* Gives an order and waits for its end. */
static void work(team *t, const char *recipe) {
    const int before = t->ended;
    give(t, recipe, 5000, 0);
    UNTIL(t->ended > before);
}

static const ibx_crew_plan ONE = {.hands = 1}, TWO = {.hands = 2};

static void test_orders_are_delivered(void **state) {
    (void)state;
    team t;
    begin(&t, TWO, "");
    assert_null(ibx_crew_idle(t.crew));
    assert_int_equal(workers(&t, IBX_WORKERS_STARTING), 2);
    UNTIL(ibx_crew_up(t.crew, NULL) == 2);
    assert_int_equal(t.ready, 2);
    ibx_hello hello;
    ibx_crew_up(t.crew, &hello);
    assert_int_equal(hello.landlock_abi, 7);
    for (int i = 0; i < 20; i++) {
        work(&t, "hello file");
        assert_int_equal(t.kind, IBX_END_DELIVERED);
        assert_string_equal(t.text, "hello file");
    }
    work(&t, "fail");
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    assert_int_equal(t.code, IBX_FORMAT);
    assert_int_equal(t.outputs, 0);
    give(&t, "sleep:50", 5000, 0);
    assert_int_equal(workers(&t, IBX_WORKERS_BUSY), 1);
    assert_int_equal(workers(&t, IBX_WORKERS_IDLE), 1);
    UNTIL(t.ended == 22);
    assert_true(t.worked_ms >= 50 && t.worked_ms < 1000);
    for (int r = 0; r < IBX_RESTARTS; r++) assert_int_equal(restarts(&t, r), 0);
    end(&t);
}

static void test_a_worker_has_its_own_descriptors_only(void **state) {
    (void)state;
    team t;
    const int open_in_front = open("/dev/null", O_RDONLY); /* not close-on-exec */
    begin(&t, ONE, "");
    UNTIL(ibx_crew_up(t.crew, NULL) == 1);
    char name[64], pid[16] = "";
    snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
    FILE *in = fopen(name, "r");
    assert_int_equal(fscanf(in, "%15s", pid), 1);
    fclose(in);
    snprintf(name, sizeof name, "/proc/%s/fd", pid);
    assert_int_equal(count_files(name), 2 + 4); /* . and .., 0 to 3 */
    close(open_in_front);
    end(&t);
}

/* What costs the order, and is counted as that. */
static void check_loss(const char *recipe, int reason) {
    team t;
    begin(&t, ONE, "");
    for (int i = 0; i < 3; i++) {
        work(&t, recipe);
        assert_int_equal(t.kind, IBX_END_CRASHED);
        assert_int_equal(restarts(&t, reason), i + 1);
        work(&t, "well");
        assert_int_equal(t.kind, IBX_END_DELIVERED);
        assert_string_equal(t.text, "well");
    }
    end(&t);
}

static void test_losses(void **state) {
    (void)state;
    check_loss("crash", IBX_RESTART_CRASH);
    check_loss("leave", IBX_RESTART_CRASH);
    check_loss("lie", IBX_RESTART_PROTOCOL);
    check_loss("short", IBX_RESTART_PROTOCOL);
    check_loss("none", IBX_RESTART_PROTOCOL);
    check_loss("big", IBX_RESTART_PROTOCOL);
}

static void test_a_death_after_the_delivery_costs_nothing(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "");
    for (int i = 0; i < 20; i++) {
        work(&t, "last");
        assert_int_equal(t.kind, IBX_END_DELIVERED);
        UNTIL(restarts(&t, IBX_RESTART_CRASH) == i + 1);
    }
    assert_int_equal(t.ended, 20);
    end(&t);
}

static void test_an_unasked_message_ends_it(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "");
    work(&t, "talk");
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    UNTIL(restarts(&t, IBX_RESTART_PROTOCOL) == 1);
    work(&t, "well");
    assert_string_equal(t.text, "well");
    end(&t);
}

static void test_deadline_frees_the_processor(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "");
    UNTIL(ibx_crew_idle(t.crew));
    const double began = now_ms(), late = lateness();
    give(&t, "burn:100000", 300, 0);
    UNTIL(t.ended == 1);
    const double took = now_ms() - began;
    assert_int_equal(t.kind, IBX_END_DEADLINE);
    assert_int_equal(restarts(&t, IBX_RESTART_DEADLINE), 1);
    if (took < 299 || took > 350 + lateness() - late) fail_msg("killed after %.0f ms", took);
    assert_true(t.cpu_ms > 10);
    UNTIL(count_children() == 1); /* the burner is reaped: its processor is free */
    if (now_ms() - began > 400 + lateness() - late)
        fail_msg("gone after %.0f ms", now_ms() - began);
    work(&t, "well");
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    end(&t);
}

static void test_processor_time_is_limited(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "");
    give(&t, "burn:100000", 9000, 100);
    UNTIL(t.ended == 1);
    assert_int_equal(t.kind, IBX_END_DEADLINE);
    assert_true(t.cpu_ms >= 100 && t.cpu_ms < 200);
    give(&t, "sleep:300", 9000, 100); /* sleeping uses none */
    UNTIL(t.ended == 2);
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    end(&t);
}

static void test_hurry(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "");
    give(&t, "sleep:60000", 60000, 0);
    ibx_hand *hand = NULL;
    assert_null(ibx_crew_idle(t.crew));
    ibx_crew_free(t.crew); /* with an order under way: no event */
    assert_int_equal(t.ended, 0);
    ibx_metrics_free(t.metrics);
    close(t.source);
    begin(&t, ONE, "");
    UNTIL((hand = ibx_crew_idle(t.crew)));
    give(&t, "sleep:60000", 60000, 0);
    ibx_hand_hurry(hand, 20);
    UNTIL(t.ended == 1);
    assert_int_equal(t.kind, IBX_END_DEADLINE);
    assert_int_equal(restarts(&t, IBX_RESTART_CANCEL), 1);
    UNTIL((hand = ibx_crew_idle(t.crew)));
    give(&t, "sleep:20", 60000, 0);
    ibx_hand_hurry(hand, 1000); /* in time */
    UNTIL(t.ended == 2);
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    assert_int_equal(restarts(&t, IBX_RESTART_CANCEL), 1);
    end(&t);
}

static void test_recycled(void **state) {
    (void)state;
    team t;
    begin(&t, (ibx_crew_plan){.hands = 1, .jobs = 3, .rss = (int64_t)1 << 30}, "");
    for (int i = 0; i < 9; i++) work(&t, "well");
    assert_int_equal(restarts(&t, IBX_RESTART_JOBS), 3);
    work(&t, "fat");
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    assert_int_equal(restarts(&t, IBX_RESTART_RSS), 1);
    work(&t, "starve");
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    assert_int_equal(t.code, IBX_MEMORY);
    assert_int_equal(restarts(&t, IBX_RESTART_MEMORY), 1);
    work(&t, "well");
    assert_int_equal(t.code, IBX_OK);
    UNTIL(ibx_crew_idle(t.crew) && count_children() == 1); /* the old ones went by themselves */
    end(&t);
}

static void test_renewed(void **state) {
    (void)state;
    team t;
    begin(&t, TWO, "");
    UNTIL(ibx_crew_up(t.crew, NULL) == 2);
    give(&t, "sleep:100", 5000, 0);
    char **environment = g_get_environ();
    ibx_crew_renew(t.crew, environment);
    g_strfreev(environment);
    UNTIL(t.ended == 1);
    assert_int_equal(t.kind, IBX_END_DELIVERED);
    UNTIL(ibx_crew_idle(t.crew) && t.ready == 4 && count_children() == 2);
    end(&t);
}

/* Who has new workers in a moment is not without any; who cannot start them is. */
static void test_up_while_renewed(void **state) {
    (void)state;
    team t;
    begin(&t, TWO, "");
    assert_int_equal(ibx_crew_up(t.crew, NULL), 0);
    UNTIL(t.ready == 2);
    char **environment = g_environ_setenv(g_get_environ(), "IMBREX_WORKER_LOADERS", "", TRUE);
    ibx_crew_renew(t.crew, environment); /* nothing is new */
    assert_non_null(ibx_crew_idle(t.crew));
    environment = g_environ_setenv(environment, "IMBREX_WORKER_LOADERS", "stillborn", TRUE);
    ibx_crew_renew(t.crew, environment);
    assert_null(ibx_crew_idle(t.crew));
    assert_int_equal(ibx_crew_up(t.crew, NULL), 2);
    UNTIL(ibx_crew_up(t.crew, NULL) == 0);
    g_strfreev(environment);
    end(&t);
}

static void test_those_that_cannot_start_are_tried_rarely(void **state) {
    (void)state;
    team t;
    begin(&t, ONE, "stillborn");
    rest(1000); /* tries after 0, 100, 300, 700 ms and what they take */
    assert_in_range(restarts(&t, IBX_RESTART_CRASH), 2, 4);
    assert_int_equal(ibx_crew_up(t.crew, NULL), 0);
    end(&t);
    begin(&t, ONE, "gibberish");
    UNTIL(restarts(&t, IBX_RESTART_PROTOCOL) == 2);
    assert_int_equal(t.ready, 0);
    end(&t);
    begin(&t, ONE, "mute");
    rest(200);
    assert_int_equal(ibx_crew_up(t.crew, NULL), 0);
    end(&t);
}

static void test_nothing_is_left_behind(void **state) {
    (void)state;
    const int children = count_children();
    team t;
    begin(&t, TWO, "");
    UNTIL(ibx_crew_up(t.crew, NULL) == 2);
    const int descriptors = count_descriptors();
    static const char *const orders[] = {"crash", "lie", "last", "well", "leave", "talk", "big"};
    for (int i = 0; i < 300; i++) {
        const int before = t.ended;
        give(&t, orders[i % 7], 5000, 0);
        UNTIL(t.ended == before + 1);
    }
    UNTIL(ibx_crew_up(t.crew, NULL) == 2 && count_children() == children + 2);
    rest(50); /* the last one to talk is found out */
    UNTIL(ibx_crew_up(t.crew, NULL) == 2 && count_children() == children + 2);
    assert_int_equal(count_descriptors(), descriptors);
    end(&t);
    assert_int_equal(count_children(), children);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "worker")) return faulty_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_are_delivered),
        cmocka_unit_test(test_a_worker_has_its_own_descriptors_only),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_a_death_after_the_delivery_costs_nothing),
        cmocka_unit_test(test_an_unasked_message_ends_it),
        cmocka_unit_test(test_deadline_frees_the_processor),
        cmocka_unit_test(test_processor_time_is_limited),
        cmocka_unit_test(test_hurry),
        cmocka_unit_test(test_recycled),
        cmocka_unit_test(test_renewed),
        cmocka_unit_test(test_up_while_renewed),
        cmocka_unit_test(test_those_that_cannot_start_are_tried_rarely),
        cmocka_unit_test(test_nothing_is_left_behind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
