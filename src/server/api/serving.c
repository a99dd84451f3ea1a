/* serving.c - from wish and source to a reply. */
#include "server/api/serving.h"
#include <stdlib.h>

typedef struct {
    ibx_exchange *x;
    ibx_wish wish;
    ibx_opened source;
    int64_t purse;
    ibx_check *check;           /* of what the cache has, while it is under way; or */
    ibx_production *production; /* the same */
    ibx_answer_product *answer;
    ibx_product_key key;
} serving;

static void drop(void *user) {
    serving *s = user;
    ibx_purse_return(&s->x->house->purse, s->purse);
    ibx_wish_free(&s->wish);
    ibx_opened_close(&s->source);
    g_free(s);
}

static void stop(void *user) {
    serving *s = user;
    if (s->check) ibx_check_cancel(s->check);
    if (s->production) ibx_production_cancel(s->production);
    s->check = NULL;
    s->production = NULL;
}

/* ---- replies -----------------------------------------------------------------------------------
 */

static void note(ibx_exchange *x, const ibx_product *p) {
    x->log.cache = p->cache;
    x->log.queue_ms = p->waited_ms;
    x->log.decode_ms = p->times.decode;
    x->log.filter_ms = p->times.filter;
    x->log.encode_ms = p->times.encode;
    x->log.cpu_ms = p->cpu_ms;
    x->log.rss = p->rss;
    x->log.pixels = (int64_t)p->in_w * p->in_h;
}

void ibx_answer_measures(ibx_exchange *x, const ibx_product *p) {
    ibx_answer_header(x, "Imbrex-Cache", "%s", p->cache);
    if (p->in_w > 0)
        ibx_answer_header(x, "Imbrex-Size", "%dx%d>%dx%d", p->in_w, p->in_h, p->output[0].w,
                          p->output[0].h);
    ibx_answer_header(x, "Server-Timing",
                      "fetch;dur=%.1f, queue;dur=%.1f, read;dur=%.1f, decode;dur=%.1f, "
                      "filter;dur=%.1f, encode;dur=%.1f, total;dur=%.1f",
                      x->log.fetch_ms, p->waited_ms, p->times.read, p->times.decode,
                      p->times.filter, p->times.encode, ibx_exchange_ms(x));
}

void ibx_answer_fate(ibx_exchange *x, const ibx_product *p) {
    const ibx_error *err = p->error.text[0] ? &p->error : NULL;
    switch (p->fate) {
    case IBX_FATE_DONE:
        ibx_answer_error(x, &p->error);
        return;
    case IBX_FATE_TOO_BIG:
        ibx_answer_problem(x, 413, "job-too-big", err, 0);
        return;
    case IBX_FATE_OVERLOADED:
        ibx_answer_problem(x, 503, "overloaded", err, p->retry_s);
        return;
    case IBX_FATE_DEADLINE:
        ibx_answer_problem(x, 504, "deadline", err, p->retry_s);
        return;
    case IBX_FATE_CRASHED:
        ibx_answer_no(x, 500, "worker-crashed",
                      "the process that worked on this image ended; nothing else was lost");
        return;
    }
}

/* What is behind a signed address stays, or its signer would sign another; a file may change.
 * Nobody on the way shall give out what the signature no longer does. */
static int64_t max_age(const ibx_exchange *x) {
    const ibx_settings *settings = &x->house->settings;
    const int64_t most = x->is_signed ? settings->cache.max_age : settings->cache.max_age_unsigned;
    if (!x->expires) return most;
    const int64_t left_ms = (int64_t)x->expires * 1000 - g_get_real_time() / 1000;
    return CLAMP(left_ms, 0, most);
}

static ibx_reply reply_of(const ibx_exchange *x, const ibx_wish *wish, const char *etag,
                          time_t modified) {
    const bool upload = soup_server_message_get_method(x->message) == SOUP_METHOD_POST;
    return (ibx_reply){.etag = etag,
                       .modified = modified,
                       .max_age_ms = upload ? 0 : max_age(x),
                       .varies = wish->automatic};
}

/* The one file as it is. */
static void answer_file(ibx_exchange *x, const ibx_wish *wish, const ibx_product *p,
                        const char *etag, time_t modified) {
    const ibx_result *r = &p->output[0];
    ibx_reply reply = reply_of(x, wish, etag, modified);
    reply.mime = r->format->mime;
    reply.download = r->name[0] ? r->name : NULL;
    ibx_answer_measures(x, p);
    ibx_answer_bytes(x, &reply, r->bytes);
}

/* A client that knows the tag has the bytes: neither cache nor worker is asked for them. */
static bool answer_known(ibx_exchange *x, const ibx_wish *wish, const char *etag, time_t modified) {
    const ibx_reply reply = reply_of(x, wish, etag, modified);
    if (!ibx_answer_not_modified(x, &reply)) return false;
    x->log.cache = "bypass";
    if (x->house->cache) ibx_metric_add(x->house->metrics, IBX_M_CACHE, IBX_CACHE_BYPASS, 1);
    return true;
}

bool ibx_serve_cached(ibx_exchange *x, const ibx_wish *wish, const char *identity,
                      time_t modified) {
    const ibx_product_key key = ibx_product_key_of(wish, identity);
    ibx_product product;
    if (wish->outputs != 1) return false;
    if (answer_known(x, wish, key.text, modified)) return true;
    if (!ibx_product_find(x->house, &key, &product)) return false;
    note(x, &product);
    if (product.fate == IBX_FATE_DONE)
        answer_file(x, wish, &product, key.text, modified);
    else
        ibx_answer_fate(x, &product);
    ibx_product_free(&product);
    return true;
}

static void produced(void *user, const ibx_product *p) {
    serving *s = user;
    s->production = NULL;
    note(s->x, p);
    if (p->fate != IBX_FATE_DONE || p->error.code != IBX_OK)
        ibx_answer_fate(s->x, p);
    else if (s->answer)
        s->answer(s->x, p, s->key.text);
    else
        answer_file(s->x, &s->wish, p, s->key.text, s->source.modified);
}

/* ---- on the way ---------------------------------------------------------------------------------
 */

static void find_or_make(serving *s) {
    ibx_exchange *x = s->x;
    if (!s->answer && ibx_serve_cached(x, &s->wish, s->source.identity, s->source.modified)) return;
    s->production = ibx_produce(x->house, &s->wish, &s->source, produced, s);
    if (s->production)
        ibx_exchange_wait(x, stop, s);
    else
        ibx_answer_no(x, 503, "overloaded", "no memory for another job");
}

static void checked(void *user) {
    serving *s = user;
    s->check = NULL;
    find_or_make(s);
}

void ibx_serve_source(ibx_exchange *x, ibx_wish *wish, ibx_opened *source, int64_t purse,
                      ibx_answer_product *answer) {
    serving *s = g_new0(serving, 1);
    *s = (serving){.x = x, .wish = *wish, .source = *source, .purse = purse, .answer = answer};
    *wish = (ibx_wish){0};
    *source = (ibx_opened){.fd = -1};
    ibx_exchange_owns(x, drop, s);
    x->log.recipe = s->wish.recipe;
    x->log.bytes_in = s->source.size;
    s->key = ibx_product_key_of(&s->wish, s->source.identity);
    if (!answer && x->house->cache && ibx_cache_is_unverified(x->house->cache, s->key.text)) {
        s->check = ibx_check_begin(x->house->checks, s->key.text, checked, s);
        ibx_exchange_wait(x, stop, s);
    } else {
        find_or_make(s);
    }
}
