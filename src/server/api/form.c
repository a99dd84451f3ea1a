/* form.c - a pool of threads for forms, told of in the main loop. */
#include "server/api/form.h"
#include "server/api/parts.h"
#include <glib.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { THREADS = 2 };

struct ibx_forms {
    ibx_purse *purse;
    GThreadPool *pool;
    GQueue all; /* readings that have not been told of */
};

/* Belongs to the main loop but for the time between push and delivery, as a fetch does; `handed`
 * tells tools that do not look into GLib. */
struct ibx_reading {
    ibx_forms *forms;
    ibx_opened body;
    char *boundary;
    int64_t limit;
    ibx_on_form *done;
    void *user;
    atomic_bool cancelled;
    atomic_int handed; /* how often */
    GList link;
    GSource *delivery;
    ibx_form form;
};

static void hand_over(ibx_reading *r) {
    atomic_fetch_add(&r->handed, 1);
}

static void take_over(const ibx_reading *r) {
    (void)atomic_load(&r->handed);
}

/* ---- in a thread ----------------------------------------------------------------------------- */

/* Copies the image into a memory file of its own. */
static ibx_source_status copy_image(const ibx_reading *r, const ibx_body_parts *parts,
                                    ibx_opened *copy) {
    ibx_upload *upload = ibx_upload_new(r->forms->purse, r->limit);
    if (!upload) return IBX_SOURCE_BUSY;
    const ibx_source_status status = ibx_upload_write(upload, parts->image, parts->size);
    if (status == IBX_SOURCE_OK) {
        ibx_upload_finish(upload, copy);
        return copy->status;
    }
    ibx_upload_drop(upload);
    return status;
}

static void take_apart(ibx_reading *r, const uint8_t *body, size_t size) {
    ibx_body_parts parts;
    ibx_form *form = &r->form;
    form->status = IBX_SOURCE_BAD;
    if (ibx_body_read_parts(body, size, r->boundary, &parts, &form->error))
        form->status = copy_image(r, &parts, &form->image);
    form->recipe = g_steal_pointer(&parts.recipe);
    form->outputs = g_steal_pointer(&parts.outputs);
    ibx_body_free_parts(&parts);
}

static void map_and_read(ibx_reading *r) {
    const size_t size = (size_t)r->body.size;
    /* Nothing cannot be mapped. */
    void *map = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, r->body.fd, 0) : NULL;
    if (map == MAP_FAILED) {
        r->form.status = IBX_SOURCE_BUSY;
        return;
    }
    take_apart(r, map ? map : (const void *)"", size);
    if (map) munmap(map, size);
}

/* The body is not needed any more. */
static void close_body(ibx_reading *r) {
    ibx_purse_return(r->forms->purse, r->body.size);
    ibx_opened_close(&r->body);
    r->body.size = 0;
}

static gboolean deliver(void *user);

static void run(void *data, void *user) {
    ibx_reading *r = data;
    (void)user;
    take_over(r);
    if (!atomic_load(&r->cancelled)) map_and_read(r);
    close_body(r);
    GSource *delivery = r->delivery = g_idle_source_new();
    g_source_set_priority(delivery, G_PRIORITY_DEFAULT);
    g_source_set_callback(delivery, deliver, r, NULL);
    hand_over(r);
    g_source_attach(delivery, NULL);
}

/* ---- in the main loop ------------------------------------------------------------------------ */

static void free_reading(ibx_reading *r) {
    g_queue_unlink(&r->forms->all, &r->link);
    if (r->delivery) g_source_destroy(r->delivery);
    if (r->delivery) g_source_unref(r->delivery);
    g_free(r->form.recipe);
    g_free(r->form.outputs);
    g_free(r->boundary);
    g_free(r);
}

/* What nobody wants any more. */
static void discard(ibx_reading *r) {
    take_over(r);
    ibx_purse_return(r->forms->purse, r->form.image.size);
    ibx_opened_close(&r->form.image);
    free_reading(r);
}

static gboolean deliver(void *user) {
    ibx_reading *r = user;
    take_over(r);
    if (atomic_load(&r->cancelled)) {
        discard(r);
        return G_SOURCE_REMOVE;
    }
    r->done(r->user, &r->form);
    free_reading(r);
    return G_SOURCE_REMOVE;
}

ibx_reading *ibx_form_read(ibx_forms *forms, ibx_opened *body, const char *boundary, int64_t limit,
                           ibx_on_form *done, void *user) {
    ibx_reading *r = g_new0(ibx_reading, 1);
    r->forms = forms;
    r->body = *body;
    r->boundary = g_strdup(boundary);
    r->limit = limit;
    r->done = done;
    r->user = user;
    r->form.image.fd = -1;
    r->link.data = r;
    *body = (ibx_opened){.fd = -1};
    g_queue_push_tail_link(&forms->all, &r->link);
    hand_over(r);
    g_thread_pool_push(forms->pool, r, NULL);
    return r;
}

void ibx_reading_cancel(ibx_reading *reading) {
    atomic_store(&reading->cancelled, true);
}

ibx_forms *ibx_forms_new(ibx_purse *purse) {
    ibx_forms *forms = g_new0(ibx_forms, 1);
    *forms = (ibx_forms){purse, g_thread_pool_new(run, NULL, THREADS, FALSE, NULL), G_QUEUE_INIT};
    return forms;
}

void ibx_forms_free(ibx_forms *forms) {
    if (!forms) return;
    for (GList *l = forms->all.head; l; l = l->next) ibx_reading_cancel(l->data);
    g_thread_pool_free(forms->pool, FALSE, TRUE);
    for (ibx_reading *r; (r = g_queue_peek_head(&forms->all));) discard(r);
    g_free(forms);
}
