/* check.h - large entries are summed up in a thread before their first use.
 *
 * The index that a scan makes knows names and sizes alone. To read the whole of a large file that
 * an earlier server has left takes longer than the main loop may stand still. */
#ifndef IBX_SERVER_CHECK_H
#define IBX_SERVER_CHECK_H

#include "server/cache/cache.h"

typedef struct ibx_checks ibx_checks; /* the thread */
typedef struct ibx_check ibx_check;   /* one entry under way */

ibx_checks *ibx_checks_new(ibx_cache *cache);
void ibx_checks_free(ibx_checks *checks); /* waits for what is under way; NULL is allowed */

/* Looks at an entry, which is gone afterwards if it is damaged, and calls `done` in the main loop,
 * never from inside. */
ibx_check *ibx_check_begin(ibx_checks *checks, const char *key, void (*done)(void *user),
                           void *user);
void ibx_check_cancel(ibx_check *check); /* `done` is not called */

#endif
