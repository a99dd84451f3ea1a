/* work.c - a thread that works, and one that watches. */
#include "gimp/work.h"
#include "core/pixels.h"
#include "engine/machine.h"
#include "gimp/pixels.h"
#include "gimp/thread.h"

/* How often the main thread looks. */
enum { LOOK_MS = 50 };

bool ibx_gimp_work(void (*work)(void *data), void *data, const atomic_int *thousandths,
                   ibx_gimp_progress *show, void *user, ibx_error *err) {
    ibx_gimp_thread *thread = ibx_gimp_thread_start(work, data);
    if (!thread) return ibx_fail(err, IBX_MEMORY, "the system gives no further thread");
    int shown = 0;
    while (!ibx_gimp_thread_wait(thread, LOOK_MS)) {
        const int now = atomic_load(thousandths);
        if (show && now != shown) show(user, now / 1000.0);
        shown = now;
    }
    ibx_gimp_thread_join(thread);
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
