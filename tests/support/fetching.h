/* fetching.h - a fetcher with settings for a test, and fetches that are waited for. Needs the
 * server's library: header only. */
#ifndef FETCHING_H
#define FETCHING_H

#include "server/source/source.h"
#include <glib.h>

/* What a test says of its settings; pass lists as {"a", "b", NULL}. */
typedef struct {
    ibx_settings settings;
    ibx_purse purse;
    ibx_metrics *metrics;
    ibx_fetcher *fetcher;
} fetching;

/* Loopback is let through; hosts are 127.0.0.1 and names below example.org. */
static inline void fetching_init(fetching *f, int port) {
    static const char *const HOSTS[] = {"127.0.0.1", "img.example.org", "*.cdn.example.org",
                                        "localhost", "[::1]",           NULL};
    static const char *const NETWORKS[] = {"127.0.0.1", NULL};
    *f = (fetching){.purse = {.most = 64 << 20, .gauge = IBX_M_INFLIGHT},
                    .metrics = ibx_metrics_new()};
    f->purse.metrics = f->metrics;
    f->settings.remote.allow = g_strdupv((char **)HOSTS);
    f->settings.remote.networks = g_strdupv((char **)NETWORKS);
    f->settings.remote.ports = g_new0(char *, 2);
    f->settings.remote.ports[0] = g_strdup_printf("%d", port);
    f->settings.remote.connect_ms = 1000;
    f->settings.remote.total_ms = 10000;
    f->settings.remote.redirects = 3;
    f->settings.remote.fetches = 4;
    f->settings.limits.source_bytes = 1 << 20;
    f->settings.limits.body_rate = 1024;
}

static inline bool fetching_start(fetching *f, ibx_error *err) {
    f->fetcher = ibx_fetcher_new(&f->settings, f->metrics, &f->purse, err);
    return f->fetcher != NULL;
}

static inline void fetching_end(fetching *f) {
    ibx_fetcher_free(f->fetcher);
    g_strfreev(f->settings.remote.allow);
    g_strfreev(f->settings.remote.networks);
    g_strfreev(f->settings.remote.ports);
    ibx_metrics_free(f->metrics);
}

/* What a fetch came to. */
typedef struct {
    bool done;
    ibx_opened opened;
} fetched;

static inline void fetching_done(void *user, ibx_opened *opened) {
    fetched *to = user;
    to->opened = *opened;
    to->done = true;
}

static inline void fetching_wait(const fetched *f) {
    while (!f->done) g_main_context_iteration(NULL, TRUE);
}

/* Closes what came and gives its bytes back. */
static inline void fetching_release(fetching *f, fetched *came) {
    ibx_opened_close(&came->opened);
    ibx_purse_return(&f->purse, came->opened.size);
}

#endif
