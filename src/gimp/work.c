/* work.c - a thread that works, and one that watches. */
#include "gimp/work.h"
#include <pthread.h>
#include <time.h>

enum { LOOK_MS = 50 };

typedef struct {
    void (*work)(void *data);
    void *data;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
} job;

static void *work_thread(void *argument) {
    job *j = argument;
    j->work(j->data);
    pthread_mutex_lock(&j->lock);
    j->done = true;
    pthread_cond_signal(&j->ended);
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Waits for the end of the work, or until it is time to look how far it is. */
static bool wait_a_little(job *j) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&j->lock);
    int timed_out = 0;
    while (!j->done && !timed_out) timed_out = pthread_cond_timedwait(&j->ended, &j->lock, &until);
    const bool done = j->done;
    pthread_mutex_unlock(&j->lock);
    return done;
}

bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err) {
    job j = {.work = work,
             .data = data,
             .lock = PTHREAD_MUTEX_INITIALIZER,
             .ended = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    if (pthread_create(&thread, NULL, work_thread, &j) != 0)
        return ibx_fail(err, IBX_MEMORY, "the system gives no further thread");
    int shown = 0;
    while (!wait_a_little(&j)) {
        const int now = atomic_load(thousandths);
        if (show && now != shown) show(user, now / 1000.0);
        shown = now;
    }
    pthread_join(thread, NULL);
    pthread_cond_destroy(&j.ended);
    pthread_mutex_destroy(&j.lock);
    return true;
}

/* ---- a recipe ---------------------------------------------------------------------------------
 */

typedef struct {
    const ibx_recipe *recipe;
    const ibx_image *in;
    ibx_sample sample;
    ibx_image *out;
    ibx_limits limits;
    ibx_error *err;
    bool ok;
} application;

static void apply(void *data) {
    application *a = data;
    a->ok = ibx_apply(a->recipe, a->in, a->sample, a->out, &a->limits, a->err);
}

bool ibx_gimp_apply(const ibx_recipe *recipe, const ibx_image *in, ibx_sample sample,
                    ibx_image *out, ibx_gimp_progress *show, void *user, ibx_error *err) {
    atomic_int thousandths = 0;
    application a = {.recipe = recipe,
                     .in = in,
                     .sample = sample,
                     .out = out,
                     .limits = {.progress = &thousandths},
                     .err = err};
    *out = (ibx_image){0};
    return ibx_gimp_work(apply, &a, &thousandths, show, user, err) && a.ok;
}
