/* recent.c - a bounded map, oldest out. */
#include "server/api/recent.h"
#include <glib.h>
#include <string.h>

typedef struct {
    char *key;
    int64_t at; /* monotonic microseconds */
    uint8_t value[];
} memory;

struct ibx_recent {
    GHashTable *by_key; /* to links of `order` */
    GQueue order;       /* of memory, oldest first */
    guint most;
    size_t size;
};

static void forget(ibx_recent *recent, GList *link) {
    memory *m = link->data;
    g_hash_table_remove(recent->by_key, m->key);
    g_queue_delete_link(&recent->order, link);
    g_free(m->key);
    g_free(m);
}

ibx_recent *ibx_recent_new(int most, size_t size) {
    ibx_recent *recent = g_new0(ibx_recent, 1);
    recent->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&recent->order);
    recent->most = (guint)most;
    recent->size = size;
    return recent;
}

void ibx_recent_clear(ibx_recent *recent) {
    while (recent->order.head) forget(recent, recent->order.head);
}

void ibx_recent_free(ibx_recent *recent) {
    if (!recent) return;
    ibx_recent_clear(recent);
    g_hash_table_destroy(recent->by_key);
    g_free(recent);
}

bool ibx_recent_find(const ibx_recent *recent, const char *key, int64_t max_age_ms, void *value) {
    const GList *link = g_hash_table_lookup(recent->by_key, key);
    const memory *m = link ? link->data : NULL;
    if (!m || g_get_monotonic_time() - m->at > max_age_ms * 1000) return false;
    memcpy(value, m->value, recent->size);
    return true;
}

void ibx_recent_store(ibx_recent *recent, const char *key, const void *value) {
    GList *old = g_hash_table_lookup(recent->by_key, key);
    if (old) forget(recent, old);
    if (recent->order.length >= recent->most) forget(recent, recent->order.head);
    memory *m = g_malloc0(sizeof *m + recent->size);
    m->key = g_strdup(key);
    m->at = g_get_monotonic_time();
    memcpy(m->value, value, recent->size);
    g_queue_push_tail(&recent->order, m);
    g_hash_table_insert(recent->by_key, m->key, recent->order.tail);
}
