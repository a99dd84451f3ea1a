/* batch_work.c - the threads behind the window of batches. */
#include "gimp/model/batch_work.h"
#include "describe/report.h"
#include "describe/run.h"
#include "gimp/sentence.h"
#include "gimp/thread.h"
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

/* A relative name is right in a call, but who types one does not know in which folder GIMP works.
 */
static bool open_batch(ibx_gimp_batch *b, const ibx_gimp_order *order, ibx_error *err) {
    if (!ibx_gimp_batch_open(b, order, err)) return false;
    return b->batch.output[0] == '/' ||
           ibx_fail(err, IBX_USAGE,
                    "%s does not say where the folder for the results is: begin it with / or ~/",
                    b->batch.output);
}

/* ---- a batch that runs ------------------------------------------------------------------------
 */

struct ibx_window_run {
    ibx_gimp_batch batch;
    ibx_report report;
    char *text; /* of the report */
    size_t size;
    atomic_bool stop, cancel;
    ibx_gimp_thread *thread;
    pthread_mutex_t lock; /* of all that follows */
    bool ended;
    ibx_totals totals;
    ibx_error err;
    ibx_window_failure **failure; /* each stays where it is */
    size_t failures;
};

static void keep_failure(ibx_window_run *r, const ibx_event *e) {
    ibx_window_failure *f = malloc(sizeof *f);
    ibx_window_failure **more = realloc(r->failure, (r->failures + 1) * sizeof *more);
    if (more) r->failure = more;
    if (f)
        *f = (ibx_window_failure){strdup(e->input),
                                  strdup(ibx_without_name(e->error->text, e->input)),
                                  e->kind == IBX_EVENT_FAILED};
    if (f && more && f->input && f->sentence) {
        ibx_gimp_sentence(f->sentence);
        r->failure[r->failures++] = f;
        return;
    }
    if (f) {
        free(f->input);
        free(f->sentence);
    }
    free(f);
}

static void on_event(void *user, const ibx_event *e) {
    ibx_window_run *r = user;
    ibx_report_event(&r->report, e);
    pthread_mutex_lock(&r->lock);
    r->totals = *e->totals;
    if (e->error) keep_failure(r, e);
    pthread_mutex_unlock(&r->lock);
}

static void run_thread(void *data) {
    ibx_window_run *r = data;
    ibx_totals totals = {0};
    ibx_error err = {0};
    if (ibx_batch_run(&r->batch.batch, on_event, r, &totals, &err)) err.code = IBX_OK;
    ibx_error lost = {0};
    if (!ibx_report_close(&r->report, r->batch.recipe, &totals, NULL, &lost) && err.code == IBX_OK)
        err = lost;
    pthread_mutex_lock(&r->lock);
    r->totals = totals;
    r->err = err;
    r->ended = true;
    pthread_mutex_unlock(&r->lock);
}

ibx_window_run *ibx_window_run_start(const ibx_gimp_order *order, ibx_error *err) {
    ibx_window_run *r = calloc(1, sizeof *r);
    if (!r) return ibx_fail(err, IBX_MEMORY, "no memory for a batch"), NULL;
    bool ok = open_batch(&r->batch, order, err);
    FILE *out = ok ? open_memstream(&r->text, &r->size) : NULL;
    if (ok && !out) ok = ibx_fail(err, IBX_MEMORY, "no memory for the report");
    if (ok) {
        ibx_report_begin(&r->report, out, "of this batch");
        r->batch.batch.stop = &r->stop;
        r->batch.batch.limits.cancel = &r->cancel;
        pthread_mutex_init(&r->lock, NULL);
        r->thread = ibx_gimp_thread_start(run_thread, r);
        if (r->thread) return r;
        ibx_fail(err, IBX_MEMORY, "the system gives no further thread");
        pthread_mutex_destroy(&r->lock);
        fclose(out);
    }
    ibx_gimp_sentence(err->text);
    free(r->text);
    ibx_gimp_batch_close(&r->batch);
    free(r);
    return NULL;
}

void ibx_window_run_stop(ibx_window_run *r) {
    atomic_store(&r->stop, true);
}

void ibx_window_run_cancel(ibx_window_run *r) {
    atomic_store(&r->stop, true);
    atomic_store(&r->cancel, true);
}

bool ibx_window_run_look(ibx_window_run *r, ibx_totals *totals, ibx_error *err) {
    pthread_mutex_lock(&r->lock);
    const bool ended = r->ended;
    *totals = r->totals;
    *err = r->err;
    pthread_mutex_unlock(&r->lock);
    ibx_gimp_sentence(err->text);
    return ended;
}

const ibx_window_failure *ibx_window_run_failure(ibx_window_run *r, size_t number) {
    pthread_mutex_lock(&r->lock);
    const ibx_window_failure *f = number < r->failures ? r->failure[number] : NULL;
    pthread_mutex_unlock(&r->lock);
    return f;
}

const char *ibx_window_run_report(const ibx_window_run *r, size_t *size) {
    *size = r->size;
    return r->text;
}

void ibx_window_run_free(ibx_window_run *r) {
    if (!r) return;
    ibx_gimp_thread_join(r->thread);
    pthread_mutex_destroy(&r->lock);
    for (size_t i = 0; i < r->failures; i++) {
        free(r->failure[i]->input);
        free(r->failure[i]->sentence);
        free(r->failure[i]);
    }
    free(r->failure);
    free(r->text);
    ibx_gimp_batch_close(&r->batch);
    free(r);
}

/* ---- a look ahead -----------------------------------------------------------------------------
 */

struct ibx_window_look {
    ibx_gimp_batch batch;
    ibx_window_sight sight;
    ibx_gimp_thread *thread;
    atomic_bool ended;
};

static void look_thread(void *data) {
    ibx_window_look *l = data;
    ibx_window_sight *s = &l->sight;
    char *collisions = NULL;
    if (s->ok) s->ok = ibx_gimp_batch_outline(&l->batch.batch, &s->outline, &collisions, &s->error);
    ibx_gimp_sentence(s->error.text);
    s->by_name = collisions && strstr(collisions, " --name") != NULL;
    s->collisions = ibx_gimp_sentences(collisions ? collisions : "");
    free(collisions);
    atomic_store(&l->ended, true);
}

ibx_window_look *ibx_window_look_start(const ibx_gimp_order *order) {
    ibx_window_look *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->sight.ok = open_batch(&l->batch, order, &l->sight.error);
    l->thread = ibx_gimp_thread_start(look_thread, l);
    if (l->thread) return l;
    ibx_gimp_batch_close(&l->batch);
    free(l);
    return NULL;
}

const ibx_window_sight *ibx_window_look_result(ibx_window_look *l) {
    return atomic_load(&l->ended) ? &l->sight : NULL;
}

void ibx_window_look_free(ibx_window_look *l) {
    if (!l) return;
    ibx_gimp_thread_join(l->thread);
    g_free(l->sight.collisions);
    ibx_gimp_batch_close(&l->batch);
    free(l);
}
