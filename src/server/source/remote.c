/* remote.c - sources of other servers: fetched in a few threads, told of in the main loop. */
#include "server/jobs/errand.h"
#include "server/source/opened.h"
#include "server/source/s3.h"

struct ibx_fetcher {
    const ibx_settings *settings;
    ibx_metrics *metrics;
    ibx_purse *purse;
    ibx_origins *origins;
    ibx_errands *errands;
};

struct ibx_fetch {
    ibx_errand errand;
    ibx_fetcher *fetcher;
    ibx_origins *origins;
    char *url;         /* or .. */
    char *alias, *key; /* .. these */
    char *traceparent;
    ibx_on_fetched *done;
    void *user;
    int64_t begin;
    ibx_opened opened;
};

/* ---- in a thread --------------------------------------------------------------------------------
 */

/* The name of an address: the last part of its path, decoded. */
static void name_of(CURLU *url, ibx_opened *opened) {
    char *path = NULL;
    if (curl_url_get(url, CURLUPART_PATH, &path, CURLU_URLDECODE) == CURLUE_OK) {
        ibx_opened_name(opened, path);
    }
    curl_free(path);
}

/* Makes a source of what came. */
static void keep(const ibx_transfer *t, const ibx_transferred *came, ibx_opened *opened) {
    if (came->status != IBX_SOURCE_OK) {
        ibx_opened_refuse(opened, came->status, "%s", ibx_transfer_sentence(came->status));
        ibx_upload_drop(t->upload);
        return;
    }
    ibx_upload_finish(t->upload, opened);
    opened->modified = came->modified;
    opened->fresh_ms = came->fresh_ms;
    name_of(t->url, opened);
}

static bool is_behind_tls(CURLU *url) {
    char *scheme = NULL;
    const bool https = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                       g_ascii_strcasecmp(scheme, "https") == 0;
    curl_free(scheme);
    return https;
}

/* Reads where a reply points to, judged as the first address was. From https only https is gone
 * to: nobody on the way shall put an image of theirs in its place. */
static ibx_source_status read_next(const ibx_transfer *t, const char *to, CURLU **next,
                                   ibx_error *err) {
    const ibx_source_status status = ibx_origins_read(t->origins, to, next, err);
    if (status != IBX_SOURCE_OK) return status == IBX_SOURCE_BAD ? IBX_SOURCE_FAILED : status;
    if (!is_behind_tls(t->url) || is_behind_tls(*next)) return IBX_SOURCE_OK;
    curl_url_cleanup(*next);
    ibx_fail(err, IBX_IO, "from https to http; name the address that is meant");
    return IBX_SOURCE_FAILED;
}

/* Goes there. False: nowhere. */
static bool follow(ibx_transfer *t, ibx_transferred *came, ibx_opened *opened) {
    CURLU *next = NULL;
    ibx_error err = {0};
    const ibx_source_status status = read_next(t, came->redirect, &next, &err);
    g_free(came->redirect);
    if (status == IBX_SOURCE_OK) {
        curl_url_cleanup(t->url);
        t->url = next;
        return true;
    }
    ibx_opened_refuse(opened, status, "the source's server points elsewhere: %s", err.text);
    ibx_upload_drop(t->upload);
    return false;
}

static void fetch_hops(ibx_transfer *t, int redirects, ibx_opened *opened) {
    for (;; redirects--) {
        ibx_transferred came = ibx_transfer_get(t);
        if (!came.redirect || redirects <= 0) {
            g_free(came.redirect);
            keep(t, &came, opened);
            return;
        }
        if (!follow(t, &came, opened)) return;
    }
}

/* A signed request is not sent on: a bucket's reply that points elsewhere is a failure. */
static void fetch(ibx_fetch *f, ibx_transfer *t) {
    ibx_error err = {0};
    const ibx_source_status status = f->url ? ibx_origins_read(f->origins, f->url, &t->url, &err)
                                            : ibx_bucket_aim(f->origins, f->alias, f->key, t, &err);
    if (status != IBX_SOURCE_OK) {
        ibx_opened_refuse(&f->opened, status, "%s", err.text);
        return;
    }
    t->upload = ibx_upload_new(f->fetcher->purse, f->origins->bytes);
    if (t->upload)
        fetch_hops(t, f->url ? f->origins->redirects : 0, &f->opened);
    else
        ibx_opened_refuse(&f->opened, IBX_SOURCE_BUSY, "%s",
                          ibx_transfer_sentence(IBX_SOURCE_BUSY));
    curl_url_cleanup(t->url);
}

/* A turn that comes when half of the time is gone comes too late. */
static bool is_late(const ibx_fetch *f) {
    return g_get_monotonic_time() - f->begin > f->origins->total_ms * 1000 / 2;
}

static void run(ibx_errand *errand) {
    ibx_fetch *f = (ibx_fetch *)errand;
    ibx_transfer t = {
        .origins = f->origins,
        .traceparent = f->traceparent,
        .deadline = f->begin + f->origins->total_ms * 1000,
        .cancelled = &errand->cancelled,
    };
    if (atomic_load(&errand->cancelled) || is_late(f))
        ibx_opened_refuse(&f->opened, IBX_SOURCE_BUSY, "%s",
                          ibx_transfer_sentence(IBX_SOURCE_BUSY));
    else
        fetch(f, &t);
}

/* ---- in the main loop ---------------------------------------------------------------------------
 */

static void count(const ibx_fetch *f) {
    static const int RESULT[] = {
        [IBX_SOURCE_OK] = IBX_FETCH_OK,
        [IBX_SOURCE_BAD] = IBX_FETCH_FORBIDDEN,
        [IBX_SOURCE_FORBIDDEN] = IBX_FETCH_FORBIDDEN,
        [IBX_SOURCE_MISSING] = IBX_FETCH_FAILED,
        [IBX_SOURCE_TOO_LARGE] = IBX_FETCH_TOO_LARGE,
        [IBX_SOURCE_FAILED] = IBX_FETCH_FAILED,
        [IBX_SOURCE_TIMEOUT] = IBX_FETCH_TIMEOUT,
        [IBX_SOURCE_BUSY] = IBX_FETCH_FAILED,
    };
    ibx_metrics *metrics = f->fetcher->metrics;
    if (!metrics) return;
    const int kind = f->alias ? IBX_FETCH_BUCKET : IBX_FETCH_URL;
    ibx_metric_add(metrics, IBX_M_FETCH, IBX_FETCH(kind, RESULT[f->opened.status]), 1);
    ibx_metric_observe(metrics, IBX_H_FETCH, (double)(g_get_monotonic_time() - f->begin) / 1e6);
}

static void free_fetch(ibx_fetch *f) {
    ibx_origins_unref(f->origins);
    g_free(f->url);
    g_free(f->alias);
    g_free(f->key);
    g_free(f->traceparent);
    g_free(f);
}

static void back(ibx_errand *errand, bool wanted) {
    ibx_fetch *f = (ibx_fetch *)errand;
    if (wanted) {
        count(f);
        f->done(f->user, &f->opened);
    } else {
        ibx_purse_return(f->fetcher->purse, f->opened.size);
        ibx_opened_close(&f->opened);
    }
    free_fetch(f);
}

ibx_fetch *ibx_fetch_begin(ibx_fetcher *fetcher, const ibx_wanted *wanted, ibx_on_fetched *done,
                           void *user) {
    ibx_fetch *f = g_new0(ibx_fetch, 1);
    f->fetcher = fetcher;
    f->origins = ibx_origins_ref(fetcher->origins);
    f->url = g_strdup(wanted->url);
    f->alias = g_strdup(wanted->alias);
    f->key = g_strdup(wanted->key);
    f->traceparent = g_strdup(wanted->traceparent);
    f->done = done;
    f->user = user;
    f->begin = g_get_monotonic_time();
    f->opened.fd = -1;
    ibx_errand_send(fetcher->errands, &f->errand);
    return f;
}

void ibx_fetch_cancel(ibx_fetch *fetch) {
    ibx_errand_cancel(&fetch->errand);
}

ibx_source_status ibx_fetcher_allows(const ibx_fetcher *fetcher, const char *url, ibx_error *err) {
    return ibx_origins_read(fetcher->origins, url, NULL, err);
}

ibx_fetcher *ibx_fetcher_new(const ibx_settings *settings, ibx_metrics *metrics, ibx_purse *purse,
                             ibx_error *err) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        ibx_fail(err, IBX_MEMORY, "libcurl cannot start, so nothing can be fetched");
        return NULL;
    }
    bool good;
    ibx_origins *origins = ibx_origins_new(settings, &good, err);
    if (!good) {
        ibx_origins_unref(origins);
        curl_global_cleanup();
        return NULL;
    }
    ibx_fetcher *fetcher = g_new(ibx_fetcher, 1);
    *fetcher = (ibx_fetcher){settings, metrics, purse, origins,
                             ibx_errands_new(origins->fetches, run, back)};
    return fetcher;
}

/* A bucket that cannot be understood any more is closed; what was forbidden is, in any case. */
void ibx_fetcher_reloaded(ibx_fetcher *fetcher) {
    bool good;
    ibx_origins *fresh = ibx_origins_new(fetcher->settings, &good, NULL);
    ibx_origins_unref(fetcher->origins);
    fetcher->origins = fresh;
    ibx_errands_limit(fetcher->errands, fresh->fetches);
}

void ibx_fetcher_free(ibx_fetcher *fetcher) {
    if (!fetcher) return;
    ibx_errands_free(fetcher->errands);
    ibx_origins_unref(fetcher->origins);
    g_free(fetcher);
    curl_global_cleanup();
}
