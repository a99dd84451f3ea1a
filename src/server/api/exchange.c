/* exchange.c - the life of one request. */
#include "server/api/answer.h"
#include "server/net/stream.h"
#include <stdio.h>
#include <stdlib.h>

static const char KEY[] = "imbrex-exchange";

/* An id of the client's own is kept if it can do no harm in a header or a log. */
static void choose_id(ibx_exchange *x) {
    const char *given = ibx_exchange_header(x, "X-Request-Id");
    const size_t n = given ? strlen(given) : 0;
    const char *safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    if (n > 0 && n < sizeof x->id && strspn(given, safe) == n)
        memcpy(x->id, given, n + 1);
    else
        snprintf(x->id, sizeof x->id, "%08x%08x%08x", g_random_int(), g_random_int(),
                 g_random_int());
}

static GIOStream *stream_of(SoupServerMessage *message) {
    return ibx_stream_of(soup_server_message_get_remote_address(message));
}

/* libsoup has decoded its copy already. */
static void take_target(ibx_exchange *x) {
    GIOStream *stream = stream_of(x->message);
    const char *target = stream ? ibx_stream_target(stream) : NULL;
    const size_t n = target ? strcspn(target, "?") : 0;
    x->path = g_strndup(target ? target : "", n);
    x->query = target && target[n] ? g_strdup(target + n + 1) : NULL;
}

static void note_answer(ibx_exchange *x) {
    if (x->asked) x->log.answer_ms = (double)(g_get_monotonic_time() - x->asked) / 1000;
}

static void write_log(ibx_exchange *x) {
    x->log.id = x->id;
    if (x->trace.trace_id[0]) {
        x->log.trace_id = x->trace.trace_id;
        x->log.parent_id = x->trace.parent_id;
        x->log.span_id = x->trace.span_id;
    }
    x->log.client = *x->client.text ? x->client.text : NULL;
    x->log.method = soup_server_message_get_method(x->message);
    x->log.path = x->path;
    x->log.route = ibx_route_name(x->route);
    x->log.bytes_out = x->sent_bytes;
    if (!x->sent) x->log.status = 499; /* the client left first */
    x->log.total_ms = ibx_exchange_ms(x);
    if (!x->answered) note_answer(x);
    ibx_log_write(x->house->log, &x->log);
    if (x->asked && x->log.answer_ms >= (double)x->house->settings.log.slow_ms)
        ibx_slow_keep(x->house->slow, &x->log);
    ibx_metric_add(x->house->metrics, IBX_M_REQUESTS, IBX_REQUEST(x->route, x->log.status), 1);
    ibx_metric_add(x->house->metrics, IBX_M_BYTES_OUT, 0, x->log.bytes_out);
    ibx_metric_observe(x->house->metrics, IBX_H_REQUEST + x->route, x->log.total_ms / 1000);
}

static void stop_alarm(ibx_exchange *x) {
    if (x->alarm) g_source_remove(x->alarm);
    x->alarm = 0;
}

typedef struct {
    void (*drop)(void *user);
    void *user;
} belonging;

static void drop_first(ibx_exchange *x) {
    belonging *b = x->owned->data;
    x->owned = g_slist_delete_link(x->owned, x->owned);
    b->drop(b->user);
    g_free(b);
}

/* The message is gone: its reply is written, or its client has left. */
static void end(void *data) {
    ibx_exchange *x = data;
    stop_alarm(x);
    if (x->waiting && !x->answered && x->stop) x->stop(x->stop_user);
    write_log(x);
    x->house->exchanges--;
    while (x->owned) drop_first(x);
    g_free(x->path);
    g_free(x->query);
    g_free(x);
}

static void wrote_data(SoupServerMessage *message, guint size, ibx_exchange *x) {
    (void)message;
    x->sent_bytes += size;
}

/* libsoup makes 206 of 200 where a part is asked for. */
static void wrote_all(SoupServerMessage *message, ibx_exchange *x) {
    x->sent = true;
    x->log.status = (int)soup_server_message_get_status(message);
}

/* libsoup keeps the message of a client that left until the handler answers, so the end is told
 * here. */
static void left(SoupServerMessage *message, void *data) {
    (void)data;
    g_signal_handlers_disconnect_by_data(message, g_object_get_data(G_OBJECT(message), KEY));
    g_object_set_data(G_OBJECT(message), KEY, NULL); /* calls end */
}

ibx_exchange *ibx_exchange_of(ibx_house *house, SoupServerMessage *message) {
    ibx_exchange *x = g_object_get_data(G_OBJECT(message), KEY);
    if (x) return x;
    x = g_new0(ibx_exchange, 1);
    *x = (ibx_exchange){.house = house,
                        .message = message,
                        .head = soup_server_message_get_method(message) == SOUP_METHOD_HEAD,
                        .began = g_get_monotonic_time()};
    house->exchanges++;
    /* Without that libsoup keeps the body of whatever request, as long as it likes to be. */
    soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
    take_target(x);
    choose_id(x);
    ibx_traceparent_read(&x->trace, ibx_exchange_header(x, "traceparent"));
    x->client = ibx_client_name_of(soup_server_message_get_remote_address(message));
    g_object_set_data_full(G_OBJECT(message), KEY, x, end);
    g_signal_connect(message, "wrote-body-data", G_CALLBACK(wrote_data), x);
    g_signal_connect(message, "wrote-body", G_CALLBACK(wrote_all), x);
    g_signal_connect(message, "finished", G_CALLBACK(left), NULL);
    g_signal_connect(message, "disconnected", G_CALLBACK(left), NULL);
    return x;
}

/* Milliseconds from the request's head on in which the client wants an answer; 0: it does not say.
 */
static double patience_of(const ibx_exchange *x) {
    const char *text = ibx_exchange_header(x, "Imbrex-Deadline");
    char *end;
    const long long ms = text ? strtoll(text, &end, 10) : 0;
    return ms > 0 && *end == 0 ? (double)ms : 0;
}

static gboolean on_alarm(gpointer user) {
    ibx_exchange *x = user;
    x->alarm = 0;
    x->stop(x->stop_user);
    ibx_answer_no(x, 504, "deadline", "there is no result within the time of Imbrex-Deadline");
    return G_SOURCE_REMOVE;
}

/* An exchange may wait for one thing after another; the time for all of them is the same. */
static void set_alarm(ibx_exchange *x) {
    const double patience = patience_of(x);
    if (x->alarm || patience <= 0) return;
    x->alarm = g_timeout_add((guint)CLAMP(patience - ibx_exchange_ms(x), 0, G_MAXINT), on_alarm, x);
}

void ibx_exchange_wait(ibx_exchange *x, void (*stop)(void *user), void *user) {
    x->waiting = true;
    x->stop = stop;
    x->stop_user = user;
    set_alarm(x);
    soup_server_message_pause(x->message);
}

static void add_field(const char *name, const char *value, gpointer text) {
    g_string_append_printf(text, "%s: %s\r\n", name, value);
}

/* The reply as libsoup would write it. */
static GString *compose(const ibx_exchange *x) {
    SoupServerMessage *message = x->message;
    const guint status = soup_server_message_get_status(message);
    GBytes *body = soup_message_body_flatten(soup_server_message_get_response_body(message));
    gsize size;
    const char *data = g_bytes_get_data(body, &size);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "HTTP/1.1 %u %s\r\n", status, soup_status_get_phrase(status));
    soup_message_headers_foreach(soup_server_message_get_response_headers(message), add_field,
                                 text);
    g_string_append_printf(text, "Content-Length: %zu\r\nConnection: close\r\n\r\n", size);
    if (!x->head) g_string_append_len(text, data, (gssize)size);
    g_bytes_unref(body);
    return text;
}

/* A body that is longer than any may be, or may be without end, is not waited for. */
static bool answer_early(ibx_exchange *x) {
    GIOStream *stream = stream_of(x->message);
    if (!stream || ibx_stream_owed(stream) <= x->house->settings.limits.source_bytes) return false;
    GString *reply = compose(x);
    ibx_stream_answer(stream, reply->str, reply->len);
    g_string_free(reply, TRUE);
    x->sent = true; /* which libsoup will not tell */
    return true;
}

/* Who closes a connection says so (RFC 9112, 9.6). */
static void tell_end(const ibx_exchange *x) {
    GIOStream *stream = stream_of(x->message);
    const bool asked = soup_message_headers_header_contains(
        soup_server_message_get_request_headers(x->message), "Connection", "close");
    if (asked || x->house->draining || (stream && ibx_stream_is_last(stream)))
        soup_message_headers_replace(soup_server_message_get_response_headers(x->message),
                                     "Connection", "close");
}

void ibx_exchange_asked(ibx_exchange *x) {
    x->asked = g_get_monotonic_time();
}

void ibx_exchange_send(ibx_exchange *x) {
    x->answered = true;
    note_answer(x);
    stop_alarm(x);
    x->log.status = (int)soup_server_message_get_status(x->message);
    if (!x->waiting && answer_early(x)) return;
    tell_end(x);
    if (x->waiting) soup_server_message_unpause(x->message);
}

void ibx_exchange_owns(ibx_exchange *x, void (*drop)(void *user), void *user) {
    belonging *b = g_new(belonging, 1);
    *b = (belonging){drop, user};
    x->owned = g_slist_prepend(x->owned, b);
}

double ibx_exchange_ms(const ibx_exchange *x) {
    return (double)(g_get_monotonic_time() - x->began) / 1000;
}

const char *ibx_exchange_header(const ibx_exchange *x, const char *name) {
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(x->message);
    const char *list = soup_message_headers_get_list(headers, name);
    const char *one = soup_message_headers_get_one(headers, name);
    return list && one && strcmp(list, one) == 0 ? one : NULL;
}

const char *ibx_exchange_list(const ibx_exchange *x, const char *name) {
    return soup_message_headers_get_list(soup_server_message_get_request_headers(x->message), name);
}
