/* check.c - a thread that reads entries, told of in the main loop. */
#include "server/cache/check.h"
#include "server/cache/entry.h"
#include <stdatomic.h>

struct ibx_checks {
    ibx_cache *cache;
    GThreadPool *pool; /* one thread */
    GQueue all;        /* checks that have not been told of */
};

/* Belongs to the main loop but for the time between push and delivery, as a form does; `handed`
 * tells tools that do not look into GLib. */
struct ibx_check {
    ibx_checks *checks;
    char key[IBX_KEY_DIGITS + 1];
    void (*done)(void *user);
    void *user;
    atomic_bool cancelled;
    atomic_int handed; /* how often */
    GList link;
    GSource *delivery;
};

static void free_check(ibx_check *c) {
    (void)atomic_load(&c->handed);
    g_queue_unlink(&c->checks->all, &c->link);
    if (c->delivery) g_source_destroy(c->delivery);
    if (c->delivery) g_source_unref(c->delivery);
    g_free(c);
}

static gboolean deliver(void *user) {
    ibx_check *c = user;
    void (*done)(void *) = atomic_load(&c->cancelled) ? NULL : c->done;
    void *whom = c->user;
    free_check(c);
    if (done) done(whom);
    return G_SOURCE_REMOVE;
}

static void run(void *data, void *user) {
    ibx_check *c = data;
    (void)user;
    (void)atomic_load(&c->handed);
    if (!atomic_load(&c->cancelled)) ibx_cache_verify(c->checks->cache, c->key);
    GSource *delivery = c->delivery = g_idle_source_new();
    g_source_set_priority(delivery, G_PRIORITY_DEFAULT);
    g_source_set_callback(delivery, deliver, c, NULL);
    atomic_fetch_add(&c->handed, 1);
    g_source_attach(delivery, NULL);
}

ibx_check *ibx_check_begin(ibx_checks *checks, const char *key, void (*done)(void *user),
                           void *user) {
    ibx_check *c = g_new0(ibx_check, 1);
    c->checks = checks;
    c->done = done;
    c->user = user;
    c->link.data = c;
    g_strlcpy(c->key, key, sizeof c->key);
    g_queue_push_tail_link(&checks->all, &c->link);
    atomic_fetch_add(&c->handed, 1);
    g_thread_pool_push(checks->pool, c, NULL);
    return c;
}

void ibx_check_cancel(ibx_check *check) {
    atomic_store(&check->cancelled, true);
}

ibx_checks *ibx_checks_new(ibx_cache *cache) {
    ibx_checks *checks = g_new0(ibx_checks, 1);
    *checks = (ibx_checks){cache, g_thread_pool_new(run, NULL, 1, FALSE, NULL), G_QUEUE_INIT};
    return checks;
}

void ibx_checks_free(ibx_checks *checks) {
    if (!checks) return;
    for (GList *l = checks->all.head; l; l = l->next) ibx_check_cancel(l->data);
    g_thread_pool_free(checks->pool, FALSE, TRUE);
    for (ibx_check *c; (c = g_queue_peek_head(&checks->all));) free_check(c);
    g_free(checks);
}
