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
                          "ETag, Imbrex-Cache, Imbrex-Size, Link, Retry-After, Server-Timing, "
                          "X-Request-Id");
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

static const char *method_of(const ibx_exchange *x) {
    return soup_server_message_get_method(x->message);
}

static const char *list_of(const ibx_exchange *x, const char *name) {
    return soup_message_headers_get_list(soup_server_message_get_request_headers(x->message), name);
}

static bool is_tag(const char *tag, const char *etag) {
    const size_t n = strlen(etag);
    return tag[0] == '"' && strncmp(tag + 1, etag, n) == 0 && strcmp(tag + 1 + n, "\"") == 0;
}

/* Is the tag in a list such as `"a", W/"b"` or "*"? Weak comparison takes marked ones too. */
static bool lists_tag(const char *list, const char *etag, bool weak) {
    GSList *tags = soup_header_parse_list(list);
    bool found = false;
    for (const GSList *t = tags; t; t = t->next) {
        const char *tag = t->data;
        if (weak && g_str_has_prefix(tag, "W/")) tag += 2;
        found |= strcmp(tag, "*") == 0 || (etag && is_tag(tag, etag));
    }
    soup_header_free_list(tags);
    return found;
}

/* The time of a header, in seconds since 1970; -1 where there is none. */
static int64_t time_of(const ibx_exchange *x, const char *name) {
    const char *text = ibx_exchange_header(x, name);
    GDateTime *date = text ? soup_date_time_new_from_http_string(text) : NULL;
    if (!date) return -1;
    const int64_t time = g_date_time_to_unix(date);
    g_date_time_unref(date);
    return time;
}

/* Does the client want something else than there is? */
static bool is_other(const ibx_exchange *x, const ibx_reply *reply) {
    const char *tags = list_of(x, "If-Match");
    if (method_of(x) == SOUP_METHOD_POST) return false;
    if (tags) return !lists_tag(tags, reply->etag, false);
    const int64_t since = time_of(x, "If-Unmodified-Since");
    return since >= 0 && reply->modified > since;
}

/* Whoever has a part of another version wants all of this one (RFC 9110 section 13.1.5); libsoup
 * would give the part all the same. */
static void check_range(const ibx_exchange *x, const ibx_reply *reply) {
    SoupMessageHeaders *request = soup_server_message_get_request_headers(x->message);
    const char *tag = ibx_exchange_header(x, "If-Range");
    if (tag && !(reply->etag && is_tag(tag, reply->etag)))
        soup_message_headers_remove(request, "Range");
}

/* How many separate parts are asked for that are there; -1: no parts are asked for. */
static int count_parts(const ibx_exchange *x, goffset size) {
    SoupMessageHeaders *request = soup_server_message_get_request_headers(x->message);
    SoupRange *range;
    int count, inside = 0;
    if (method_of(x) != SOUP_METHOD_GET ||
        !soup_message_headers_get_ranges(request, size, &range, &count))
        return -1;
    for (int i = 0; i < count; i++) inside += range[i].start < size;
    soup_message_headers_free_ranges(request, range);
    return inside;
}

/* One part is sent from where it is. Of several libsoup would make a copy, which nobody pays for;
 * who asks for them may be given the whole (RFC 9110 section 14.2). */
static void check_parts(const ibx_exchange *x, int parts) {
    if (parts > 1)
        soup_message_headers_remove(soup_server_message_get_request_headers(x->message), "Range");
}

static bool client_has_it(const ibx_exchange *x, const ibx_reply *reply) {
    const char *tags = list_of(x, "If-None-Match");
    if (method_of(x) == SOUP_METHOD_POST) return false;
    if (tags) return reply->etag && lists_tag(tags, reply->etag, true);
    return reply->modified > 0 && time_of(x, "If-Modified-Since") >= reply->modified;
}

/* Its length would be that of the bytes which it stands for (RFC 9110 section 8.6). */
static void answer_304(ibx_exchange *x, const ibx_reply *reply) {
    describe(x, reply);
    soup_message_headers_set_encoding(headers(x), SOUP_ENCODING_NONE);
    soup_server_message_set_status(x->message, SOUP_STATUS_NOT_MODIFIED, NULL);
    ibx_exchange_send(x);
}

static void answer_200(ibx_exchange *x, const ibx_reply *reply, GBytes *bytes) {
    describe(x, reply);
    if (method_of(x) != SOUP_METHOD_POST) ibx_answer_header(x, "Accept-Ranges", "bytes");
    soup_server_message_set_status(x->message, SOUP_STATUS_OK, NULL);
    ibx_answer_header(x, "Content-Type", "%s", reply->mime);
    soup_message_body_append_bytes(soup_server_message_get_response_body(x->message), bytes);
    ibx_exchange_send(x);
}

void ibx_answer_bytes(ibx_exchange *x, const ibx_reply *reply, GBytes *bytes) {
    const goffset size = (goffset)g_bytes_get_size(bytes);
    check_range(x, reply);
    const int parts = count_parts(x, size);
    check_parts(x, parts);
    if (is_other(x, reply)) {
        ibx_answer_no(x, SOUP_STATUS_PRECONDITION_FAILED, "precondition-failed",
                      "it is not what If-Match or If-Unmodified-Since name");
    } else if (client_has_it(x, reply)) {
        answer_304(x, reply);
    } else if (parts == 0) {
        ibx_answer_header(x, "Content-Range", "bytes */%lld", (long long)size);
        ibx_answer_no(x, SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE, "bad-range",
                      "there are %lld bytes, none of which is in the range", (long long)size);
    } else {
        answer_200(x, reply, bytes);
    }
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
    const char *tags = list_of(x, "If-None-Match");
    if (!tags || strchr(tags, '*') || (method_of(x) != SOUP_METHOD_GET && !x->head)) return false;
    if (!lists_tag(tags, reply->etag, true) || is_other(x, reply)) return false;
    answer_304(x, reply);
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
