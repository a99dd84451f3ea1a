/* lanes.c - admission and order of light and heavy jobs, with a clock of the test's own. */
#include "server/jobs/lanes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MB = 1 << 20 };

static const ibx_lane_limits USUAL = {.workers = 2,
                                      .waiting = {8, 4},
                                      .memory = (int64_t)1000 * MB,
                                      .heavy_bytes = 32 * MB,
                                      .wait = 5};

static ibx_pace_key kind(const char *format, const char *recipe) {
    ibx_delivery look = {.outputs = 1};
    g_strlcpy(look.about.format, format, sizeof look.about.format);
    g_strlcpy(look.output[0].format, format, sizeof look.output[0].format);
    return ibx_pace_key_of(&look, recipe);
}

static ibx_duration takes(double seconds) {
    return (ibx_duration){seconds, seconds};
}

static ibx_ticket job(const char *format, int64_t memory) {
    return (ibx_ticket){.key = kind(format, "a"), .megapixels = 0.75, .memory = memory};
}

static ibx_ticket light(void) {
    return job("quick", MB);
}

static ibx_ticket heavy(void) {
    return job("quick", 100 * MB);
}

/* Lanes that know "quick" as 0.1 s a job and "slow" as 2 s. */
static ibx_lanes *taught(const ibx_lane_limits *limits) {
    ibx_lanes *lanes = ibx_lanes_new(limits);
    const ibx_ticket quick = job("quick", 0), slow = job("slow", 0);
    ibx_lanes_learn(lanes, &quick, takes(0.1));
    ibx_lanes_learn(lanes, &slow, takes(2));
    return lanes;
}

static void admit(ibx_lanes *lanes, ibx_ticket *t, double now) {
    ibx_refusal why;
    if (!ibx_lanes_admit(lanes, t, now, &why)) fail_msg("refused, reason %d", why.reason);
}

static void refuse(ibx_lanes *lanes, ibx_ticket *t, double now, int reason) {
    ibx_refusal why;
    assert_false(ibx_lanes_admit(lanes, t, now, &why));
    assert_int_equal(why.reason, reason);
}

static void next_is(ibx_lanes *lanes, double now, const ibx_ticket *t) {
    assert_ptr_equal(ibx_lanes_next(lanes, now), t);
}

/* ---- pace ---------------------------------------------------------------------------------- */

static void test_keys_tell_kinds_apart(void **state) {
    (void)state;
    ibx_delivery look = {.outputs = 3,
                         .about.format = "aa",
                         .output = {{.format = "bb"}, {.format = "cc"}, {.format = "bb"}}};
    const ibx_pace_key a = ibx_pace_key_of(&look, "step:12.5x/other"),
                       b = ibx_pace_key_of(&look, "step:7x/other"),
                       c = ibx_pace_key_of(&look, "stop:7x/other");
    assert_string_equal(a.formats, "aa>bb>cc");
    assert_string_equal(a.recipe, b.recipe); /* numbers do not make a kind */
    assert_string_not_equal(a.recipe, c.recipe);
    char long_recipe[2000];
    memset(long_recipe, 'x', sizeof long_recipe);
    long_recipe[sizeof long_recipe - 1] = 0;
    assert_true(strlen(ibx_pace_key_of(&look, long_recipe).recipe) < sizeof a.recipe);
}

static void test_pace_is_learned(void **state) {
    (void)state;
    ibx_paces *paces = ibx_paces_new();
    const ibx_pace_key a = kind("f", "a"), b = kind("f", "b"), other = kind("g", "a");
    bool known;
    assert_true(ibx_paces_predict(paces, &a, 1, &known).clock > 0);
    assert_false(known);
    for (int i = 0; i < 50; i++) ibx_paces_learn(paces, &a, 0.75, takes(0.2));
    assert_true(fabs(ibx_paces_predict(paces, &a, 1.75, &known).clock - 0.4) < 1e-9);
    assert_true(known);
    ibx_paces_predict(paces, &b, 1, &known); /* by its formats */
    assert_true(known);
    ibx_paces_predict(paces, &other, 1, &known);
    assert_false(known);
    for (int i = 0; i < 50; i++) ibx_paces_learn(paces, &b, 0.75, takes(2));
    assert_true(fabs(ibx_paces_predict(paces, &a, 1.75, &known).clock - 0.4) <
                1e-9); /* not spoiled */
    ibx_paces_free(paces);
}

static void test_one_strange_file_teaches_little(void **state) {
    (void)state;
    ibx_paces *paces = ibx_paces_new();
    const ibx_pace_key a = kind("f", "a");
    bool known;
    ibx_paces_learn(paces, &a, 0.75, takes(0.1));
    ibx_paces_learn(paces, &a, 0.75, takes(1000));
    assert_true(ibx_paces_predict(paces, &a, 0.75, &known).clock < 0.17);
    for (int i = 0; i < 5000; i++) { /* invented recipes do not grow it without bound */
        char recipe[32];
        snprintf(recipe, sizeof recipe, "%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676);
        const ibx_pace_key k = kind("f", recipe);
        ibx_paces_learn(paces, &k, 1, takes(1));
    }
    ibx_paces_predict(paces, &a, 1, &known);
    assert_true(known);
    ibx_paces_free(paces);
}

/* ---- order --------------------------------------------------------------------------------- */

static void test_light_is_in_order(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket a = light(), b = light(), c = light();
    admit(lanes, &a, 0);
    admit(lanes, &b, 0);
    admit(lanes, &c, 0);
    assert_int_equal(ibx_lanes_waiting(lanes, IBX_LANE_LIGHT), 3);
    next_is(lanes, 0, &a);
    ibx_lanes_leave(lanes, &b); /* cancelled */
    next_is(lanes, 0, &c);
    next_is(lanes, 0, NULL);
    assert_int_equal(ibx_lanes_running(lanes, IBX_LANE_LIGHT), 2);
    ibx_lanes_leave(lanes, &a);
    ibx_lanes_leave(lanes, &c);
    assert_int_equal(ibx_lanes_memory(lanes), 0);
    ibx_lanes_free(lanes);
}

static void test_heavy_takes_half_of_the_workers(void **state) {
    (void)state;
    ibx_lane_limits limits = USUAL;
    limits.workers = 5;
    ibx_lanes *lanes = taught(&limits);
    ibx_ticket h[4], a = light();
    for (int i = 0; i < 4; i++) {
        h[i] = heavy();
        admit(lanes, &h[i], i);
    }
    next_is(lanes, 4, &h[0]);
    next_is(lanes, 4, &h[1]);
    next_is(lanes, 4, NULL);
    admit(lanes, &a, 5);
    next_is(lanes, 5, &a);
    ibx_lanes_leave(lanes, &h[1]);
    next_is(lanes, 5, &h[2]);
    next_is(lanes, 5, NULL);
    ibx_lanes_free(lanes);
}

static void test_neither_lane_starves(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket a = light(), b = light(), h = heavy();
    admit(lanes, &a, 0);
    admit(lanes, &h, 1);
    admit(lanes, &b, 2);
    next_is(lanes, 3, &a);
    next_is(lanes, 3, &h); /* older than b */
    ibx_lanes_leave(lanes, &h);
    next_is(lanes, 3, &b);
    ibx_lanes_free(lanes);
}

static void test_with_one_worker_light_goes_first(void **state) {
    (void)state;
    ibx_lane_limits limits = USUAL;
    limits.workers = 1;
    ibx_lanes *lanes = taught(&limits);
    ibx_ticket a = light(), b = light(), h = heavy();
    admit(lanes, &h, 0);
    admit(lanes, &a, 1);
    admit(lanes, &b, 1);
    next_is(lanes, 1, &a);
    ibx_lanes_leave(lanes, &a);
    next_is(lanes, 2.6, &h); /* has waited for more than half of the longest wait */
    ibx_lanes_leave(lanes, &h);
    next_is(lanes, 2.7, &b);
    ibx_lanes_free(lanes);
}

static void test_with_one_worker_quick_goes_first(void **state) {
    (void)state;
    ibx_lane_limits limits = USUAL;
    limits.workers = 1;
    ibx_lanes *lanes = taught(&limits);
    ibx_ticket m = job("middling", MB), n = m, a = light(), b = light();
    ibx_lanes_learn(lanes, &m, takes(0.3));
    admit(lanes, &m, 0);
    admit(lanes, &n, 0);
    admit(lanes, &a, 1);
    admit(lanes, &b, 2);
    next_is(lanes, 2, &a);
    ibx_lanes_leave(lanes, &a);
    next_is(lanes, 2.6, &m); /* has waited for more than half of the longest wait */
    ibx_lanes_leave(lanes, &m);
    ibx_lanes_leave(lanes, &b);
    next_is(lanes, 2.6, &n);
    ibx_lanes_free(lanes);
}

static void test_slow_kinds_are_heavy(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket a = job("slow", MB), b = light();
    admit(lanes, &a, 0);
    admit(lanes, &b, 0);
    assert_int_equal(a.lane, IBX_LANE_HEAVY);
    assert_int_equal(b.lane, IBX_LANE_LIGHT);
    ibx_lanes_free(lanes);
}

/* Light ones that take longer than a thumbnail, as long as thumbnails come: in half of the workers,
 * and they are not waited for. */
static void test_middling_kinds_leave_workers_to_quick_ones(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket m[4], a = job("swift", MB), b = a, teach = job("middling", 0);
    ibx_lanes_learn(lanes, &teach, takes(0.3));
    ibx_lanes_learn(lanes, &a, takes(0.02));
    admit(lanes, &a, 0);
    next_is(lanes, 0, &a);
    ibx_lanes_leave(lanes, &a);
    for (int i = 0; i < 4; i++) {
        m[i] = job("middling", MB);
        admit(lanes, &m[i], 1);
    }
    assert_int_equal(m[0].lane, IBX_LANE_LIGHT);
    next_is(lanes, 1, &m[0]);
    next_is(lanes, 1, NULL);
    ibx_lane_limits hasty = USUAL;
    hasty.wait = 0.2;
    ibx_lanes_limit(lanes, &hasty);
    ibx_ticket more = job("middling", MB);
    refuse(lanes, &more, 1, IBX_SHED_WAIT);
    admit(lanes, &b, 1);
    next_is(lanes, 1, &b); /* over the heads of three */
    ibx_lanes_leave(lanes, &b);
    ibx_ticket c = job("hardly", MB);
    ibx_lanes_learn(lanes, &c, takes(0.099));
    admit(lanes, &c, 2); /* is quick, too, but nothing to compare with */
    assert_false(c.slow);
    next_is(lanes, 2, &c);
    ibx_lanes_leave(lanes, &c);
    next_is(lanes, 10.9, NULL);
    ibx_lanes_leave(lanes, &m[0]);
    next_is(lanes, 11.1, &m[1]); /* nobody quick has come for long: all workers */
    next_is(lanes, 11.1, &m[2]);
    next_is(lanes, 11.1, NULL);
    ibx_lanes_free(lanes);
}

/* Jobs of one kind that take now a little less, now a little more than a quick one: all workers. */
static void test_jobs_alike_have_all_workers(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket j[3], teach = job("alike", 0);
    ibx_lanes_learn(lanes, &teach, takes(0.09));
    for (int i = 0; i < 3; i++) {
        j[i] = job("alike", MB);
        admit(lanes, &j[i], 0);
        assert_true(j[i].slow == (i > 0));
        ibx_lanes_learn(lanes, &teach, takes(0.25));
    }
    next_is(lanes, 0, &j[0]);
    next_is(lanes, 0, &j[1]);
    ibx_lanes_leave(lanes, &j[0]);
    next_is(lanes, 0.2, &j[2]);
    ibx_lanes_free(lanes);
}

/* Whatever else the machine does: that one waits for longer does not make the jobs heavy. */
static void test_a_busy_machine_makes_nothing_heavy(void **state) {
    (void)state;
    ibx_lanes *lanes = ibx_lanes_new(&USUAL);
    ibx_ticket a = light();
    ibx_lanes_learn(lanes, &a, (ibx_duration){2, 0.2});
    admit(lanes, &a, 0);
    assert_int_equal(a.lane, IBX_LANE_LIGHT);
    assert_true(fabs(a.seconds - 2) < 1e-9);
    ibx_lanes_free(lanes);
}

static void test_unknown_kinds_are_tried_one_at_a_time(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket a = job("new", MB), b = job("new", MB), c = job("new", MB), d = light();
    admit(lanes, &a, 0);
    admit(lanes, &b, 0);
    admit(lanes, &c, 0);
    admit(lanes, &d, 0);
    next_is(lanes, 0, &a);
    next_is(lanes, 0, &d); /* over the heads of b and c */
    ibx_lanes_leave(lanes, &d);
    next_is(lanes, 0, NULL);
    ibx_lanes_learn(lanes, &a, takes(3)); /* they are slow */
    ibx_lanes_leave(lanes, &a);
    next_is(lanes, 3, &b);
    assert_int_equal(c.lane, IBX_LANE_HEAVY);
    assert_int_equal(ibx_lanes_waiting(lanes, IBX_LANE_LIGHT), 0);
    next_is(lanes, 3, NULL);
    ibx_lanes_free(lanes);
}

/* The tiles that a viewer asks for first, of an image of 265 megapixels. */
static void test_large_unknown_ones_are_let_in(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket t[6];
    for (int i = 0; i < 6; i++) {
        t[i] = job("new", MB);
        t[i].megapixels = 265;
        admit(lanes, &t[i], 0);
        if (i == 0) next_is(lanes, 0, &t[0]);
    }
    ibx_lanes_free(lanes);
}

static void test_what_runs_for_long_is_heavy(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket a = light(), h = heavy(), b = light();
    admit(lanes, &a, 0);
    next_is(lanes, 0, &a);
    admit(lanes, &h, 1);
    admit(lanes, &b, 1);
    next_is(lanes, 1, &b); /* a is heavy by now, and fills the half */
    assert_int_equal(ibx_lanes_running(lanes, IBX_LANE_HEAVY), 1);
    ibx_lanes_leave(lanes, &a);
    next_is(lanes, 1.2, &h);
    ibx_lanes_leave(lanes, &b);
    ibx_lanes_leave(lanes, &h);
    assert_int_equal(ibx_lanes_memory(lanes), 0);
    ibx_lanes_free(lanes);
}

/* ---- admission ----------------------------------------------------------------------------- */

static void test_bounded_by_count(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket t[10], h[6], more = light(), most = heavy();
    for (int i = 0; i < 10; i++) {
        t[i] = light();
        admit(lanes, &t[i], 0);
        if (i < 2) next_is(lanes, 0, &t[i]);
    }
    refuse(lanes, &more, 0, IBX_SHED_QUEUE);
    for (int i = 0; i < 4; i++) {
        h[i] = heavy();
        admit(lanes, &h[i], 0);
    }
    refuse(lanes, &most, 0, IBX_SHED_QUEUE);
    ibx_lanes_leave(lanes, &t[5]);
    admit(lanes, &more, 0);
    ibx_lanes_free(lanes);
}

static void test_closed_for_unseen_jobs(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket t[12];
    ibx_refusal why;
    assert_true(ibx_lanes_are_open(lanes, 100, 0, &why)); /* nobody waits */
    for (int i = 0; i < 10; i++) {
        t[i] = light();
        admit(lanes, &t[i], 0);
        if (i < 2) next_is(lanes, 0, &t[i]);
    }
    assert_true(ibx_lanes_are_open(lanes, 3, 0, &why)); /* they may be heavy */
    assert_false(ibx_lanes_are_open(lanes, 4, 0, &why));
    assert_int_equal(why.reason, IBX_SHED_QUEUE);
    ibx_lane_limits hasty = USUAL;
    hasty.wait = 0.4;
    ibx_lanes_limit(lanes, &hasty);
    assert_false(ibx_lanes_are_open(lanes, 0, 0, &why)); /* 10 x 0.1 s in two workers */
    assert_int_equal(why.reason, IBX_SHED_WAIT);
    assert_true(fabs(why.wait - 0.5) < 1e-6);
    ibx_lanes_free(lanes);
}

static void test_bounded_by_memory(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket whole = job("quick", (int64_t)1000 * MB), over = job("quick", (int64_t)1001 * MB);
    refuse(lanes, &over, 0, IBX_SHED_MEMORY);
    admit(lanes, &whole, 0); /* alone it may have all */
    ibx_lanes_leave(lanes, &whole);
    ibx_ticket a = job("quick", 500 * MB), b = job("quick", 300 * MB), c = job("quick", 250 * MB),
               d = job("quick", 20 * MB);
    admit(lanes, &a, 0);
    refuse(lanes, &b, 0, IBX_SHED_MEMORY); /* heavy ones leave a quarter to light ones */
    admit(lanes, &c, 0);
    admit(lanes, &d, 0);
    assert_int_equal(ibx_lanes_memory(lanes), (int64_t)770 * MB);
    ibx_lanes_free(lanes);
}

static void test_bounded_by_wait(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket s[4], more = job("slow", MB), a = light();
    for (int i = 0; i < 3; i++) {
        s[i] = job("slow", MB);
        admit(lanes, &s[i], 0);
        if (i == 0) next_is(lanes, 0, &s[0]);
    }
    refuse(lanes, &more, 0, IBX_SHED_WAIT); /* 3 x 2 s in one worker */
    assert_true(ibx_lanes_wait(lanes, IBX_LANE_HEAVY, 0) > USUAL.wait);
    admit(lanes, &a, 0); /* waits for none of them */
    ibx_lane_limits patient = USUAL;
    patient.wait = 7;
    ibx_lanes_limit(lanes, &patient);
    admit(lanes, &more, 0);
    ibx_lanes_free(lanes);
}

static void test_an_idle_lane_lets_in_whatever_it_takes(void **state) {
    (void)state;
    ibx_lane_limits limits = USUAL;
    limits.wait = 0.01;
    limits.waiting[IBX_LANE_HEAVY] = 0;
    ibx_lanes *lanes = taught(&limits);
    ibx_ticket a = job("slow", MB), b = job("slow", MB);
    admit(lanes, &a, 0);
    next_is(lanes, 0, &a);
    refuse(lanes, &b, 0, IBX_SHED_QUEUE);
    ibx_lanes_free(lanes);
}

/* A flood of heavy jobs, and a light one every 0.1 s that takes 0.05: none waits longer than that,
 * and the heavy ones get on. */
static void test_light_is_served_under_a_flood(void **state) {
    (void)state;
    ibx_lanes *lanes = taught(&USUAL);
    ibx_ticket h[200], a[200];
    double free_at[2] = {0, 0}, worst = 0;
    ibx_ticket *on[2] = {NULL, NULL};
    int heavies = 0, done = 0;
    for (int tick = 0; tick < 2000; tick++) {
        const double now = tick * 0.01;
        ibx_refusal why;
        if (heavies < 200) {
            h[heavies] = job("slow", MB);
            if (ibx_lanes_admit(lanes, &h[heavies], now, &why)) heavies++;
        }
        if (tick % 10 == 0) {
            a[tick / 10] = light();
            admit(lanes, &a[tick / 10], now);
        }
        for (int w = 0; w < 2; w++) {
            if (on[w] && now < free_at[w]) continue;
            if (on[w]) done += on[w]->lane == IBX_LANE_HEAVY;
            if (on[w]) ibx_lanes_leave(lanes, on[w]);
            const double came = now;
            on[w] = ibx_lanes_next(lanes, now);
            if (!on[w]) continue;
            const bool slow = on[w]->lane == IBX_LANE_HEAVY;
            free_at[w] = now + (slow ? 2 : 0.05);
            if (!slow) worst = MAX(worst, came - 0.1 * (double)(on[w] - a));
        }
    }
    assert_true(worst <= 0.06);
    assert_true(done >= 8);
    ibx_lanes_free(lanes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_tell_kinds_apart),
        cmocka_unit_test(test_pace_is_learned),
        cmocka_unit_test(test_one_strange_file_teaches_little),
        cmocka_unit_test(test_light_is_in_order),
        cmocka_unit_test(test_heavy_takes_half_of_the_workers),
        cmocka_unit_test(test_neither_lane_starves),
        cmocka_unit_test(test_with_one_worker_light_goes_first),
        cmocka_unit_test(test_with_one_worker_quick_goes_first),
        cmocka_unit_test(test_slow_kinds_are_heavy),
        cmocka_unit_test(test_middling_kinds_leave_workers_to_quick_ones),
        cmocka_unit_test(test_jobs_alike_have_all_workers),
        cmocka_unit_test(test_a_busy_machine_makes_nothing_heavy),
        cmocka_unit_test(test_unknown_kinds_are_tried_one_at_a_time),
        cmocka_unit_test(test_large_unknown_ones_are_let_in),
        cmocka_unit_test(test_what_runs_for_long_is_heavy),
        cmocka_unit_test(test_bounded_by_count),
        cmocka_unit_test(test_closed_for_unseen_jobs),
        cmocka_unit_test(test_bounded_by_memory),
        cmocka_unit_test(test_bounded_by_wait),
        cmocka_unit_test(test_an_idle_lane_lets_in_whatever_it_takes),
        cmocka_unit_test(test_light_is_served_under_a_flood)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
