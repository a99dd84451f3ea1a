/* work.c - a thread that works, and one that watches. */
#include "gimp/work.h"
#include "core/pixels.h"
#include "engine/machine.h"
#include "gimp/pixels.h"
#include <pthread.h>
#include <time.h>

enum { LOOK_MS = 50 };

typedef struct {
    void (*work)(void *data);
    void *data;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
} errand;

static void *work_thread(void *argument) {
    errand *e = argument;
    e->work(e->data);
    pthread_mutex_lock(&e->lock);
    e->done = true;
    pthread_cond_signal(&e->ended);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* Waits for the end of the work, or until it is time to look how far it is. */
static bool wait_a_little(errand *e) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&e->lock);
    int timed_out = 0;
    while (!e->done && !timed_out)
        timed_out = pthread_cond_clockwait(&e->ended, &e->lock, CLOCK_MONOTONIC, &until);
    const bool done = e->done;
    pthread_mutex_unlock(&e->lock);
    return done;
}

bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err) {
    errand e = {.work = work,
                .data = data,
                .lock = PTHREAD_MUTEX_INITIALIZER,
                .ended = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    if (pthread_create(&thread, NULL, work_thread, &e) != 0)
        return ibx_fail(err, IBX_MEMORY, "the system gives no further thread");
    int shown = 0;
    while (!wait_a_little(&e)) {
        const int now = atomic_load(thousandths);
        if (show && now != shown) show(user, now / 1000.0);
        shown = now;
    }
    pthread_join(thread, NULL);
    pthread_cond_destroy(&e.ended);
    pthread_mutex_destroy(&e.lock);
    return true;
}

/* ---- a recipe -------------------------------------------------------------------------- */

static bool same(ibx_rect a, ibx_rect b) {
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

static ibx_rect all_of(const ibx_head *head) {
    return (ibx_rect){0, 0, head->w, head->h};
}

ibx_rect ibx_gimp_source(const ibx_gimp_job *job) {
    if (ibx_view_looks(job->view)) return all_of(&job->head);
    return ibx_view_source(job->view, job->box);
}

typedef struct {
    const ibx_gimp_job *job;
    const ibx_region *in;
    ibx_region *out;
    atomic_int thousandths;
    ibx_error *err;
    bool ok;
} application;

/* All of it: the engine goes from top to bottom and computes nothing twice. */
static bool compute_all(application *a) {
    const ibx_gimp_job *job = a->job;
    const ibx_limits limits = {.progress = &a->thousandths};
    const ibx_image in = {.head = job->head,
                          .sample = job->sample,
                          .stride = (size_t)a->in->stride,
                          .pixels = a->in->data};
    ibx_image out;
    if (!ibx_apply(job->recipe, &in, job->sample, &out, &limits, a->err)) return false;
    const size_t size = (size_t)ibx_planes(&out.head) * ibx_sample_size(job->sample);
    *a->out = (ibx_region){all_of(&out.head), size, (ptrdiff_t)out.stride, out.pixels};
    out.pixels = NULL; /* they are a->out's now */
    ibx_image_free(&out);
    return true;
}

/* Rows that are rendered at once: enough that their halo costs little, few enough to be seen. */
enum { ROWS = 512 };

static bool render(application *a, int threads) {
    const ibx_rect box = a->job->box;
    for (int y = 0; y < box.h; y += ROWS * threads) {
        const ibx_rect part = {box.x, box.y + y, box.w, ibx_min(ROWS * threads, box.h - y)};
        ibx_region to = *a->out;
        to.at = part;
        to.data += y * to.stride;
        if (!ibx_view_render(a->job->view, a->in, &to, threads, a->err)) return false;
        atomic_store(&a->thousandths, (int)((int64_t)(y + part.h) * 1000 / box.h));
    }
    return true;
}

static bool compute_box(application *a) {
    const ibx_gimp_job *job = a->job;
    const int threads = ibx_machine_threads();
    const ibx_rect box = job->box;
    if (ibx_view_looks(job->view) && !ibx_view_look(job->view, a->in, threads, a->err))
        return false;
    const int planes = ibx_planes(ibx_view_head(job->view));
    return ibx_gimp_region_new(a->out, box, planes, job->sample, a->err) && render(a, threads);
}

static void compute(void *data) {
    application *a = data;
    const ibx_head *head = ibx_view_head(a->job->view);
    const ibx_rect box = a->job->box;
    const bool most = (int64_t)box.w * box.h * 2 > (int64_t)head->w * head->h;
    a->ok = most && same(a->in->at, all_of(&a->job->head)) ? compute_all(a) : compute_box(a);
}

bool ibx_gimp_compute(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                      ibx_gimp_progress *show, void *user, ibx_error *err) {
    application a = {.job = job, .in = in, .out = out, .err = err};
    *out = (ibx_region){.data = NULL};
    const bool ok = ibx_gimp_work(compute, &a, &a.thousandths, show, user, err) && a.ok;
    if (!ok) ibx_gimp_region_free(out);
    return ok;
}
