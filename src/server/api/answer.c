/* answer.c - replies with bytes. */
#include "server/api/answer.h"
#include <stdarg.h>
#include <stdio.h>

static SoupMessageHeaders *headers(ibx_exchange *x) {
    return soup_server_message_get_response_headers(x->message);
}

void ibx_answer_header(ibx_exchange *x, const char *name, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *value = g_strdup_vprintf(format, args);
    va_end(args);
    soup_message_headers_replace(headers(x), name, value);
    g_free(value);
}

/* May pages of the origin that asks read the reply? (Fetch standard, CORS.) */
static void allow_origin(ibx_exchange *x) {
    const char *origin = ibx_exchange_header(x, "Origin");
    const ibx_word_list allowed = x->house->settings.server.cors;
    const bool all = x->open_to_all || g_strv_contains((const char *const *)allowed, "*");
    const bool one = origin && g_strv_contains((const char *const *)allowed, origin);
    if (all || one) {
        ibx_answer_header(x, "Access-Control-Allow-Origin", "%s", all ? "*" : origin);
        ibx_answer_header(x, "Access-Control-Expose-Headers",
                          "ETag, Imbrex-Cache, Imbrex-Size, Server-Timing, X-Request-Id");
    }
    if (!all && allowed[0]) ibx_answer_varies(x, "Origin");
}

void ibx_answer_varies(ibx_exchange *x, const char *header) {
    soup_message_headers_append(headers(x), "Vary", header);
}

void ibx_answer_common(ibx_exchange *x, const char *policy) {
    ibx_answer_header(x, "X-Request-Id", "%s", x->id);
    ibx_answer_header(x, "X-Content-Type-Options", "nosniff");
    ibx_answer_header(x, "Content-Security-Policy", "%s",
                      policy ? policy : "default-src 'none'; sandbox");
    allow_origin(x);
}

/* RFC 6266 with the file name as in RFC 8187. */
static void offer_download(ibx_exchange *x, const char *name) {
    char *encoded = g_uri_escape_string(name, NULL, false);
    ibx_answer_header(x, "Content-Disposition", "inline; filename*=UTF-8''%s", encoded);
    g_free(encoded);
}

static char *http_date(time_t at) {
    GDateTime *date = g_date_time_new_from_unix_utc(at);
    char *text = soup_date_time_to_string(date, SOUP_DATE_HTTP);
    g_date_time_unref(date);
    return text;
}

static void describe(ibx_exchange *x, const ibx_reply *reply) {
    ibx_answer_common(x, reply->policy);
    if (reply->max_age_ms > 0)
        ibx_answer_header(x, "Cache-Control", "public, max-age=%lld",
                          (long long)(reply->max_age_ms / 1000));
    else
        ibx_answer_header(x, "Cache-Control", reply->max_age_ms < 0 ? "no-cache" : "no-store");
    if (reply->varies) ibx_answer_varies(x, "Accept");
    if (reply->etag) ibx_answer_header(x, "ETag", "\"%s\"", reply->etag);
    if (reply->download) offer_download(x, reply->download);
    if (reply->modified > 0) {
        char *date = http_date(reply->modified);
        ibx_answer_header(x, "Last-Modified", "%s", date);
        g_free(date);
    }
}

/* ---- conditional requests (RFC 9110 section 13) -----------------------------------------------
 */

/* Is the tag in a list such as `"a", W/"b"` or "*"? Weak comparison, as If-None-Match asks. */
static bool lists_tag(const char *list, const char *etag) {
    GSList *tags = soup_header_parse_list(list);
    bool found = false;
    for (const GSList *t = tags; t; t = t->next) {
        const char *tag = t->data;
        if (g_str_has_prefix(tag, "W/")) tag += 2;
        const size_t n = strlen(etag);
        found |= strcmp(tag, "*") == 0 || (tag[0] == '"' && strncmp(tag + 1, etag, n) == 0 &&
                                           strcmp(tag + 1 + n, "\"") == 0);
    }
    soup_header_free_list(tags);
    return found;
}

/* Whoever has a part of another version wants all of this one (RFC 9110 section 13.1.5); libsoup
 * would give the part all the same. */
static void check_range(const ibx_exchange *x, const ibx_reply *reply) {
    SoupMessageHeaders *request = soup_server_message_get_request_headers(x->message);
    const char *tag = ibx_exchange_header(x, "If-Range");
    if (!tag) return;
    const size_t n = reply->etag ? strlen(reply->etag) : 0;
    const bool same = n > 0 && tag[0] == '"' && strncmp(tag + 1, reply->etag, n) == 0 &&
                      strcmp(tag + 1 + n, "\"") == 0;
    if (!same) soup_message_headers_remove(request, "Range");
}

static bool client_has_it(const ibx_exchange *x, const ibx_reply *reply) {
    if (soup_server_message_get_method(x->message) == SOUP_METHOD_POST) return false;
    const char *tags = soup_message_headers_get_list(
        soup_server_message_get_request_headers(x->message), "If-None-Match");
    if (tags) return reply->etag && lists_tag(tags, reply->etag);
    const char *since = ibx_exchange_header(x, "If-Modified-Since");
    GDateTime *then = since ? soup_date_time_new_from_http_string(since) : NULL;
    if (!then) return false;
    const bool has = reply->modified > 0 && g_date_time_to_unix(then) >= reply->modified;
    g_date_time_unref(then);
    return has;
}

void ibx_answer_bytes(ibx_exchange *x, const ibx_reply *reply, GBytes *bytes) {
    describe(x, reply);
    check_range(x, reply);
    if (client_has_it(x, reply)) {
        soup_server_message_set_status(x->message, SOUP_STATUS_NOT_MODIFIED, NULL);
    } else {
        soup_server_message_set_status(x->message, SOUP_STATUS_OK, NULL);
        ibx_answer_header(x, "Content-Type", "%s", reply->mime);
        soup_message_body_append_bytes(soup_server_message_get_response_body(x->message), bytes);
    }
    ibx_exchange_send(x);
}

void ibx_answer_parts(ibx_exchange *x, const ibx_reply *reply, GPtrArray *parts) {
    SoupMessageBody *body = soup_server_message_get_response_body(x->message);
    describe(x, reply);
    soup_server_message_set_status(x->message, SOUP_STATUS_OK, NULL);
    ibx_answer_header(x, "Content-Type", "%s", reply->mime);
    for (guint i = 0; i < parts->len; i++) soup_message_body_append_bytes(body, parts->pdata[i]);
    ibx_exchange_send(x);
}

bool ibx_answer_not_modified(ibx_exchange *x, const ibx_reply *reply) {
    const char *tags = soup_message_headers_get_list(
        soup_server_message_get_request_headers(x->message), "If-None-Match");
    const char *method = soup_server_message_get_method(x->message);
    if (!tags || strchr(tags, '*') || (method != SOUP_METHOD_GET && !x->head)) return false;
    if (!lists_tag(tags, reply->etag)) return false;
    describe(x, reply);
    soup_server_message_set_status(x->message, SOUP_STATUS_NOT_MODIFIED, NULL);
    ibx_exchange_send(x);
    return true;
}

void ibx_answer_text(ibx_exchange *x, const ibx_reply *reply, const char *text) {
    GBytes *bytes = g_bytes_new(text, strlen(text));
    ibx_answer_bytes(x, reply, bytes);
    g_bytes_unref(bytes);
}

void ibx_answer_nothing(ibx_exchange *x) {
    ibx_answer_common(x, NULL);
    soup_server_message_set_status(x->message, SOUP_STATUS_NO_CONTENT, NULL);
    ibx_exchange_send(x);
}

void ibx_answer_see_other(ibx_exchange *x, const char *path) {
    ibx_answer_common(x, NULL);
    soup_server_message_set_status(x->message, SOUP_STATUS_SEE_OTHER, NULL);
    ibx_answer_header(x, "Location", "%s", path);
    ibx_exchange_send(x);
}
