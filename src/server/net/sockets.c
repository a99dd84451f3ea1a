/* sockets.c - the sockets of the settings, and those that are there already. */
#include "server/net/sockets.h"
#include "server/config/endpoint.h"
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>

static const char MADE[] = "ibx-made"; /* a mark on sockets whose file is ours */

static bool open_one(const char *address, GPtrArray *sockets, ibx_error *err) {
    GSocket *socket = ibx_endpoint_listen(address, err);
    if (!socket) return false;
    g_object_set_data(G_OBJECT(socket), MADE, socket);
    g_socket_set_blocking(socket, FALSE);
    g_ptr_array_add(sockets, socket);
    return true;
}

/* No child is to take them for its own. */
static int count_given(void) {
    const int count = ibx_endpoint_inherited();
    if (count > 0) {
        g_unsetenv("LISTEN_PID");
        g_unsetenv("LISTEN_FDS");
        g_unsetenv("LISTEN_FDNAMES");
    }
    return count;
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
    if (!socket) {
        ibx_fail(err, IBX_IO, "LISTEN_FDS: cannot listen on descriptor %d: %s", fd, error->message);
        g_error_free(error);
        return false;
    }
    g_socket_set_blocking(socket, FALSE);
    g_ptr_array_add(sockets, socket);
    return true;
}

GPtrArray *ibx_sockets_open(ibx_word_list addresses, ibx_error *err) {
    GPtrArray *sockets = g_ptr_array_new_with_free_func(g_object_unref);
    const int given = count_given();
    bool ok = true;
    for (int i = 0; ok && i < given; i++) ok = take_given(IBX_FIRST_INHERITED + i, sockets, err);
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
    ibx_endpoint_remove(name);
    g_free(name);
}
