/* cache.h - results on disk: content-addressed, bounded in size, checked when read.
 *
 * An entry is one file FOLDER/ab/cd/KEY (KEY: 64 hexadecimal digits): a header with magic, sizes
 * and a checksum of the rest, the meta text, and the body (cache/entry.h). Written under no name
 * (O_TMPFILE) and linked when complete; least recently used entries go first. The index is in
 * memory, rebuilt by a scan at the start. A damaged entry is a miss and is removed; a disk that is
 * full or read-only makes the cache smaller or idle, never a request fail. Files of other names are
 * left alone, and two servers may share a folder: each keeps to its size by itself.
 *
 * Called from one thread, the main loop's, which must not wait for a disk: a thread of the cache
 * itself writes entries and makes room for them, and another one verifies large ones that were
 * there already. The checksum is computed once for each file, at its first use; afterwards only if
 * its inode, size or times are other ones than then. What this process has written needs no first
 * time.
 *
 * Counted in IBX_M_CACHE: every find as a hit, a miss, corrupt, or (cannot be read) an error; every
 * store that failed as an error, and every one that had no room in the queue as skipped. In
 * IBX_M_CACHE_BYTES: what the files take, in blocks of 4 KiB. */
#ifndef IBX_SERVER_CACHE_H
#define IBX_SERVER_CACHE_H

#include "imbrex.h"
#include "server/admin/metrics.h"
#include <glib.h>

enum {
    IBX_CACHE_SHARE = 8,              /* an entry takes at most this part of the whole size */
    IBX_CACHE_QUEUE = 64,             /* stores that wait for the disk, */
    IBX_CACHE_QUEUE_BYTES = 64 << 20, /* and bytes of them, if there are several */
    IBX_CACHE_HEAP = 256 << 10        /* files below are read, others mapped: see ibx_cached */
};

typedef struct ibx_cache ibx_cache;

/* NULL with an error if the folder cannot be made or read. The scan holds no more than twice as
 * many entries as fit into `size`. */
ibx_cache *ibx_cache_open(const char *folder, int64_t size, ibx_metrics *metrics, ibx_error *err);
void ibx_cache_close(ibx_cache *cache); /* settles; NULL is allowed */

/* What stands in an entry. It stays as it is when the entry is removed or replaced. A large body is
 * a mapping of its file, whose pages the system reads when they are sent and drops when it wants
 * to; a small one is a copy, as taking a mapping away costs every core more than copying. */
typedef struct {
    char *meta; /* NUL-terminated */
    GBytes *body;
    int64_t copied; /* bytes of memory that this copy takes; 0: a mapping, or somebody else's too */
} ibx_cached;

/* False: there is none, or it is damaged or cannot be read. What waits for the disk is there. */
bool ibx_cache_find(ibx_cache *cache, const char *key, ibx_cached *found);
void ibx_cache_release(ibx_cached *found);

/* Would finding it sum up a large file? Then it is better verified first, in another thread
 * (cache/check.h). */
bool ibx_cache_is_unverified(ibx_cache *cache, const char *key);

/* Sums up an entry, in any thread, and remembers that it is whole; a damaged one is counted and
 * gone. */
void ibx_cache_verify(ibx_cache *cache, const char *key);

/* Stores a body, soon, in place of what the key had; holds a reference until then, which may be
 * dropped in another thread. Nothing is done if it is too large for the cache or its queue. Where
 * the disk is full, old entries make room; if that does not help, nothing is stored for the next
 * 10 s. */
void ibx_cache_store(ibx_cache *cache, const char *key, const char *meta, GBytes *body);

/* Waits until nothing waits. */
void ibx_cache_settle(ibx_cache *cache);

/* Removes an entry. True if there was one. */
bool ibx_cache_remove(ibx_cache *cache, const char *key);

bool ibx_cache_writable(ibx_cache *cache); /* the last store worked */
int64_t ibx_cache_bytes(ibx_cache *cache);

#endif
