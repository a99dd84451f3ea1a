/* cache.c - the index of entries, in the order in which they were used. */
#include "server/cache/cache.h"
#include "server/cache/entry.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <time.h>
#include <unistd.h>

enum {
    IDLE = 10,    /* seconds without a store after one that failed */
    TOUCH = 3600, /* seconds after which a use is worth a write to the disk */
    SHARE = 8     /* of all bytes, this part goes when the disk is full */
};
static const int64_t SECOND = 1000000000; /* in nanoseconds, as all times here */

typedef struct {
    GList link; /* data: the entry */
    int64_t bytes;
    int64_t touched; /* the file's own time of use, since 1970 */
    char key[IBX_KEY_DIGITS + 1];
} entry;

struct ibx_cache {
    int root;
    int64_t size, bytes;
    ibx_metrics *metrics;
    GHashTable *index; /* of entries by key; they own both */
    GQueue used;       /* the most recently used entry is the head */
    bool writable;
    int64_t idle_until; /* monotonic */
};

static int64_t now_by(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static void count(ibx_cache *cache, int result) {
    ibx_metric_add(cache->metrics, IBX_M_CACHE, result, 1);
}

/* ---- the list ---------------------------------------------------------------------------------
 */

static entry *oldest(ibx_cache *cache) {
    return cache->used.tail ? cache->used.tail->data : NULL;
}

static void put_first(ibx_cache *cache, entry *e) {
    g_queue_unlink(&cache->used, &e->link);
    g_queue_push_head_link(&cache->used, &e->link);
}

static entry *find(const ibx_cache *cache, const char *key) {
    return g_hash_table_lookup(cache->index, key);
}

static void add_bytes(ibx_cache *cache, int64_t bytes) {
    cache->bytes += bytes;
    ibx_metric_set(cache->metrics, IBX_M_CACHE_BYTES, 0, cache->bytes);
}

/* Out of the index; the file is another matter. */
static void forget(ibx_cache *cache, entry *e) {
    g_queue_unlink(&cache->used, &e->link);
    add_bytes(cache, -e->bytes);
    g_hash_table_remove(cache->index, e->key);
    g_free(e);
}

/* As the most recently used one. */
static void know(ibx_cache *cache, const char *key, int64_t bytes, int64_t touched) {
    entry *e = find(cache, key);
    if (e) forget(cache, e);
    e = g_new0(entry, 1);
    memcpy(e->key, key, IBX_KEY_DIGITS);
    e->bytes = bytes;
    e->touched = touched;
    e->link.data = e;
    g_queue_push_head_link(&cache->used, &e->link);
    g_hash_table_insert(cache->index, e->key, e);
    add_bytes(cache, bytes);
}

/* False if the file stays, as on a disk that is read-only; then the entry stays too. */
static bool drop(ibx_cache *cache, entry *e) {
    char path[IBX_ENTRY_PATH];
    ibx_entry_path(e->key, path);
    if (unlinkat(cache->root, path, 0) != 0 && errno != ENOENT) return false;
    forget(cache, e);
    return true;
}

/* Removes the oldest until no more than so many bytes are left. False: they are not. */
static bool shrink(ibx_cache *cache, int64_t bytes) {
    while (cache->bytes > bytes)
        if (!drop(cache, oldest(cache))) return false;
    return true;
}

/* ---- made and ended ---------------------------------------------------------------------------
 */

static int by_use(const void *a, const void *b, void *unused) {
    const entry *x = a, *y = b;
    (void)unused;
    return (x->touched < y->touched) - (x->touched > y->touched);
}

/* Where there is much more than shall be, the oldest goes at once: the index stays bounded. */
static void scanned(void *user, const char *key, int64_t size, int64_t used) {
    ibx_cache *cache = user;
    know(cache, key, ibx_entry_blocks(size), used);
    if (cache->bytes <= 2 * cache->size) return;
    g_queue_sort(&cache->used, by_use, NULL);
    shrink(cache, cache->size);
}

static bool open_root(ibx_cache *cache, const char *folder, ibx_error *err) {
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return ibx_fail(err, IBX_IO, "cache.folder: %s cannot be made: %s", folder,
                        strerror(errno));
    cache->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache->root >= 0 && ibx_entry_scan(cache->root, scanned, cache)) return true;
    return ibx_fail(err, IBX_IO, "cache.folder: %s cannot be read: %s", folder, strerror(errno));
}

ibx_cache *ibx_cache_open(const char *folder, int64_t size, ibx_metrics *metrics, ibx_error *err) {
    ibx_cache *cache = g_new0(ibx_cache, 1);
    *cache = (ibx_cache){.root = -1, .size = size, .metrics = metrics, .writable = true};
    cache->index = g_hash_table_new(g_str_hash, g_str_equal);
    if (!open_root(cache, folder, err)) {
        ibx_cache_close(cache);
        return NULL;
    }
    g_queue_sort(&cache->used, by_use, NULL);
    shrink(cache, size);
    return cache;
}

void ibx_cache_close(ibx_cache *cache) {
    if (!cache) return;
    while (cache->used.tail) forget(cache, oldest(cache));
    g_hash_table_destroy(cache->index);
    if (cache->root >= 0) close(cache->root);
    g_free(cache);
}

/* ---- use --------------------------------------------------------------------------------------
 */

static bool used(ibx_cache *cache, entry *e, bool touch) {
    if (touch) e->touched = now_by(CLOCK_REALTIME);
    put_first(cache, e);
    count(cache, IBX_CACHE_HIT);
    return true;
}

bool ibx_cache_find(ibx_cache *cache, const char *key, ibx_cached *found) {
    *found = (ibx_cached){0};
    entry *e = find(cache, key);
    if (!e) {
        count(cache, IBX_CACHE_MISS);
        return false;
    }
    const bool touch = now_by(CLOCK_REALTIME) - e->touched > TOUCH * SECOND;
    switch (ibx_entry_read(cache->root, key, touch, found)) {
    case IBX_ENTRY_READ:
        return used(cache, e, touch);
    case IBX_ENTRY_GONE: /* another server made room */
        forget(cache, e);
        count(cache, IBX_CACHE_MISS);
        return false;
    case IBX_ENTRY_CORRUPT:
        if (!drop(cache, e)) forget(cache, e);
        count(cache, IBX_CACHE_CORRUPT);
        return false;
    default:
        count(cache, IBX_CACHE_ERROR);
        return false;
    }
}

/* Writes it; on a full disk once more behind making room. */
static bool write_entry(ibx_cache *cache, const char *key, const char *meta, int fd, int64_t size) {
    if (ibx_entry_write(cache->root, key, meta, fd, size)) return true;
    if (errno != ENOSPC && errno != EDQUOT) return false;
    int64_t room = ibx_entry_blocks(ibx_entry_size(meta, size));
    if (room < cache->bytes / SHARE) room = cache->bytes / SHARE;
    const int64_t left = cache->bytes > room ? cache->bytes - room : 0;
    if (!oldest(cache) || !shrink(cache, left)) return false;
    return ibx_entry_write(cache->root, key, meta, fd, size);
}

void ibx_cache_store(ibx_cache *cache, const char *key, const char *meta, int fd, int64_t size) {
    const int64_t bytes = ibx_entry_blocks(ibx_entry_size(meta, size));
    if (!ibx_entry_is_key(key) || bytes > cache->size) return;
    if (!cache->writable && now_by(CLOCK_MONOTONIC) < cache->idle_until) return;
    cache->writable = shrink(cache, cache->size - bytes) && write_entry(cache, key, meta, fd, size);
    if (cache->writable) {
        know(cache, key, bytes, now_by(CLOCK_REALTIME));
    } else {
        cache->idle_until = now_by(CLOCK_MONOTONIC) + IDLE * SECOND;
        count(cache, IBX_CACHE_ERROR);
    }
}

bool ibx_cache_remove(ibx_cache *cache, const char *key) {
    entry *e = find(cache, key);
    return e && drop(cache, e);
}

bool ibx_cache_writable(const ibx_cache *cache) {
    return cache->writable;
}

int64_t ibx_cache_bytes(const ibx_cache *cache) {
    return cache->bytes;
}
