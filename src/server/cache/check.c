/* check.c - a thread that reads entries. */
#include "server/cache/check.h"
#include "server/cache/entry.h"
#include "server/jobs/errand.h"

struct ibx_checks {
    ibx_cache *cache;
    ibx_errands *errands; /* one thread */
};

struct ibx_check {
    ibx_errand errand;
    ibx_cache *cache;
    char key[IBX_KEY_DIGITS + 1];
    void (*done)(void *user);
    void *user;
};

static void run(ibx_errand *errand) {
    const ibx_check *c = (const ibx_check *)errand;
    if (!atomic_load(&errand->cancelled)) ibx_cache_verify(c->cache, c->key);
}

static void back(ibx_errand *errand, bool wanted) {
    const ibx_check c = *(ibx_check *)errand;
    g_free(errand);
    if (wanted) c.done(c.user);
}

ibx_check *ibx_check_begin(ibx_checks *checks, const char *key, void (*done)(void *user),
                           void *user) {
    ibx_check *c = g_new0(ibx_check, 1);
    c->cache = checks->cache;
    c->done = done;
    c->user = user;
    g_strlcpy(c->key, key, sizeof c->key);
    ibx_errand_send(checks->errands, &c->errand);
    return c;
}

void ibx_check_cancel(ibx_check *check) {
    ibx_errand_cancel(&check->errand);
}

ibx_checks *ibx_checks_new(ibx_cache *cache) {
    ibx_checks *checks = g_new(ibx_checks, 1);
    *checks = (ibx_checks){cache, ibx_errands_new(1, run, back)};
    return checks;
}

void ibx_checks_free(ibx_checks *checks) {
    if (!checks) return;
    ibx_errands_free(checks->errands);
    g_free(checks);
}
