/* sockets.c - binding, and sockets that are there already. */
#include "server/net/sockets.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FIRST_FD = 3, /* SD_LISTEN_FDS_START */
    MOST_FDS = 64,
    BACKLOG = 1024
};

static const char MADE[] = "ibx-made"; /* a mark on sockets whose file is ours */

/* Takes the GError. */
static bool fail(ibx_error *err, const char *what, GError *error) {
    ibx_fail(err, IBX_IO, "%s: cannot be listened on: %s", what, error->message);
    g_error_free(error);
    return false;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* The number behind the last colon; -1 if there is none. */
static int port_of(const char *spelling) {
    const char *colon = strrchr(spelling, ':');
    char *end = NULL;
    const long port = colon && g_ascii_isdigit(colon[1]) ? strtol(colon + 1, &end, 10) : -1;
    return end && !*end && port <= 65535 ? (int)port : -1;
}

static GSocketAddress *inet_address(const char *spelling) {
    const int port = port_of(spelling);
    if (port < 0) return NULL;
    const size_t size = (size_t)(strrchr(spelling, ':') - spelling);
    const bool v6 = spelling[0] == '[' && size > 2 && spelling[size - 1] == ']';
    char *host = v6 ? g_strndup(spelling + 1, size - 2) : g_strndup(spelling, size);
    GSocketAddress *address = g_inet_socket_address_new_from_string(host, (guint)port);
    const bool fits =
        address && (g_socket_address_get_family(address) == G_SOCKET_FAMILY_IPV6) == v6;
    if (!fits) g_clear_object(&address);
    g_free(host);
    return address;
}

static const char *path_of(const char *spelling) {
    return strncmp(spelling, "unix:", 5) == 0 ? spelling + 5 : NULL;
}

static GSocketAddress *parse(const char *spelling, ibx_error *err) {
    const char *path = path_of(spelling);
    GSocketAddress *address = NULL;
    if (!path)
        address = inet_address(spelling);
    else if (*path && strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
        address = g_unix_socket_address_new(path);
    if (!address)
        ibx_fail(err, IBX_USAGE,
                 "%s: not an address to listen on; use 127.0.0.1:8080, [::1]:8080 or unix:PATH",
                 spelling);
    return address;
}

/* ---- making -------------------------------------------------------------------------------- */

static GSocket *new_socket(GSocketAddress *address, GError **error) {
    const GSocketFamily family = g_socket_address_get_family(address);
    GSocket *socket = g_socket_new(family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    if (!socket) return NULL;
    /* So that 0.0.0.0 and [::] may be listened on at once, each for its own. */
    if (family == G_SOCKET_FAMILY_IPV6)
        g_socket_set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
    g_socket_set_blocking(socket, FALSE);
    g_socket_set_listen_backlog(socket, BACKLOG);
    return socket;
}

/* A file of a socket that nobody listens on any more is in the way of the next server. */
static bool remove_stale(const char *path, GSocketAddress *address) {
    GSocket *probe = new_socket(address, NULL);
    GError *error = NULL;
    const bool taken = !probe || g_socket_connect(probe, address, NULL, &error);
    const bool stale = !taken && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
    g_clear_error(&error);
    g_clear_object(&probe);
    return stale && unlink(path) == 0;
}

static GSocket *listen_on(const char *spelling, GSocketAddress *address, ibx_error *err) {
    const char *path = path_of(spelling);
    GError *error = NULL;
    GSocket *socket = new_socket(address, &error);
    bool ok = socket && g_socket_bind(socket, address, TRUE, &error);
    if (socket && !ok && path && remove_stale(path, address)) {
        g_clear_error(&error);
        ok = g_socket_bind(socket, address, TRUE, &error);
    }
    if (ok && path) g_object_set_data(G_OBJECT(socket), MADE, socket);
    ok = ok && g_socket_listen(socket, &error);
    if (ok) return socket;
    fail(err, spelling, error);
    if (socket) ibx_sockets_remove(socket);
    g_clear_object(&socket);
    return NULL;
}

static bool open_one(const char *spelling, GPtrArray *sockets, ibx_error *err) {
    GSocketAddress *address = parse(spelling, err);
    GSocket *socket = address ? listen_on(spelling, address, err) : NULL;
    g_clear_object(&address);
    if (socket) g_ptr_array_add(sockets, socket);
    return socket != NULL;
}

/* ---- given --------------------------------------------------------------------------------- */

/* sd_listen_fds(3): how many sockets are meant for this process. */
static int count_given(void) {
    const char *pid = g_getenv("LISTEN_PID"), *fds = g_getenv("LISTEN_FDS");
    const long count = pid && fds && strtol(pid, NULL, 10) == getpid() ? strtol(fds, NULL, 10) : 0;
    if (count > 0) {
        g_unsetenv("LISTEN_PID");
        g_unsetenv("LISTEN_FDS");
        g_unsetenv("LISTEN_FDNAMES");
    }
    return count > MOST_FDS ? MOST_FDS : (int)count;
}

static bool take_given(int fd, GPtrArray *sockets, ibx_error *err) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens)
        return ibx_fail(err, IBX_IO,
                        "LISTEN_FDS: descriptor %d is not a socket that listens; in the socket "
                        "unit use ListenStream= and Accept=no",
                        fd);
    GError *error = NULL;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    GSocket *socket = g_socket_new_from_fd(fd, &error);
    if (!socket) return fail(err, "LISTEN_FDS", error);
    g_socket_set_blocking(socket, FALSE);
    g_ptr_array_add(sockets, socket);
    return true;
}

/* ---- all ----------------------------------------------------------------------------------- */

GPtrArray *ibx_sockets_open(ibx_word_list addresses, ibx_error *err) {
    GPtrArray *sockets = g_ptr_array_new_with_free_func(g_object_unref);
    const int given = count_given();
    bool ok = true;
    for (int i = 0; ok && i < given; i++) ok = take_given(FIRST_FD + i, sockets, err);
    for (int i = 0; ok && !given && addresses && addresses[i]; i++)
        ok = open_one(addresses[i], sockets, err);
    if (ok && sockets->len == 0)
        ok = ibx_fail(err, IBX_USAGE, "no address to listen on; use --listen 127.0.0.1:8080");
    if (ok) return sockets;
    for (guint i = 0; i < sockets->len; i++) ibx_sockets_remove(sockets->pdata[i]);
    g_ptr_array_unref(sockets);
    return NULL;
}

char *ibx_sockets_name(GSocket *socket) {
    GSocketAddress *address = g_socket_get_local_address(socket, NULL);
    char *name = NULL;
    if (address && G_IS_UNIX_SOCKET_ADDRESS(address))
        name = g_strconcat("unix:", g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(address)),
                           NULL);
    else if (address)
        name = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address));
    g_clear_object(&address);
    return name ? name : g_strdup("?");
}

void ibx_sockets_remove(GSocket *socket) {
    if (!g_object_get_data(G_OBJECT(socket), MADE)) return;
    char *name = ibx_sockets_name(socket);
    unlink(path_of(name));
    g_free(name);
}
