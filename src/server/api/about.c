/* about.c - what the server says about itself: filters, OpenAPI, the page. */
#include "server/api/answer.h"
#include "server/api/documents.h"
#include "server/api/path.h"
#include "server/api/routes.h"

static void answer_document(ibx_exchange *x, const ibx_document *document) {
    const ibx_reply reply = {.mime = "application/json", .etag = document->etag, .max_age_ms = -1};
    ibx_answer_bytes(x, &reply, document->bytes);
}

static void answer_filter(ibx_exchange *x, char *text) {
    ibx_document document = ibx_document_keep(text);
    answer_document(x, &document);
    ibx_document_drop(&document);
}

void ibx_handle_filters(ibx_exchange *x, const char *rest) {
    if (*rest == 0) {
        answer_document(x, &x->house->filters);
        return;
    }
    char *name = ibx_path_decode(rest, strlen(rest));
    char *text = name ? ibx_document_filter(name) : NULL;
    if (text)
        answer_filter(x, text);
    else
        ibx_answer_no(x, 404, "unknown-filter", "there is no filter of that name; see /v1/filters");
    g_free(name);
}

void ibx_handle_openapi(ibx_exchange *x, const char *rest) {
    (void)rest;
    answer_document(x, &x->house->openapi);
}

void ibx_handle_page(ibx_exchange *x, const char *rest) {
    ibx_bytes page;
    const char *mime;
    if (!x->house->settings.server.ui || !ibx_document_page(rest, &page, &mime)) {
        ibx_answer_no(x, 404, "not-found", "there is no such page");
        return;
    }
    GBytes *bytes = g_bytes_new_static(page.data, page.size);
    const ibx_reply reply = {.mime = mime,
                             .max_age_ms = -1,
                             .policy =
                                 "default-src 'none'; script-src 'self'; style-src 'self'; "
                                 "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
                                 "form-action 'none'; frame-ancestors 'none'"};
    ibx_answer_bytes(x, &reply, bytes);
    g_bytes_unref(bytes);
}
