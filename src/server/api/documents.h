/* documents.h - what the server says about itself, made from the tables of filters and formats.
 *
 * All are malloc'd texts. */
#ifndef IBX_SERVER_DOCUMENTS_H
#define IBX_SERVER_DOCUMENTS_H

#include "server/config/settings.h"
#include <glib.h>

/* GET /v1/filters, the same object as `imbrex filters --json`, and GET /v1/filters/{name}, its part
 * about one filter; NULL if there is none of that name. */
char *ibx_document_filters(void);
char *ibx_document_filter(const char *name);

/* GET /v1/openapi.json: OpenAPI 3.1, with a schema for every filter's parameters (range, unit,
 * default) and every problem. */
char *ibx_document_openapi(const ibx_settings *settings);

/* A document as it is given out: many replies share its bytes, and its tag changes with them. */
typedef struct {
    GBytes *bytes;
    char etag[65];
} ibx_document;

ibx_document ibx_document_keep(char *text); /* takes it over; NULL: an empty one */
void ibx_document_drop(ibx_document *document);

/* Files of the page at /ui/, which are those in src/server/ui: a name ("index.html", "app.js", ..;
 * "" is the index), bytes that live as long as the process, and their media type. The page needs no
 * more than the policy default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'
 * blob: data:; connect-src 'self'. False: none of that name. */
bool ibx_document_page(const char *name, ibx_bytes *bytes, const char **mime);

#endif
