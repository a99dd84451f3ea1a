/* produce.c - cache, coalescing, workers. */
#include "server/api/produce.h"
#include <stdio.h>
#include <sys/mman.h>

/* One job for all who wait for it. */
typedef struct {
    ibx_house *house;
    ibx_flight *flight;
    ibx_work *work;
    ibx_product_key key;
    bool cached; /* one file: it goes into the cache */
} job;

struct ibx_production {
    ibx_seat *seat;
    ibx_on_product *done;
    void *user;
    bool leads;
};

ibx_product_key ibx_product_key_of(const ibx_wish *wish, const char *identity) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char metadata[] = {(char)('0' + wish->metadata), 0};
    const char *const parts[] = {ibx_version(), identity, wish->recipe, wish->format, metadata};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_checksum_update(sum, (const guchar *)parts[i], (gssize)strlen(parts[i]) + 1);
    ibx_product_key key;
    g_strlcpy(key.text, g_checksum_get_string(sum), sizeof key.text);
    g_checksum_free(sum);
    return key;
}

/* ---- what is paid for until clients have read it ------------------------------------------- */

static void refuse(ibx_house *house, ibx_product *product) {
    ibx_metric_add(house->metrics, IBX_M_SHED, IBX_SHED_RESULTS, 1);
    product->fate = IBX_FATE_OVERLOADED;
    product->retry_s = 1;
    ibx_fail(&product->error, IBX_MEMORY,
             "there is no room for another result until clients have read theirs");
}

/* ---- the cache ------------------------------------------------------------------------------ */

/* What an entry says about its body. */
static const char META[] = "%15s %d %d %d %d";

static bool read_meta(const char *meta, ibx_product *product) {
    char format[16];
    ibx_result *r = &product->output[0];
    if (sscanf(meta, META, format, &r->w, &r->h, &product->in_w, &product->in_h) != 5) return false;
    r->format = ibx_format_find(format);
    return r->format != NULL;
}

/* A copy that is paid for. */
typedef struct {
    GBytes *bytes;
    int64_t size;
    ibx_purse *purse;
} loan;

static void give_back(void *data) {
    loan *l = data;
    g_bytes_unref(l->bytes);
    ibx_purse_return(l->purse, l->size);
    g_free(l);
}

/* A reference to the body; one that nobody else pays for is paid for as long as it is there. NULL:
 * there is no room for it. */
static GBytes *pay_for_copy(ibx_house *house, const ibx_cached *cached) {
    if (cached->copied == 0) return g_bytes_ref(cached->body);
    if (!ibx_purse_spend(&house->results, cached->copied)) return NULL;
    loan *l = g_new(loan, 1);
    *l = (loan){g_bytes_ref(cached->body), cached->copied, &house->results};
    gsize size;
    const void *data = g_bytes_get_data(l->bytes, &size);
    return g_bytes_new_with_free_func(data, size, give_back, l);
}

bool ibx_product_find(ibx_house *house, const ibx_product_key *key, ibx_product *product) {
    ibx_cached cached;
    *product = (ibx_product){.cache = "hit"};
    if (!house->cache || !ibx_cache_find(house->cache, key->text, &cached)) return false;
    const bool good = read_meta(cached.meta, product);
    GBytes *body = good ? pay_for_copy(house, &cached) : NULL;
    if (body) {
        product->output[0].bytes = body;
        product->outputs = 1;
    } else if (good) {
        refuse(house, product);
    }
    ibx_cache_release(&cached);
    return good;
}

static void store(const job *j, const ibx_product *product) {
    const ibx_result *r = &product->output[0];
    char meta[100];
    snprintf(meta, sizeof meta, "%s %d %d %d %d", r->format->name, r->w, r->h, product->in_w,
             product->in_h);
    ibx_cache_store(j->house->cache, j->key.text, meta, r->bytes);
}

/* ---- results of workers ------------------------------------------------------------------------
 */

/* Paid for from the first to the last who holds it, in whatever thread that is. */
typedef struct {
    void *at;
    size_t size;
    ibx_purse *purse;
} mapping;

static void unmap(void *data) {
    mapping *m = data;
    if (m->at) munmap(m->at, m->size);
    ibx_purse_return(m->purse, (int64_t)m->size);
    g_free(m);
}

/* The bytes of a sealed memory file, which are paid for. NULL if they cannot be mapped. */
static GBytes *map(int fd, int64_t size, ibx_purse *purse) {
    void *at = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    if (at == MAP_FAILED) return NULL;
    mapping *m = g_new(mapping, 1);
    *m = (mapping){at, (size_t)size, purse};
    return g_bytes_new_with_free_func(at, (size_t)size, unmap, m);
}

static GBytes *take_bytes(ibx_house *house, ibx_product *product, int fd, int64_t size) {
    const bool paid = ibx_purse_spend(&house->results, size);
    GBytes *bytes = paid ? map(fd, size, &house->results) : NULL;
    if (bytes) return bytes;
    if (paid) ibx_purse_return(&house->results, size);
    refuse(house, product);
    return NULL;
}

static bool take_outputs(ibx_house *house, ibx_product *product, const ibx_outcome *o) {
    for (int i = 0; i < o->delivery->outputs; i++) {
        const ibx_made *made = &o->delivery->output[i];
        ibx_result *r = &product->output[i];
        r->bytes = take_bytes(house, product, o->fds[i], made->bytes);
        if (!r->bytes) return false;
        r->format = ibx_format_find(made->format);
        g_strlcpy(r->name, made->name, sizeof r->name);
        r->w = made->w;
        r->h = made->h;
        product->outputs++;
    }
    return true;
}

static void fill(ibx_house *house, ibx_product *product, const ibx_outcome *o) {
    *product = (ibx_product){.fate = o->fate,
                             .cache = "miss",
                             .retry_s = o->retry_s,
                             .waited_ms = o->waited_ms,
                             .worked_ms = o->worked_ms};
    if (!o->delivery) return;
    product->error = o->delivery->error;
    product->times = o->delivery->times;
    product->cpu_ms = o->delivery->cpu;
    product->rss = o->delivery->rss;
    if (o->delivery->known) {
        product->in_w = o->delivery->about.head.w;
        product->in_h = o->delivery->about.head.h;
    }
    if (o->fate == IBX_FATE_DONE && product->error.code == IBX_OK) take_outputs(house, product, o);
}

void ibx_product_free(ibx_product *product) {
    for (int i = 0; i < product->outputs; i++) g_bytes_unref(product->output[i].bytes);
    product->outputs = 0;
}

/* The worker is done: its results go to all who wait. */
static void worked(void *user, const ibx_outcome *outcome) {
    job *j = user;
    ibx_product product;
    fill(j->house, &product, outcome);
    if (!j->cached) product.cache = "bypass";
    const bool good = product.outputs == 1 && product.error.code == IBX_OK;
    if (good && j->cached && j->house->cache) store(j, &product);
    ibx_flight_land(j->flight, &product);
    ibx_product_free(&product);
    g_free(j);
}

/* Nobody waits any more. */
static void abandoned(void *user) {
    job *j = user;
    ibx_work_cancel(j->work);
    g_free(j);
}

/* ---- asking ------------------------------------------------------------------------------------
 */

static void landed(void *user, const void *landing) {
    ibx_production *p = user;
    ibx_product product = *(const ibx_product *)landing;
    if (!p->leads) product.cache = "coalesced";
    p->done(p->user, &product);
    g_free(p);
}

/* Starts the work that the flight is about. */
static bool start(ibx_house *house, ibx_flight *flight, const ibx_product_key *key,
                  const ibx_wish *wish, const ibx_opened *source) {
    ibx_order *order = g_new0(ibx_order, 1);
    job *j = g_new0(job, 1);
    *j = (job){.house = house, .flight = flight, .key = *key, .cached = wish->outputs == 1};
    if (!j->cached) ibx_metric_add(house->metrics, IBX_M_CACHE, IBX_CACHE_BYPASS, 1);
    order->kind = IBX_ORDER_RUN;
    order->metadata = wish->metadata;
    g_strlcpy(order->name, source->name, sizeof order->name);
    g_strlcpy(order->source, source->identity, sizeof order->source);
    g_strlcpy(order->format, wish->format, sizeof order->format);
    g_strlcpy(order->recipe, wish->recipe, sizeof order->recipe);
    j->work = ibx_works_submit(house->works, order, source->fd, worked, j);
    g_free(order);
    const bool taken = j->work != NULL;
    if (taken)
        ibx_flight_on_empty(flight, abandoned, j);
    else
        g_free(j);
    return taken;
}

ibx_production *ibx_produce(ibx_house *house, const ibx_wish *wish, const ibx_opened *source,
                            ibx_on_product *done, void *user) {
    const ibx_product_key key = ibx_product_key_of(wish, source->identity);
    ibx_production *p = g_new0(ibx_production, 1);
    ibx_flight *flight;
    *p = (ibx_production){.done = done, .user = user};
    p->seat = ibx_flight_join(house->flights, key.text, landed, p, &p->leads, &flight);
    if (p->leads && !start(house, flight, &key, wish, source)) {
        ibx_seat_leave(p->seat);
        g_free(p);
        return NULL;
    }
    if (!p->leads) ibx_metric_add(house->metrics, IBX_M_COALESCED, 0, 1);
    return p;
}

void ibx_production_cancel(ibx_production *production) {
    ibx_seat_leave(production->seat);
    g_free(production);
}
