/* farewell.c - refusals, and closing in two steps. */
#include "server/net/farewell.h"
#include <stdbool.h>
#include <string.h>

enum {
    WAIT_US = 1000000,
    MAX_DROPPED = 1 << 20, /* bytes */
    TURNS = 16             /* reads before others have their turn */
};

typedef struct {
    GIOStream *base;
    void (*closed)(void *user);
    void *user;
    int64_t until;
    size_t dropped;
} parting;

/* ---- words --------------------------------------------------------------------------------- */

typedef struct {
    int status;
    const char *reason; /* phrase of RFC 9110, and title */
    const char *type;   /* last part of its urn */
} problem;

static const problem *find_problem(int status) {
    static const problem PROBLEMS[] = {
        {400, "Bad Request", "bad-request"},
        {405, "Method Not Allowed", "bad-request"},
        {408, "Request Timeout", "too-slow"},
        {414, "URI Too Long", "bad-request"},
        {429, "Too Many Requests", "client-rate"},
        {431, "Request Header Fields Too Large", "bad-request"},
        {501, "Not Implemented", "bad-request"},
        {503, "Service Unavailable", "overloaded"},
        {505, "HTTP Version Not Supported", "bad-request"},
    };
    for (size_t i = 0; i < sizeof PROBLEMS / sizeof *PROBLEMS; i++)
        if (PROBLEMS[i].status == status) return &PROBLEMS[i];
    return &PROBLEMS[0];
}

static char *compose(const problem *p, const char *detail, int retry_s) {
    char *quoted = g_strescape(detail, NULL);
    char *body = g_strdup_printf("{\"type\":\"urn:imbrex:problem:%s\",\"title\":\"%s\","
                                 "\"status\":%d,\"detail\":\"%s\"}\n",
                                 p->type, p->reason, p->status, quoted);
    char *retry = retry_s > 0 ? g_strdup_printf("Retry-After: %d\r\n", retry_s) : g_strdup("");
    char *reply =
        g_strdup_printf("HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
                        "Content-Length: %zu\r\n%s%sConnection: close\r\n\r\n%s",
                        p->status, p->reason, strlen(body),
                        p->status == 405 ? "Allow: GET, HEAD, POST, OPTIONS\r\n" : "", retry, body);
    g_free(retry);
    g_free(body);
    g_free(quoted);
    return reply;
}

void ibx_farewell_say(GIOStream *base, int status, const char *detail, int retry_s) {
    char *reply = compose(find_problem(status), detail, retry_s);
    GOutputStream *out = g_io_stream_get_output_stream(base);
    g_pollable_stream_write(out, reply, strlen(reply), FALSE, NULL, NULL);
    g_free(reply);
}

/* ---- closing ------------------------------------------------------------------------------- */

static void part(void *data) {
    parting *p = data;
    g_io_stream_close(p->base, NULL, NULL);
    g_object_unref(p->base);
    if (p->closed) p->closed(p->user);
    g_free(p);
}

static gboolean drop(GObject *in, void *data) {
    parting *p = data;
    if (g_get_monotonic_time() >= p->until) return G_SOURCE_REMOVE;
    char bin[4096];
    for (int turn = 0; turn < TURNS; turn++) {
        GError *error = NULL;
        const gssize n = g_pollable_input_stream_read_nonblocking(G_POLLABLE_INPUT_STREAM(in), bin,
                                                                  sizeof bin, NULL, &error);
        const bool later = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
        g_clear_error(&error);
        if (later) return G_SOURCE_CONTINUE;
        if (n > 0) p->dropped += (size_t)n;
        if (n <= 0 || p->dropped > MAX_DROPPED) return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

void ibx_farewell_close(GIOStream *base, void (*closed)(void *user), void *user) {
    parting *p = g_new0(parting, 1);
    *p = (parting){g_object_ref(base), closed, user, g_get_monotonic_time() + WAIT_US, 0};
    g_socket_shutdown(g_socket_connection_get_socket(G_SOCKET_CONNECTION(base)), FALSE, TRUE, NULL);
    GPollableInputStream *in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(base));
    GSource *source = g_pollable_input_stream_create_source(in, NULL);
    g_source_set_ready_time(source, p->until);
    g_source_set_callback(source, G_SOURCE_FUNC(drop), p, part);
    GMainContext *context = g_main_context_ref_thread_default();
    g_source_attach(source, context);
    g_main_context_unref(context);
    g_source_unref(source);
}
