/* look.c - asks the scout about a source. */
#include "server/api/look.h"

/* What was found out about a file is true as long as its identity is. */
enum { FOR_A_DAY = 24 * 3600 * 1000 };

typedef struct {
    ibx_exchange *x;
    ibx_work *work;
    char identity[80];
    ibx_on_about *done;
    void *user;
} looking;

static void stop(void *user) {
    looking *l = user;
    if (l->work) ibx_work_cancel(l->work);
    l->work = NULL;
}

static void looked(void *user, const ibx_outcome *o) {
    looking *l = user;
    ibx_product failure = {.fate = o->fate, .cache = "bypass", .retry_s = o->retry_s};
    if (o->delivery) failure.error = o->delivery->error;
    const bool ok = o->fate == IBX_FATE_DONE && failure.error.code == IBX_OK;
    l->work = NULL;
    if (ok)
        ibx_recent_store(l->x->house->abouts, l->identity, &o->delivery->about);
    else
        ibx_answer_fate(l->x, &failure);
    l->done(l->user, ok ? &o->delivery->about : NULL);
}

void ibx_look(ibx_exchange *x, const ibx_opened *source, ibx_on_about *done, void *user) {
    ibx_about about;
    if (ibx_recent_find(x->house->abouts, source->identity, FOR_A_DAY, &about)) {
        done(user, &about);
        return;
    }
    looking *l = g_new0(looking, 1);
    *l = (looking){.x = x, .done = done, .user = user};
    g_strlcpy(l->identity, source->identity, sizeof l->identity);
    ibx_exchange_owns(x, g_free, l);
    ibx_order *order = g_new0(ibx_order, 1);
    order->kind = IBX_ORDER_LOOK;
    g_strlcpy(order->name, source->name, sizeof order->name);
    g_strlcpy(order->source, source->identity, sizeof order->source);
    l->work = ibx_works_submit(x->house->works, order, source->fd, looked, l);
    g_free(order);
    if (l->work) {
        ibx_exchange_wait(x, stop, l);
        return;
    }
    ibx_answer_no(x, 503, "overloaded", "no memory for another job");
    done(user, NULL);
}
