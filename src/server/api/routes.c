/* routes.c - from address to handler. */
#include "server/api/routes.h"
#include "server/api/answer.h"
#include "server/net/stream.h"

typedef void handler(ibx_exchange *x, const char *rest);

/* The first whose prefix fits. A prefix that does not end with "/" must be the whole path. */
static const struct {
    const char *prefix;
    handler *handle;
    int route;
} ROUTES[] = {{"/v1/filters", ibx_handle_filters, IBX_ROUTE_FILTERS},
              {"/v1/filters/", ibx_handle_filters, IBX_ROUTE_FILTERS},
              {"/v1/openapi.json", ibx_handle_openapi, IBX_ROUTE_OTHER},
              {"/v1/", ibx_handle_image, IBX_ROUTE_IMAGE},
              {"/iiif/3/", ibx_handle_iiif, IBX_ROUTE_IIIF},
              {"/dz/", ibx_handle_deepzoom, IBX_ROUTE_DEEPZOOM},
              {"/ui/", ibx_handle_page, IBX_ROUTE_PAGE}};
static const char UPLOADS[] = "/v1/";

/* The row of ROUTES, or -1. */
static int find(const char *path, const char **rest) {
    for (size_t i = 0; i < G_N_ELEMENTS(ROUTES); i++) {
        const size_t n = strlen(ROUTES[i].prefix);
        if (strncmp(path, ROUTES[i].prefix, n) != 0) continue;
        if (ROUTES[i].prefix[n - 1] != '/' && path[n] != 0) continue;
        *rest = path + n;
        return (int)i;
    }
    return -1;
}

static bool is_upload(const ibx_exchange *x) {
    return soup_server_message_get_method(x->message) == SOUP_METHOD_POST &&
           g_str_has_prefix(x->path, UPLOADS);
}

/* What a POST would be; IBX_ROUTE_OTHER: nothing. None of the words is a signature. */
static int upload_route(const ibx_exchange *x) {
    static const struct {
        const char *word;
        int route;
    } POSTS[] = {{"process", IBX_ROUTE_PROCESS}, {"set", IBX_ROUTE_SET}, {"info", IBX_ROUTE_INFO}};
    if (!g_str_has_prefix(x->path, UPLOADS)) return IBX_ROUTE_OTHER;
    const char *rest = x->path + strlen(UPLOADS);
    const size_t length = strcspn(rest, "/");
    for (size_t i = 0; i < G_N_ELEMENTS(POSTS); i++)
        if (strlen(POSTS[i].word) == length && strncmp(rest, POSTS[i].word, length) == 0)
            return POSTS[i].route;
    return IBX_ROUTE_OTHER;
}

/* For metrics, whatever becomes of the request. */
static int route_of(const ibx_exchange *x) {
    const char *rest;
    const int row = find(x->path, &rest), upload = upload_route(x);
    if (upload != IBX_ROUTE_OTHER || is_upload(x)) return upload;
    return row < 0 ? IBX_ROUTE_OTHER : ROUTES[row].route;
}

/* A name or number of this machine, which no resolver can make another's? */
static bool is_loopback(const char *host) {
    GInetAddress *address = g_inet_address_new_from_string(host);
    if (!address) return g_ascii_strcasecmp(host, "localhost") == 0;
    const bool is = g_inet_address_get_is_loopback(address);
    g_object_unref(address);
    return is;
}

/* The host of "http://host:1234" or "[::1]:1234" is this machine. */
static bool is_here(const char *address) {
    const char *host = strstr(address, "://") ? strstr(address, "://") + 3 : address;
    const bool brackets = *host == '[';
    const size_t n = strcspn(host + brackets, brackets ? "]" : ":");
    const char *end = host + brackets + n + (brackets && host[brackets + n]);
    char *name = g_strndup(host + brackets, n);
    const bool here = (*end == 0 || *end == ':') && is_loopback(name);
    g_free(name);
    return here;
}

/* A server that serves without signatures because nobody outside can connect is still within reach
 * of every page in a browser on this machine, by its own name (DNS rebinding) or as another site.
 */
static bool is_trusted(const ibx_exchange *x) {
    const ibx_settings *settings = &x->house->settings;
    const char *host = ibx_exchange_header(x, "Host");
    const char *origin = ibx_exchange_header(x, "Origin");
    if (settings->auth.unsigned_ok != IBX_UNSIGNED_AUTO || !ibx_settings_unsigned(settings))
        return true;
    const char *const *cors = (const char *const *)settings->server.cors;
    const bool listed = origin && (g_strv_contains(cors, "*") || g_strv_contains(cors, origin));
    return (!host || is_here(host)) && (!origin || listed || is_here(origin));
}

/* A client that connected before we stopped listening does not know of it. */
static bool comes_too_late(const ibx_exchange *x, GSocketAddress *remote) {
    GIOStream *stream = ibx_stream_of(remote);
    return x->house->draining && !(stream && ibx_stream_is_first(stream));
}

/* What holds for every request, whatever it asks for. */
static bool may(ibx_exchange *x) {
    int retry_s = 1;
    GSocketAddress *remote = soup_server_message_get_remote_address(x->message);
    if (comes_too_late(x, remote)) {
        ibx_metric_add(x->house->metrics, IBX_M_SHED, IBX_SHED_DRAINING, 1);
        ibx_answer_problem(x, 503, "draining", NULL, 1);
    } else if (!is_trusted(x)) {
        ibx_answer_no(x, 403, "forbidden",
                      "this server answers programs and pages of its own machine only; see "
                      "auth.unsigned_ok and server.cors");
    } else if (!ibx_listener_allows(x->house->listener, remote, &retry_s)) {
        ibx_metric_add(x->house->metrics, IBX_M_SHED, IBX_SHED_CLIENT, 1);
        ibx_answer_problem(x, 429, "client-rate", NULL, retry_s);
    } else {
        return true;
    }
    return false;
}

/* Of any method: who does not want the body must not read it to its end. */
static bool may_be_so_long(ibx_exchange *x) {
    const goffset size = soup_message_headers_get_content_length(
        soup_server_message_get_request_headers(x->message));
    const int64_t most = x->house->settings.limits.source_bytes;
    if (size <= most) return true;
    ibx_answer_no(x, 413, "body-too-large", "the body has %lld bytes, but at most %lld are taken",
                  (long long)size, (long long)most);
    return false;
}

/* The head of a request has come; its body has not. */
static void head_came(SoupServer *soup, SoupServerMessage *message, const char *path,
                      GHashTable *query, gpointer user) {
    (void)soup, (void)path, (void)query;
    ibx_exchange *x = ibx_exchange_of(user, message);
    x->route = route_of(x);
    if (may(x) && may_be_so_long(x) && is_upload(x)) ibx_upload_begin(x, x->path + strlen(UPLOADS));
}

/* For pages of other origins that ask first (Fetch standard, CORS preflight). */
static void answer_options(ibx_exchange *x) {
    ibx_answer_header(x, "Allow", "GET, HEAD, POST, OPTIONS");
    ibx_answer_header(x, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    ibx_answer_header(x, "Access-Control-Allow-Headers",
                      "Accept, Authorization, Content-Type, If-None-Match, Imbrex-Deadline, Range, "
                      "traceparent, X-Request-Id");
    ibx_answer_header(x, "Access-Control-Max-Age", "86400");
    x->open_to_all = g_str_has_prefix(x->path, "/iiif/") || g_str_has_prefix(x->path, "/dz/");
    ibx_answer_nothing(x);
}

static void answer_405(ibx_exchange *x, const char *allowed) {
    ibx_answer_header(x, "Allow", "%s, OPTIONS", allowed);
    ibx_answer_no(x, 405, "method-not-allowed", "this address takes %s", allowed);
}

static bool leads_to_page(const ibx_exchange *x) {
    const bool does = strcmp(x->path, "/") == 0 || strcmp(x->path, "/ui") == 0;
    return does && x->house->settings.server.ui;
}

static void answer_get(ibx_exchange *x) {
    const char *rest;
    const int row = find(x->path, &rest);
    if (leads_to_page(x))
        ibx_answer_see_other(x, "/ui/");
    else if (upload_route(x) != IBX_ROUTE_OTHER)
        answer_405(x, "POST");
    else if (x->query && row >= 0)
        ibx_answer_no(x, 400, "bad-request", "this address takes no query (\"?\")");
    else if (row >= 0)
        ROUTES[row].handle(x, rest);
    else
        ibx_answer_no(x, 404, "not-found", "there is nothing at this address");
}

static void request_came(SoupServer *soup, SoupServerMessage *message, const char *path,
                         GHashTable *query, gpointer user) {
    (void)soup, (void)path, (void)query;
    ibx_exchange *x = ibx_exchange_of(user, message);
    const char *method = soup_server_message_get_method(message);
    if (x->answered) return;
    ibx_exchange_asked(x);
    if (x->upload)
        ibx_upload_end(x, x->path + strlen(UPLOADS));
    else if (method == SOUP_METHOD_OPTIONS)
        answer_options(x);
    else if (method == SOUP_METHOD_GET || method == SOUP_METHOD_HEAD)
        answer_get(x);
    else
        answer_405(x, "GET, HEAD");
}

void ibx_routes_add(ibx_house *house) {
    static const char *const PATHS[] = {NULL, "*"}; /* all that begin with "/"; that of OPTIONS */
    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        soup_server_add_early_handler(house->soup, PATHS[i], head_came, house, NULL);
        soup_server_add_handler(house->soup, PATHS[i], request_came, house, NULL);
    }
}
