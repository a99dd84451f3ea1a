/* soup.h - a SoupServer for connections that are handed to it.
 *
 * libsoup 3.2 keeps a connection for further requests only while it listens somewhere itself. So it
 * gets a socket to which nobody can connect: one end of a pair, whose other end says nothing.
 *
 * Paths stay as they came: libsoup would decode them, and answer by itself, without a word and
 * without anybody's knowing, where that gives a part "..".
 *
 * A message that is paused when its client leaves is resumed, so that libsoup finds that it cannot
 * be sent: "finished" and "request-aborted" are emitted, as for one whose client left later. */
#ifndef IBX_SERVER_SOUP_H
#define IBX_SERVER_SOUP_H

#include "imbrex.h"
#include <libsoup/soup.h>

/* Connections come by soup_server_accept_iostream alone. NULL with an error. */
SoupServer *ibx_soup_new(ibx_error *err);

/* The local address to hand over with a connection: one of the internet, as libsoup asks for where
 * a request has no Host, also for a unix socket. The caller owns it. */
GSocketAddress *ibx_soup_local_address(GSocketConnection *connection);

#endif
