/* endpoint.c - addresses to listen on. */
#include "server/config/endpoint.h"
#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    MOST_INHERITED = 1024 /* more are no count, but a slip */
};

/* The host, without the brackets that an IPv6 address must have; NULL if they are not right. */
static char *host_of(const char *text, const char *colon) {
    const size_t length = (size_t)(colon - text);
    const bool brackets = length >= 2 && text[0] == '[' && colon[-1] == ']';
    const bool v6 = memchr(text, ':', length);
    if (brackets != v6) return NULL;
    return brackets ? g_strndup(text + 1, length - 2) : g_strndup(text, length);
}

static GSocketAddress *parse_unix(const char *path) {
    if (*path != '/' || strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) return NULL;
    return g_unix_socket_address_new(path);
}

static GSocketAddress *parse_inet(const char *text) {
    guint64 port;
    const char *colon = strrchr(text, ':');
    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL)) return NULL;
    char *host = host_of(text, colon);
    GSocketAddress *address =
        host ? g_inet_socket_address_new_from_string(host, (guint)port) : NULL;
    g_free(host);
    return address;
}

GSocketAddress *ibx_endpoint_parse(const char *text, ibx_error *err) {
    GSocketAddress *address =
        g_str_has_prefix(text, "unix:") ? parse_unix(text + 5) : parse_inet(text);
    if (!address)
        ibx_fail(err, IBX_USAGE,
                 "\"%s\" is no address to listen on; it should look like 127.0.0.1:8080, "
                 "[::1]:8080 or unix:/run/imbrex.sock",
                 text);
    return address;
}

/* ---- listening --------------------------------------------------------------------------------
 */

static GSocket *new_socket(GSocketAddress *address, GError **why) {
    const GSocketFamily family = g_socket_address_get_family(address);
    const bool local = family == G_SOCKET_FAMILY_UNIX;
    GSocket *socket = g_socket_new(family, G_SOCKET_TYPE_STREAM,
                                   local ? G_SOCKET_PROTOCOL_DEFAULT : G_SOCKET_PROTOCOL_TCP, why);
    if (!socket) return NULL;
    /* So that 0.0.0.0 and [::] may be listened on at once, each for its own. */
    if (family == G_SOCKET_FAMILY_IPV6)
        g_socket_set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
    g_socket_set_listen_backlog(socket, BACKLOG);
    return socket;
}

/* Connecting does not tell: to a file it is refused as to a socket that nobody listens on. */
static bool is_socket(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Removes a Unix socket at which nobody answers any more. False where what is there is none. */
static bool remove_stale(GSocketAddress *address, GError **error) {
    const char *path = g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(address));
    if (!is_socket(path) && g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                    "there is something that is no socket, which is left alone; remove it or "
                    "name another path");
        return false;
    }
    if (!is_socket(path)) return true;
    GError *why = NULL;
    GSocket *probe = new_socket(address, NULL);
    if (probe && !g_socket_connect(probe, address, NULL, &why) &&
        g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        unlink(path);
    g_clear_error(&why);
    g_clear_object(&probe);
    return true;
}

static bool bind_socket(GSocket *socket, GSocketAddress *address, GError **why) {
    const bool local = G_IS_UNIX_SOCKET_ADDRESS(address);
    if (local && !remove_stale(address, why)) return false;
    const mode_t before = local ? umask(0117) : 0; /* from its first moment on */
    const bool good = g_socket_bind(socket, address, TRUE, why);
    if (local) umask(before);
    return good && g_socket_listen(socket, why);
}

GSocket *ibx_endpoint_listen(const char *text, ibx_error *err) {
    GError *why = NULL;
    GSocketAddress *address = ibx_endpoint_parse(text, err);
    if (!address) return NULL;
    GSocket *socket = new_socket(address, &why);
    if (socket && !bind_socket(socket, address, &why)) g_clear_object(&socket);
    if (!socket) ibx_fail(err, IBX_IO, "cannot listen on %s: %s", text, why->message);
    g_clear_error(&why);
    g_object_unref(address);
    return socket;
}

void ibx_endpoint_remove(const char *text) {
    if (g_str_has_prefix(text, "unix:") && is_socket(text + 5)) unlink(text + 5);
}

/* ---- what there is ----------------------------------------------------------------------------
 */

bool ibx_endpoint_is_local(GSocketAddress *address) {
    if (G_IS_UNIX_SOCKET_ADDRESS(address)) return true;
    return G_IS_INET_SOCKET_ADDRESS(address) &&
           g_inet_address_get_is_loopback(
               g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
}

int ibx_endpoint_inherited(void) {
    const char *process = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    guint64 id, n;
    if (!process || !count) return 0;
    if (!g_ascii_string_to_unsigned(process, 10, 1, G_MAXINT, &id, NULL) || (pid_t)id != getpid())
        return 0;
    return g_ascii_string_to_unsigned(count, 10, 0, MOST_INHERITED, &n, NULL) ? (int)n : 0;
}

GSocketAddress *ibx_endpoint_of(int socket) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0) return NULL;
    return g_socket_address_new_from_native(&address, size);
}
