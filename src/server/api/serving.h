/* serving.h - the last part of the way that all images take: a wish and an opened source become a
 * reply. */
#ifndef IBX_SERVER_SERVING_H
#define IBX_SERVER_SERVING_H

#include "server/api/answer.h"
#include "server/api/produce.h"

/* Answers with what the wish makes of the source, now or later. Takes over both (they are empty
 * afterwards); `purse` bytes go back to the house's purse at the end. `answer` (NULL: the one file
 * as it is, to be kept by caches for max_age_ms) writes the reply from a product that is good. */
typedef void ibx_answer_product(ibx_exchange *x, const ibx_product *product, const char *etag);
void ibx_serve_source(ibx_exchange *x, ibx_wish *wish, ibx_opened *source, int64_t purse,
                      ibx_answer_product *answer);

/* Answers at once, if the client has what the wish makes of a source with that identity, or the
 * cache. Takes nothing over. */
bool ibx_serve_cached(ibx_exchange *x, const ibx_wish *wish, const char *identity, time_t modified);

/* The headers that tell what was done and how long it took. */
void ibx_answer_measures(ibx_exchange *x, const ibx_product *product);

/* The problem for work that did not end well. */
void ibx_answer_fate(ibx_exchange *x, const ibx_product *product);

#endif
