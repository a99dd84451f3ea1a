/* address.h - may the server connect to this address? The guard against being used to reach what
 * only it can reach (server-side request forgery). Checked on the address that is really being
 * connected to, so names that resolve to something else the next time gain nothing.
 *
 * Refused: everything that is not plain global unicast: IANA's special-purpose registries for IPv4
 * (RFC 6890) and IPv6, and IPv6 forms with an IPv4 address inside (mapped, compatible, 6to4, NAT64,
 * Teredo, ISATAP) whose inner address is refused. */
#ifndef IBX_SERVER_ADDRESS_H
#define IBX_SERVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* `allowed`: CIDRs that are let through all the same; NULL at the end, or NULL. */
bool ibx_address_public(const struct sockaddr *address, char *const *allowed);

#endif
