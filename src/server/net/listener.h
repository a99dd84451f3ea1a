/* listener.h - sockets of the server: who may connect, how many, how slowly.
 *
 * Every accepted connection is wrapped in a guarded stream (net/stream.h) and handed on. Sockets
 * come from settings->server.listen or from systemd (LISTEN_FDS, sd_listen_fds(3)), which wins. A
 * connection above the limits is answered with 503 or 429 and closed without being handed on. */
#ifndef IBX_SERVER_LISTENER_H
#define IBX_SERVER_LISTENER_H

#include "server/admin/metrics.h"
#include "server/config/settings.h"
#include <gio/gio.h>

typedef struct ibx_listener ibx_listener;

/* Takes a reference of the stream and addresses as it needs them. */
typedef void ibx_on_connection(void *user, GIOStream *stream, GSocketAddress *local,
                               GSocketAddress *remote);

/* A request or a connection was refused here, with a sentence that says why, so that nobody else
 * has seen it. `client` is its address without a port; "" where that is not known, or a unix
 * socket.
 */
typedef void ibx_on_refusal(void *user, int status, const char *client, const char *why);

/* Binds and listens. NULL with an error that names the address. */
ibx_listener *ibx_listener_open(const ibx_settings *settings, ibx_metrics *metrics,
                                ibx_on_connection *connected, void *user, ibx_error *err);

/* Calls `refused` with `user` from now on; NULL: nobody. */
void ibx_listener_on_refusal(ibx_listener *listener, ibx_on_refusal *refused, void *user);

/* No further connections; those that are open go on. */
void ibx_listener_stop(ibx_listener *listener);

/* Connections that are open and have not had a request so far. */
int ibx_listener_silent(const ibx_listener *listener);
void ibx_listener_free(ibx_listener *listener);

/* The addresses that it listens on, one per line, ready to be printed; malloc'd. */
char *ibx_listener_addresses(const ibx_listener *listener);

/* May this client send one more request now? Token bucket per address (IPv6: per /64). */
bool ibx_listener_allows(ibx_listener *listener, GSocketAddress *remote, int *retry_s);

#endif
