/* soup.c - a server that seems to listen. */
#include "server/net/soup.h"
#include "server/net/stream.h"
#include <sys/socket.h>
#include <unistd.h>

/* Both ends live as long as the server: without the other one, this one would be readable. */
static GSocket *take_end(SoupServer *server, int fd, const char *name, GError **error) {
    GSocket *socket = g_socket_new_from_fd(fd, error);
    if (socket)
        g_object_set_data_full(G_OBJECT(server), name, socket, g_object_unref);
    else
        close(fd);
    return socket;
}

GSocketAddress *ibx_soup_local_address(GSocketConnection *connection) {
    GSocketAddress *address = g_socket_connection_get_local_address(connection, NULL);
    if (address && G_IS_INET_SOCKET_ADDRESS(address)) return address;
    g_clear_object(&address);
    return g_inet_socket_address_new_from_string("127.0.0.1", 0);
}

static void resume(void *message) {
    soup_server_message_unpause(message);
}

static void started(SoupServer *server, SoupServerMessage *message, void *user) {
    (void)server, (void)user;
    GIOStream *stream = ibx_stream_of(soup_server_message_get_remote_address(message));
    if (stream) ibx_stream_on_gone(stream, resume, message);
}

SoupServer *ibx_soup_new(ibx_error *err) {
    SoupServer *server = soup_server_new("raw-paths", TRUE, NULL);
    g_signal_connect(server, "request-started", G_CALLBACK(started), NULL);
    GError *error = NULL;
    int fd[2] = {-1, -1};
    bool ok = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0;
    if (ok) {
        GSocket *quiet = take_end(server, fd[0], "ibx-quiet", &error);
        GSocket *other = take_end(server, fd[1], "ibx-other", error ? NULL : &error);
        ok = quiet && other && soup_server_listen_socket(server, quiet, 0, &error);
    }
    if (ok) return server;
    ibx_fail(err, IBX_IO, "the HTTP server cannot start: %s", error ? error->message : "no socket");
    g_clear_error(&error);
    g_object_unref(server);
    return NULL;
}
