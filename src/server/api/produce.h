/* produce.h - from a wish and a source to its results: out of the cache, out of a job that somebody
 * else has started already, or out of a worker. */
#ifndef IBX_SERVER_PRODUCE_H
#define IBX_SERVER_PRODUCE_H

#include "server/api/house.h"
#include "server/api/wish.h"

typedef struct {
    GBytes *bytes;
    const ibx_format *format;
    char name[80]; /* what `save:name=` says, or "" */
    int w, h;
} ibx_result;

typedef struct {
    ibx_fate fate;
    ibx_error error; /* code IBX_OK: done */
    int in_w, in_h;  /* of the source; 0: not known */
    int outputs;
    ibx_result output[IBX_WIRE_OUTPUTS];
    const char *cache; /* "hit", "miss", "coalesced", "bypass" */
    int retry_s;
    double waited_ms, worked_ms, cpu_ms; /* in the queue, in the worker */
    ibx_times times;
    int64_t rss;
} ibx_product;

/* The key of a result: SHA-256 of all that it depends on. Also its ETag. */
typedef struct {
    char text[65];
} ibx_product_key;
ibx_product_key ibx_product_key_of(const ibx_wish *wish, const char *identity);

/* The result of a wish for one file, if it is in the cache; its fate is OVERLOADED, and it has no
 * bytes, where there is no room for them. Free it with ibx_product_free. */
bool ibx_product_find(ibx_house *house, const ibx_product_key *key, ibx_product *product);
void ibx_product_free(ibx_product *product);

/* Borrowed for the call. */
typedef void ibx_on_product(void *user, const ibx_product *product);

/* Has it made. `done` is called later, never from inside; not after ibx_production_cancel. Whoever
 * asks for the same at the same time gets the same. NULL without memory. */
typedef struct ibx_production ibx_production;
ibx_production *ibx_produce(ibx_house *house, const ibx_wish *wish, const ibx_opened *source,
                            ibx_on_product *done, void *user);
void ibx_production_cancel(ibx_production *production);

#endif
