/* cache.h - results on disk: content-addressed, bounded in size, checked when read.
 *
 * An entry is one file FOLDER/ab/cd/KEY (KEY: 64 hexadecimal digits): a header with magic, sizes
 * and a checksum of the rest, the meta text, and the body (cache/entry.h). Written under no name
 * (O_TMPFILE) and linked when complete; least recently used entries go first. The index is in
 * memory, rebuilt by a scan at the start. A damaged entry is a miss and is removed; a disk that is
 * full or read-only makes the cache smaller or idle, never a request fail. Files of other names are
 * left alone, and two servers may share a folder: each keeps to its size by itself. One thread.
 *
 * Counted in IBX_M_CACHE: every find as a hit, a miss, corrupt, or (cannot be read) an error; every
 * store that failed as an error. In IBX_M_CACHE_BYTES: what the files take, in blocks of 4 KiB. */
#ifndef IBX_SERVER_CACHE_H
#define IBX_SERVER_CACHE_H

#include "imbrex.h"
#include "server/admin/metrics.h"

typedef struct ibx_cache ibx_cache;

/* NULL with an error if the folder cannot be made or read. The scan holds no more than twice as
 * many entries as fit into `size`. */
ibx_cache *ibx_cache_open(const char *folder, int64_t size, ibx_metrics *metrics, ibx_error *err);
void ibx_cache_close(ibx_cache *cache); /* NULL is allowed */

/* What stands in an entry. Mapped read-only; release with ibx_cache_release. It stays as it is when
 * the entry is removed or replaced. */
typedef struct {
    void *map;
    size_t map_size;
    const char *meta; /* NUL-terminated */
    const uint8_t *body;
    size_t size;
} ibx_cached;

/* False: there is none, or it is damaged or cannot be read. Checks every byte: 20 kB take 15 us. */
bool ibx_cache_find(ibx_cache *cache, const char *key, ibx_cached *found);
void ibx_cache_release(ibx_cached *found);

/* Stores `size` bytes read from fd (a sealed memory file; pread from 0), in place of what the key
 * had. Where the disk is full, old entries make room; if that does not help, nothing is stored for
 * the next 10 s. */
void ibx_cache_store(ibx_cache *cache, const char *key, const char *meta, int fd, int64_t size);

/* Removes an entry. True if there was one. */
bool ibx_cache_remove(ibx_cache *cache, const char *key);

bool ibx_cache_writable(const ibx_cache *cache); /* the last store worked */
int64_t ibx_cache_bytes(const ibx_cache *cache);

#endif
