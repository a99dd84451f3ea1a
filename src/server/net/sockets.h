/* sockets.h - sockets that listen: made from addresses as config/endpoint.h reads them, or given by
 * systemd. */
#ifndef IBX_SERVER_SOCKETS_H
#define IBX_SERVER_SOCKETS_H

#include "server/config/settings.h"
#include <gio/gio.h>

/* Listening, non-blocking sockets (GSocket, owned); NULL with an error that names the address.
 * Those of LISTEN_FDS win over `addresses`; the variables are taken out of the environment, so that
 * no child takes them for its own. */
GPtrArray *ibx_sockets_open(ibx_word_list addresses, ibx_error *err);

/* As it would be spelled in the settings; malloc'd by GLib. */
char *ibx_sockets_name(GSocket *socket);

/* Removes the file of a unix socket that was made here, not by systemd. */
void ibx_sockets_remove(GSocket *socket);

#endif
