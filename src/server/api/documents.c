/* documents.c - the tables as a reply. */
#include "server/api/documents.h"
#include "describe/describe.h"
#include <stdlib.h>

/* What printing into a stream gives as a text. */
static FILE *begin(char **text, size_t *size) {
    *text = NULL;
    return open_memstream(text, size);
}

static char *finish(FILE *out, char *const *text) {
    if (fclose(out) == 0) return *text;
    free(*text);
    return NULL;
}

char *ibx_document_filters(void) {
    char *text;
    size_t size;
    FILE *out = begin(&text, &size);
    if (!out) return NULL;
    ibx_describe_json(out);
    return finish(out, &text);
}

char *ibx_document_filter(const char *name) {
    char *text;
    size_t size;
    const ibx_filter *filter = ibx_filter_find(name);
    FILE *out = filter ? begin(&text, &size) : NULL;
    if (!out) return NULL;
    ibx_describe_filter_json(out, filter);
    return finish(out, &text);
}

ibx_document ibx_document_keep(char *text) {
    const size_t size = text ? strlen(text) : 0;
    ibx_document document = {.bytes = g_bytes_new_with_free_func(text, size, free, text)};
    char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, document.bytes);
    g_strlcpy(document.etag, sum, sizeof document.etag);
    g_free(sum);
    return document;
}

void ibx_document_drop(ibx_document *document) {
    if (document->bytes) g_bytes_unref(document->bytes);
    *document = (ibx_document){0};
}
