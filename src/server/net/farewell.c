/* farewell.c - refusals, and closing in two steps. */
#include "server/net/farewell.h"
#include <stdbool.h>
#include <string.h>

enum {
    QUIET_US = 2 * G_USEC_PER_SEC,
    MOST_DROPPED = 64 << 20, /* bytes */
    TURNS = 16               /* reads before others have their turn */
};

typedef struct {
    GIOStream *base;
    void (*closed)(void *user);
    void *user;
    GSource *source; /* while it waits for the client */
    int64_t until;   /* in any case */
    int64_t quiet;   /* if nothing comes */
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

/* Something came, or is awaited for the first time. */
static void wait_on(parting *p) {
    p->quiet = MIN(g_get_monotonic_time() + QUIET_US, p->until);
    g_source_set_ready_time(p->source, p->quiet);
}

static void part(void *data) {
    parting *p = data;
    g_io_stream_close(p->base, NULL, NULL);
    g_object_unref(p->base);
    if (p->closed) p->closed(p->user);
    g_free(p);
}

static gboolean drop(GObject *in, void *data) {
    parting *p = data;
    if (g_get_monotonic_time() >= p->quiet) return G_SOURCE_REMOVE;
    wait_on(p);
    char bin[4096];
    for (int turn = 0; turn < TURNS; turn++) {
        GError *error = NULL;
        const gssize n = g_pollable_input_stream_read_nonblocking(G_POLLABLE_INPUT_STREAM(in), bin,
                                                                  sizeof bin, NULL, &error);
        const bool later = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
        g_clear_error(&error);
        if (later) return G_SOURCE_CONTINUE;
        if (n > 0) p->dropped += (size_t)n;
        if (n <= 0 || p->dropped > MOST_DROPPED) return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

void ibx_farewell_close(GIOStream *base, int seconds, void (*closed)(void *user), void *user) {
    parting *p = g_new0(parting, 1);
    *p = (parting){.base = g_object_ref(base), .closed = closed, .user = user};
    p->until = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    g_socket_shutdown(g_socket_connection_get_socket(G_SOCKET_CONNECTION(base)), FALSE, TRUE, NULL);
    GPollableInputStream *in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(base));
    p->source = g_pollable_input_stream_create_source(in, NULL);
    wait_on(p);
    g_source_set_callback(p->source, G_SOURCE_FUNC(drop), p, part);
    GMainContext *context = g_main_context_ref_thread_default();
    g_source_attach(p->source, context);
    g_main_context_unref(context);
    g_source_unref(p->source); /* the context holds it until part() */
}
