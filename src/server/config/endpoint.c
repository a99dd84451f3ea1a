/* endpoint.c - addresses to listen on. */
#include "server/config/endpoint.h"
#include <gio/gunixsocketaddress.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A decimal port from 1 to 65535; 0: none. */
static guint parse_port(const char *text) {
    guint64 port;
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL) ? (guint)port : 0;
}

/* The host, without the brackets around an IPv6 address. */
static char *host_of(const char *text, const char *colon) {
    const size_t length = (size_t)(colon - text);
    const bool brackets = length >= 2 && text[0] == '[' && colon[-1] == ']';
    if (!brackets && memchr(text, ':', length)) return NULL; /* ::1:80 may mean two things */
    if (brackets) return g_strndup(text + 1, length - 2);
    if (length == 9 && strncmp(text, "localhost", 9) == 0) return g_strdup("127.0.0.1");
    if (length == 1 && *text == '*') return g_strdup("0.0.0.0");
    return g_strndup(text, length);
}

static GSocketAddress *parse_unix(const char *path) {
    if (*path != '/' || strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) return NULL;
    return g_unix_socket_address_new(path);
}

static GSocketAddress *parse_inet(const char *text) {
    const char *colon = strrchr(text, ':');
    const guint port = colon ? parse_port(colon + 1) : 0;
    char *host = port ? host_of(text, colon) : NULL;
    GSocketAddress *address = host ? g_inet_socket_address_new_from_string(host, port) : NULL;
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
    return g_ascii_string_to_unsigned(count, 10, 0, 1024, &n, NULL) ? (int)n : 0;
}

GSocketAddress *ibx_endpoint_of(int socket) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &size) != 0) return NULL;
    return g_socket_address_new_from_native(&address, size);
}
