/* look.h - what is in a source, without making anything of it. */
#ifndef IBX_SERVER_LOOK_H
#define IBX_SERVER_LOOK_H

#include "server/api/produce.h"
#include "server/api/serving.h"

/* `about` is NULL where it could not be found out; then the problem has been answered. */
typedef void ibx_on_about(void *user, const ibx_about *about);

/* Asks the scout, or remembers what it said about a source with the same identity. `done` may be
 * called at once; not at all if the client leaves first. */
void ibx_look(ibx_exchange *x, const ibx_opened *source, ibx_on_about *done, void *user);

#endif
