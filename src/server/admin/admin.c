/* admin.c - the listener for operators. */
#include "server/admin/admin.h"
#include "server/config/endpoint.h"
#include "server/net/soup.h"
#include "server/net/stream.h"
#include <signal.h>
#include <stdlib.h>

struct ibx_admin {
    const ibx_metrics *metrics;
    ibx_slow *slow;
    ibx_settings guards; /* of its connections: a copy of the limits, which may change in others */
    char *address;
    GMainContext *context;
    GMainLoop *loop;
    SoupServer *server; /* of the thread, as the next */
    GSocketService *door;
    GThread *thread;
    pthread_mutex_t lock; /* of what is below; one that ThreadSanitizer knows */
    bool ready;
    char *details, *config;
};

/* ---- replies ----------------------------------------------------------------------------------
 */

/* A text that is being made; FILE, as those who print take it. */
typedef struct {
    FILE *out;
    char *text;
    size_t size;
} page;

static bool begin(page *p) {
    *p = (page){0};
    return (p->out = open_memstream(&p->text, &p->size));
}

static void reply(SoupServerMessage *message, int status, const char *type, page *p) {
    const bool whole = fclose(p->out) == 0 && p->text;
    soup_server_message_set_status(message, whole ? (guint)status : 500, NULL);
    if (whole) soup_server_message_set_response(message, type, SOUP_MEMORY_COPY, p->text, p->size);
    free(p->text);
}

static int put_live(ibx_admin *admin, FILE *out) {
    (void)admin;
    fputs("ok\n", out);
    return 200;
}

static int put_ready(ibx_admin *admin, FILE *out) {
    pthread_mutex_lock(&admin->lock);
    const bool ready = admin->ready;
    fprintf(out, "{\"ready\":%s,\"details\":%s}\n", ready ? "true" : "false", admin->details);
    pthread_mutex_unlock(&admin->lock);
    return ready ? 200 : 503;
}

static int put_metrics(ibx_admin *admin, FILE *out) {
    ibx_metrics_print(admin->metrics, out);
    return 200;
}

static int put_config(ibx_admin *admin, FILE *out) {
    pthread_mutex_lock(&admin->lock);
    fputs(admin->config, out);
    pthread_mutex_unlock(&admin->lock);
    return 200;
}

static int put_slow(ibx_admin *admin, FILE *out) {
    ibx_slow_print(admin->slow, out);
    return 200;
}

static const struct {
    const char *path, *type;
    int (*put)(ibx_admin *admin, FILE *out); /* returns the status */
} PAGES[] = {{"/livez", "text/plain", put_live},
             {"/readyz", "application/json", put_ready},
             {"/metrics", "text/plain; version=0.0.4; charset=utf-8", put_metrics},
             {"/config", "text/plain; charset=utf-8", put_config},
             {"/debug/slow", "application/json", put_slow}};

/* Before any of the request is read: one connection has one request, whatever becomes of it. */
static void put_headers(SoupServer *server, SoupServerMessage *message, gpointer user) {
    (void)server;
    (void)user;
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    soup_message_headers_replace(headers, "Cache-Control", "no-store");
    soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
    soup_message_headers_replace(headers, "Content-Security-Policy", "default-src 'none'");
    soup_message_headers_replace(headers, "Connection", "close");
}

static void refuse(SoupServerMessage *message, int status, const char *sentence) {
    page p;
    if (!begin(&p)) return soup_server_message_set_status(message, 500, NULL);
    fputs(sentence, p.out);
    reply(message, status, "text/plain", &p);
}

static void answer(SoupServer *server, SoupServerMessage *message, const char *path,
                   GHashTable *query, gpointer user) {
    (void)server;
    (void)query;
    page p;
    for (size_t i = 0; i < sizeof PAGES / sizeof *PAGES; i++) {
        if (strcmp(PAGES[i].path, path) != 0) continue;
        if (!begin(&p)) return soup_server_message_set_status(message, 500, NULL);
        return reply(message, PAGES[i].put(user, p.out), PAGES[i].type, &p);
    }
    refuse(message, 404, "There are /livez, /readyz, /metrics, /config and /debug/slow.\n");
}

/* libsoup would first read the body to its end, whenever and wherever that is. */
static void refuse_body(SoupServerMessage *message) {
    static const char REPLY[] = "HTTP/1.1 413 Content Too Large\r\n"
                                "Cache-Control: no-store\r\n"
                                "Content-Length: 0\r\n"
                                "Connection: close\r\n"
                                "\r\n";
    GIOStream *stream = ibx_stream_of(soup_server_message_get_remote_address(message));
    ibx_stream_answer(stream, REPLY, sizeof REPLY - 1);
}

/* Called when the head of a request is read. */
static void look(SoupServer *server, SoupServerMessage *message, const char *path,
                 GHashTable *query, gpointer user) {
    (void)server;
    (void)path;
    (void)query;
    (void)user;
    const char *method = soup_server_message_get_method(message);
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    if (soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED ||
        soup_message_headers_get_content_length(headers) > 0)
        return refuse_body(message);
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) return;
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow",
                                 "GET, HEAD");
    refuse(message, 405, "GET and HEAD only.\n");
}

/* ---- the thread -------------------------------------------------------------------------------
 */

static void *run(void *user) {
    ibx_admin *admin = user;
    g_main_context_push_thread_default(admin->context);
    g_main_loop_run(admin->loop);
    g_socket_service_stop(admin->door);
    soup_server_disconnect(admin->server);
    g_clear_object(&admin->server);
    g_clear_object(&admin->door);
    g_main_context_pop_thread_default(admin->context);
    return NULL;
}

/* The same guard is in front of libsoup as for strangers: it would leak what it cannot read. */
static gboolean connected(GSocketService *door, GSocketConnection *base, GObject *origin,
                          gpointer user) {
    (void)door, (void)origin;
    ibx_admin *admin = user;
    GSocketAddress *remote = g_socket_connection_get_remote_address(base, NULL);
    if (!remote) return TRUE;
    GSocketAddress *local = ibx_soup_local_address(base);
    GIOStream *stream = ibx_stream_new(G_IO_STREAM(base), &admin->guards, NULL, NULL);
    ibx_stream_set_remote(stream, remote);
    soup_server_accept_iostream(admin->server, stream, local, remote, NULL);
    g_object_unref(stream);
    g_object_unref(local);
    g_object_unref(remote);
    return TRUE;
}

static bool open_door(ibx_admin *admin, GSocket *socket, ibx_error *err) {
    GError *why = NULL;
    admin->door = g_socket_service_new();
    g_signal_connect(admin->door, "incoming", G_CALLBACK(connected), admin);
    if (g_socket_listener_add_socket(G_SOCKET_LISTENER(admin->door), socket, NULL, &why))
        return true;
    ibx_fail(err, IBX_IO, "cannot listen on %s: %s", admin->address, why->message);
    g_error_free(why);
    return false;
}

/* Both belong to the context that is the thread's default while they are made. */
static bool listen_there(ibx_admin *admin, ibx_error *err) {
    GSocket *socket = ibx_endpoint_listen(admin->address, err);
    if (!socket) return false;
    g_main_context_push_thread_default(admin->context);
    admin->server = ibx_soup_new(err);
    const bool good = admin->server && open_door(admin, socket, err);
    g_main_context_pop_thread_default(admin->context);
    g_object_unref(socket);
    if (!good) return false;
    g_signal_connect(admin->server, "request-started", G_CALLBACK(put_headers), NULL);
    soup_server_add_early_handler(admin->server, NULL, look, admin, NULL);
    soup_server_add_handler(admin->server, NULL, answer, admin, NULL);
    return true;
}

/* Signals are for the main thread. */
static void start(ibx_admin *admin) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    admin->thread = g_thread_new("admin", run, admin);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

ibx_admin *ibx_admin_open(const ibx_settings *settings, const ibx_metrics *metrics, ibx_slow *slow,
                          ibx_error *err) {
    if (strcmp(settings->server.admin, "off") == 0) return NULL;
    ibx_admin *admin = g_new0(ibx_admin, 1);
    pthread_mutex_init(&admin->lock, NULL);
    admin->metrics = metrics;
    admin->slow = slow;
    admin->guards.limits = settings->limits;
    admin->address = g_strdup(settings->server.admin);
    admin->details = g_strdup("{}");
    admin->config = g_strdup("");
    admin->context = g_main_context_new();
    admin->loop = g_main_loop_new(admin->context, FALSE);
    if (listen_there(admin, err)) {
        start(admin);
        return admin;
    }
    ibx_admin_close(admin);
    return NULL;
}

static gboolean quit(gpointer loop) {
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

/* From inside the loop: outside of it, quitting could come before running. */
static void stop(ibx_admin *admin) {
    GSource *source = g_idle_source_new();
    g_source_set_callback(source, quit, admin->loop, NULL);
    g_source_attach(source, admin->context);
    g_source_unref(source);
    g_thread_join(admin->thread);
    ibx_endpoint_remove(admin->address);
}

void ibx_admin_close(ibx_admin *admin) {
    if (!admin) return;
    if (admin->thread) stop(admin);
    g_clear_object(&admin->server);
    g_clear_object(&admin->door);
    g_main_loop_unref(admin->loop);
    g_main_context_unref(admin->context);
    pthread_mutex_destroy(&admin->lock);
    g_free(admin->address);
    g_free(admin->details);
    g_free(admin->config);
    g_free(admin);
}

void ibx_admin_tell(ibx_admin *admin, bool ready, const char *details, const char *config) {
    if (!admin) return;
    pthread_mutex_lock(&admin->lock);
    admin->ready = ready;
    g_free(admin->details);
    g_free(admin->config);
    admin->details = g_strdup(details);
    admin->config = g_strdup(config);
    pthread_mutex_unlock(&admin->lock);
}
