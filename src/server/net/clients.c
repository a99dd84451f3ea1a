/* clients.c - a bounded table of buckets. */
#include "server/net/clients.h"
#include <math.h>
#include <string.h>

typedef struct {
    ibx_client_key key;
    int connections;
    double tokens;
    int64_t filled; /* when tokens were counted, us */
    GList idle;     /* where it stands among those without a connection */
} client;

struct ibx_clients {
    const ibx_settings *settings;
    GHashTable *table; /* of client, by its key */
    GQueue idle;       /* longest unused first */
    size_t most;
};

/* ---- keys ---------------------------------------------------------------------------------- */

ibx_client_key ibx_client_key_of(GSocketAddress *remote) {
    static const uint8_t MAPPED[12] = {[10] = 0xFF, [11] = 0xFF};
    ibx_client_key key = {{0}};
    if (!remote || !G_IS_INET_SOCKET_ADDRESS(remote)) return key;
    GInetAddress *address = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote));
    const uint8_t *bytes = g_inet_address_to_bytes(address);
    const bool v6 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    const bool mapped = v6 && memcmp(bytes, MAPPED, sizeof MAPPED) == 0;
    key.bytes[0] = v6 && !mapped ? 6 : 4;
    memcpy(key.bytes + 1, mapped ? bytes + sizeof MAPPED : bytes, v6 && !mapped ? 8 : 4);
    return key;
}

ibx_client_name ibx_client_name_of(GSocketAddress *remote) {
    ibx_client_name name = {""};
    if (!remote || !G_IS_INET_SOCKET_ADDRESS(remote)) return name;
    char *text =
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote)));
    g_strlcpy(name.text, text, sizeof name.text);
    g_free(text);
    return name;
}

static bool has_client(const ibx_client_key *key) {
    return key->bytes[0] != 0;
}

/* FNV-1a. Whoever has many addresses could make them collide; the table is small. */
static guint hash(const void *data) {
    const ibx_client_key *key = data;
    guint h = 2166136261U;
    for (size_t i = 0; i < sizeof key->bytes; i++) h = (h ^ key->bytes[i]) * 16777619U;
    return h;
}

static gboolean equal(const void *a, const void *b) {
    return memcmp(a, b, sizeof(ibx_client_key)) == 0;
}

/* ---- the table ----------------------------------------------------------------------------- */

ibx_clients *ibx_clients_new(const ibx_settings *settings, size_t most) {
    ibx_clients *c = g_new0(ibx_clients, 1);
    c->settings = settings;
    c->table = g_hash_table_new_full(hash, equal, NULL, g_free);
    c->most = most;
    return c;
}

void ibx_clients_free(ibx_clients *clients) {
    if (!clients) return;
    g_hash_table_unref(clients->table);
    g_free(clients);
}

size_t ibx_clients_count(const ibx_clients *clients) {
    return g_hash_table_size(clients->table);
}

static void forget(ibx_clients *c, client *who) {
    g_queue_unlink(&c->idle, &who->idle);
    g_hash_table_remove(c->table, &who->key);
}

static client *find(ibx_clients *c, ibx_client_key key) {
    client *who = g_hash_table_lookup(c->table, &key);
    if (who) return who;
    if (c->idle.length >= c->most && c->idle.head) forget(c, c->idle.head->data);
    who = g_new0(client, 1);
    who->key = key;
    who->tokens = c->settings->limits.burst;
    who->filled = g_get_monotonic_time();
    who->idle.data = who;
    g_hash_table_insert(c->table, &who->key, who);
    g_queue_push_tail_link(&c->idle, &who->idle);
    return who;
}

bool ibx_clients_enter(ibx_clients *clients, ibx_client_key key) {
    if (!has_client(&key)) return true;
    client *who = find(clients, key);
    if (who->connections >= clients->settings->limits.connections_per_client) return false;
    if (who->connections++ == 0) g_queue_unlink(&clients->idle, &who->idle);
    return true;
}

void ibx_clients_leave(ibx_clients *clients, ibx_client_key key) {
    client *who = has_client(&key) ? g_hash_table_lookup(clients->table, &key) : NULL;
    if (!who || --who->connections > 0) return;
    g_queue_push_tail_link(&clients->idle, &who->idle);
    if (clients->idle.length > clients->most) forget(clients, clients->idle.head->data);
}

/* ---- buckets ------------------------------------------------------------------------------- */

static void fill(client *who, double rate, double burst, int64_t now) {
    if (now > who->filled) {
        who->tokens = fmin(burst, who->tokens + rate * (double)(now - who->filled) * 1e-6);
        who->filled = now;
    }
}

bool ibx_clients_allow(ibx_clients *clients, ibx_client_key key, int64_t now, int *retry_s) {
    const double rate = clients->settings->limits.requests_per_second;
    const double burst = fmax(1, clients->settings->limits.burst);
    if (rate <= 0 || !has_client(&key)) return true;
    client *who = find(clients, key);
    if (who->connections == 0) { /* now the one that was used last */
        g_queue_unlink(&clients->idle, &who->idle);
        g_queue_push_tail_link(&clients->idle, &who->idle);
    }
    fill(who, rate, burst, now);
    if (who->tokens >= 1) {
        who->tokens -= 1;
        return true;
    }
    if (retry_s) *retry_s = (int)fmin(ceil((1 - who->tokens) / rate), 3600);
    return false;
}
