/* errand.c - work in threads: each comes back once, in the main loop, wanted or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "server/jobs/errand.h"
#include <pthread.h>

enum { MANY = 500 };

/* What threads and loop share; the test opens the door. */
typedef struct {
    pthread_mutex_t lock; /* one that ThreadSanitizer knows */
    pthread_cond_t changed;
    bool open;
    int inside, most; /* at the door: now, at a time */
    int ran;
    GThread *loop;
    int back, wanted; /* in the loop */
    int last;         /* number of the last that came back */
} office;

typedef struct {
    ibx_errand errand;
    office *office;
    int number;
    bool waits; /* at the door */
    int result; /* of the thread */
    bool saw_cancelled;
} errand;

static void run(ibx_errand *of) {
    errand *e = (errand *)of;
    office *o = e->office;
    assert_ptr_not_equal(g_thread_self(), o->loop);
    pthread_mutex_lock(&o->lock);
    o->inside++;
    o->most = MAX(o->most, o->inside);
    pthread_cond_broadcast(&o->changed);
    while (e->waits && !o->open) pthread_cond_wait(&o->changed, &o->lock);
    o->inside--;
    o->ran++;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    e->saw_cancelled = atomic_load(&of->cancelled);
    e->result = e->number * 2;
}

static void back(ibx_errand *of, bool wanted) {
    errand *e = (errand *)of;
    office *o = e->office;
    assert_ptr_equal(g_thread_self(), o->loop);
    assert_int_equal(e->result, e->number * 2);
    if (e->saw_cancelled) assert_false(wanted);
    o->back++;
    o->wanted += wanted;
    o->last = e->number;
    g_free(e);
}

static void begin(office *o) {
    *o = (office){.loop = g_thread_self()};
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, NULL);
}

static void end(office *o) {
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->changed);
}

static errand *dispatch(ibx_errands *errands, office *o, int number, bool waits) {
    errand *e = g_new0(errand, 1);
    e->office = o;
    e->number = number;
    e->waits = waits;
    ibx_errand_send(errands, &e->errand);
    return e;
}

/* Until that holds of the office, for the threads. */
#define WAIT(o, condition)                                                                         \
    do {                                                                                           \
        pthread_mutex_lock(&(o)->lock);                                                            \
        while (!(condition)) pthread_cond_wait(&(o)->changed, &(o)->lock);                         \
        pthread_mutex_unlock(&(o)->lock);                                                          \
    } while (0)

static void open_door(office *o) {
    pthread_mutex_lock(&o->lock);
    o->open = true;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

static void turn_until_back(const office *o, int count) {
    while (o->back < count) g_main_context_iteration(NULL, TRUE);
}

/* One thread does them in the order in which they were sent, and so they come back. */
static void test_in_order(void **state) {
    (void)state;
    office o;
    begin(&o);
    ibx_errands *errands = ibx_errands_new(1, run, back);
    for (int i = 1; i <= MANY; i++) dispatch(errands, &o, i, false);
    assert_int_equal(o.back, 0); /* never from inside */
    for (int i = 1; i <= MANY; i++) {
        turn_until_back(&o, i);
        if (o.back == i) assert_int_equal(o.last, i);
    }
    assert_int_equal(o.wanted, MANY);
    assert_int_equal(o.most, 1);
    ibx_errands_free(errands);
    assert_int_equal(o.back, MANY);
    end(&o);
}

static void test_as_many_as_allowed(void **state) {
    (void)state;
    office o;
    begin(&o);
    ibx_errands *errands = ibx_errands_new(1, run, back);
    for (int i = 0; i < 10; i++) dispatch(errands, &o, i, true);
    WAIT(&o, o.inside == 1);
    ibx_errands_limit(errands, 3);
    WAIT(&o, o.inside == 3);
    open_door(&o);
    turn_until_back(&o, 10);
    assert_int_equal(o.wanted, 10);
    assert_int_equal(o.most, 3);
    ibx_errands_free(errands);
    end(&o);
}

/* Under way, waiting for a thread, on the way back. */
static void test_cancelled(void **state) {
    (void)state;
    office o;
    begin(&o);
    ibx_errands *errands = ibx_errands_new(1, run, back);
    errand *running = dispatch(errands, &o, 1, true), *waiting = dispatch(errands, &o, 2, false);
    dispatch(errands, &o, 3, false);
    WAIT(&o, o.inside == 1);
    ibx_errand_cancel(&running->errand);
    ibx_errand_cancel(&waiting->errand);
    open_door(&o);
    turn_until_back(&o, 3);
    assert_int_equal(o.ran, 3);
    assert_int_equal(o.wanted, 1);
    errand *late = dispatch(errands, &o, 4, false);
    WAIT(&o, o.ran == 4);
    ibx_errand_cancel(&late->errand);
    turn_until_back(&o, 4);
    assert_int_equal(o.wanted, 1);
    ibx_errands_free(errands);
    end(&o);
}

static gpointer open_later(gpointer user) {
    g_usleep(50000);
    open_door(user);
    return NULL;
}

/* Whatever the threads are at is waited for, and nothing is lost. */
static void test_the_end(void **state) {
    (void)state;
    office o;
    begin(&o);
    ibx_errands *errands = ibx_errands_new(2, run, back);
    for (int i = 0; i < 20; i++) dispatch(errands, &o, i, false);
    WAIT(&o, o.ran == 20);
    for (int i = 0; i < 20; i++) dispatch(errands, &o, i, true);
    WAIT(&o, o.inside == 2);
    GThread *opener = g_thread_new("opener", open_later, &o);
    ibx_errands_free(errands);
    assert_int_equal(o.ran, 40);
    assert_int_equal(o.back, 40);
    assert_int_equal(o.wanted, 0);
    g_thread_join(opener);
    while (g_main_context_iteration(NULL, FALSE)) continue; /* nobody is called any more */
    assert_int_equal(o.back, 40);
    ibx_errands_free(NULL);
    end(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order), cmocka_unit_test(test_as_many_as_allowed),
        cmocka_unit_test(test_cancelled), cmocka_unit_test(test_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
