/* places.c - local files, addresses of other servers, buckets. */
#include "server/api/places.h"
#include "server/api/answer.h"
#include <stdlib.h>

static const int64_t YEAR_MS = (int64_t)365 * 24 * 3600 * 1000; /* nothing is fresh for longer */

typedef struct {
    ibx_exchange *x;
    ibx_fetch *fetch; /* while it is under way */
    char *address;    /* what it is remembered by */
    int reloads;      /* of the house when it began */
    int64_t began;
    ibx_on_place *done;
    void *user;
} fetching;

static void free_fetching(void *user) {
    fetching *f = user;
    g_free(f->address);
    g_free(f);
}

static void note_time(const fetching *f) {
    f->x->log.fetch_ms = (double)(g_get_monotonic_time() - f->began) / 1000;
}

static void stop(void *user) {
    fetching *f = user;
    if (!f->fetch) return;
    note_time(f);
    ibx_fetch_cancel(f->fetch);
    f->fetch = NULL;
}

static void fetched(void *user, ibx_opened *opened) {
    fetching *f = user;
    ibx_exchange *x = f->x;
    const bool ok = opened->status == IBX_SOURCE_OK;
    note_time(f);
    if (ok && f->reloads == x->house->reloads) /* else the address may mean another place now */
        ibx_recent_store(x->house->addresses, f->address, opened);
    f->fetch = NULL;
    f->done(f->user, opened, ok ? opened->size : 0);
}

static void fetch(ibx_exchange *x, ibx_place place, const char *alias, const char *source,
                  fetching *f) {
    char traceparent[IBX_TRACEPARENT_ROOM];
    ibx_wanted wanted = {.traceparent = traceparent};
    ibx_traceparent_print(&x->trace, traceparent);
    if (place == IBX_PLACE_URL) {
        wanted.url = source;
    } else {
        wanted.alias = alias;
        wanted.key = source;
    }
    f->fetch = ibx_fetch_begin(x->house->fetcher, &wanted, fetched, f);
    ibx_exchange_wait(x, stop, f);
}

static void open_file(ibx_exchange *x, const char *path, ibx_on_place *done, void *user) {
    ibx_opened opened = {.status = IBX_SOURCE_MISSING, .fd = -1};
    if (x->house->root >= 0)
        ibx_files_open(x->house->root, path, &opened);
    else
        ibx_fail(&opened.error, IBX_USAGE, "this server serves no local files; see --root");
    done(user, &opened, 0);
}

/* What must be allowed before a cached result of it may be given away too. */
static bool allowed(ibx_exchange *x, ibx_place place, const char *source, ibx_on_place *done,
                    void *user) {
    ibx_opened opened = {.fd = -1};
    if (place == IBX_PLACE_URL)
        opened.status = ibx_fetcher_allows(x->house->fetcher, source, &opened.error);
    if (opened.status != IBX_SOURCE_OK) done(user, &opened, 0);
    return opened.status == IBX_SOURCE_OK;
}

/* What the address held lately, while that is fresh: by its server's word, else by the settings. */
static bool find_fresh(const ibx_exchange *x, const char *address, ibx_opened *lately) {
    const ibx_recent *addresses = x->house->addresses;
    if (!ibx_recent_find(addresses, address, YEAR_MS, lately)) return false;
    const int64_t said = lately->fresh_ms;
    return ibx_recent_find(addresses, address,
                           said >= 0 ? said : x->house->settings.remote.fresh_ms, lately);
}

void ibx_place_open(ibx_exchange *x, ibx_place place, const char *alias, const char *source,
                    ibx_on_identity *known, ibx_on_place *done, void *user) {
    if (place == IBX_PLACE_FILE) {
        open_file(x, source, done, user);
        return;
    }
    if (!allowed(x, place, source, done, user)) return;
    char *address = g_strdup_printf("%s %s", alias ? alias : "", source);
    ibx_opened lately;
    if (known && find_fresh(x, address, &lately) && known(user, &lately)) {
        g_free(address);
        return;
    }
    fetching *f = g_new0(fetching, 1);
    *f = (fetching){x, NULL, address, x->house->reloads, g_get_monotonic_time(), done, user};
    ibx_exchange_owns(x, free_fetching, f);
    fetch(x, place, alias, source, f);
}
