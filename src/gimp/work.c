/* work.c - a thread that works, and one that watches. */
#include "gimp/work.h"
#include "core/pixels.h"
#include "engine/machine.h"
#include "gimp/pixels.h"
#include "gimp/thread.h"

/* How often the main thread looks. */
enum { LOOK_MS = 50 };

void ibx_gimp_wait(ibx_gimp_thread *thread, const atomic_int *thousandths, ibx_gimp_progress *show,
                   void *user) {
    int shown = 0;
    while (!ibx_gimp_thread_wait(thread, LOOK_MS)) {
        const int now = atomic_load(thousandths);
        if (show && now != shown) show(user, now / 1000.0);
        shown = now;
    }
    ibx_gimp_thread_join(thread);
}

bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err) {
    ibx_gimp_thread *thread = ibx_gimp_thread_start(work, data);
    if (!thread) return ibx_fail(err, IBX_MEMORY, "the system gives no further thread");
    ibx_gimp_wait(thread, thousandths, show, user);
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

/* All of it: the engine goes from top to bottom and computes nothing twice. */
static bool compute_all(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                        atomic_int *thousandths, ibx_error *err) {
    const ibx_limits limits = {.progress = thousandths, .cancel = job->cancel};
    const ibx_image image = {
        .head = job->head, .sample = job->sample, .stride = (size_t)in->stride, .pixels = in->data};
    ibx_image result;
    if (!ibx_apply(job->recipe, &image, job->sample, &result, &limits, err)) return false;
    const size_t size = (size_t)ibx_planes(&result.head) * ibx_sample_size(job->sample);
    *out = (ibx_region){all_of(&result.head), size, (ptrdiff_t)result.stride, result.pixels};
    result.pixels = NULL; /* they are out's now */
    ibx_image_free(&result);
    return true;
}

/* Rows that are rendered at once: enough that their halo costs little, few enough to be seen. */
enum { ROWS = 512 };

static bool render(const ibx_gimp_job *job, const ibx_region *in, const ibx_region *out,
                   atomic_int *thousandths, ibx_error *err) {
    const int threads = ibx_machine_threads();
    const ibx_rect box = job->box;
    for (int y = 0; y < box.h; y += ROWS * threads) {
        const ibx_rect part = {box.x, box.y + y, box.w, ibx_min(ROWS * threads, box.h - y)};
        ibx_region to = *out;
        to.at = part;
        to.data += y * to.stride;
        if (!ibx_view_render(job->view, in, &to, threads, err)) return false;
        atomic_store(thousandths, (int)((int64_t)(y + part.h) * 1000 / box.h));
    }
    return true;
}

static bool compute_box(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                        atomic_int *thousandths, ibx_error *err) {
    if (ibx_view_looks(job->view) && !ibx_view_look(job->view, in, ibx_machine_threads(), err))
        return false;
    const int planes = ibx_planes(ibx_view_head(job->view));
    return ibx_gimp_region_new(out, job->box, planes, job->sample, err) &&
           render(job, in, out, thousandths, err);
}

bool ibx_gimp_compute_here(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                           atomic_int *thousandths, ibx_error *err) {
    const ibx_head *head = ibx_view_head(job->view);
    const ibx_rect box = job->box;
    const bool most = (int64_t)box.w * box.h * 2 > (int64_t)head->w * head->h;
    const bool whole = most && same(in->at, all_of(&job->head));
    *out = (ibx_region){.data = NULL};
    const bool ok = (whole ? compute_all : compute_box)(job, in, out, thousandths, err);
    if (!ok) ibx_gimp_region_free(out);
    return ok;
}

/* ibx_gimp_compute_here with its arguments, in a thread. */
typedef struct {
    const ibx_gimp_job *job;
    const ibx_region *in;
    ibx_region *out;
    atomic_int thousandths;
    ibx_error *err;
    bool ok;
} application;

static void compute(void *data) {
    application *a = data;
    a->ok = ibx_gimp_compute_here(a->job, a->in, a->out, &a->thousandths, a->err);
}

bool ibx_gimp_compute(const ibx_gimp_job *job, const ibx_region *in, ibx_region *out,
                      ibx_gimp_progress *show, void *user, ibx_error *err) {
    application a = {.job = job, .in = in, .out = out, .err = err};
    *out = (ibx_region){.data = NULL};
    return ibx_gimp_work(compute, &a, &a.thousandths, show, user, err) && a.ok;
}
