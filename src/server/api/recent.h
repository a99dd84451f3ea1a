/* recent.h - what was found out lately: a bounded map of texts to values of one size, the oldest of
 * which go first. */
#ifndef IBX_SERVER_RECENT_H
#define IBX_SERVER_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ibx_recent ibx_recent;

/* Keeps at most `most` values of `size` bytes each. */
ibx_recent *ibx_recent_new(int most, size_t size);
void ibx_recent_free(ibx_recent *recent); /* NULL is allowed */
void ibx_recent_clear(ibx_recent *recent);

/* Copies the value into *value, if it was stored less than max_age_ms ago. */
bool ibx_recent_find(const ibx_recent *recent, const char *key, int64_t max_age_ms, void *value);
void ibx_recent_store(ibx_recent *recent, const char *key, const void *value);

#endif
