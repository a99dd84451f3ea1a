/* origin.h - which other servers may be asked, and within which limits.
 *
 * The settings change with SIGHUP while threads fetch, so that a fetch keeps a copy of what counted
 * when it began. An address is read once, by the parser of the library that fetches, and what has
 * been read is what is fetched: two parsers might see two hosts in one text. */
#ifndef IBX_SERVER_ORIGIN_H
#define IBX_SERVER_ORIGIN_H

#include "server/source/source.h"
#include <curl/curl.h>

/* A bucket of S3, see s3.h. */
typedef struct {
    char *alias;
    CURLU *url;  /* https://host/bucket, no slash at the end */
    char *sigv4; /* "aws:amz:REGION:s3" */
} ibx_bucket;

typedef struct {
    char **hosts; /* as ibx_host_normal gives them; "*.example.org" for those below */
    char **ports; /* "443" */
    char **networks;
    int64_t connect_ms, total_ms;
    int64_t bytes, rate; /* of a source; the least per second */
    int redirects, fetches;
    ibx_bucket *bucket;
    size_t buckets;
    char *key_id, *secret; /* of the buckets; "": they are public */
} ibx_origins;

/* *good tells whether all buckets could be understood; if not, the others are there, and the error
 * tells of one that is not. References are counted, in any thread. */
ibx_origins *ibx_origins_new(const ibx_settings *settings, bool *good, ibx_error *err);
ibx_origins *ibx_origins_ref(ibx_origins *origins);
void ibx_origins_unref(ibx_origins *origins); /* NULL is allowed */

/* A host in lower case and ASCII (RFC 5891; the mapping is glib's), without a dot at its end. NULL
 * if it is none. g_free it. */
char *ibx_host_normal(const char *host);

/* Reads an address and decides: BAD if it is none, FORBIDDEN where its scheme, host, port or a
 * user's name in it is. On success *url (may be NULL) gets it; free with curl_url_cleanup. Nothing
 * is looked up: a name that leads to a forbidden network is found when it is connected to. */
ibx_source_status ibx_origins_read(const ibx_origins *origins, const char *text, CURLU **url,
                                   ibx_error *err);

#endif
