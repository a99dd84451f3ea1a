/* freshness.h - for how long a reply of another server counts as fresh, by what it says itself
 * (RFC 9111, 4.2 and 5). A pure function over the texts of its fields.
 *
 * We keep for many, so that `s-maxage` wins over `max-age`, and that over Expires; `private` is as
 * good as `no-store`. What cannot be read counts as stale. */
#ifndef IBX_SERVER_FRESHNESS_H
#define IBX_SERVER_FRESHNESS_H

#include <stdint.h>
#include <time.h>

enum { IBX_FRESH_UNSAID = -1 };

/* Milliseconds from `now` on, a year at most; IBX_FRESH_UNSAID: it does not say. Fields that are
 * not there are NULL; several lines of Cache-Control are joined by commas. */
int64_t ibx_fresh_ms(const char *cache_control, const char *expires, const char *age, time_t now);

#endif
