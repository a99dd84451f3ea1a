/* endpoint.h - addresses to listen on. */
#ifndef IBX_SERVER_ENDPOINT_H
#define IBX_SERVER_ENDPOINT_H

#include "imbrex.h"
#include <gio/gio.h>

/* "127.0.0.1:8080", "[::1]:8080", "unix:/run/imbrex.sock" (a path that begins with /); port 0 lets
 * the system choose. NULL with an error that names the text. */
GSocketAddress *ibx_endpoint_parse(const char *text, ibx_error *err);

/* Binds and listens there. A Unix socket that a server has left behind is replaced; one that still
 * answers is not, nor is anything that is no socket. Its file is made with mode 0660, whatever the
 * process's umask. [::] is IPv6 alone. NULL with an error that names the text. */
GSocket *ibx_endpoint_listen(const char *text, ibx_error *err);

/* Removes the file of a Unix socket, if it is one. */
void ibx_endpoint_remove(const char *text);

/* Can nobody outside this machine connect to it? Loopback and Unix sockets. */
bool ibx_endpoint_is_local(GSocketAddress *address);

/* How many sockets systemd has opened for this process, from this descriptor on (sd_listen_fds(3)).
 */
enum { IBX_FIRST_INHERITED = 3 };
int ibx_endpoint_inherited(void);

/* The address of a listening socket; NULL if it is none. */
GSocketAddress *ibx_endpoint_of(int socket);

#endif
