/* source.h - where images come from: the root folder, an upload, another server, a bucket.
 *
 * A source ends up as an open descriptor that a worker reads: a regular file, or a sealed memory
 * file. Its identity is a text that changes whenever its bytes do; it goes into keys of the cache
 * and into ETags. */
#ifndef IBX_SERVER_SOURCE_H
#define IBX_SERVER_SOURCE_H

#include "server/admin/metrics.h"
#include "server/config/settings.h"
#include <time.h>

/* Why a source cannot be had; front-ends make a status of it. */
typedef enum {
    IBX_SOURCE_OK,
    IBX_SOURCE_BAD,       /* the request's words: 400 */
    IBX_SOURCE_FORBIDDEN, /* 403 */
    IBX_SOURCE_MISSING,   /* 404 */
    IBX_SOURCE_TOO_LARGE, /* 413 */
    IBX_SOURCE_FAILED,    /* the other server: 502 */
    IBX_SOURCE_TIMEOUT,   /* 504 */
    IBX_SOURCE_BUSY       /* no room for its bytes: 503 */
} ibx_source_status;

typedef struct {
    ibx_source_status status;
    ibx_error error; /* unless OK; tells nothing of other paths or of libraries */
    int fd;          /* owned; -1 */
    int64_t size;
    char identity[80]; /* hexadecimal */
    char name[256];    /* last part of path or address, for error sentences and downloads */
    time_t modified;   /* 0: not known */
    int64_t fresh_ms;  /* of other servers: how long it counts as fresh; less than 0: not said */
} ibx_opened;

void ibx_opened_close(ibx_opened *opened); /* closes fd */

/* ---- the root folder (files.c) -------------------------------------------------------------- */

/* Opens the folder for ibx_files_open. */
int ibx_files_root(const char *folder, ibx_error *err);

/* Opens a regular file beneath root, at once: no link is followed, nothing outside is reached
 * (openat2(2): BENEATH, NO_SYMLINKS, NO_MAGICLINKS, NO_XDEV is not asked), devices and pipes are
 * missing, not waited for. `path` is percent-decoded and relative. */
void ibx_files_open(int root, const char *path, ibx_opened *opened);

/* ---- uploads (upload.c) --------------------------------------------------------------------- */

/* A bound for bytes that many hold: all uploads and remote sources together, and all results
 * together, may have limits.inflight_bytes. Threads spend from it and return at the same time: once
 * these run, `most` is changed by ibx_purse_limit only. */
typedef struct {
    int64_t used, most;
    ibx_metrics *metrics; /* NULL: none */
    ibx_metric gauge;     /* what tells `used` */
} ibx_purse;

bool ibx_purse_spend(ibx_purse *purse, int64_t bytes); /* false: there is not so much left */
void ibx_purse_return(ibx_purse *purse, int64_t bytes);
void ibx_purse_limit(ibx_purse *purse, int64_t most); /* what is spent stays spent */

/* A memory file that grows, with the hash of its bytes (SHA-256). */
typedef struct ibx_upload ibx_upload;
ibx_upload *ibx_upload_new(ibx_purse *purse, int64_t limit);
ibx_source_status ibx_upload_write(ibx_upload *upload, const void *data, size_t size);
/* Seals it; the upload is gone, its bytes stay in the purse until ibx_purse_return. */
void ibx_upload_finish(ibx_upload *upload, ibx_opened *opened);
void ibx_upload_drop(ibx_upload *upload); /* NULL is allowed */

/* ---- other servers (remote.c) and buckets (s3.c) -------------------------------------------- */

/* Fetches with libcurl, in threads of its own, and calls back in the main loop. */
typedef struct ibx_fetcher ibx_fetcher;
typedef struct ibx_fetch ibx_fetch;
typedef void ibx_on_fetched(void *user, ibx_opened *opened); /* opened: taken over */

ibx_fetcher *ibx_fetcher_new(const ibx_settings *settings, ibx_metrics *metrics, ibx_purse *purse,
                             ibx_error *err);
void ibx_fetcher_free(ibx_fetcher *fetcher);
void ibx_fetcher_reloaded(ibx_fetcher *fetcher); /* settings may have changed */

/* Is it allowed to fetch this address at all? Checked before anything else, without a packet. */
ibx_source_status ibx_fetcher_allows(const ibx_fetcher *fetcher, const char *url, ibx_error *err);

/* An address, or else a key of a bucket. */
typedef struct {
    const char *url, *alias, *key;
    const char *traceparent; /* a header that is sent to the server; NULL or "": none */
} ibx_wanted;

ibx_fetch *ibx_fetch_begin(ibx_fetcher *fetcher, const ibx_wanted *wanted, ibx_on_fetched *done,
                           void *user);
void ibx_fetch_cancel(ibx_fetch *fetch); /* `done` is not called */

#endif
