/* listener.c - accepting connections, and refusing them. */
#include "server/net/listener.h"
#include "server/net/clients.h"
#include "server/net/farewell.h"
#include "server/net/sockets.h"
#include "server/net/soup.h"
#include "server/net/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_UNSENT = 128 << 10, /* bytes of a reply that the system keeps before they can go */
    TURNS = 32,              /* connections before others have their turn */
    MOST_IDLE = 4096,        /* clients without a connection that are remembered */
    MOST_PARTING = 64,       /* refused connections that are closed gently at a time, */
    PARTING_S = 5,           /* for at most so long */
    PAUSE_US = 100 * 1000,   /* without descriptors */
    RETRY_S = 1
};

struct ibx_listener {
    const ibx_settings *settings;
    ibx_metrics *metrics; /* may be NULL */
    ibx_on_connection *connected;
    void *user;
    ibx_on_refusal *refused; /* NULL: nobody is told */
    void *refused_user;
    GPtrArray *sockets; /* of GSocket */
    GPtrArray *sources; /* of GSource: one for each socket */
    ibx_clients *clients;
    int connections, silent, parting;
    int reserve; /* a descriptor to let go of when there are no others */
    int references;
};

/* What a connection leaves behind when it ends. */
typedef struct {
    ibx_listener *listener;
    ibx_client_key client;
    ibx_client_name name;
    bool silent; /* it has not had a request */
} visit;

static void unref(ibx_listener *l) {
    if (--l->references > 0) return;
    ibx_clients_free(l->clients);
    g_free(l);
}

static void count(ibx_listener *l, ibx_metric family, int label, int64_t by) {
    if (l->metrics) ibx_metric_add(l->metrics, family, label, by);
}

static void tell(ibx_listener *l, int status, ibx_client_name client, const char *why) {
    count(l, IBX_M_REQUESTS, IBX_REQUEST(IBX_ROUTE_OTHER, status), 1);
    if (l->refused) l->refused(l->refused_user, status, client.text, why);
}

/* ---- one connection ------------------------------------------------------------------------ */

static void hear(void *data) {
    visit *v = data;
    v->listener->silent -= v->silent;
    v->silent = false;
}

static void leave(void *data) {
    visit *v = data;
    hear(v);
    ibx_clients_leave(v->listener->clients, v->client);
    v->listener->connections--;
    count(v->listener, IBX_M_CONNECTIONS, 0, -1);
    unref(v->listener);
    g_free(v);
}

static void pass_on(void *data, int status, const char *why) {
    visit *v = data;
    tell(v->listener, status, v->name, why);
}

static void hand_on(ibx_listener *l, GSocketConnection *base, GSocketAddress *remote,
                    ibx_client_key client) {
    visit *v = g_new(visit, 1);
    *v = (visit){l, client, ibx_client_name_of(remote), true};
    l->references++;
    l->connections++;
    l->silent++;
    count(l, IBX_M_CONNECTIONS, 0, 1);
    const ibx_stream_events events = {hear, pass_on, leave, v};
    GIOStream *stream = ibx_stream_new(G_IO_STREAM(base), l->settings, l->metrics, &events);
    GSocketAddress *local = ibx_soup_local_address(base);
    ibx_stream_set_remote(stream, remote);
    l->connected(l->user, stream, local, remote);
    g_object_unref(local);
    g_object_unref(stream);
}

static void parted(void *user) {
    ibx_listener *l = user;
    l->parting--;
    unref(l);
}

/* How a connection is answered that is not handed on. */
typedef struct {
    int status, reason;
    const char *why;
} refusal;
static const refusal MANY = {503, IBX_REFUSED_MANY, "Too many connections."};
static const refusal GREEDY = {429, IBX_REFUSED_CLIENT, "Too many connections of this client."};

static void refuse(ibx_listener *l, GIOStream *base, GSocketAddress *remote, const refusal *no) {
    count(l, IBX_M_REFUSED, no->reason, 1);
    tell(l, no->status, ibx_client_name_of(remote), no->why);
    ibx_farewell_say(base, no->status, no->why, RETRY_S);
    if (l->parting < MOST_PARTING) {
        l->parting++;
        l->references++;
        ibx_farewell_close(base, PARTING_S, parted, l);
    } else {
        g_io_stream_close(base, NULL, NULL);
    }
}

static void receive(ibx_listener *l, GSocketConnection *base, GSocketAddress *remote) {
    const ibx_client_key client = ibx_client_key_of(remote);
    if (l->connections >= l->settings->limits.connections)
        refuse(l, G_IO_STREAM(base), remote, &MANY);
    else if (!ibx_clients_enter(l->clients, client))
        refuse(l, G_IO_STREAM(base), remote, &GREEDY);
    else
        hand_on(l, base, remote, client);
}

static void welcome(ibx_listener *l, int fd) {
    GSocket *socket = g_socket_new_from_fd(fd, NULL);
    if (!socket) { /* already broken */
        close(fd);
        return;
    }
    g_socket_set_blocking(socket, FALSE);
    if (g_socket_get_family(socket) != G_SOCKET_FAMILY_UNIX) {
        g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
        g_socket_set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, MOST_UNSENT, NULL);
    }
    GSocketConnection *base = g_socket_connection_factory_create_connection(socket);
    GSocketAddress *remote = g_socket_get_remote_address(socket, NULL);
    if (remote) receive(l, base, remote);
    g_clear_object(&remote);
    g_object_unref(base);
    g_object_unref(socket);
}

/* ---- accepting ----------------------------------------------------------------------------- */

static int take_reserve(void) {
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(GSocket *socket) {
    return accept4(g_socket_get_fd(socket), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

typedef struct {
    GSource source;
    ibx_listener *listener;
    GSocket *socket;
    void *watch;     /* of the descriptor; NULL while we rest */
    int turned_away; /* a connection that is closed behind the rest; -1: none */
} gate;

/* Without descriptors a connection would stay in the queue, and wake us again and again. The
 * reserve lets one in to be told so; then we rest, as others must end first. Meanwhile it may send
 * what it has to say. */
static void turn_away(ibx_listener *l, gate *g) {
    static const char REPLY[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                                "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if (l->reserve >= 0) close(l->reserve);
    l->reserve = -1;
    const int fd = g->turned_away = accept_one(g->socket);
    if (fd >= 0) {
        count(l, IBX_M_REFUSED, IBX_REFUSED_MANY, 1);
        tell(l, 503, (ibx_client_name){""}, "No descriptors for more connections.");
        send(fd, REPLY, sizeof REPLY - 1, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
    }
    g_source_set_ready_time(&g->source, g_get_monotonic_time() + PAUSE_US);
}

/* Unread bytes would reset the connection, and the reply with it. */
static void let_go(gate *g) {
    char bin[4096];
    if (g->turned_away < 0) return;
    for (int turn = 0; turn < TURNS; turn++)
        if (recv(g->turned_away, bin, sizeof bin, MSG_DONTWAIT) <= 0) break;
    close(g->turned_away);
    g->turned_away = -1;
}

static bool lacks_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Behind a pause the gate is watched again. */
static gboolean open_gate(GSource *source, GSourceFunc callback, void *user) {
    (void)callback, (void)user;
    gate *g = (gate *)source;
    if (!g->watch) {
        g_source_set_ready_time(source, -1);
        let_go(g);
        if (g->listener->reserve < 0) g->listener->reserve = take_reserve();
        g->watch = g_source_add_unix_fd(source, g_socket_get_fd(g->socket), G_IO_IN);
    }
    for (int turn = 0; turn < TURNS && !g_source_is_destroyed(source); turn++) {
        const int fd = accept_one(g->socket);
        if (fd >= 0) {
            welcome(g->listener, fd);
        } else if (lacks_descriptors(errno)) {
            g_source_remove_unix_fd(source, g->watch);
            g->watch = NULL;
            turn_away(g->listener, g);
            break;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            break;
        }
    }
    return G_SOURCE_CONTINUE;
}

static void close_gate(GSource *source) {
    let_go((gate *)source);
}

static void add_gate(ibx_listener *l, GSocket *socket) {
    static GSourceFuncs functions = {.dispatch = open_gate, .finalize = close_gate};
    GSource *source = g_source_new(&functions, sizeof(gate));
    gate *g = (gate *)source;
    g->listener = l;
    g->socket = socket;
    g->turned_away = -1;
    g->watch = g_source_add_unix_fd(source, g_socket_get_fd(socket), G_IO_IN);
    GMainContext *context = g_main_context_ref_thread_default();
    g_source_attach(source, context);
    g_main_context_unref(context);
    g_ptr_array_add(l->sources, source);
}

/* ---- the listener -------------------------------------------------------------------------- */

ibx_listener *ibx_listener_open(const ibx_settings *settings, ibx_metrics *metrics,
                                ibx_on_connection *connected, void *user, ibx_error *err) {
    GPtrArray *sockets = ibx_sockets_open(settings->server.listen, err);
    if (!sockets) return NULL;
    ibx_listener *l = g_new0(ibx_listener, 1);
    *l = (ibx_listener){.settings = settings,
                        .metrics = metrics,
                        .connected = connected,
                        .user = user,
                        .sockets = sockets,
                        .sources = g_ptr_array_new_with_free_func((GDestroyNotify)g_source_unref),
                        .clients = ibx_clients_new(settings, MOST_IDLE),
                        .reserve = take_reserve(),
                        .references = 1};
    for (guint i = 0; i < sockets->len; i++) add_gate(l, sockets->pdata[i]);
    return l;
}

void ibx_listener_on_refusal(ibx_listener *listener, ibx_on_refusal *refused, void *user) {
    listener->refused = refused;
    listener->refused_user = user;
}

void ibx_listener_stop(ibx_listener *listener) {
    ibx_listener *l = listener;
    if (!l->sockets) return;
    for (guint i = 0; i < l->sources->len; i++) g_source_destroy(l->sources->pdata[i]);
    for (guint i = 0; i < l->sockets->len; i++) {
        ibx_sockets_remove(l->sockets->pdata[i]);
        g_socket_close(l->sockets->pdata[i], NULL);
    }
    g_clear_pointer(&l->sources, g_ptr_array_unref);
    g_clear_pointer(&l->sockets, g_ptr_array_unref);
    if (l->reserve >= 0) close(l->reserve);
    l->reserve = -1;
}

int ibx_listener_silent(const ibx_listener *listener) {
    return listener->silent;
}

void ibx_listener_free(ibx_listener *listener) {
    if (!listener) return;
    ibx_listener_stop(listener);
    listener->metrics = NULL;
    listener->refused = NULL;
    unref(listener);
}

char *ibx_listener_addresses(const ibx_listener *listener) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; listener->sockets && i < listener->sockets->len; i++) {
        char *name = ibx_sockets_name(listener->sockets->pdata[i]);
        g_string_append_printf(text, "%s\n", name);
        g_free(name);
    }
    return g_string_free(text, FALSE);
}

bool ibx_listener_allows(ibx_listener *listener, GSocketAddress *remote, int *retry_s) {
    return ibx_clients_allow(listener->clients, ibx_client_key_of(remote), g_get_monotonic_time(),
                             retry_s);
}
