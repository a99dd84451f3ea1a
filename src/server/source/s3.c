/* s3.c - buckets, and requests for their keys. */
#include "server/source/s3.h"
#include "server/source/address.h"
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>

enum { MOST_KEY = 1024 }; /* bytes of UTF-8, by the manual of S3 */

/* ---- the settings -------------------------------------------------------------------------------
 */

/* Is the host a loopback address in numbers, and may it be connected to? */
static bool is_local(const char *host, char *const *networks) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char inner[INET6_ADDRSTRLEN] = "";
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
        return ntohl(four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET &&
               ibx_address_public((struct sockaddr *)&four, networks);
    }
    if (host[0] == '[') g_strlcpy(inner, host + 1, MIN(sizeof inner, strlen(host) - 1));
    return inet_pton(AF_INET6, inner, &six.sin6_addr) == 1 &&
           IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) &&
           ibx_address_public((struct sockaddr *)&six, networks);
}

static bool is_encrypted_or_local(CURLU *url, char *const *networks) {
    char *scheme = NULL, *host = NULL;
    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    const bool good =
        scheme && host &&
        (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_local(host, networks)));
    curl_free(scheme);
    curl_free(host);
    return good;
}

/* The address must be scheme, host, port and bucket, and nothing else. */
static bool has_only_a_bucket(CURLU *url) {
    char *path = NULL, *more = NULL;
    curl_url_get(url, CURLUPART_PATH, &path, 0);
    bool good = path && strlen(path) > 1 && !strchr(path + 1, '/');
    good = good && curl_url_get(url, CURLUPART_QUERY, &more, 0) == CURLUE_NO_QUERY &&
           curl_url_get(url, CURLUPART_FRAGMENT, &more, 0) == CURLUE_NO_FRAGMENT;
    curl_free(path);
    curl_free(more);
    return good;
}

static CURLU *read_bucket_url(const char *text, char *const *networks) {
    CURLU *url = curl_url();
    if (url && curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
        is_encrypted_or_local(url, networks) && has_only_a_bucket(url)) {
        return url;
    }
    curl_url_cleanup(url);
    return NULL;
}

static bool is_name(const char *text, const char *more) {
    while (g_ascii_isalnum(*text) || (*text && strchr(more, *text))) text++;
    return *text == 0;
}

/* Reads the address and the region behind the alias. */
static bool read_place(char *text, ibx_bucket *b, char *const *networks) {
    char *region = text + strcspn(text, " \t");
    if (!*region) return false;
    *region++ = 0;
    g_strchug(region);
    if (!*region || !is_name(region, "-")) return false;
    b->url = read_bucket_url(text, networks);
    b->sigv4 = b->url ? g_strdup_printf("aws:amz:%s:s3", region) : NULL;
    return b->url != NULL;
}

static const ibx_bucket *find(const ibx_origins *o, const char *alias) {
    for (size_t i = 0; i < o->buckets; i++) {
        if (strcmp(o->bucket[i].alias, alias) == 0) return &o->bucket[i];
    }
    return NULL;
}

static bool read_bucket(const char *word, ibx_origins *o, ibx_error *err) {
    ibx_bucket *b = &o->bucket[o->buckets];
    char *alias = g_strdup(word), *equals = strchr(alias, '=');
    if (equals) *equals = 0;
    if (find(o, alias)) {
        g_free(alias);
        return ibx_fail(err, IBX_USAGE, "s3.buckets: there are two of the alias of \"%.150s\"",
                        word);
    }
    if (equals && *alias && is_name(alias, "-_") &&
        read_place(g_strstrip(equals + 1), b, o->networks)) {
        b->alias = alias;
        o->buckets++;
        return true;
    }
    g_free(alias);
    return ibx_fail(err, IBX_USAGE,
                    "s3.buckets: \"%.150s\" must be \"alias=https://host/bucket region\" "
                    "(http:// only for loopback in remote.networks)",
                    word);
}

bool ibx_buckets_read(char *const *words, ibx_origins *origins, ibx_error *err) {
    const size_t count = words ? g_strv_length((char **)words) : 0;
    origins->bucket = g_new0(ibx_bucket, count + 1);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        if (!read_bucket(words[i], origins, good ? err : NULL)) good = false;
    }
    return good;
}

void ibx_buckets_free(ibx_origins *origins) {
    for (size_t i = 0; i < origins->buckets; i++) {
        g_free(origins->bucket[i].alias);
        g_free(origins->bucket[i].sigv4);
        curl_url_cleanup(origins->bucket[i].url);
    }
    g_free(origins->bucket);
}

/* ---- requests -----------------------------------------------------------------------------------
 */

/* A part "." or ".." is a key's right, but some servers on the way would resolve it, out of the
 * bucket. */
static bool is_key(const char *key) {
    const size_t length = strnlen(key, MOST_KEY + 1);
    if (length == 0 || length > MOST_KEY || !g_utf8_validate(key, -1, NULL)) return false;
    for (const char *part = key;; part++) {
        const size_t size = strcspn(part, "/");
        if ((size == 1 || size == 2) && strspn(part, ".") >= size) return false;
        part += size;
        if (*part == 0) return true;
    }
}

/* The path is sent as SigV4 spells it: all but unreserved characters and "/" encoded, in capital
 * digits. Setting a path alone would make libcurl write small ones, so it gets a whole address. */
static CURLU *url_of(const ibx_bucket *b, const char *key) {
    char *bucket = NULL;
    CURLU *url = curl_url();
    bool good = url && curl_url_get(b->url, CURLUPART_URL, &bucket, 0) == CURLUE_OK;
    char *escaped = g_uri_escape_string(key, "/", FALSE);
    char *text = g_strconcat(good ? bucket : "", "/", escaped, NULL);
    good = good && curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK;
    g_free(escaped);
    g_free(text);
    curl_free(bucket);
    if (good) return url;
    curl_url_cleanup(url);
    return NULL;
}

ibx_source_status ibx_bucket_aim(const ibx_origins *origins, const char *alias, const char *key,
                                 ibx_transfer *transfer, ibx_error *err) {
    const ibx_bucket *b = find(origins, alias);
    if (!b) {
        ibx_fail(err, IBX_IO, "there is no bucket \"%.64s\"", alias);
        return IBX_SOURCE_MISSING;
    }
    if (!is_key(key)) {
        ibx_fail(err, IBX_USAGE,
                 "the key must be UTF-8 of 1 to %d bytes, without parts \".\" and \"..\"",
                 MOST_KEY);
        return IBX_SOURCE_BAD;
    }
    transfer->url = url_of(b, key);
    if (!transfer->url) {
        ibx_fail(err, IBX_MEMORY, "no memory for the key's address");
        return IBX_SOURCE_BUSY;
    }
    if (*origins->key_id) {
        transfer->sigv4 = b->sigv4;
        transfer->key_id = origins->key_id;
        transfer->secret = origins->secret;
    }
    return IBX_SOURCE_OK;
}
