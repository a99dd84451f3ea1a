/* routes.h - which handler answers which address. */
#ifndef IBX_SERVER_ROUTES_H
#define IBX_SERVER_ROUTES_H

#include "server/api/exchange.h"

/* Gives the house's SoupServer its handlers. */
void ibx_routes_add(ibx_house *house);

/* ---- the handlers; `rest` is the path behind their prefix, as in the request --------------------
 */

/* GET /v1/{signature}/{recipe}/{place}/{source} (image.c) */
void ibx_handle_image(ibx_exchange *x, const char *rest);

/* POST /v1/process/{recipe}, /v1/set, /v1/info (upload.c): when the head has come, and when the
 * body is complete. The first may answer, and then no body is read. */
void ibx_upload_begin(ibx_exchange *x, const char *rest);
void ibx_upload_end(ibx_exchange *x, const char *rest);

/* GET /iiif/3/..., /dz/... (tiles.c) */
void ibx_handle_iiif(ibx_exchange *x, const char *rest);
void ibx_handle_deepzoom(ibx_exchange *x, const char *rest);

/* GET /v1/filters[/{name}], /v1/openapi.json, /ui/... (about.c) */
void ibx_handle_filters(ibx_exchange *x, const char *rest);
void ibx_handle_openapi(ibx_exchange *x, const char *rest);
void ibx_handle_page(ibx_exchange *x, const char *rest);

#endif
