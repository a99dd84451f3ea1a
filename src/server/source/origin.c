/* origin.c - addresses of other servers, read and judged without a packet. */
#include "server/source/origin.h"
#include "server/source/address.h"
#include "server/source/opened.h"
#include "server/source/s3.h"
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>

enum { MOST_ADDRESS = 4096, MOST_HOST = 253 };

/* ---- the copy of the settings -------------------------------------------------------------------
 */

/* Hosts of the list, normal; words that are none are left out and so allow nothing. */
static char **normal_hosts(char *const *words) {
    GPtrArray *hosts = g_ptr_array_new();
    for (; words && *words; words++) {
        const bool below = strncmp(*words, "*.", 2) == 0;
        char *host = ibx_host_normal(*words + (below ? 2 : 0));
        if (host) g_ptr_array_add(hosts, g_strconcat(below ? "*." : "", host, NULL));
        g_free(host);
    }
    g_ptr_array_add(hosts, NULL);
    return (char **)g_ptr_array_free(hosts, FALSE);
}

ibx_origins *ibx_origins_new(const ibx_settings *settings, bool *good, ibx_error *err) {
    ibx_origins *o = g_atomic_rc_box_new0(ibx_origins);
    *o = (ibx_origins){
        .hosts = normal_hosts(settings->remote.allow),
        .ports = g_strdupv(settings->remote.ports),
        .networks = g_strdupv(settings->remote.networks),
        .connect_ms = settings->remote.connect_ms,
        .total_ms = settings->remote.total_ms,
        .bytes = settings->limits.source_bytes,
        .rate = settings->limits.body_rate,
        .redirects = settings->remote.redirects,
        .fetches = settings->remote.fetches,
        .key_id = g_strdup(settings->s3.key_id ? settings->s3.key_id : ""),
        .secret = g_strdup(settings->s3.secret ? settings->s3.secret : ""),
    };
    *good = ibx_buckets_read(settings->s3.buckets, o, err);
    return o;
}

ibx_origins *ibx_origins_ref(ibx_origins *origins) {
    return g_atomic_rc_box_acquire(origins);
}

static void clear(void *box) {
    ibx_origins *o = box;
    ibx_buckets_free(o);
    g_strfreev(o->hosts);
    g_strfreev(o->ports);
    g_strfreev(o->networks);
    g_free(o->key_id);
    explicit_bzero(o->secret, strlen(o->secret));
    g_free(o->secret);
}

void ibx_origins_unref(ibx_origins *origins) {
    if (origins) g_atomic_rc_box_release_full(origins, clear);
}

/* ---- hosts --------------------------------------------------------------------------------------
 */

/* Labels of letters, digits, "-" and "_", none empty; or "[..]", which has no dots to speak of. */
static bool is_host(const char *host) {
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    const size_t length = strlen(host);
    if (length == 0 || length > MOST_HOST || host[0] == '.' || strstr(host, "..")) return false;
    if (host[0] == '[') return strspn(host + 1, "0123456789abcdef:.") == length - 2;
    return strspn(host, LETTERS) == length;
}

char *ibx_host_normal(const char *host) {
    char *ascii = g_utf8_validate(host, -1, NULL) ? g_hostname_to_ascii(host) : NULL;
    if (!ascii) return NULL;
    char *lower = g_ascii_strdown(ascii, -1);
    g_free(ascii);
    if (strchr(lower, ':') && lower[0] != '[') { /* IPv6, as a list may have it */
        char *bare = lower;
        lower = g_strconcat("[", bare, "]", NULL);
        g_free(bare);
    }
    const size_t length = strlen(lower);
    if (length > 1 && lower[length - 1] == '.' && lower[length - 2] != '.') lower[length - 1] = 0;
    if (is_host(lower)) return lower;
    g_free(lower);
    return NULL;
}

static bool is_below(const char *host, const char *suffix) {
    const size_t all = strlen(host), end = strlen(suffix);
    return all > end && strcmp(host + all - end, suffix) == 0;
}

/* "*.example.org" stands for names, not for addresses that end alike. */
static bool is_listed(const ibx_origins *o, const char *host, bool is_name) {
    for (char **word = o->hosts; *word; word++) {
        if (strcmp(*word, host) == 0) return true;
        if (is_name && **word == '*' && is_below(host, *word + 1)) return true;
    }
    return false;
}

/* The address that a host is in numbers; AF_UNSPEC for a name. inet_aton knows every spelling that
 * the resolver would take for an IPv4 address: "0x7f.1", "017700000001", "2130706433". */
static void read_literal(const char *host, struct sockaddr_storage *address) {
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    char inner[INET6_ADDRSTRLEN] = "";
    *address = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (inet_aton(host, &four->sin_addr)) address->ss_family = AF_INET;
    if (host[0] != '[') return;
    address->ss_family = AF_INET6;
    g_strlcpy(inner, host + 1, MIN(sizeof inner, strlen(host) - 1));
    if (inet_pton(AF_INET6, inner, &six->sin6_addr) != 1) six->sin6_addr = in6addr_any;
}

/* Is the literal spelled as it is printed? Then the list has it in the same letters. */
static bool is_canonical(const char *host, const struct sockaddr_storage *address) {
    const bool four = address->ss_family == AF_INET;
    const void *bytes = four ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                             : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
    char printed[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 2];
    inet_ntop(address->ss_family, bytes, printed, sizeof printed);
    snprintf(bracketed, sizeof bracketed, "[%s]", printed);
    return strcmp(host, four ? printed : bracketed) == 0;
}

/* ---- addresses ----------------------------------------------------------------------------------
 */

/* An address on its way to be allowed. */
typedef struct {
    const ibx_origins *origins;
    CURLU *url;
    const char *authority; /* as it stands in the text */
    size_t length;
    ibx_error *err;
} reading;

static ibx_source_status bad(const reading *r, const char *why) {
    ibx_fail(r->err, IBX_USAGE, "the source's address is not a good one: %s", why);
    return IBX_SOURCE_BAD;
}

static ibx_source_status forbid(const reading *r, const char *what, const char *which) {
    ibx_fail(r->err, IBX_USAGE, "the source's %s%s%.100s%s is not allowed here", what,
             *which ? " \"" : "", which, *which ? "\"" : "");
    return IBX_SOURCE_FORBIDDEN;
}

/* What the parser might forgive, but somebody else read in another way. */
static ibx_source_status check_text(reading *r, const char *text) {
    if (strnlen(text, MOST_ADDRESS + 1) > MOST_ADDRESS) return bad(r, "it is too long");
    if (!g_utf8_validate(text, -1, NULL)) return bad(r, "it is no UTF-8");
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7F || *c == '\\') {
            return bad(r, "blanks, control characters and backslashes must be %-encoded");
        }
    }
    const char *colon = strstr(text, "://");
    if (!colon) return bad(r, "it must begin with http:// or https://");
    const size_t scheme = (size_t)(colon - text);
    if (!(scheme == 4 && g_ascii_strncasecmp(text, "http", 4) == 0) &&
        !(scheme == 5 && g_ascii_strncasecmp(text, "https", 5) == 0)) {
        return forbid(r, "scheme", "");
    }
    r->authority = colon + 3;
    r->length = strcspn(r->authority, "/?#");
    if (r->length == 0) return bad(r, "its host is missing");
    if (memchr(r->authority, '@', r->length)) return forbid(r, "user name", "");
    if (memchr(r->authority, '%', r->length)) return forbid(r, "%-encoded host or zone", "");
    return IBX_SOURCE_OK;
}

/* Gives the parsed address the host in its normal spelling, which is then also the one that is
 * looked up, sent and compared with certificates. NULL if it is none; g_free it. */
static char *take_host(reading *r) {
    char *spelled = NULL;
    if (curl_url_get(r->url, CURLUPART_HOST, &spelled, 0) != CURLUE_OK) return NULL;
    char *host = ibx_host_normal(spelled);
    curl_free(spelled);
    if (host && curl_url_set(r->url, CURLUPART_HOST, host, 0) == CURLUE_OK) return host;
    g_free(host);
    return NULL;
}

static ibx_source_status check_host(const reading *r, const char *host) {
    struct sockaddr_storage address;
    read_literal(host, &address);
    const bool is_name = address.ss_family == AF_UNSPEC;
    if (!is_name) {
        /* The parser has made one spelling of all; only who used that is let through. */
        const size_t length = strlen(host);
        const bool same = r->length >= length && memcmp(r->authority, host, length) == 0 &&
                          (r->length == length || r->authority[length] == ':');
        if (!same || !is_canonical(host, &address)) return forbid(r, "host", host);
    }
    if (!is_listed(r->origins, host, is_name)) return forbid(r, "host", host);
    return is_name || ibx_address_public((struct sockaddr *)&address, r->origins->networks)
               ? IBX_SOURCE_OK
               : forbid(r, "host", host);
}

static ibx_source_status check_port(const reading *r) {
    char *port = NULL;
    if (curl_url_get(r->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        return bad(r, "its port cannot be read");
    }
    const bool listed =
        r->origins->ports && g_strv_contains((const char *const *)r->origins->ports, port);
    const ibx_source_status status = listed ? IBX_SOURCE_OK : forbid(r, "port", port);
    curl_free(port);
    return status;
}

static ibx_source_status check_url(reading *r, const char *text) {
    const unsigned flags = CURLU_DISALLOW_USER | CURLU_URLENCODE;
    const ibx_source_status status = check_text(r, text);
    if (status != IBX_SOURCE_OK) return status;
    if (curl_url_set(r->url, CURLUPART_URL, text, flags) != CURLUE_OK) {
        return bad(r, "it cannot be read");
    }
    char *host = take_host(r);
    if (!host) return bad(r, "its host cannot be read");
    ibx_source_status verdict = check_host(r, host);
    g_free(host);
    if (verdict == IBX_SOURCE_OK) verdict = check_port(r);
    if (verdict == IBX_SOURCE_OK) curl_url_set(r->url, CURLUPART_FRAGMENT, NULL, 0);
    return verdict;
}

ibx_source_status ibx_origins_read(const ibx_origins *origins, const char *text, CURLU **url,
                                   ibx_error *err) {
    reading r = {.origins = origins, .url = curl_url(), .err = err};
    if (url) *url = NULL;
    if (!r.url) {
        ibx_fail(err, IBX_MEMORY, "no memory for the source's address");
        return IBX_SOURCE_BUSY;
    }
    const ibx_source_status status = check_url(&r, text);
    if (status == IBX_SOURCE_OK && url)
        *url = r.url;
    else
        curl_url_cleanup(r.url);
    return status;
}
