/* cache.c - the index of entries, in the order in which they were used. */
#include "server/cache/cache.h"
#include "server/cache/entry.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum {
    IDLE = 10,    /* seconds without a store after one that failed */
    TOUCH = 3600, /* seconds after which a use is worth a write to the disk */
    ROOM = 8      /* of all bytes, this part goes when the disk is full */
};
static const int64_t SECOND = 1000000000; /* in nanoseconds, as all times here */

typedef struct {
    GList link; /* data: the entry */
    int64_t bytes;
    int64_t touched;       /* the file's own time of use, since 1970 */
    ibx_entry_stamp stamp; /* when it was found whole */
    char key[IBX_KEY_DIGITS + 1];
} entry;

/* What waits for the disk. */
typedef struct {
    char key[IBX_KEY_DIGITS + 1];
    char *meta;
    GBytes *body;
    int64_t bytes;
} order;

struct ibx_cache {
    int root;
    int64_t size;
    ibx_metrics *metrics;
    GThreadPool *writer;    /* one thread */
    pthread_mutex_t lock;   /* of what follows; never held while there is a disk to wait for. Not
                               GLib's, which ThreadSanitizer does not see */
    pthread_cond_t settled; /* nothing waits any more */
    GHashTable *waiting;    /* orders by key, until they are in the index; they own both */
    int64_t waiting_bytes;
    int64_t bytes;
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
static void know(ibx_cache *cache, const char *key, int64_t bytes, int64_t touched,
                 const ibx_entry_stamp *stamp) {
    entry *e = find(cache, key);
    if (e) forget(cache, e);
    e = g_new0(entry, 1);
    memcpy(e->key, key, IBX_KEY_DIGITS);
    e->bytes = bytes;
    e->touched = touched;
    e->stamp = *stamp;
    e->link.data = e;
    g_queue_push_head_link(&cache->used, &e->link);
    g_hash_table_insert(cache->index, e->key, e);
    add_bytes(cache, bytes);
}

static void forget_key(ibx_cache *cache, const char *key) {
    pthread_mutex_lock(&cache->lock);
    entry *e = find(cache, key);
    if (e) forget(cache, e);
    pthread_mutex_unlock(&cache->lock);
}

/* False if the file stays, as on a disk that is read-only; then the entry stays too. */
static bool drop(ibx_cache *cache, const char *key) {
    char path[IBX_ENTRY_PATH];
    ibx_entry_path(key, path);
    if (unlinkat(cache->root, path, 0) != 0 && errno != ENOENT) return false;
    forget_key(cache, key);
    return true;
}

/* The key of the oldest entry, if all take more than so many bytes. */
static bool is_beyond(ibx_cache *cache, int64_t bytes, char key[IBX_KEY_DIGITS + 1]) {
    pthread_mutex_lock(&cache->lock);
    const entry *e = cache->bytes > bytes ? oldest(cache) : NULL;
    if (e) memcpy(key, e->key, sizeof e->key);
    pthread_mutex_unlock(&cache->lock);
    return e != NULL;
}

/* Removes the oldest until no more than so many bytes are left. False: they are not. */
static bool shrink(ibx_cache *cache, int64_t bytes) {
    char key[IBX_KEY_DIGITS + 1];
    while (is_beyond(cache, bytes, key))
        if (!drop(cache, key)) return false;
    return true;
}

/* ---- the thread that writes -------------------------------------------------------------------
 */

static void free_order(order *o) {
    g_free(o->meta);
    g_bytes_unref(o->body);
    g_free(o);
}

/* Writes it; on a full disk once more behind making room. */
static bool write_entry(ibx_cache *cache, const order *o, ibx_entry_stamp *stamp) {
    if (!shrink(cache, cache->size - o->bytes)) return false;
    if (ibx_entry_write(cache->root, o->key, o->meta, o->body, stamp)) return true;
    if (errno != ENOSPC && errno != EDQUOT) return false;
    const int64_t bytes = ibx_cache_bytes(cache);
    const int64_t room = o->bytes > bytes / ROOM ? o->bytes : bytes / ROOM;
    if (bytes == 0 || !shrink(cache, bytes > room ? bytes - room : 0)) return false;
    return ibx_entry_write(cache->root, o->key, o->meta, o->body, stamp);
}

/* From now on it is an entry, or not to be had. */
static void landed(ibx_cache *cache, const order *o, const ibx_entry_stamp *stamp) {
    cache->writable = stamp != NULL;
    if (stamp) {
        know(cache, o->key, o->bytes, now_by(CLOCK_REALTIME), stamp);
    } else {
        cache->idle_until = now_by(CLOCK_MONOTONIC) + IDLE * SECOND;
        count(cache, IBX_CACHE_ERROR);
    }
    g_hash_table_remove(cache->waiting, o->key);
    cache->waiting_bytes -= o->bytes;
    if (g_hash_table_size(cache->waiting) == 0) pthread_cond_broadcast(&cache->settled);
}

static void write_order(void *data, void *user) {
    order *o = data;
    ibx_cache *cache = user;
    ibx_entry_stamp stamp;
    pthread_mutex_lock(&cache->lock);
    const bool idle = !cache->writable && now_by(CLOCK_MONOTONIC) < cache->idle_until;
    pthread_mutex_unlock(&cache->lock);
    const bool good = !idle && write_entry(cache, o, &stamp);
    pthread_mutex_lock(&cache->lock);
    landed(cache, o, good ? &stamp : NULL);
    pthread_mutex_unlock(&cache->lock);
    free_order(o);
}

void ibx_cache_settle(ibx_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    while (g_hash_table_size(cache->waiting) > 0) pthread_cond_wait(&cache->settled, &cache->lock);
    pthread_mutex_unlock(&cache->lock);
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
    know(cache, key, ibx_entry_blocks(size), used, &(ibx_entry_stamp){0});
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

static bool start_writer(ibx_cache *cache, ibx_error *err) {
    GError *why = NULL;
    cache->writer = g_thread_pool_new(write_order, cache, 1, TRUE, &why);
    if (!why) return true;
    ibx_fail(err, IBX_MEMORY, "cache.folder: no thread to write with: %s", why->message);
    g_error_free(why);
    return false;
}

ibx_cache *ibx_cache_open(const char *folder, int64_t size, ibx_metrics *metrics, ibx_error *err) {
    ibx_cache *cache = g_new0(ibx_cache, 1);
    *cache = (ibx_cache){.root = -1, .size = size, .metrics = metrics, .writable = true};
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->settled, NULL);
    cache->index = g_hash_table_new(g_str_hash, g_str_equal);
    cache->waiting = g_hash_table_new(g_str_hash, g_str_equal);
    if (!open_root(cache, folder, err) || !start_writer(cache, err)) {
        ibx_cache_close(cache);
        return NULL;
    }
    g_queue_sort(&cache->used, by_use, NULL);
    shrink(cache, size);
    return cache;
}

void ibx_cache_close(ibx_cache *cache) {
    if (!cache) return;
    if (cache->writer) g_thread_pool_free(cache->writer, FALSE, TRUE);
    pthread_mutex_lock(&cache->lock); /* the writer has ended, which the pool alone knows */
    while (cache->used.tail) forget(cache, oldest(cache));
    pthread_mutex_unlock(&cache->lock);
    g_hash_table_destroy(cache->index);
    g_hash_table_destroy(cache->waiting);
    if (cache->root >= 0) close(cache->root);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->settled);
    g_free(cache);
}

/* ---- use --------------------------------------------------------------------------------------
 */

/* What waits, or a copy of what the index says. */
static bool look_up(ibx_cache *cache, const char *key, entry *copy, ibx_cached *found) {
    pthread_mutex_lock(&cache->lock);
    const order *o = g_hash_table_lookup(cache->waiting, key);
    const entry *e = o ? NULL : find(cache, key);
    if (o) *found = (ibx_cached){g_strdup(o->meta), g_bytes_ref(o->body), 0};
    if (e) *copy = *e;
    pthread_mutex_unlock(&cache->lock);
    return o || e;
}

static void used(ibx_cache *cache, const char *key, int64_t touched, const ibx_entry_stamp *stamp) {
    pthread_mutex_lock(&cache->lock);
    entry *e = find(cache, key);
    if (e) { /* the writer has not removed it meanwhile */
        e->touched = touched;
        e->stamp = *stamp;
        put_first(cache, e);
    }
    pthread_mutex_unlock(&cache->lock);
}

/* Reads the file of an entry, and what follows from how that went. The result to count. */
static int read_entry(ibx_cache *cache, entry *known, ibx_cached *found) {
    const int64_t now = now_by(CLOCK_REALTIME);
    const bool touch = now - known->touched > TOUCH * SECOND;
    switch (ibx_entry_read(cache->root, known->key, touch, &known->stamp, found)) {
    case IBX_ENTRY_READ:
        used(cache, known->key, touch ? now : known->touched, &known->stamp);
        return IBX_CACHE_HIT;
    case IBX_ENTRY_GONE: /* another server made room, or the writer */
        forget_key(cache, known->key);
        return IBX_CACHE_MISS;
    case IBX_ENTRY_CORRUPT:
        if (!drop(cache, known->key)) forget_key(cache, known->key);
        return IBX_CACHE_CORRUPT;
    default:
        return IBX_CACHE_ERROR;
    }
}

bool ibx_cache_find(ibx_cache *cache, const char *key, ibx_cached *found) {
    entry known = {0};
    int result = IBX_CACHE_MISS;
    *found = (ibx_cached){0};
    if (look_up(cache, key, &known, found))
        result = found->body ? IBX_CACHE_HIT : read_entry(cache, &known, found);
    count(cache, result);
    return result == IBX_CACHE_HIT;
}

bool ibx_cache_is_unverified(ibx_cache *cache, const char *key) {
    pthread_mutex_lock(&cache->lock);
    const entry *e = g_hash_table_contains(cache->waiting, key) ? NULL : find(cache, key);
    const bool is = e && e->bytes > IBX_CACHE_HEAP && e->stamp.size == 0;
    pthread_mutex_unlock(&cache->lock);
    return is;
}

void ibx_cache_verify(ibx_cache *cache, const char *key) {
    entry known = {0};
    ibx_cached found = {0};
    if (!look_up(cache, key, &known, &found)) return;
    const int result = found.body ? IBX_CACHE_HIT : read_entry(cache, &known, &found);
    if (result == IBX_CACHE_CORRUPT || result == IBX_CACHE_ERROR) count(cache, result);
    if (found.body) ibx_cache_release(&found);
}

/* May it wait for the disk? */
static bool is_room(ibx_cache *cache, int64_t bytes) {
    const guint waiting = g_hash_table_size(cache->waiting);
    const bool room = waiting == 0 || (waiting < IBX_CACHE_QUEUE &&
                                       cache->waiting_bytes + bytes <= IBX_CACHE_QUEUE_BYTES);
    if (!room) count(cache, IBX_CACHE_SKIPPED);
    return room;
}

static bool takes(ibx_cache *cache, const char *key, int64_t bytes) {
    if (!cache->writable && now_by(CLOCK_MONOTONIC) < cache->idle_until) return false;
    return !g_hash_table_contains(cache->waiting, key) && is_room(cache, bytes);
}

void ibx_cache_store(ibx_cache *cache, const char *key, const char *meta, GBytes *body) {
    const int64_t bytes = ibx_entry_blocks(ibx_entry_size(meta, (int64_t)g_bytes_get_size(body)));
    if (!ibx_entry_is_key(key) || bytes > cache->size / IBX_CACHE_SHARE) return;
    pthread_mutex_lock(&cache->lock);
    if (takes(cache, key, bytes)) {
        order *o = g_new0(order, 1);
        *o = (order){.meta = g_strdup(meta), .body = g_bytes_ref(body), .bytes = bytes};
        memcpy(o->key, key, IBX_KEY_DIGITS);
        g_hash_table_insert(cache->waiting, o->key, o);
        cache->waiting_bytes += bytes;
        g_thread_pool_push(cache->writer, o, NULL);
    }
    pthread_mutex_unlock(&cache->lock);
}

bool ibx_cache_remove(ibx_cache *cache, const char *key) {
    ibx_cache_settle(cache);
    pthread_mutex_lock(&cache->lock);
    const bool is = find(cache, key) != NULL;
    pthread_mutex_unlock(&cache->lock);
    return is && drop(cache, key);
}

bool ibx_cache_writable(ibx_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    const bool writable = cache->writable;
    pthread_mutex_unlock(&cache->lock);
    return writable;
}

int64_t ibx_cache_bytes(ibx_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    const int64_t bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}
