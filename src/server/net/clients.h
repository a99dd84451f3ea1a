/* clients.h - who is connected, and how often each may ask.
 *
 * A client is an IPv4 address or the first 64 bits of an IPv6 one, as a household has that many to
 * choose from; ::ffff:a.b.c.d is a.b.c.d. Unix sockets have no clients: what stands in front of
 * them speaks for many. Those without a connection are remembered while there is room, those that
 * were seen last longest. */
#ifndef IBX_SERVER_CLIENTS_H
#define IBX_SERVER_CLIENTS_H

#include "server/config/settings.h"
#include <gio/gio.h>

typedef struct {
    uint8_t bytes[9]; /* family, then 4 or 8 bytes of the address; all 0: a unix socket */
} ibx_client_key;

typedef struct ibx_clients ibx_clients;

ibx_client_key ibx_client_key_of(GSocketAddress *remote);

/* The address without its port, for a log; "" for a unix socket or NULL. */
typedef struct {
    char text[64];
} ibx_client_name;
ibx_client_name ibx_client_name_of(GSocketAddress *remote);

/* Keeps at most `most` clients that have no connection. */
ibx_clients *ibx_clients_new(const ibx_settings *settings, size_t most);
void ibx_clients_free(ibx_clients *clients);

/* One more connection; false: as many are there already. */
bool ibx_clients_enter(ibx_clients *clients, ibx_client_key key);
void ibx_clients_leave(ibx_clients *clients, ibx_client_key key);

/* One more request at `now` (us)? If not, *retry_s gets the seconds until it may. */
bool ibx_clients_allow(ibx_clients *clients, ibx_client_key key, int64_t now, int *retry_s);

size_t ibx_clients_count(const ibx_clients *clients);

#endif
