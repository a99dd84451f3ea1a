/* errand.c - a pool of threads whose results come back as events of the main loop. */
#include "server/jobs/errand.h"

struct ibx_errands {
    GThreadPool *pool;
    GQueue all; /* that are not back */
    ibx_on_errand *run;
    ibx_on_return *back;
};

/* GLib's queues order what loop and threads do; `handed` says it again where tools can see it that
 * do not look into GLib. */
static void hand_over(ibx_errand *errand) {
    atomic_fetch_add(&errand->handed, 1);
}

static void take_over(const ibx_errand *errand) {
    (void)atomic_load(&errand->handed);
}

static void come_back(ibx_errand *errand, bool wanted) {
    ibx_errands *errands = errand->errands;
    take_over(errand);
    g_queue_unlink(&errands->all, &errand->link);
    g_source_destroy(errand->way_back);
    g_source_unref(errand->way_back);
    errands->back(errand, wanted);
}

static gboolean on_way_back(gpointer user) {
    ibx_errand *errand = user;
    come_back(errand, !atomic_load(&errand->cancelled));
    return G_SOURCE_REMOVE;
}

/* In a thread. */
static void run(gpointer data, gpointer user) {
    ibx_errand *errand = data;
    const ibx_errands *errands = user;
    take_over(errand);
    errands->run(errand);
    GSource *way_back = errand->way_back = g_idle_source_new();
    g_source_set_priority(way_back, G_PRIORITY_DEFAULT);
    g_source_set_callback(way_back, on_way_back, errand, NULL);
    hand_over(errand);
    g_source_attach(way_back, NULL);
}

ibx_errands *ibx_errands_new(int threads, ibx_on_errand *runs, ibx_on_return *back) {
    ibx_errands *errands = g_new0(ibx_errands, 1);
    errands->run = runs;
    errands->back = back;
    errands->pool = g_thread_pool_new(run, errands, threads, FALSE, NULL);
    return errands;
}

void ibx_errands_limit(ibx_errands *errands, int threads) {
    g_thread_pool_set_max_threads(errands->pool, threads, NULL);
}

void ibx_errands_free(ibx_errands *errands) {
    if (!errands) return;
    for (GList *l = errands->all.head; l; l = l->next) ibx_errand_cancel(l->data);
    g_thread_pool_free(errands->pool, FALSE, TRUE);
    for (ibx_errand *e; (e = g_queue_peek_head(&errands->all));) come_back(e, false);
    g_free(errands);
}

void ibx_errand_send(ibx_errands *errands, ibx_errand *errand) {
    errand->errands = errands;
    errand->link.data = errand;
    g_queue_push_tail_link(&errands->all, &errand->link);
    hand_over(errand);
    g_thread_pool_push(errands->pool, errand, NULL);
}

void ibx_errand_cancel(ibx_errand *errand) {
    atomic_store(&errand->cancelled, true);
}
