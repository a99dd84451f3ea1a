/* places.h - opens the source that an address names, at once or after fetching it. */
#ifndef IBX_SERVER_PLACES_H
#define IBX_SERVER_PLACES_H

#include "server/api/exchange.h"
#include "server/api/path.h"

/* `opened` is taken over, and so are `purse` bytes of the house's purse. Called once: at once for
 * local files, later for others; not at all if the client leaves first. */
typedef void ibx_on_place(void *user, ibx_opened *opened, int64_t purse);

/* Before an address of another server is fetched, `known` (may be NULL) is asked with the identity
 * that it had lately: true if that was enough to answer. */
typedef bool ibx_on_identity(void *user, const ibx_opened *lately);

void ibx_place_open(ibx_exchange *x, ibx_place place, const char *alias, const char *source,
                    ibx_on_identity *known, ibx_on_place *done, void *user);

#endif
