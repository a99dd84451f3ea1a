/* cache.h - results on disk: content-addressed, bounded in size, checked when read.
 *
 * An entry is one file FOLDER/ab/cd/KEY (KEY: 64 hexadecimal digits): a header with magic, sizes
 * and a checksum of the rest, the meta text, and the body. Written under no name (O_TMPFILE) and
 * linked when complete; least recently used entries go first. The index is in memory, rebuilt by a
 * scan at the start. A damaged entry is a miss and is removed; a disk that is full or read-only
 * makes the cache smaller or idle, never a request fail. One thread. */
#ifndef IBX_SERVER_CACHE_H
#define IBX_SERVER_CACHE_H

#include "imbrex.h"
#include "server/admin/metrics.h"

typedef struct ibx_cache ibx_cache;

/* NULL with an error if the folder cannot be made or read. */
ibx_cache *ibx_cache_open(const char *folder, int64_t size, ibx_metrics *metrics, ibx_error *err);
void ibx_cache_close(ibx_cache *cache);

/* What stands in an entry. Mapped read-only; release with ibx_cache_release. */
typedef struct {
    void *map;
    size_t map_size;
    const char *meta; /* NUL-terminated */
    const uint8_t *body;
    size_t size;
} ibx_cached;

bool ibx_cache_find(ibx_cache *cache, const char *key, ibx_cached *found);
void ibx_cache_release(ibx_cached *found);

/* Stores `size` bytes read from fd (a sealed memory file; pread from 0). */
void ibx_cache_store(ibx_cache *cache, const char *key, const char *meta, int fd, int64_t size);

/* Removes an entry. True if there was one. */
bool ibx_cache_remove(ibx_cache *cache, const char *key);

bool ibx_cache_writable(const ibx_cache *cache); /* the last store worked */
int64_t ibx_cache_bytes(const ibx_cache *cache);

#endif
