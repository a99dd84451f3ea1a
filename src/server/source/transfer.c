/* transfer.c - one GET. */
#include "server/source/transfer.h"
#include "server/source/address.h"
#include "server/source/freshness.h"
#include "server/source/opened.h"
#include <glib.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

/* Seconds within which the least rate must be reached, as for uploads; bytes of headers. */
enum { GRACE_S = 5, MOST_HEADERS = 64 * 1024, BUFFER_BYTES = 64 * 1024 };

/* A transfer under way. */
typedef struct {
    const ibx_transfer *order;
    CURL *curl;
    struct curl_slist *fields; /* of the head */
    size_t headers;
    bool refused; /* an address that a name led to */
    ibx_source_status body;
} running;

/* libcurl asks here for every socket, with the address that it is about to connect it to. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    running *r = user;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !ibx_address_public(&address->addr, r->order->origins->networks)) {
        r->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_header(char *data, size_t size, size_t count, void *user) {
    running *r = user;
    (void)data;
    r->headers += size * count;
    return r->headers <= MOST_HEADERS ? size * count : 0;
}

static long code_of(CURL *curl) {
    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* Bodies of other replies are nobody's; 0 ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *user) {
    running *r = user;
    if (code_of(r->curl) != 200) return 0;
    r->body = ibx_upload_write(r->order->upload, data, size * count);
    return r->body == IBX_SOURCE_OK ? size * count : 0;
}

/* Not 0 ends the transfer; asked at least once a second. */
static int is_cancelled(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                        curl_off_t up_now) {
    const running *r = user;
    (void)total, (void)now, (void)up_total, (void)up_now;
    return atomic_load(r->order->cancelled);
}

/* True if libcurl has taken all of these options: a guard that is not there must not go unseen. */
#define SET(option, value) (curl_easy_setopt(r->curl, (option), (value)) == CURLE_OK)

static bool set_guards(running *r) {
    return SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, r) &&
           SET(CURLOPT_PROXY, "") && SET(CURLOPT_NOPROXY, "*") &&
           SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(CURLOPT_HTTP09_ALLOWED, 0L) &&
           SET(CURLOPT_HTTP_CONTENT_DECODING, 0L) && SET(CURLOPT_NOSIGNAL, 1L) &&
           SET(CURLOPT_PATH_AS_IS, 1L);
}

static bool set_limits(running *r, int64_t left_ms) {
    const ibx_origins *o = r->order->origins;
    return SET(CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(o->connect_ms, left_ms)) &&
           SET(CURLOPT_TIMEOUT_MS, (long)left_ms) && SET(CURLOPT_LOW_SPEED_TIME, (long)GRACE_S) &&
           SET(CURLOPT_LOW_SPEED_LIMIT, (long)o->rate) &&
           SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)o->bytes) && SET(CURLOPT_NOPROGRESS, 0L) &&
           SET(CURLOPT_XFERINFOFUNCTION, is_cancelled) && SET(CURLOPT_XFERINFODATA, r) &&
           SET(CURLOPT_QUICK_EXIT, 1L); /* does not wait for a slow resolver */
}

static bool set_request(running *r) {
    char agent[64];
    snprintf(agent, sizeof agent, "imbrex/%s", ibx_version());
    return SET(CURLOPT_CURLU, r->order->url) && SET(CURLOPT_USERAGENT, agent) &&
           SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, r) &&
           SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, r) &&
           SET(CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES) && SET(CURLOPT_FILETIME, 1L);
}

static bool add_field(running *r, const char *field) {
    struct curl_slist *more = curl_slist_append(r->fields, field);
    if (more) r->fields = more;
    return more;
}

static bool set_trace(running *r) {
    char field[100];
    const char *trace = r->order->traceparent;
    if (!trace || !*trace) return true;
    snprintf(field, sizeof field, "traceparent: %s", trace);
    return add_field(r, field) && SET(CURLOPT_HTTPHEADER, r->fields);
}

/* S3 wants the hash of the body as a header, here that of no byte; libcurl signs it too. */
static bool set_signature(running *r) {
    static const char HASH[] = "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb924"
                               "27ae41e4649b934ca495991b7852b855";
    const ibx_transfer *t = r->order;
    if (!t->sigv4) return true;
    return add_field(r, HASH) && SET(CURLOPT_HTTPHEADER, r->fields) &&
           SET(CURLOPT_AWS_SIGV4, t->sigv4) && SET(CURLOPT_USERNAME, t->key_id) &&
           SET(CURLOPT_PASSWORD, t->secret);
}

/* A path below the address that was asked, made one of its own. */
static char *resolve(CURLU *base, const char *path) {
    char *text = NULL;
    CURLU *url = curl_url_dup(base);
    const bool good = url && curl_url_set(url, CURLUPART_URL, path, 0) == CURLUE_OK &&
                      curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;
    char *resolved = good ? g_strdup(text) : NULL;
    curl_free(text);
    curl_url_cleanup(url);
    return resolved;
}

/* The reply's Location. Where it names a host it stays as it is spelled, for that counts when it is
 * judged. NULL if there is none, or none that can be read. */
static char *read_redirect(const running *r) {
    struct curl_header *location;
    char *scheme = NULL;
    if (curl_easy_header(r->curl, "Location", 0, CURLH_HEADER, -1, &location) != CURLHE_OK) {
        return NULL;
    }
    if (g_uri_peek_scheme(location->value)) return g_strdup(location->value);
    if (strncmp(location->value, "//", 2) != 0) return resolve(r->order->url, location->value);
    curl_url_get(r->order->url, CURLUPART_SCHEME, &scheme, 0);
    char *redirect = scheme ? g_strconcat(scheme, ":", location->value, NULL) : NULL;
    curl_free(scheme);
    return redirect;
}

/* A reply that is no picture is told by its status, whatever became of the rest of it. */
static ibx_source_status status_of(const running *r, CURLcode result, long code) {
    if (code == 404 || code == 410) return IBX_SOURCE_MISSING;
    if (r->body != IBX_SOURCE_OK) return r->body;
    if (result == CURLE_OK) return code == 200 ? IBX_SOURCE_OK : IBX_SOURCE_FAILED;
    if (r->refused && code == 0) return IBX_SOURCE_FORBIDDEN;
    if (result == CURLE_FILESIZE_EXCEEDED) return IBX_SOURCE_TOO_LARGE;
    return result == CURLE_OPERATION_TIMEDOUT ? IBX_SOURCE_TIMEOUT : IBX_SOURCE_FAILED;
}

static bool is_redirect(long code) {
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* The lines of a field, joined; NULL if there is none. g_free it. */
static char *read_field(const running *r, const char *name) {
    struct curl_header *line;
    GString *all = NULL;
    for (size_t i = 0; curl_easy_header(r->curl, name, i, CURLH_HEADER, -1, &line) == CURLHE_OK;
         i++) {
        if (!all) all = g_string_new(NULL);
        g_string_append_printf(all, "%s%s", i ? "," : "", line->value);
    }
    return all ? g_string_free(all, FALSE) : NULL;
}

static int64_t read_freshness(const running *r) {
    char *control = read_field(r, "Cache-Control"), *expires = read_field(r, "Expires"),
         *age = read_field(r, "Age");
    const int64_t fresh = ibx_fresh_ms(control, expires, age, time(NULL));
    g_free(control);
    g_free(expires);
    g_free(age);
    return fresh;
}

static ibx_transferred run(running *r) {
    const CURLcode result = curl_easy_perform(r->curl);
    const long code = code_of(r->curl);
    ibx_transferred done = {.status = status_of(r, result, code), .fresh_ms = read_freshness(r)};
    curl_off_t modified = -1;
    curl_easy_getinfo(r->curl, CURLINFO_FILETIME_T, &modified);
    if (modified > 0) done.modified = (time_t)modified;
    if (is_redirect(code)) {
        done.status = IBX_SOURCE_FAILED;
        done.redirect = read_redirect(r);
    }
    return done;
}

/* What libcrypto keeps for a thread goes with the transfer: it cannot free that of a thread that is
 * still there when the process ends. */
ibx_transferred ibx_transfer_get(const ibx_transfer *transfer) {
    const int64_t left_ms = (transfer->deadline - g_get_monotonic_time()) / 1000;
    if (left_ms <= 0) return (ibx_transferred){.status = IBX_SOURCE_TIMEOUT};
    running r = {.order = transfer, .curl = curl_easy_init()};
    ibx_transferred done = {.status = IBX_SOURCE_BUSY};
    if (r.curl && set_guards(&r) && set_limits(&r, left_ms) && set_request(&r) && set_trace(&r) &&
        set_signature(&r)) {
        done = run(&r);
    }
    curl_easy_cleanup(r.curl);
    curl_slist_free_all(r.fields);
    OPENSSL_thread_stop();
    return done;
}

const char *ibx_transfer_sentence(ibx_source_status status) {
    switch (status) {
    case IBX_SOURCE_FORBIDDEN:
        return "the source's host leads to a network that is not allowed";
    case IBX_SOURCE_MISSING:
        return "the source's server does not have it; check its address";
    case IBX_SOURCE_TOO_LARGE:
        return "the source has more bytes than are taken here";
    case IBX_SOURCE_TIMEOUT:
        return "the source's server was too slow; try again later";
    case IBX_SOURCE_BUSY:
        return "too much is being fetched; come back in a moment";
    default:
        return "the source's server did not deliver it";
    }
}
