/* gimp2_batch.c - batches, called from the menu or from a script. */
#include "gimp/dialog.h"
#include "gimp/gimp2.h"
#include "gimp/work.h"
#include <stdlib.h>

/* A batch at work, and the sentence of the first file that failed. */
typedef struct {
    const ibx_gimp_order *order;
    atomic_int thousandths;
    ibx_totals totals;
    ibx_error failure, *err;
    bool ok;
} batch;

static void on_event(void *user, const ibx_event *event) {
    batch *b = user;
    const ibx_totals *t = event->totals;
    if (event->kind == IBX_EVENT_FAILED && !b->failure.text[0]) b->failure = *event->error;
    if (t->listed > 0)
        atomic_store(&b->thousandths, (int)((t->done + t->failed + t->skipped) * 1000 / t->listed));
}

static void run_order(void *data) {
    batch *b = data;
    b->ok = ibx_gimp_batch_run(b->order, NULL, NULL, on_event, b, &b->totals, b->err);
}

static void show_part(void *user, double part) {
    (void)user;
    gimp_progress_update(part);
}

static bool do_order(const ibx_gimp_order *order, ibx_error *err) {
    batch b = {.order = order, .err = err};
    gimp_progress_init("Batch of imbrex");
    const bool ok = ibx_gimp_work(run_order, &b, &b.thousandths, show_part, NULL, err) && b.ok;
    gimp_progress_end();
    if (!ok || b.totals.failed == 0) return ok;
    return ibx_fail(err, b.failure.code, "%lld of %lld files failed; the first: %s",
                    (long long)b.totals.failed, (long long)b.totals.listed, b.failure.text);
}

/* What is given replaces what was kept. From a menu nothing is. */
static bool fill_order(const ibx_gimp2_call *r, ibx_gimp_order *order, ibx_error *err) {
    char **const texts[] = {&order->recipe, &order->input, &order->output};
    if (!ibx_gimp2_count_is(r, 1 + (int)G_N_ELEMENTS(texts), err)) return false;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *given = r->argument[1 + i].data.d_string;
        if (given && *given && !ibx_gimp_order_text(texts[i], given))
            return ibx_fail(err, IBX_MEMORY, "no memory for a batch");
    }
    return true;
}

/* Takes over a text that was kept, which may be NULL. */
static void take_order(ibx_gimp_order *order, char *text) {
    if (text) ibx_gimp_order_read(order, text);
    free(text);
}

static void keep_order(void (*keep)(const char *procedure, const char *text), const char *procedure,
                       const ibx_gimp_order *order) {
    char *text = ibx_gimp_order_print(order);
    if (text) keep(procedure, text);
    free(text);
}

/* The window begins with what was left in the last one, run or not. */
static bool ask_order(const ibx_gimp2_call *r, ibx_gimp_order *order, ibx_error *err) {
    ibx_gimp_order done;
    take_order(order, ibx_gimp2_left(r->procedure));
    if (r->arguments > 1 && !fill_order(r, order, err)) return false;
    if (!ibx_gimp_windows.ask_batch) return do_order(order, err);
    if (!ibx_gimp_order_new(&done, err)) return false;
    const bool was_run = ibx_gimp_windows.ask_batch(order, &done);
    keep_order(ibx_gimp2_leave, r->procedure, order);
    if (was_run) keep_order(ibx_gimp2_keep, r->procedure, &done);
    ibx_gimp_order_free(&done);
    return was_run || ibx_fail(err, IBX_CANCELLED, "%s", "");
}

static bool run_last_order(const ibx_gimp2_call *r, ibx_gimp_order *order, ibx_error *err) {
    take_order(order, ibx_gimp2_last(r->procedure));
    return do_order(order, err);
}

bool ibx_gimp2_batch(const ibx_gimp2_call *r, ibx_error *err) {
    ibx_gimp_order order;
    if (!ibx_gimp_order_new(&order, err)) return false;
    bool ok;
    if (r->mode == GIMP_RUN_NONINTERACTIVE)
        ok = fill_order(r, &order, err) && do_order(&order, err);
    else if (r->mode == GIMP_RUN_INTERACTIVE)
        ok = ask_order(r, &order, err);
    else
        ok = run_last_order(r, &order, err);
    ibx_gimp_order_free(&order);
    return ok;
}
