/* site.h - a small server behind the listener, with libsoup, in a thread of its own; and a client
 * in the test's thread that says what it likes. */
#ifndef SITE_H
#define SITE_H

#include "server/net/listener.h"
#include "server/net/soup.h"
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 16 << 20, REPLY = 1 << 16 };

/* ---- the server ---------------------------------------------------------------------------- */

typedef struct {
    ibx_settings settings;
    ibx_metrics *metrics;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    SoupServer *soup;
    ibx_listener *listener;
    char *address; /* the first that it listens on */
    atomic_bool ready;
    atomic_int requests, aborted, refusals, refused_with;
    char refused_client[64]; /* the last, read once `refusals` has grown */
    _Atomic int64_t body;    /* bytes of the last one */
    int64_t in_turn;         /* of bodies, in the present turn of the loop; */
    _Atomic int64_t most_in_turn;
    GSource *turns;
    ibx_error err;
} site;

static char *LOOPBACK[] = {"127.0.0.1:0", NULL};

static const ibx_settings DEFAULTS = {.server.listen = LOOPBACK,
                                      .limits = {.connections = 64,
                                                 .connections_per_client = 64,
                                                 .header_ms = 10000,
                                                 .header_bytes = 16384,
                                                 .body_ms = 10000,
                                                 .body_rate = 1024,
                                                 .write_ms = 10000,
                                                 .idle_ms = 10000,
                                                 .requests = 1000}};

static inline void answer(SoupServer *soup, SoupServerMessage *message, const char *path,
                          GHashTable *query, void *user) {
    (void)soup, (void)query;
    static char big[BIG];
    site *s = user;
    s->requests++;
    if (strcmp(path, "/busy") == 0) g_usleep(200000);
    if (strcmp(path, "/wait") == 0) {
        soup_server_message_pause(message);
        return;
    }
    s->body = soup_server_message_get_request_body(message)->length;
    soup_server_message_set_status(message, 200, NULL);
    if (strcmp(path, "/big") == 0)
        soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_STATIC, big, BIG);
    else
        soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_COPY, path,
                                         strlen(path));
    if (strcmp(path, "/chunked") == 0) {
        soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                          SOUP_ENCODING_CHUNKED);
        soup_message_body_complete(soup_server_message_get_response_body(message));
    }
}

static inline void count_chunk(SoupServerMessage *message, GBytes *chunk, site *s) {
    (void)message;
    s->in_turn += (int64_t)g_bytes_get_size(chunk);
    if (s->in_turn > s->most_in_turn) s->most_in_turn = s->in_turn;
}

typedef struct {
    GSource source;
    site *site;
} turn_source;

/* The loop asks every source before it waits. */
static inline gboolean begin_turn(GSource *source, int *timeout) {
    ((turn_source *)source)->site->in_turn = 0;
    *timeout = -1;
    return FALSE;
}

static inline void watch_turns(site *s) {
    static GSourceFuncs functions = {.prepare = begin_turn};
    s->turns = g_source_new(&functions, sizeof(turn_source));
    ((turn_source *)s->turns)->site = s;
    g_source_attach(s->turns, s->context);
}

/* Before the body is there. */
static inline void refuse_early(SoupServer *soup, SoupServerMessage *message, const char *path,
                                GHashTable *query, void *user) {
    (void)soup, (void)query;
    g_signal_connect(message, "got-chunk", G_CALLBACK(count_chunk), user);
    if (strcmp(path, "/early") == 0) soup_server_message_set_status(message, 413, NULL);
}

static inline void count_aborted(SoupServer *soup, SoupServerMessage *message, void *user) {
    (void)soup, (void)message;
    ((site *)user)->aborted++;
}

static inline void connected(void *user, GIOStream *stream, GSocketAddress *local,
                             GSocketAddress *remote) {
    site *s = user;
    assert_true(soup_server_accept_iostream(s->soup, stream, local, remote, NULL));
}

static inline void refused(void *user, int status, const char *client, const char *why) {
    site *s = user;
    g_strlcpy(s->refused_client, client, sizeof s->refused_client);
    s->refused_with = *why ? status : 0;
    s->refusals++;
}

static inline int64_t metric(site *s, ibx_metric family, int label) {
    return ibx_metric_get(s->metrics, family, label);
}

static inline bool open_site(site *s) {
    s->listener = ibx_listener_open(&s->settings, s->metrics, connected, s, &s->err);
    if (!s->listener) return false;
    ibx_listener_on_refusal(s->listener, refused, s);
    char *lines = ibx_listener_addresses(s->listener);
    s->address = g_strndup(lines, strcspn(lines, "\n"));
    free(lines);
    s->soup = ibx_soup_new(&s->err);
    assert_non_null(s->soup);
    g_signal_connect(s->soup, "request-aborted", G_CALLBACK(count_aborted), s);
    soup_server_add_early_handler(s->soup, NULL, refuse_early, s, NULL);
    soup_server_add_handler(s->soup, NULL, answer, s, NULL);
    return true;
}

static inline void close_site(site *s) {
    ibx_listener_stop(s->listener);
    soup_server_disconnect(s->soup);
    g_object_unref(s->soup);
    while (metric(s, IBX_M_CONNECTIONS, 0) > 0) g_main_context_iteration(s->context, TRUE);
    ibx_listener_free(s->listener);
    g_free(s->address);
}

static inline void *serve(void *data) {
    site *s = data;
    g_main_context_push_thread_default(s->context);
    if (!open_site(s)) g_error("%s", s->err.text);
    watch_turns(s);
    s->ready = true;
    g_main_loop_run(s->loop);
    close_site(s);
    g_source_destroy(s->turns);
    g_source_unref(s->turns);
    g_main_context_pop_thread_default(s->context);
    return NULL;
}

static inline void start(site *s, const ibx_settings *settings) {
    *s = (site){.settings = *settings, .metrics = ibx_metrics_new()};
    assert_non_null(s->metrics);
    s->context = g_main_context_new();
    s->loop = g_main_loop_new(s->context, FALSE);
    s->thread = g_thread_new("server", serve, s);
    while (!s->ready || !g_main_loop_is_running(s->loop)) g_usleep(1000);
}

static inline void stop(site *s) {
    g_main_loop_quit(s->loop);
    g_thread_join(s->thread);
    g_main_loop_unref(s->loop);
    g_main_context_unref(s->context);
    ibx_metrics_free(s->metrics);
}

/* ---- clients ------------------------------------------------------------------------------- */

static inline int dial(const char *address) {
    int fd = -1, result = -1;
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        g_strlcpy(a.sun_path, address + 5, sizeof a.sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (struct sockaddr *)&a, sizeof a);
    } else {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        a.sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10));
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        result = connect(fd, (struct sockaddr *)&a, sizeof a);
    }
    assert_int_equal(result, 0);
    return fd;
}

static inline void say(int fd, const char *text) {
    const ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    assert_int_equal(n, strlen(text));
}

static inline const char *find(const char *text, const char *what) {
    const char *at = strstr(text, what);
    if (!at) fail_msg("\"%s\" is missing in:\n%s", what, text);
    return at;
}

/* Reads until `end` is there, or to the end of the connection where it is NULL. */
static inline void hear(int fd, char reply[REPLY], const char *end) {
    size_t size = 0;
    reply[0] = 0;
    while (!end || !strstr(reply, end)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 8000) != 1) fail_msg("nothing came after:\n%s", reply);
        const ssize_t n = recv(fd, reply + size, REPLY - 1 - size, 0);
        if (n <= 0) break;
        size += (size_t)n;
        reply[size] = 0;
    }
    if (end) find(reply, end);
}

static inline int count(const char *text, const char *what) {
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at++) n++;
    return n;
}

#define HOST "Host: a\r\n"

static inline void get(int fd, const char *path, char reply[REPLY]) {
    char request[200], body[100];
    g_snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    g_snprintf(body, sizeof body, "\r\n\r\n%s", path);
    say(fd, request);
    hear(fd, reply, body);
    find(reply, "HTTP/1.1 200 ");
}

/* Says it all and reads to the end. */
static inline void talk(site *s, const char *text, char reply[REPLY]) {
    const int fd = dial(s->address);
    say(fd, text);
    hear(fd, reply, NULL);
    close(fd);
}

static inline void check_problem(const char *reply, int status) {
    char line[40], member[40];
    g_snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    g_snprintf(member, sizeof member, "\"status\":%d,", status);
    find(reply, line);
    find(reply, "Content-Type: application/problem+json\r\n");
    find(reply, "Connection: close\r\n");
    find(reply, member);
}

static inline double now(void) {
    return (double)g_get_monotonic_time() * 1e-6;
}

static inline void await_connections(site *s, int64_t expected) {
    const double until = now() + 8;
    while (metric(s, IBX_M_CONNECTIONS, 0) != expected && now() < until) g_usleep(5000);
    assert_int_equal(metric(s, IBX_M_CONNECTIONS, 0), expected);
}

#endif
