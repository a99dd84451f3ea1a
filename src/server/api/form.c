/* form.c - threads that take forms apart. */
#include "server/api/form.h"
#include "server/api/parts.h"
#include "server/jobs/errand.h"
#include <sys/mman.h>

enum { THREADS = 2 };

struct ibx_forms {
    ibx_purse *purse;
    ibx_errands *errands;
};

struct ibx_reading {
    ibx_errand errand;
    ibx_purse *purse;
    ibx_opened body;
    char *boundary;
    int64_t limit;
    ibx_on_form *done;
    void *user;
    ibx_form form;
};

/* ---- in a thread ----------------------------------------------------------------------------- */

/* Copies the image into a memory file of its own. */
static ibx_source_status copy_image(const ibx_reading *r, const ibx_body_parts *parts,
                                    ibx_opened *copy) {
    ibx_upload *upload = ibx_upload_new(r->purse, r->limit);
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
    ibx_purse_return(r->purse, r->body.size);
    ibx_opened_close(&r->body);
    r->body.size = 0;
}

static void run(ibx_errand *errand) {
    ibx_reading *r = (ibx_reading *)errand;
    if (!atomic_load(&errand->cancelled)) map_and_read(r);
    close_body(r);
}

/* ---- in the main loop ------------------------------------------------------------------------ */

/* An image that nobody wants any more is given back. */
static void back(ibx_errand *errand, bool wanted) {
    ibx_reading *r = (ibx_reading *)errand;
    if (wanted) {
        r->done(r->user, &r->form);
    } else {
        ibx_purse_return(r->purse, r->form.image.size);
        ibx_opened_close(&r->form.image);
    }
    g_free(r->form.recipe);
    g_free(r->form.outputs);
    g_free(r->boundary);
    g_free(r);
}

ibx_reading *ibx_form_read(ibx_forms *forms, ibx_opened *body, const char *boundary, int64_t limit,
                           ibx_on_form *done, void *user) {
    ibx_reading *r = g_new0(ibx_reading, 1);
    r->purse = forms->purse;
    r->body = *body;
    r->boundary = g_strdup(boundary);
    r->limit = limit;
    r->done = done;
    r->user = user;
    r->form.image.fd = -1;
    *body = (ibx_opened){.fd = -1};
    ibx_errand_send(forms->errands, &r->errand);
    return r;
}

void ibx_reading_cancel(ibx_reading *reading) {
    ibx_errand_cancel(&reading->errand);
}

ibx_forms *ibx_forms_new(ibx_purse *purse) {
    ibx_forms *forms = g_new(ibx_forms, 1);
    *forms = (ibx_forms){purse, ibx_errands_new(THREADS, run, back)};
    return forms;
}

void ibx_forms_free(ibx_forms *forms) {
    if (!forms) return;
    ibx_errands_free(forms->errands);
    g_free(forms);
}
